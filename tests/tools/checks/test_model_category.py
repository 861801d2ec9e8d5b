"""Each kind of model is told by its numbers; several may hold; a good one passes and says so."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from benchmarks.planting.duplicates import plant_copies, with_hashes
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.case import Case
from tools.checks.model_category import proven_bad
from tools.findings import Outcome, Scope
from tools.predictions import Predictions
from tools.registry import find_check

NAMES = ("ash", "elm", "fir", "oak", "yew")


def outcome(case: Case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("model-category"), scope or Scope())


def with_recalls(recalls: tuple[float, ...], *, separation: float = 5.0, each: int = 60) -> Case:
    """A user's model with exactly these recalls."""
    case = vector_case(dict.fromkeys(NAMES[: len(recalls)], each), separation=separation)
    place = np.tile(np.arange(each), len(recalls))
    right = place < np.array(recalls)[case.targets] * each
    said = np.where(right, case.targets, (case.targets + 1) % len(recalls))
    scores = np.where(said[:, None] == np.arange(len(recalls)), 0.9, 0.1 / (len(recalls) - 1))
    return replace(case, predictions=Predictions("theirs", "1", scores, said, True))


def test_a_good_model_passes_and_says_so() -> None:
    result = outcome(with_recalls((0.95, 0.95, 0.95)))
    assert result.status == "passed"
    assert "is good" in result.reason
    assert "95.0 %" in result.reason


def test_a_few_bad_classes_are_named_with_their_share() -> None:
    (finding,) = outcome(with_recalls((0.95, 0.95, 0.3, 0.95, 0.95))).findings
    assert finding.scope.classes == ("fir",)
    assert finding.value("recall of fir") == pytest.approx(0.3)
    assert finding.value("errors in bad classes") == pytest.approx(42 / 54)
    assert finding.severity.level == "high"


def test_bad_throughout() -> None:
    (finding,) = outcome(with_recalls((0.3, 0.3, 0.35, 0.9))).findings
    assert finding.title == "Bad in most classes"
    assert finding.value("bad classes") == 3


def test_a_class_just_below_the_bar_is_not_proven_bad() -> None:
    assert outcome(with_recalls((0.95, 0.58, 0.95))).status == "passed"


def test_proof_by_hand() -> None:
    case = with_recalls((0.45, 0.95))
    bound = norm.cdf((0.45 - 0.6) / np.sqrt(0.6 * 0.4 / 60))  # p = .0089; two classes, so .025 is asked of the smallest
    assert 0.005 < bound < 0.025
    assert proven_bad(case, np.arange(2)).tolist() == [True, False]


def test_heads_that_disagree_are_a_varying_model() -> None:
    titles = {f.title: f for f in outcome(vector_case(dict.fromkeys(NAMES, 24), separation=0.5)).findings}
    finding = titles["Answers vary with the training pictures drawn"]
    assert finding.value("heads disagree") > 0.15
    assert finding.severity.level == "low"


def test_copies_called_different_things_are_counted() -> None:
    case, truth = plant_copies(with_hashes(vector_case(dict.fromkeys(NAMES, 24), separation=0.5)), 20, exact=True)
    rows = case.dataset.index
    said = case.targets.copy()
    for copy in list(truth)[:10]:
        said[rows[copy]] = (said[rows[copy]] + 1) % 5
    scores = np.where(said[:, None] == np.arange(5), 0.8, 0.05)
    case = replace(case, predictions=Predictions("theirs", "1", scores, said, True))
    (finding,) = outcome(case).findings
    assert finding.value("copies told apart") == pytest.approx(0.5)


def test_one_class_is_not_applicable() -> None:
    assert outcome(vector_case({"ash": 30, "elm": 4})).status == "not_applicable"
