"""Cameras that stand still are counted, classes tied to one are named, and other pictures are left in peace."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.fixed_camera import standing
from benchmarks.planting.mistakes import mistaken
from benchmarks.planting.one_background import varied_case
from benchmarks.planting.scenery import seen
from tools.audit import run_check
from tools.case import Case
from tools.checks.fixed_camera import association_p
from tools.findings import Outcome, Scope
from tools.registry import find_check
from tools.variety import Partition


def outcome(case: Case, scope: Scope | None = None) -> Outcome:
    return run_check(case, find_check("fixed-camera"), scope or Scope())


def filmed(case: Case, camera: np.ndarray) -> Case:
    return seen(case, {"small": standing(camera)})


def free(case: Case) -> np.ndarray:
    return np.full(len(case.ids), -1)


def with_column(case: Case, values: np.ndarray) -> Case:
    metadata = {**case.dataset.metadata, "Camera": values}
    return replace(case, dataset=replace(case.dataset, metadata=metadata))


def test_cameras_are_counted_and_no_class_is_called_tied() -> None:
    case = varied_case()
    camera = free(case)
    camera[::5], camera[1::5] = 0, 1
    (finding,) = outcome(filmed(case, camera)).findings
    assert finding.value("fixed cameras") == 2
    assert finding.value("pictures with a shared frame") == (camera >= 0).sum()
    assert finding.severity.level == "low"
    (advice,) = finding.recommendations
    assert advice.action == "regroup"
    assert "--group" in advice.why


def test_a_class_from_one_camera_is_named_with_its_share() -> None:
    case = varied_case()
    hen = case.targets == case.number("hen")
    camera = np.where(hen & (np.arange(len(hen)) % 10 > 0), 0, free(case))
    found = outcome(filmed(case, camera)).findings
    (tie,) = [f for f in found if f.scope.classes]
    assert tie.scope.classes == ("hen",)
    assert tie.rung == "present"
    assert tie.severity.level == "low"
    assert tie.value("share of its takes") == pytest.approx((camera[hen & case.fit] == 0).mean())
    assert tie.value("share of the others' takes") == 0
    assert not [f for f in outcome(case, Scope(classes=("cat",))).findings if f.scope.classes]


def test_handheld_pictures_pass() -> None:
    case = varied_case()
    result = outcome(filmed(case, free(case)))
    assert result.status == "passed", [f.summary for f in result.findings]
    assert "would have been seen" in result.measured.smallest_detectable


def test_errors_of_one_camera_are_found() -> None:
    case = varied_case(test_share=0.5)
    camera = np.where(np.arange(len(case.ids)) % 3 == 0, 0, free(case))
    case = filmed(mistaken(case, camera == 0, 0.6, 0.05), camera)
    loud = [f for f in outcome(case).findings if f.severity.level == "high"]
    together = next(f for f in loud if not f.scope.classes)
    assert together.scope.slice == "taken by fixed camera A"
    assert together.value("error share there") == case.derived.errors[(camera == 0) & case.derived.judged].mean()


def test_a_camera_column_is_taken_at_its_word() -> None:
    case = varied_case()
    rng = np.random.default_rng(0)
    hen = case.targets == case.number("hen")
    names = np.where(hen, "line 1", rng.choice(["line 2", "line 3"], len(hen)))
    (tie,) = outcome(with_column(case, names)).findings
    assert tie.scope.classes == ("hen",)
    assert tie.scope.slice == "taken by the camera “line 1”"
    assert tie.value("p of classes and cameras") == pytest.approx(1 / 500)
    assert not outcome(with_column(case, rng.choice(["line 1", "line 2"], len(hen)))).findings


def test_cameras_that_follow_bursts_are_not_associated_by_them() -> None:
    """Each burst has one camera: by pictures nearly every run would be flagged."""
    low = 0
    for seed in range(10):
        case = varied_case(seed=seed, burst=10)
        groups = np.unique(case.derived.grouping.groups, return_inverse=True)[1]
        camera = np.random.default_rng(seed).integers(0, 2, int(groups.max()) + 1)[groups]
        partition = Partition("camera", np.arange(len(camera)), ("taken by A", "taken elsewhere"), camera, "planted")
        low += association_p(case, partition) <= 0.05
    assert low <= 3  # at a rate of .05, more in ten has a chance of .001


def test_without_pictures_or_column_it_does_not_apply() -> None:
    result = outcome(varied_case())
    assert result.status == "not_applicable"
    assert "no column named camera" in result.reason
