"""How many pictures there are, as an answer says it."""

import pytest

from agent import standing
from agent.facts import FactList
from benchmarks.planting.imbalance import thin_out
from benchmarks.planting.vectors import vector_case


def test_a_class_is_told_with_its_pictures_groups_and_share() -> None:
    case = thin_out(vector_case({"cat": 60, "dog": 60}), "dog", 20)
    (fact,) = standing.size_facts(case, facts := FactList(), ("dog",))
    assert fact["text"] == "Training pictures of dog: 20 of all 80 (25.0 %); groups, each perhaps of one thing: 20."
    assert facts.facts == [fact]
    assert fact["evidence"][0]["value"] == 20


def test_pictures_for_testing_are_told_apart() -> None:
    case = vector_case({"cat": 100, "dog": 100}, test_share=0.4)
    training = int((case.fit & (case.targets == 0)).sum())
    (fact,) = standing.size_facts(case, FactList(), ("cat",))
    assert fact["text"].startswith(f"Training pictures of cat: {training} of all ")
    assert fact["text"].endswith(f"; test pictures: {100 - training}.")


@pytest.mark.parametrize("classes", [3, 14])
def test_all_classes_are_told_in_one_line_the_largest_first(classes: int) -> None:
    sizes = {f"class {chr(97 + number)}": 10 + 2 * number for number in range(classes)}
    (fact,) = standing.size_facts(vector_case(sizes), FactList())
    last = f"class {chr(96 + classes)} {8 + 2 * classes}"
    assert fact["text"].startswith(f"Training pictures by class: {last}, ")
    assert fact["text"].endswith(", class a 10." if classes == 3 else "; other classes: 2, with at most 12 each.")
    assert len(fact["evidence"]) == classes
