"""Training pictures plainer than those met are found with the errors beyond them; alike pictures are silent."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.easy_test import make_plain
from benchmarks.planting.quality import with_properties
from benchmarks.planting.vectors import vector_case
from tools.audit import run_check
from tools.checks import training_too_easy
from tools.findings import Outcome, Scope
from tools.registry import Check

SIZES = {"cat": 200, "dog": 200, "hen": 200}


def outcome(case) -> Outcome:
    return run_check(case, Check("training-too-easy", "", training_too_easy.check), Scope())


def clean(seed: int = 0, **arguments):
    return with_properties(vector_case(SIZES, seed=seed, **arguments), seed=seed)


def test_plain_training_pictures_are_found_with_their_difference() -> None:
    case, truth = make_plain(clean(test_share=0.4, separation=3.0), "train")
    finding = outcome(case).findings[0]
    assert finding.title == "Training pictures are plainer than the test pictures"
    assert finding.value("effect") == pytest.approx(2.0, abs=0.4)
    assert not set(finding.images) & truth
    assert finding.severity.level == "low"  # the model does not err there
    assert finding.recommendations[0].action == "collect"


def test_errors_on_busier_pictures_are_counted() -> None:
    case, _ = make_plain(clean(test_share=0.4, separation=3.0), "train")
    rows = np.flatnonzero(case.evaluation)
    rng = np.random.default_rng(0)
    vectors = case.space.vectors.copy()
    edge = np.quantile(case.dataset.properties["entropy"][case.fit], 0.95)
    busy = rows[case.dataset.properties["entropy"][rows] > edge][::2]
    vectors[busy] = rng.normal(size=(len(busy), vectors.shape[1])).astype(np.float32)
    vectors[busy] /= np.linalg.norm(vectors[busy], axis=1, keepdims=True)
    broken = replace(case, space=replace(case.space, vectors=vectors))
    finding = next(f for f in outcome(broken).findings if "the test pictures" in f.title)
    assert finding.value("excess") > 0.1
    assert "errors gather there" in finding.summary
    assert finding.severity.level in ("medium", "high")


@pytest.mark.parametrize("test_share", [0.0, 0.4])
def test_alike_pictures_are_silent(test_share: float) -> None:
    for seed in range(4):
        result = outcome(clean(seed, test_share=test_share, separation=0.8))
        assert result.status == "passed", [f.summary for f in result.findings]
        assert "deviations" in result.measured.smallest_detectable


def test_production_without_labels_is_compared_too() -> None:
    case = clean(separation=3.0)
    splits = case.dataset.splits.copy().astype("<U10")
    away = np.random.default_rng(0).choice(600, 100, replace=False)
    splits[away] = "production"
    ids = set(case.ids[away].tolist())
    labels = tuple(label for label in case.dataset.labels if label.image_id not in ids)
    unlabelled = replace(case, dataset=replace(case.dataset, splits=splits, labels=labels))
    busy, _ = make_plain(unlabelled, "production", bits=-0.3)
    assert [f.title for f in outcome(busy).findings] == ["Training pictures are plainer than production pictures"]


def test_without_properties_or_anything_to_compare_it_does_not_apply() -> None:
    assert outcome(vector_case(SIZES, test_share=0.4)).status == "not_applicable"
    result = outcome(with_properties(vector_case({"cat": 60, "dog": 60}, separation=6.0)))
    assert result.status == "not_applicable"
    assert "nothing to compare" in result.reason


def test_where_nothing_says_how_far_pictures_vary_it_is_not_applicable(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = training_too_easy.simplicity_gap

    def unknown(*arguments):
        return replace(measured(*arguments), low=float("-inf"), high=float("inf"), p=1.0)

    monkeypatch.setattr(training_too_easy, "simplicity_gap", unknown)
    result = outcome(clean(test_share=0.4, separation=3.0))
    assert result.status == "not_applicable", result.reason
    assert "one group" in result.reason
