"""The exact test by hand and against SciPy; units; the mixture finds a cell of errors that mixes classes."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from benchmarks.planting.vectors import assemble
from tools.slices import Slice, excess_p, fit_mixture, gathering_p, towards_others, units_of


def test_one_stratum_is_fishers_test() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        inside, wrong = rng.random(40) < 0.3, rng.random(40) < 0.2
        table = [[(inside & wrong).sum(), (inside & ~wrong).sum()], [(~inside & wrong).sum(), (~inside & ~wrong).sum()]]
        p = excess_p(inside, wrong, np.zeros(40, dtype=np.int64))
        assert p == pytest.approx(fisher_exact(np.array(table), alternative="greater")[1])


def test_two_strata_by_hand() -> None:
    # each stratum: two units, one inside, one error; both errors fall inside by chance 1/2 · 1/2
    inside, wrong = np.array([True, False, True, False]), np.array([True, False, True, False])
    assert excess_p(inside, wrong, np.array([0, 0, 1, 1])) == pytest.approx(0.25)


def test_a_class_with_more_errors_is_no_slice() -> None:
    stratum = np.repeat([0, 1], 50)
    wrong = np.concatenate([np.arange(50) % 2 == 0, np.zeros(50, dtype=bool)])
    assert excess_p(stratum == 0, wrong, stratum) == pytest.approx(1.0)


def test_a_burst_counts_once() -> None:
    groups, targets = np.array([7, 7, 7, 8, 8]), np.array([0, 0, 0, 0, 1])
    errors = np.array([True, True, False, False, True])
    units = units_of(np.arange(5), groups, targets, errors)
    assert units.sizes.tolist() == [3, 1, 1]
    assert units.stratum.tolist() == [0, 0, 1]
    assert units.wrong.tolist() == [True, False, True]
    assert units.inside(np.array([True, False, False, True, False])).tolist() == [False, True, False]


def test_the_mixture_finds_errors_that_share_a_place_over_classes() -> None:
    rng = np.random.default_rng(0)
    targets = np.repeat([0, 1], 200)
    place = np.tile(np.arange(200) < 40, 2)
    points = rng.normal(size=(400, 6)) + 6 * place[:, None] * np.eye(6)[0]
    said = np.where(place, 1 - targets, targets)
    mixture = fit_mixture(points, targets, said, 4, 2, rng)
    parts = mixture.assign(points, targets)
    purity = [place[parts == part].mean() for part in np.unique(parts)]
    assert all(share < 0.05 or share > 0.95 for share in purity)


def test_directions_towards_other_classes_by_hand() -> None:
    vectors = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0]] * 20)
    case = assemble(vectors, ["a", "b", "c"] * 20)
    aside = towards_others(case, 0)
    assert aside.shape == (4, 1)  # a quarter of four dimensions
    both = np.abs(aside[:, 0])
    assert both[0] == pytest.approx(2**-0.5, abs=1e-6)
    assert both[3] == pytest.approx(0, abs=1e-6)
    alone = assemble(vectors[::3], ["a"] * 20)
    assert towards_others(alone, 0).shape == (4, 0)


def test_errors_must_gather_in_both_sets_of_members() -> None:
    wrong = np.arange(40) < 5
    units = units_of(np.arange(40), np.arange(40), np.zeros(40, dtype=np.int64), wrong)
    inside, elsewhere = np.arange(40) < 10, np.arange(40) >= 30
    plain = Slice("s", "", (0,), False, inside)
    assert gathering_p(plain, units) == pytest.approx(excess_p(inside, wrong, np.zeros(40, dtype=np.int64)))
    assert gathering_p(Slice("s", "", (0,), False, inside, elsewhere), units) == pytest.approx(1.0)
