"""The planted cause of a confusion is named first, with its share; a confusion without one stays unexplained."""

import numpy as np
import pytest
from scipy.stats import binomtest

from benchmarks.planting.cue import cue_case
from benchmarks.planting.fault import fresh
from benchmarks.planting.imbalance import thin_out
from benchmarks.planting.quality import spoil, with_properties
from benchmarks.planting.shifted_test import shifted_case
from benchmarks.planting.similar import halve
from benchmarks.planting.unrelated_labels import rename_at_random
from benchmarks.planting.vector_faults import UNTESTED
from benchmarks.planting.vectors import assemble, vector_case
from benchmarks.planting.wrong_labels import flip
from tools.audit import run_check
from tools.case import Case
from tools.cause import Pair, advise
from tools.findings import Cost, Outcome, Scope
from tools.registry import find_check
from tools.shared_evidence import Shared, drawn


def outcome(case, *pair: str) -> Outcome:
    return run_check(case, find_check("confusion-causes"), Scope(pair=(pair[0], pair[1]) if pair else None))


def test_the_cue_comes_first() -> None:
    case, against = cue_case()
    first = outcome(case, "apples", "citrus").findings[0]
    assert first.code == "spurious-cue"
    assert first.value("share of these errors") > 0.7
    assert first.errors is not None
    assert len(first.errors & against) > 0.9 * len(first.errors)


def test_wrong_labels_in_the_judged_pictures_explain_their_errors() -> None:
    case, truth = flip(vector_case({"cat": 100, "dog": 100}, separation=4), 0.08)
    first = outcome(case, "cat", "dog").findings[0]
    assert first.code == "wrong-labels"
    assert first.errors is not None
    planted = {i for i in truth if case.derived.errors[case.dataset.index[i]] and truth[i] == "dog"}
    assert len(first.errors & planted) >= 0.9 * len(planted) > 0
    assert first.value("share of these errors") > 0.8


def test_an_unseen_kind_is_unlike_any_training_picture() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 160)
    test = np.arange(320) % 2 == 1
    vectors = rng.normal(size=(320, 32)) * 0.4
    vectors[:, 0] += np.where(labels == 0, -1.5, 1.5)
    strange = test & (labels == 0) & (np.arange(320) % 8 == 1)
    vectors[strange, 0] = 0.5
    vectors[strange, 5] += 4
    case = assemble(vectors, ["a" if c == 0 else "b" for c in labels], ["test" if t else "train" for t in test])
    codes = {f.code: f for f in outcome(case, "a", "b").findings}
    assert codes["distribution-shift"].value("share of these errors") > 0.8


def test_counts_of_a_direction_add_up() -> None:
    case, _ = cue_case()
    measured = {e.name: e.value for e in outcome(case, "apples", "citrus").measured.evidence}
    total = measured["apples called citrus"]
    assert total == int((case.derived.errors & (case.targets == 0)).sum())
    explained, left = measured["apples called citrus, with a cause"], measured["apples called citrus, unexplained"]
    assert explained + left == total


@pytest.mark.parametrize("seed", range(3))
def test_plain_overlap_claims_no_proven_cause_but_likeness(seed: int) -> None:
    case = vector_case({"cat": 120, "dog": 120}, separation=1.0, seed=seed, test_share=0.4)
    loud = [f for f in outcome(case).findings if f.severity.level != "low"]
    assert {f.code for f in loud} <= {"similar-classes", "distribution-shift"}


def test_no_errors_is_not_applicable() -> None:
    assert outcome(vector_case({"cat": 40, "dog": 40}, separation=8)).status == "not_applicable"


@pytest.mark.parametrize("test_share", [0.0, 0.3])
def test_one_thing_under_two_names_is_likeness_first_and_not_wrong_labels(test_share: float) -> None:
    clean = vector_case({"cat": 100, "dog": 160, "hen": 100}, separation=3, test_share=test_share)
    case, _ = halve(clean, "dog", "wolf")
    findings = outcome(case, "dog", "wolf").findings
    assert findings[0].code == "similar-classes"
    assert findings[0].rung == "present"
    assert findings[0].value("right between the two") < 0.7
    assert "wrong-labels" not in {f.code for f in findings}


def test_swapped_labels_between_separable_classes_are_not_likeness() -> None:
    case, _ = flip(vector_case({"cat": 150, "dog": 150}, separation=4), 0.15, alike=True)
    findings = outcome(case, "cat", "dog").findings
    assert findings[0].code == "wrong-labels"
    assert "right between the two" not in {e.name for f in findings for e in f.evidence}


def test_a_label_unrelated_to_the_pictures_explains_its_confusions() -> None:
    sizes = {"cat": 300, "dog": 300, "hen": 300}
    case, _ = rename_at_random(vector_case(sizes, separation=3.0), "in stock", 0.25)
    first = outcome(case, "in stock", "hen").findings[0]
    assert first.code == "not-visual"
    assert first.value("share of these errors") == 1.0
    assert first.value("told from all others") == pytest.approx(0.5, abs=0.1)
    assert "not-visual" not in {f.code for f in outcome(vector_case(sizes, separation=1.0), "cat", "dog").findings}


