"""What-ifs find no gain where there is none and hold the true one; the reduced form of benchmarks/whatif.py."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.planting.null_changes import DECIDED_ONCE, NULL_CHANGES, kind_of, slipped
from benchmarks.planting.other_view import other_fresh, with_view
from benchmarks.planting.population import DIMENSION, FRESH, apart
from benchmarks.planting.true_gain import Trial, tried, true_accuracy
from benchmarks.planting.whatif_cells import FRUIT, NEAR, NULL, PLANTED, SETTINGS, Cell, Setting, as_added, built
from benchmarks.whatif import as_expected
from tools.kinds import kinds
from tools.measures import judge
from tools.sides import Side
from tools.statistics import quantile_of_normal
from tools.training.baseline import Training, fit_trainings, parent_scores, plain_training
from tools.whatif import run_experiment

SINGLE, BURSTS = Setting(True, 1), Setting(True, 4)


def cell(name: str, table: tuple[Cell, ...] = PLANTED) -> Cell:
    return next(found for found in table if found.name == name)


def trials(found: Cell, seeds: range, change: int = 0, *, truth: bool = True) -> list[Trial]:
    out = []
    for seed in seeds:
        case, fresh, labels = found.make(found.settings[seed % len(found.settings)], seed)
        _, kind, arguments = found.changes[change]
        out.append(tried(case, kind, arguments, fresh, labels, truth=truth))
    return out


def test_true_accuracy_by_hand() -> None:
    right, up = [1.0, 0.0], [0.0, 1.0]
    vectors = np.array([right, right, up, up], dtype=np.float32)
    plain = plain_training(np.arange(4), np.array([0, 0, 1, 1]), 2)
    swapped = replace(plain, labels=1 - plain.labels)
    fresh = np.array([right, right, up, up], dtype=np.float32)
    labels = np.array([0, 0, 0, 1])  # one picture of class 0 looks like class 1
    # recalls 2/3 and 1, then 1/3 and 0

    def side(*trainings: Training) -> Side:
        return Side(vectors, fit_trainings(vectors, trainings), ())

    assert true_accuracy(side(plain), fresh, np.arange(2), labels) == pytest.approx(5 / 6)
    assert true_accuracy(side(plain, swapped), fresh, np.arange(2), labels) == pytest.approx((5 / 6 + 1 / 6) / 2)
    assert true_accuracy(side(swapped), fresh, np.zeros(2, dtype=np.int64), np.zeros(4, dtype=np.int64)) == 1


def test_a_trial_is_what_the_product_says() -> None:
    case, fresh, labels = built(NEAR, [40] * 3, BURSTS, 1, share=0.25)
    trial, effect = tried(case, kinds()["remove"], {}, fresh, labels), run_experiment(case, "remove")
    primary = effect.primary
    assert (trial.verdict, trial.gain, trial.changed) == (primary.verdict, primary.delta, effect.changed)
    assert trial.half == pytest.approx((primary.high - primary.low) / 2)
    assert trial.plain_half == pytest.approx(trial.half * 1.959964 / quantile_of_normal(effect.confidence))
    low, high = trial.gain - trial.plain_half, trial.gain + trial.plain_half
    assert trial.plain == judge(low, high, case.settings.margin)
    assert np.isnan(tried(case, kinds()["remove"], {}, fresh, labels, truth=False).true)


def test_holds_by_hand() -> None:
    trial = Trial("cannot_tell", "cannot_tell", gain=0.03, half=0.04, plain_half=0.02, true=0.0, changed=1)
    assert trial.holds(trial.half)
    assert not trial.holds(trial.plain_half)


def test_a_population_draws_what_it_says() -> None:
    population = replace(apart(("a", "b"), 4.0), cue=6.0)
    drawn = population.draw([40, 20], np.random.default_rng(0), burst=4, agreement=1.0)
    assert drawn.vectors.shape == (60, DIMENSION)
    assert np.unique(drawn.names, return_counts=True)[1].tolist() == [40, 20]
    assert np.array_equal(drawn.setting, drawn.names == "b")
    assert np.array_equal(drawn.vectors[::4], drawn.vectors[3::4])  # without spread a burst shows one picture
    fresh = population.fresh(np.random.default_rng(1))
    assert len(fresh.names) == FRESH
    assert fresh.setting.mean() == pytest.approx(0.5, abs=0.03)
    centre = fresh.vectors[fresh.names == "a"].mean(axis=0) - fresh.vectors[fresh.names == "b"].mean(axis=0)
    assert centre[0] == pytest.approx(-centre[1], abs=0.05)
    assert np.abs(centre[2:-1]).max() < 0.02
    with pytest.raises(ValueError, match="bursts of 4"):
        population.draw([41, 20], np.random.default_rng(0), burst=4)


def both_sides(kind, setting: Setting = BURSTS) -> tuple[Training, Training, Training]:
    case = built(NEAR, [40] * 3, setting, 0)[0]
    plain = plain_training(np.flatnonzero(case.fit), case.targets, 3)
    before, after = (side(case, plain, {}, np.random.default_rng(5)) for side in (kind.start, kind.change))
    return plain, before, after


@pytest.mark.parametrize("kind", [NULL_CHANGES[0], DECIDED_ONCE])
def test_as_many_other_labels_are_wrong_on_either_side(kind) -> None:
    plain, before, after = both_sides(kind)
    first, second = before.labels != plain.labels, after.labels != plain.labels
    assert first.sum() == second.sum() == 12  # 3 of 30 bursts of four
    assert not (first & second).any()


def test_as_many_other_pictures_are_left_out_on_either_side() -> None:
    plain, before, after = both_sides(NULL_CHANGES[1])
    assert len(before.rows) == len(after.rows) == 88  # 8 of 30 bursts
    assert set(before.rows) | set(after.rows) == set(plain.rows)


def test_a_class_is_cut_at_random() -> None:
    plain, before, after = both_sides(NULL_CHANGES[2], SINGLE)
    assert np.array_equal(before.labels, plain.labels)
    assert np.array_equal(after.parents[after.labels], plain.labels)
    assert 10 < (after.labels == 3).sum() < 30


def test_what_is_decided_once_is_the_same_in_every_fold() -> None:
    case = built(NEAR, [40] * 3, BURSTS, 0)[0]
    plain = plain_training(np.flatnonzero(case.fit), case.targets, 3)
    part = plain.only(np.arange(120) % 8 < 4)

    def sides(kind, number: int) -> tuple[np.ndarray, np.ndarray]:
        whole, half = (kind.change(case, t, {}, np.random.default_rng(number)) for t in (plain, part))
        return whole.labels[np.isin(whole.rows, half.rows)], half.labels

    assert np.array_equal(*sides(DECIDED_ONCE, 1))
    assert not np.array_equal(*sides(kind_of("anew", slipped), 1))


def test_null_changes_help_no_more_often_than_allowed() -> None:
    """Without the correction for several kinds, which would hide an interval that is too narrow."""
    dealt = replace(NULL[0], each=False)
    found = [t for number in range(3) for t in trials(dealt, range(15 * number, 15 * number + 15), number, truth=False)]
    assert all(t.changed > 0 for t in found)
    assert sum(t.plain == "helps" for t in found) <= binom.ppf(0.99, len(found), 0.05)
    assert sum(t.plain == "hurts" for t in found) <= binom.ppf(0.99, len(found), 0.05)


def test_intervals_hold_the_true_gain_of_right_fixes() -> None:
    found = trials(cell("wrong labels, 25%"), range(8), 1)
    found += trials(cell("few pictures, 40 a class"), range(8, 20))
    assert np.mean([t.true for t in found]) > 0.02
    assert sum(t.holds(t.plain_half) for t in found) >= binom.ppf(0.01, len(found), 0.9)


@pytest.mark.parametrize(
    ("name", "change"),
    [("right labels", 3), ("no setting", 1), ("groups that mean nothing", 0), ("two encoders that see as much", 0),
     ("pictures of none look like the classes", 0), ("unlabelled pictures far from all", 0)],
)  # fmt: skip
def test_kinds_that_have_nothing_to_work_on_help_no_more_often_than_allowed(name: str, change: int) -> None:
    found = trials(cell(name, NULL), range(10), change, truth=False)
    assert sum(t.plain == "helps" for t in found) <= binom.ppf(0.99, len(found), 0.05)


@pytest.mark.parametrize(
    ("name", "change", "least"),
    [("imbalance, 200 : 20 : 20", 1, 0.05), ("cue, the setting agrees in 90 %", 1, 0.01),
     ("two kinds, 7 apart", 1, 0.1), ("pictures of none, 4 apart", 0, 0.4), ("clementines called orange", 0, 0.04),
     ("another encoder sees classes 4 apart, not 3", 0, 0.05)],
)  # fmt: skip
def test_right_fixes_gain_what_their_intervals_say(name: str, change: int, least: float) -> None:
    found = trials(cell(name), range(10), change)
    assert np.mean([t.true for t in found]) > least
    assert sum(t.holds(t.plain_half) for t in found) >= binom.ppf(0.01, len(found), 0.9)


def test_where_the_ruler_changes_the_truth_is_the_mean_of_all_trials() -> None:
    def row(gain: float, setting: Setting) -> tuple[str, str, Setting, Trial]:
        return "bursts", "regroup", setting, Trial("hurts", "hurts", gain, 0.05, 0.04, 0.0, 1)

    rows = [row(-0.1, BURSTS), row(-0.2, BURSTS), row(-0.5, SINGLE)]
    assert [as_expected(one, rows).true for one in rows] == pytest.approx([-0.15, -0.15, -0.5])


def test_two_views_show_the_same_pictures() -> None:
    case, fresh, _ = built(NEAR, [40] * 3, BURSTS, 0)
    other, elsewhere, _ = built(NEAR, [40] * 3, BURSTS, 1)
    both = with_view(case, other, elsewhere)
    assert both.other_encoders[0].name == "other"
    assert np.array_equal(both.others.space(both.other_encoders[0]).vectors, other.space.vectors)  # type: ignore[union-attr]
    assert other_fresh(both) is elsewhere
    assert not np.array_equal(fresh, elsewhere)
    with pytest.raises(ValueError, match="the same pictures"):
        with_view(case, built(NEAR, [44, 40, 36], BURSTS, 1)[0], elsewhere)


def test_columns_tell_the_setting_and_the_kind_and_groups_may_mean_nothing() -> None:
    case, fresh, labels = as_added(FRUIT, 2)(SINGLE, 0)
    clementines = case.dataset.metadata["kind"] == "kind 2"
    assert (case.targets[clementines] == case.number("orange")).all()
    assert (labels == 2).mean() == pytest.approx(1 / 3)
    assert fresh[labels == 2, 0].mean() > 0.2 > fresh[labels == 1, 0].mean()
    case, _, _ = built(NEAR, [40] * 3, Setting(False, 1), 0, together=4)
    groups = case.derived.grouping.groups
    assert np.bincount(groups).tolist() == [4] * 30
    assert len(np.unique(case.space.vectors[groups == 0], axis=0)) == 4


def test_an_interval_that_has_seen_the_evaluation_labels_is_caught() -> None:
    """The control: a relabeller that knows all labels seems to gain what fresh pictures do not show."""

    def eager(case, training, arguments, rng):
        everything = plain_training(np.flatnonzero(case.fit), case.targets, len(case.classes))
        said = parent_scores(case.space.vectors, [everything], [training.rows], len(case.classes))[0]
        return replace(training, labels=said.argmax(axis=1))

    case, fresh, labels = built(apart(("cat", "dog", "hen"), 1.5), [80] * 3, SETTINGS[2], 0)
    trial = tried(case, replace(kinds()["relabel"], change=eager), {}, fresh, labels)
    assert trial.verdict == "helps"
    assert trial.true < 0.02
    assert not trial.holds(trial.half)
