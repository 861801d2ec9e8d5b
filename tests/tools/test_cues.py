"""Cue tests by hand, and that a random property is rarely taken for a cue however classes or bursts are."""

import numpy as np
import pytest

from benchmarks.planting.cue import cue_case
from benchmarks.planting.vectors import assemble
from tools.cues import MOST_FOR_KINDS, Cue, _one_sided, _sample, candidates, try_cue
from tools.settings import Settings


def test_counts_by_hand() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 40)
    case = assemble(rng.normal(size=(80, 8)), ["a" if c == 0 else "b" for c in labels])
    values = labels.astype(float)
    values[:15] = 1.0  # fifteen pictures of a look like b
    predicted = labels.copy()
    predicted[:12] = 1  # twelve of them are called b …
    predicted[20:22] = 1  # … and two others
    cue = Cue("x", "less", "more", values)
    rows = np.arange(80)
    found = try_cue(case, cue, ("a", "b"), rows, rows, predicted)
    assert found.against == (12, 15)
    assert found.along == (2, 25)
    assert found.low < 12 / 15 - 2 / 25 < found.high
    assert found.strength == pytest.approx((25 + 15 / 2) / 40)
    assert found.used_p is not None
    assert found.used_p < 0.001
    assert found.words == "more"


def test_few_counterexamples_are_not_measured() -> None:
    case = assemble(np.random.default_rng(0).normal(size=(80, 8)), ["a"] * 40 + ["b"] * 40)
    values = np.repeat([0.0, 1.0], 40)
    values[:9] = 1.0
    rows = np.arange(80)
    found = try_cue(case, Cue("x", "less", "more", values), ("a", "b"), rows, rows, np.repeat([0, 1], 40))
    assert found.against[1] == 9
    assert found.used_p is None


@pytest.mark.parametrize("majority", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("burst", [1, 5])
def test_a_random_property_is_seldom_present(majority: float, burst: int) -> None:
    flagged = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        count = 200 // burst
        label = np.repeat(rng.random(count) > majority, burst)
        label[: 2 * burst] = [False] * burst + [True] * burst
        group = np.repeat(np.arange(count), burst)
        values = np.repeat(rng.normal(size=count), burst)  # constant in a burst
        metadata = {"burst": np.array([f"g{g}" for g in group])}
        case = assemble(
            rng.normal(size=(len(label), 6)),
            ["b" if b else "a" for b in label],
            metadata=metadata,
            settings=Settings(group_column="burst"),
        )
        rows = np.arange(len(label))
        found = try_cue(case, Cue("x", "less", "more", values), ("a", "b"), rows, rows, label.astype(np.int64))
        flagged += found.present_p < 0.05
    assert flagged <= 8  # 99 % quantile of 60 trials at 5 %


def test_candidates_are_properties_columns_and_kinds() -> None:
    case, _ = cue_case(each=200, strength=6)
    names = {c.name for c in candidates(case, np.flatnonzero(case.fit))}
    assert {"border_brightness", "sharpness"} <= names
    assert any(name.startswith("kinds of") for name in names)


def test_a_column_of_names_is_no_cue() -> None:
    n = 60
    metadata = {"camera": np.array(["A7", "X1"] * 30), "file": np.array([f"f{i}" for i in range(n)])}
    case = assemble(np.random.default_rng(0).normal(size=(n, 6)), ["a", "b", "b"] * 20, metadata=metadata)
    assert {c.name for c in candidates(case, np.arange(n))} == {"camera = A7", "camera = X1"}


def test_kinds_are_looked_for_in_whole_groups() -> None:
    rows, groups = np.arange(2000), np.arange(2000) // 7
    taken = _sample(rows, groups, np.random.default_rng(0))
    assert MOST_FOR_KINDS - 7 <= len(taken) <= MOST_FOR_KINDS
    kept, sizes = np.unique(groups[taken], return_counts=True)
    assert set(sizes.tolist()) <= {7, 5}
    assert len(kept) > 80
    assert _sample(rows[:50], groups[:50], np.random.default_rng(0)).tolist() == list(range(50))


def test_all_wrong_here_and_none_there_is_evidence() -> None:
    wrong = np.repeat([True, False], [12, 30])
    alone = np.arange(42)
    assert _one_sided(wrong, wrong, alone) < 1e-6
    assert _one_sided(wrong, wrong, alone // 100) > 0.05  # one group is one case
    assert _one_sided(wrong, ~wrong, alone) > 0.5
