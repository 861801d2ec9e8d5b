"""Verdicts, nested decisions, null changes and true gains."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.cue import cue_case
from benchmarks.planting.hidden_kinds import kinds_case
from benchmarks.planting.vectors import vector_case
from benchmarks.planting.wrong_labels import flip
from tools.effects import rare_recall
from tools.errors import UnknownName
from tools.kinds import Kind, kinds, pair_of
from tools.measures import judge, measure
from tools.settings import Settings
from tools.training.baseline import parent_scores, plain_training
from tools.whatif import corrected_confidence, run_experiment, touched, try_change

SIZES = {"cat": 80, "dog": 80, "hen": 80}


def test_measure_by_hand() -> None:
    before = np.array([[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 1.0, 1.0]])
    after = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    weights = np.full(4, 0.25)
    found = measure("accuracy", before, after, np.arange(4), weights, 0.95, 0.01, primary=True)
    # differences averaged over repeats: 0, 1, .5, 0; mean .375; deviations −.375 .625 .125 −.375
    squares = (0.375**2 + 0.625**2 + 0.125**2 + 0.375**2) / 16 * 4 / 3
    between = np.var([0.5, 0.25], ddof=1) / 2
    half = 1.959964 * np.sqrt(squares + between)
    assert found.before == pytest.approx(0.625)
    assert found.after == pytest.approx(1.0)
    assert found.delta == pytest.approx(0.375)
    assert found.low == pytest.approx(0.375 - half, abs=1e-6)
    assert found.high == pytest.approx(0.375 + half, abs=1e-6)
    assert found.noise == pytest.approx(0.25)
    assert found.verdict == "cannot_tell"
    assert found.needed == int(np.ceil(4 * (half / 0.375) ** 2))


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.001, 0.05, "helps"),
        (-0.05, -0.001, "hurts"),
        (-0.009, 0.009, "no_effect"),
        (0.001, 0.009, "no_effect"),
        (-0.02, 0.03, "cannot_tell"),
        (0.0, 0.0, "no_effect"),
    ],
)
def test_verdicts(low: float, high: float, verdict: str) -> None:
    assert judge(low, high, 0.01) == verdict


def test_confidence_is_corrected_for_every_eligible_kind() -> None:
    case = vector_case(SIZES)
    family = sum(bool(kind.eligible(case)) for kind in kinds().values())
    assert family >= 4
    assert corrected_confidence(case) == pytest.approx(1 - 0.05 / family)


def test_relabelling_planted_noise_helps_and_is_counted() -> None:
    case, truth = flip(vector_case(SIZES, separation=2.2, test_share=0.5), 0.25)
    effect = run_experiment(case, "relabel")
    assert effect.primary.verdict == "helps"
    assert effect.primary.delta > 0.03
    assert 0.4 * len(truth) <= effect.changed <= len(truth)  # surer labels are flagged, not every planted one
    assert effect.evaluated_on == "the given test split"


def planted_kind(change) -> Kind:
    return Kind("planted", "for the test", lambda c: ({},), change, lambda c, a: "", kinds()["relabel"].cost)


def test_dropping_random_pictures_is_said_to_help_no_more_often_than_allowed() -> None:
    def drop(case, training, arguments, rng):
        return training.only(rng.random(len(training.rows)) > 0.1)

    verdicts = [
        try_change(vector_case(SIZES, separation=1.5, seed=seed, settings=Settings(repeats=2)), planted_kind(drop), {})
        for seed in range(20)
    ]
    assert sum(v.primary.verdict == "helps" for v in verdicts) <= 3  # 99 % quantile of 20 trials at 5 %


def test_deciding_once_on_all_labels_would_have_said_helps() -> None:
    """The trap that nesting avoids: an over-eager relabeller that has seen the evaluation labels."""
    case, _ = flip(vector_case(SIZES, separation=0.8, settings=Settings(repeats=2)), 0.08)
    everything = plain_training(np.arange(len(case.ids)), case.targets, len(case.classes))
    question = np.arange(len(case.ids))
    eager = parent_scores(case.space.vectors, [everything], [question], len(case.classes))[0].argmax(axis=1)

    def relabel_all(case, training, arguments, rng):
        return replace(training, labels=eager[training.rows])

    unnested = try_change(case, planted_kind(relabel_all), {})
    nested = run_experiment(case, "relabel")
    assert unnested.primary.verdict == "helps"
    assert nested.primary.verdict != "helps"


def test_splitting_kinds_that_surround_the_other_class_helps() -> None:
    case, _ = kinds_case(distance=3.0, each=150)
    effect = run_experiment(case, "split-class", {"class": "bad"})
    assert effect.primary.delta > 0
    named = {"balanced accuracy", "accuracy", "macro-F1", "recall of bad", "precision of bad"}
    assert {m.metric for m in effect.measures} == named


def test_splitting_one_kind_changes_nothing() -> None:
    case, _ = kinds_case(distance=0.0)
    effect = run_experiment(case, "split-class", {"class": "bad"})
    assert effect.primary.verdict == "no_effect"
    assert effect.changed == 0


def test_balancing_a_planted_cue_helps() -> None:
    case, _ = cue_case(each=300)
    effect = run_experiment(case, "group-balance", {"pair": "apples|citrus"})
    assert effect.primary.verdict == "helps"
    assert effect.changed > 0
    rare = next(m for m in effect.measures if m.metric == rare_recall(("apples", "citrus")))
    assert rare.verdict == "helps"
    assert rare.delta > 2 * effect.primary.delta  # the usual setting has nothing to gain


def test_merging_is_judged_with_both_counted_as_one() -> None:
    case = vector_case({**SIZES, "owl": 80}, separation=1.5)
    effect = run_experiment(case, "merge-classes", {"pair": "cat|dog"})
    assert "recall of the two as one" in {m.metric for m in effect.measures}
    apart = case.derived.baseline.argmax(axis=1) == case.targets
    assert effect.measures[1].before > apart.mean()


def test_reweighting_is_offered_only_where_classes_differ() -> None:
    assert not kinds()["reweight"].eligible(vector_case(SIZES))
    case = vector_case({"cat": 200, "dog": 40}, separation=1.0, test_share=0.4)
    effect = run_experiment(case, "reweight")
    assert effect.changed == pytest.approx(0.8 * case.fit.sum(), rel=0.02)


def test_deduplicate_needs_copies() -> None:
    with pytest.raises(UnknownName, match="nothing to work on"):
        run_experiment(vector_case(SIZES), "deduplicate")


def test_unknown_kind_and_arguments_list_what_there_is() -> None:
    case = vector_case(SIZES)
    with pytest.raises(UnknownName, match="relabel"):
        run_experiment(case, "polish")
    with pytest.raises(UnknownName, match="class=cat"):
        run_experiment(case, "split-class", {"class": "cow"})


def test_pair_names_may_hold_a_bar() -> None:
    case = vector_case({"a|b": 10, "c": 10})
    assert pair_of(case, {"pair": "a|b|c"}) == ("a|b", "c")


def test_touched_counts_drops_relabels_and_splits() -> None:
    plain = plain_training(np.arange(6), np.array([0, 0, 0, 1, 1, 1]), 2)
    assert touched(plain, plain) == 0
    assert touched(plain, plain.only(np.array([True, True, False, True, True, True]))) == 1


def test_effects_are_reproducible() -> None:
    case, _ = flip(vector_case(SIZES, separation=2), 0.1)
    assert run_experiment(case, "remove") == run_experiment(case, "remove")


def test_twice_the_pictures_are_measured_by_the_last_doubling() -> None:
    case = vector_case({"cat": 60, "dog": 60, "hen": 60}, separation=1.2, burst=2, test_share=0.5)
    effect = run_experiment(case, "collect-more")
    assert effect.primary.delta > 0
    assert effect.cost.images == case.fit.sum()
    groups = case.derived.grouping.groups[case.fit]
    assert effect.changed == pytest.approx(0.4 * case.fit.sum(), rel=0.1)  # half of four fifths
    assert len(np.unique(groups)) < case.fit.sum()
    alone = run_experiment(case, "collect-more", {"class": "hen"})
    assert next(m for m in alone.measures if m.metric == "recall of hen").delta > 0


def test_more_pictures_are_not_offered_where_half_would_be_no_class() -> None:
    assert {"class": "hen"} not in kinds()["collect-more"].eligible(vector_case({"cat": 60, "hen": 8}))


def test_leaving_a_class_out_is_judged_on_the_others() -> None:
    case = vector_case({"cat": 80, "dog": 80, "hen": 80}, separation=1.0)
    effect = run_experiment(case, "drop-class", {"class": "hen"})
    assert effect.primary.n == (case.targets != case.number("hen")).sum()
    assert effect.primary.delta > 0.05
    assert "recall of hen" not in {m.metric for m in effect.measures}
    assert not kinds()["drop-class"].eligible(vector_case({"cat": 80, "dog": 80}))
