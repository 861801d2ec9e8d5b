"""A model that is too sure is found with the temperature that mends it; a calibrated one is silent."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.scores import with_scores
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.findings import Outcome, Scope
from tools.registry import find_check

SIZES = {"cat": 400, "dog": 400, "hen": 400}


def outcome(case) -> Outcome:
    return run_check(case, find_check("calibration"), Scope())


def base():
    return vector_case(SIZES, test_share=0.5)


def test_too_sure_is_found_with_its_temperature() -> None:
    (finding,) = outcome(with_scores(base(), temperature=2.0)).findings
    assert "too sure" in finding.summary
    assert finding.value("temperature") == pytest.approx(2.0, rel=0.15)
    assert finding.value("error after it") < 0.4 * finding.value("calibration error")
    assert "brings it to" in finding.summary
    assert finding.severity.level == "medium"
    assert finding.value("promised too much") > 0.05


def test_too_modest_is_found() -> None:
    (finding,) = outcome(with_scores(base(), temperature=0.4)).findings
    assert "too modest" in finding.summary
    assert finding.value("temperature") == pytest.approx(0.4, rel=0.2)


def test_a_calibrated_model_is_silent() -> None:
    loud = [f.summary for seed in range(5) for f in outcome(with_scores(base(), seed=seed)).findings]
    assert len(loud) <= 1  # each may happen by chance with probability 0.05
    quiet = outcome(with_scores(base(), seed=0))
    assert "%" in quiet.measured.smallest_detectable


def test_a_lot_of_a_hundred_is_not_called_miscalibrated_by_the_bias_of_its_error() -> None:
    small = with_scores(vector_case({"cat": 100, "dog": 100}, test_share=0.5), seed=1)
    assert outcome(small).status == "passed"
    usual = next(e.value for e in outcome(small).measured.evidence if e.name.endswith("usually computed"))
    assert usual > 0.02  # a naive reader would have spoken


def test_the_most_confident_errors_are_shown() -> None:
    case = with_scores(base(), temperature=2.0)
    (finding,) = outcome(case).findings
    rows = np.array([case.dataset.index[i] for i in finding.images])
    assert case.derived.errors[rows].all()


def test_top_scores_alone_do_not_apply() -> None:
    case = with_scores(base())
    assert case.predictions is not None
    top = np.where(np.arange(3) == case.predictions.predicted[:, None], case.predictions.probabilities, np.nan)
    partial = replace(case, predictions=replace(case.predictions, probabilities=top, full_vectors=False))
    assert outcome(partial).status == "not_applicable"


def test_few_pictures_do_not_apply() -> None:
    assert outcome(vector_case({"cat": 20, "dog": 20})).status == "not_applicable"
