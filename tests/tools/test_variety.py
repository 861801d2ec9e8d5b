"""Takes, effective modes and lacks, by hand; errors gathered on a mode, and not by chance."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from benchmarks.planting.mistakes import mistaken
from benchmarks.planting.one_background import varied_case
from tools.findings import Scope
from tools.variety import Partition, Takes, binned, effective_modes, lacks_of, relative_to_class, takes
from tools.variety_findings import error_tests, gathered_errors


def test_a_burst_is_one_take_with_the_mode_of_most_of_its_pictures() -> None:
    rows = np.array([10, 11, 12, 13, 14, 15])
    targets = np.array([1, 1, 1, 0, 0, 0])
    groups = np.array([5, 5, 5, 5, 9, 9])
    of = np.array([0, 2, 2, 1, 0, 0])
    errors = np.array([True, False, True, False, False, True])
    found = takes(rows, targets, groups, of, errors, 3)
    assert found.of_class.tolist() == [0, 0, 1]
    assert found.mode.tolist() == [1, 0, 2]
    assert found.wrong.tolist() == [False, True, True]  # half of group 9 and two of three of group 5 are errors
    assert found.row.tolist() == [13, 15, 12]  # an error with the take's mode comes first


def test_takes_do_not_depend_on_the_order_of_pictures() -> None:
    rng = np.random.default_rng(0)
    columns = rng.integers(0, 4, (3, 60))
    errors = rng.random(60) < 0.3
    order = rng.permutation(60)
    one = takes(np.arange(60), *columns, errors, 4)
    two = takes(np.arange(60)[order], *columns[:, order], errors[order], 4)
    for name in ("of_class", "mode", "wrong"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist()


def test_no_pictures_no_takes() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert len(takes(none, none, none, none, none.astype(bool), 3).row) == 0


def test_effective_modes_count_equal_modes() -> None:
    assert effective_modes(np.full(4, 0.25)) == pytest.approx(4)
    # −(.9 ln .9 + .1 ln .1) = .3251
    assert effective_modes(np.array([0.9, 0.1])) == pytest.approx(np.exp(0.32508), abs=1e-4)


def test_a_lack_is_fishers_exact_test_over_takes() -> None:
    of_class = np.repeat([0, 1], [12, 20])
    mode = np.concatenate([np.zeros(12, int), np.repeat([0, 1], [12, 8])])
    lacks = lacks_of(Takes(of_class, mode, np.zeros(32, bool), np.arange(32)), 2, 2)
    assert lacks.counts.tolist() == [[12, 0], [12, 8]]
    assert lacks.elsewhere[0].tolist() == [0.6, 0.4]
    # none of 12 drawn from 32, of which 8 have the mode: C(24, 12) / C(32, 12)
    assert lacks.p[0, 1] == pytest.approx(float(hypergeom.pmf(0, 32, 8, 12)))
    assert lacks.large.tolist() == [[False, True], [False, False]]


def test_small_classes_and_rare_modes_are_not_asked() -> None:
    of_class = np.repeat([0, 1], [9, 40])
    mode = np.concatenate([np.zeros(9, int), [1], np.zeros(39, int)])
    lacks = lacks_of(Takes(of_class, mode, np.zeros(49, bool), np.arange(49)), 2, 2)
    assert np.isnan(lacks.p[0]).all()  # nine takes
    assert np.isnan(lacks.p[1]).all()  # nine others


def test_bins_take_their_lower_edge_and_leave_nan_out() -> None:
    assert binned(np.array([0.1, 0.2, 0.5, np.nan]), (0.2, 0.5)).tolist() == [0, 1, 2, -1]


def test_the_usual_of_a_class_comes_from_training_pictures() -> None:
    case = varied_case(test_share=0.5)
    rows = np.arange(len(case.ids))
    beyond = relative_to_class(case, rows, rows.astype(float))
    for number in range(4):
        mine = case.fit & (case.targets == number)
        assert np.median(beyond[mine]) == 0
    assert not np.isnan(beyond).any()


def parted(case, of: np.ndarray) -> Partition:
    return Partition("lamp", np.arange(len(case.ids)), ("under lamp A", "under lamp B"), of, "planted", ordinary=0)


def test_errors_on_one_mode_are_found_with_their_size() -> None:
    case = varied_case(test_share=0.5)
    of = (np.arange(len(case.ids)) % 3 == 0).astype(np.int64)
    case = mistaken(case, (of == 1) & (case.targets == 0), 0.7)
    found = list(gathered_errors(case, Scope(), "variety-lighting", error_tests(case, parted(case, of))))
    (cat,) = [f for f in found if f.scope.classes == ("cat",)]
    rows = case.derived.judged & (case.targets == 0)
    assert cat.value("error share there") == case.derived.errors[rows & (of == 1)].mean()
    assert cat.value("error share elsewhere") == case.derived.errors[rows & (of == 0)].mean()
    explained = cat.value("excess") * (rows & (of == 1)).sum() / case.derived.errors.sum()
    assert cat.severity.errors_explained == pytest.approx(explained)
    assert cat.severity.level != "low"
    assert not [f for f in found if f.scope.classes and f.scope.classes != ("cat",)]


@pytest.mark.parametrize("burst", [1, 5])
def test_errors_that_follow_nothing_are_seldom_said_to_gather(burst: int) -> None:
    """Modes and errors both constant in a burst: counted by pictures, most runs would be flagged."""
    flagged = 0
    for seed in range(12):
        case = varied_case(seed=seed, burst=burst, test_share=0.5)
        case = mistaken(case, np.ones(len(case.ids), bool), 0.3, seed=seed)
        rng = np.random.default_rng(100 + seed)
        groups = case.derived.grouping.groups
        of = rng.integers(0, 2, int(groups.max()) + 1)[groups]
        flagged += bool(list(gathered_errors(case, Scope(), "variety-lighting", error_tests(case, parted(case, of)))))
    assert flagged <= 3  # at a rate of .05, more in 12 runs has a chance of .002


def test_tables_that_cannot_reach_the_rate_are_no_hypotheses() -> None:
    case = varied_case(test_share=0.5)
    of = (np.arange(len(case.ids)) % 2).astype(np.int64)
    perfect = mistaken(case, np.zeros(len(case.ids), bool), 0.0, 0.0)
    assert error_tests(perfect, parted(perfect, of)) == []