def drawn_in(*, near: float, seed: int = 0) -> Case:
    """Class b holds two kinds; the first lies ``near`` deviations from class a, which has few pictures."""
    rng = np.random.default_rng(seed)
    names = np.repeat(["a", "b", "b", "c"], [60, 160, 160, 120])
    kind = np.repeat([0, 1, 2, 3], [60, 160, 160, 120])
    vectors = rng.normal(size=(len(kind), 32)) * 0.6
    vectors[kind == 1, 0] += near
    vectors[kind == 2, 1] += 6
    vectors[kind == 3, 2] += 6
    return assemble(vectors, names.tolist(), np.where(np.arange(len(kind)) % 2, "test", "train").tolist())


def test_a_kind_of_the_other_class_that_draws_the_errors_is_named_and_beaten_by_no_control() -> None:
    causes = outcome(drawn_in(near=1.2), "a", "b").findings
    first = causes[0]
    assert first.code == "hidden-subclasses"
    assert first.title == "a called b: one kind of b looks like a"
    assert first.value("share of these errors") > first.value("right beside") + 0.3
    assert first.recommendations[0].arguments == {"class": "b"}


def test_a_kind_far_from_the_class_draws_no_errors() -> None:
    causes = outcome(drawn_in(near=6.0), "a", "b").findings
    assert not [f for f in causes if f.title.endswith("one kind of b looks like a")]


def test_controls_are_whole_groups_of_the_same_number() -> None:
    groups = np.repeat(np.arange(10), 4)
    rows = drawn(groups, 16, np.random.default_rng(0))
    assert len(rows) == 16
    assert np.bincount(groups[rows])[np.unique(groups[rows])].tolist() == [4, 4, 4, 4]
    assert len(drawn(groups, 6, np.random.default_rng(0))) == 6


def test_imbalance_counts_what_passes_between_the_two_classes_alone() -> None:
    """Where a class is short, balancing brings it right; what a third class then takes is another confusion."""
    clean = vector_case({"cat": 300, "dog": 300, "hen": 300}, separation=1.0, test_share=0.5, seed=3)
    case = thin_out(clean, "dog", 20, seed=3)
    shared = Shared(case)
    pair = Pair(case, shared, ("dog", "cat"))
    assert shared.balanced is not None
    a, b = case.number("dog"), case.number("cat")
    none = np.zeros(len(case.ids), dtype=np.bool_)
    found = pair.refitted("class-balance", "", "", shared.balanced, none, advise("reweight", "", "", Cost()))
    was, now, own = shared.plain, shared.balanced, case.targets
    right = int(((own == a) & (was == b) & (now == a) | (own == b) & (was == a) & (now == b)).sum())
    wrong = int(((own == a) & (was == a) & (now == b) | (own == b) & (was == b) & (now == a)).sum())
    assert found.p == pytest.approx(float(binomtest(right, right + wrong, alternative="greater").pvalue))
    assert right > wrong
    assert outcome(case, "dog", "cat").findings[0].code == "class-balance"
    assert "class-balance" not in {f.code for f in outcome(clean, "dog", "cat").findings}


@pytest.mark.parametrize("seed", [3, 5, 7])
def test_errors_of_a_separable_pair_are_no_likeness_and_no_shift(seed: int) -> None:
    """An error lies towards the other class and far from its own by being one."""
    case = vector_case({"cat": 160, "dog": 160, "hen": 160}, separation=2.2, burst=4, test_share=0.3, seed=seed)
    for a in case.classes:
        for b in case.classes:
            if a != b:
                loud = {f.code for f in outcome(case, a, b).findings if f.severity.level != "low"}
                assert not loud & {"similar-classes", "distribution-shift"}


def test_spoilt_pictures_are_a_cause_by_their_name_and_not_a_kind() -> None:
    clean = vector_case({"cat": 160, "dog": 160, "hen": 160}, separation=3.0, test_share=0.3, seed=202)
    case, _ = spoil(with_properties(clean, seed=202), "side", 40, 60, harmful=True, seed=202)
    causes = [f for f in outcome(case).findings if f.severity.level != "low"]
    assert causes
    assert {f.code for f in causes} == {"image-quality"}
    assert "tiny pictures" in causes[0].summary
    assert outcome(clean).status in ("passed", "not_applicable")


def test_a_direction_between_kinds_is_likeness_so_doubted_labels_are_no_witness() -> None:
    """Wrong labels among the judged pictures look like the other class, whatever direction is compared."""
    clean = fresh(UNTESTED.make(205), 205)
    case, _ = flip(clean, 0.15, seed=205, alike=True)
    findings = outcome(fresh(case, 205), "dog", "hen").findings
    assert findings[0].code == "wrong-labels"
    assert "spurious-cue" not in {f.code for f in findings if f.severity.level != "low"}


def test_of_what_may_be_chance_the_cause_of_most_errors_comes_first() -> None:
    """All pictures of ash are moved, right ones too, and a few are dark: neither is told from chance."""
    findings = outcome(shifted_case(shift=2.0, harmful=2.0, seed=1), "ash", "elm").findings
    assert [f.code for f in findings] == ["distribution-shift", "image-quality"]
    first, second = (f.value("errors that show it") for f in findings)
    assert first > second
    assert all("may be chance" in f.summary for f in findings)
