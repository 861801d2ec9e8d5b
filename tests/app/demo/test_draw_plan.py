from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from app.demo.plan import APPLE, CITRUS_FRUIT, CLASSES, DARK_CLASS, SIZES, Plan, Slot, draw_plan


@pytest.fixture(params=[0, 1, 2])
def plan(request: pytest.FixtureRequest) -> Plan:
    return draw_plan(np.random.default_rng(request.param), 1.0)


def share(slots: list[Slot], setting: str) -> float:
    return sum(slot.setting == setting for slot in slots) / len(slots)


def test_the_folders_get_the_planned_sizes(plan: Plan) -> None:
    for split, sizes in SIZES.items():
        assert Counter(slot.label for slot in plan.slots[split]) == sizes


def test_a_twentieth_of_the_training_labels_is_wrong_and_none_of_the_test_labels(plan: Plan) -> None:
    wrong = [slot for slot in plan.slots["train"] if slot.label != slot.true]
    assert 0.05 <= len(wrong) / len(plan.slots["train"]) <= 0.06
    assert {frozenset((slot.label, slot.true)) for slot in wrong} == {
        frozenset(CLASSES[:2]),
        frozenset(CLASSES[2:]),
    }
    assert all(slot.label == slot.true for slot in plan.slots["test"])


def test_the_setting_gives_the_class_away_in_train_and_only_half_the_time_in_test(plan: Plan) -> None:
    for true, usual, other in ((APPLE, "hand", "plate"), (CITRUS_FRUIT, "plate", "hand")):
        train = [slot for slot in plan.slots["train"] if slot.true == true]
        test = [slot for slot in plan.slots["test"] if slot.true == true]
        assert share(train, usual) == pytest.approx(0.88, abs=0.01)
        assert share(test, usual) == 0.5
        assert share(test, other) == 0.4


def test_the_setting_is_independent_of_the_kind_of_fruit(plan: Plan) -> None:
    for split, most in (("train", 0.12), ("test", 0.3)):
        fruit = [slot for slot in plan.slots[split] if slot.true == APPLE]
        whole = share(fruit, "hand")
        for kind in {slot.kind for slot in fruit}:
            assert abs(share([slot for slot in fruit if slot.kind == kind], "hand") - whole) < most


def test_dark_pictures_are_a_tenth_of_one_class_mostly_in_test(plan: Plan) -> None:
    dark = [(split, slot) for split, slots in plan.slots.items() for slot in slots if slot.dark]
    whole = sum(slot.true == DARK_CLASS for slots in plan.slots.values() for slot in slots)
    assert {slot.true for _, slot in dark} == {DARK_CLASS}
    assert len(dark) / whole == pytest.approx(0.1, abs=0.01)
    assert sum(split == "test" for split, _ in dark) > 2 * sum(split == "train" for split, _ in dark)


def test_copies_show_what_their_originals_show_and_are_never_wrongly_labelled(plan: Plan) -> None:
    assert Counter(copy.split for copy in plan.copies) == {"train": 6, "test": 14}
    used = [("train", copy.original) for copy in plan.copies] + [(copy.split, copy.copy) for copy in plan.copies]
    assert len(set(used)) == len(used)
    for copy in plan.copies:
        original, again = plan.slots["train"][copy.original], plan.slots[copy.split][copy.copy]
        assert original == again
        assert original.label == original.true


def test_the_order_within_a_folder_hides_kinds_and_wrong_labels(plan: Plan) -> None:
    bad = [slot.kind for slot in plan.slots["train"] if slot.label == "bad cookies"]
    changes = sum(first != second for first, second in pairwise(bad))
    assert changes > 15


def test_the_smallest_data_set_still_has_every_fault() -> None:
    plan = draw_plan(np.random.default_rng(0), 0.01)
    slots = [slot for split in plan.slots.values() for slot in split]
    assert {copy.split for copy in plan.copies} == {"train", "test"}
    assert any(slot.dark for slot in slots)
    assert len({(slot.true, slot.label) for slot in slots if slot.true != slot.label}) == 4
