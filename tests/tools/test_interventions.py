"""The effect of a cue by hand, on planted pictures, on balanced twins, and from the store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import embeddings.resolve
from benchmarks.planting.pasted_cue import pasted_case
from benchmarks.planting.swapped_background import GridEncoder, swapped_case
from benchmarks.planting.vectors import assemble
from tools import cues
from tools.case import Case
from tools.cues import Cue, try_cue
from tools.interventions import SMALLEST, Effect, Moves, effect, intervene
from tools.other_pictures import CONTROLS, smaller
from tools.registry import NotApplicable

PAIR = ("apples", "citrus")


@pytest.fixture(scope="module", autouse=True)
def grid() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (GridEncoder(), ""))
        yield


def trial(case: Case, cue: Cue) -> cues.Tested:
    rows = np.flatnonzero(case.fit), np.flatnonzero(case.derived.judged)
    return try_cue(case, cue, PAIR, *rows, case.derived.predicted)


def ground_cue(case: Case) -> Cue:
    """Bluer or greener upper corners: what the planted backgrounds differ in."""
    pixels = case.eyes.pixels(range(len(case.ids)))
    values = np.array([p[:8, :, 2].mean() - p[:8, :, 0].mean() for p in pixels])
    return Cue("ground", "brown", "blue", values, change="background")


def of_swapped(folder: Path, agreement: float) -> Effect:
    case = swapped_case(folder, agreement=agreement)
    cue = ground_cue(case)
    test = trial(case, cue)
    if agreement == 0.5:  # nothing goes along with the label; the sides are those of the planted case
        test = replace(test, looks_like_b=cue.values < 0)
    return effect(case, intervene(case, test))


def test_by_hand() -> None:
    case = assemble(np.random.default_rng(0).normal(size=(40, 4)), ["a", "b"] * 20)
    none = np.full((4, 1), -1)
    moves = Moves(
        rows=np.array([0, 2, 4, 6]),
        removed=np.array([True, True, False, False]),
        before=np.array([-1.0, 1.0, 2.0, 2.0]),
        after=np.array([[1.0], [3.0], [-1.0], [1.0]]),
        controls=np.array([[-1.0], [1.0], [1.0], [1.0]]),
        donors=none,
        control_donors=none,
        gap=4.0,
    )
    found = effect(case, moves)
    # taken away: +2 of 4 each; brought in: 2 and 0 of 4, so half and a quarter of the way
    assert found.moved == pytest.approx((0.5 + 0.25) / 2)
    assert found.low <= found.moved <= found.high
    assert (found.removed, found.inserted) == (2, 2)
    assert found.flipped == pytest.approx(2 / 4)
    assert found.control_flipped == 0
    assert found.agree


def test_sides_that_disagree_are_no_cause() -> None:
    assert not Effect(0.5, 0.2, 0.8, 0.001, 0.5, 0.0, 20, 20, agree=False).causal
    assert not Effect(SMALLEST / 2, 0.01, 0.08, 0.001, 0.5, 0.0, 20, 20, agree=True).causal
    assert Effect(0.5, 0.2, 0.8, 0.001, 0.5, 0.0, 20, 20, agree=True).causal


def test_a_background_that_follows_the_label_is_a_cause(tmp_path: Path) -> None:
    found = of_swapped(tmp_path, 0.9)
    assert found.causal
    assert found.moved > 0.5
    assert found.flipped > found.control_flipped + 0.2


def test_a_background_that_does_not_is_none(tmp_path: Path) -> None:
    found = of_swapped(tmp_path, 0.5)
    assert not found.causal
    assert abs(found.moved) < 0.2


def test_a_pasted_mark_is_a_cause_and_its_twin_is_not(tmp_path: Path) -> None:
    for agreement, expected in ((0.9, True), (0.5, False)):
        folder = tmp_path / str(agreement)
        folder.mkdir()
        case, bears = pasted_case(folder, agreement=agreement)
        cue = Cue("mark", "plain", "marked", bears.astype(float), change="background")
        test = replace(trial(case, cue), looks_like_b=bears)
        assert effect(case, intervene(case, test)).causal is expected


def test_a_property_is_changed_with_the_picture(tmp_path: Path) -> None:
    case = swapped_case(tmp_path, agreement=0.9)
    pixels = case.eyes.pixels(range(len(case.ids)))
    warmth = np.array([(p[..., 0].mean() - p[..., 2].mean()) / 255 for p in pixels])
    moves = intervene(case, trial(case, Cue("warmth", "cooler", "warmer", warmth, change="warmth")))
    assert moves.after.shape[1] == 1
    assert moves.controls.shape[1] == CONTROLS
    assert (moves.donors == -1).all()


def test_the_second_run_encodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = swapped_case(tmp_path, agreement=0.9)
    test = trial(case, ground_cue(case))
    first = intervene(case, test)

    def never(*_: object) -> None:
        raise AssertionError("encoded again")

    monkeypatch.setattr(GridEncoder, "encode", never)
    again = intervene(replace(case), test)
    assert (again.after == first.after).all()
    assert again.gap == first.gap


def test_nothing_to_change_is_said() -> None:
    case = assemble(np.random.default_rng(0).normal(size=(80, 4)), ["apples", "citrus"] * 40)
    cue = Cue("camera = A7", "", "", np.tile([0.0, 1.0], 40))
    with pytest.raises(NotApplicable, match="nothing that can be taken out"):
        intervene(case, trial(case, cue))


def test_pictures_are_reduced_by_whole_factors() -> None:
    large, small = np.full((600, 800, 3), 7, np.uint8), np.full((300, 500, 3), 9, np.uint8)
    shapes = [picture.shape for picture in smaller([large, small])]
    assert shapes == [(300, 400, 3), (300, 500, 3)]
