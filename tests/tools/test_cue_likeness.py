"""A direction between kinds that points at the other class is no cue; a setting shared by both classes is."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.cue import cue_case
from benchmarks.planting.vectors import assemble
from benchmarks.planting.weak_slice import slice_case
from tools import cues
from tools.case import Case
from tools.cue_likeness import APART, only_likeness
from tools.cues import Cue
from tools.ladder import candidates_climbed

LOW = np.arange(8.0)


def line(a: tuple[np.ndarray, ...], b: tuple[np.ndarray, ...]) -> tuple[Case, cues.Tested]:
    """Pictures on a line: of A, of B; each its low side and, 100 further, its high side. B's side is the high one."""
    values = np.concatenate([a[0], a[1] + 100, b[0], b[1] + 100])
    sizes = [len(part) for part in (*a, *b)]
    names = ["a"] * (sizes[0] + sizes[1]) + ["b"] * (sizes[2] + sizes[3])
    case = assemble(np.random.default_rng(0).normal(size=(len(values), 8)), names)
    cue = Cue("kinds of a", "like the larger kind of a", "like the smaller kind of a", values, "a")
    return case, cues.Tested(cue, ("a", "b"), 0.8, 0.0, values > 50, (0, 0), (0, 0), -1.0, 1.0, None)


@pytest.mark.parametrize(
    ("b_low", "b_high", "expected"),
    [
        (LOW, LOW, False),  # 36 of 64 comparisons at most: alike on both sides
        (LOW + 8, LOW, True),  # 64 of 64 on the low side: p = 1 / C(16, 8)
        (LOW, LOW + 8, True),
        (LOW - 8, LOW - 8, False),  # less of it, not more: a setting that the class hides
        ((LOW + 8)[:7], LOW, False),  # seven groups are too few to say
    ],
)
def test_by_hand(b_low: np.ndarray, b_high: np.ndarray, *, expected: bool) -> None:
    case, test = line((LOW, LOW), (b_low, b_high))
    assert only_likeness(case, test) is expected


def test_small_differences_of_many_pictures_are_not_enough() -> None:
    many = np.arange(400.0) / 5
    case, test = line((many, many), (many + 8, many))  # p < .01, but .59 of the comparisons
    ahead = (many[:, None] + 8 > many[None]).mean()
    assert 0.5 < ahead < APART
    assert not only_likeness(case, test)


def test_what_has_a_meaning_of_its_own_stays_and_so_does_a_cue_without_another_side() -> None:
    case, test = line((LOW, LOW), (LOW + 8, LOW + 8))
    assert only_likeness(case, test)
    assert not only_likeness(case, replace(test, cue=replace(test.cue, of_class="")))
    assert not only_likeness(case, replace(test, looks_like_b=np.ones(len(case.ids), dtype=np.bool_)))


def test_the_direction_to_a_group_near_the_other_class_is_told_from_a_hidden_setting() -> None:
    towards = settings = 0
    for seed in range(6):
        case, _ = slice_case(seed=seed)
        directions = [t for t in candidates_climbed(case).tests if t.cue.of_class == "cup" and t.strength >= 0.65]
        towards += all(only_likeness(case, test) for test in directions)
        assert all(not climbed.test.cue.of_class for climbed in candidates_climbed(case).leaning)
        case, _ = cue_case(agreement=0.75, seed=seed, measured=False)
        settings += any(climbed.test.cue.of_class for climbed in candidates_climbed(case).leaning)
    assert towards >= 5
    assert settings >= 4
