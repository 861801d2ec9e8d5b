"""Training pictures behind a mistake: a mislabelled twin is the cause; strange pictures and close calls have none."""

import numpy as np
import pytest

from benchmarks.planting.vectors import assemble
from tools.case import Case
from tools.influence import fitted_head
from tools.registry import NotApplicable
from tools.why import Answer, prefixes, pushed, training_rows
from tools.why_documents import verdict, why_document

DIMENSION = 24


def planted(seed: int = 0, *, twin: int = 0, asked: np.ndarray | None = None) -> tuple[Case, int]:
    """Two classes apart by their first coordinate; the last row is a test picture of class a.

    Parameters
    ----------
    twin : int
        Copies of the test picture (in one burst) that are labelled b.
    asked : ndarray, optional
        The test picture, else one of its own kind.
    """
    rng = np.random.default_rng(seed)
    centres = np.zeros((2, DIMENSION))
    centres[0, 0], centres[1, 0] = 2.0, -2.0
    names = ["a", "b"] * 60
    rows = centres[np.arange(120) % 2] + rng.normal(size=(120, DIMENSION)) * 0.5
    rows[:, 1] = 0.0
    picture = np.zeros(DIMENSION)
    picture[0], picture[1] = 0.4, 3.0  # a picture of a of a kind of its own
    picture = picture if asked is None else asked
    copies = picture + rng.normal(size=(twin, DIMENSION)) * 0.02
    vectors = np.concatenate([rows, copies, rows[:8] + 0.1, picture[None]])
    labels = names + ["b"] * twin + names[:8] + ["a"]
    splits = ["train"] * (120 + twin) + ["test"] * 9
    case = assemble(vectors, labels, splits)
    return case, len(labels) - 1


def answer(case: Case, row: int) -> Answer:
    return Answer(str(case.ids[row]), case.space.vectors[row], row, int(case.targets[row]))


@pytest.mark.parametrize("copies", [1, 3])
def test_a_mislabelled_twin_is_the_cause(copies: int) -> None:
    case, row = planted(twin=copies)
    found = pushed(case, answer(case, row))
    assert found.mistake
    assert found.removed.tolist() == list(range(120, 120 + copies))  # the whole burst and nothing else
    assert found.bursts == 1
    assert set(found.rows[:copies].tolist()) == set(found.removed.tolist())
    assert found.cause
    document = why_document(case, found)
    assert document["verdict"] == "cause"
    assert document["summary"].endswith("These pictures cause the mistake.")
    assert document["pictures"][0]["similarity"] > 0.99


def test_without_the_twin_there_is_no_mistake() -> None:
    case, row = planted()
    found = pushed(case, answer(case, row))
    assert not found.mistake
    assert not found.cause
    assert verdict(found) == "no_mistake"


def test_a_picture_among_the_other_class_has_no_few_to_blame() -> None:
    strange = np.zeros(DIMENSION)
    strange[0] = -2.0
    case, row = planted(asked=strange)
    found = pushed(case, answer(case, row))
    assert found.mistake
    assert not found.corrected
    assert verdict(found) == "no_small_set"
    assert "No set of at most 12" in why_document(case, found)["summary"]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_close_call_is_nobodys_fault(seed: int) -> None:
    case, row = planted(seed)
    head = fitted_head(case.space.vectors[case.fit], case.targets[case.fit], 2)
    ends = case.space.vectors[[row, 1]].astype(np.float64)

    def between(share: float) -> np.ndarray:
        mixed = (1 - share) * ends[0] + share * ends[1]
        return (mixed / np.linalg.norm(mixed)).astype(np.float32)

    low, high = 0.0, 1.0
    for _ in range(25):  # from the picture of a towards one of b, until the answer has only just turned
        middle = (low + high) / 2
        turned = int(head.logits(between(middle)[None])[0].argmax()) == case.number("b")
        low, high = (low, middle) if turned else (middle, high)
    found = pushed(case, Answer("x", between(high + 1e-4), None, case.number("a")))
    assert found.mistake
    assert found.margin < 0.05
    assert found.control_corrected > 1
    assert verdict(found) == "not_shown"
    assert "no proof" in why_document(case, found)["summary"]


def test_the_head_has_not_seen_the_picture() -> None:
    case, row = planted(twin=1)
    assert 120 in training_rows(case, answer(case, row))
    own = training_rows(case, answer(case, 5))
    assert 5 not in own
    folds = case.derived.folds()
    assert set(folds[own]) == set(folds[case.fit]) - {folds[5]}


def test_every_number_is_in_the_evidence_and_json() -> None:
    import json
    import re

    case, row = planted(twin=2)
    document = json.loads(json.dumps(why_document(case, pushed(case, answer(case, row))), allow_nan=False))
    told = " ".join(e["text"] + " " + (e["interval"] or "") for e in document["evidence"])
    for number in re.findall(r"-?\d+(?:\.\d+)?", document["summary"]):
        assert number in told
    assert set(document["left_out"]) == {p["image"] for p in document["pictures"] if p["left_out"]}
    pushes = [p["push"] for p in document["pictures"]]
    assert pushes == sorted(pushes, reverse=True)


def test_a_file_without_a_label_is_held_against_the_second_best() -> None:
    case, row = planted()
    found = pushed(case, Answer("new.jpg", case.space.vectors[row], None, None))
    assert found.said != found.other
    document = why_document(case, found)
    assert document["verdict"] == "no_mistake"
    assert document["label"] is None
    assert document["in_dataset"] is False


def test_with_too_few_others_nothing_is_called_a_cause() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(5, 8))
    vectors = np.concatenate([vectors, vectors[:1] + 0.01])
    case = assemble(vectors, ["b", "a", "a", "a", "a", "a"], ["train"] * 5 + ["test"])
    found = pushed(case, Answer("x", case.space.vectors[5], None, case.number("a")))
    assert len(found.controls) == 0
    assert not found.cause


def test_one_class_is_not_applicable() -> None:
    case = assemble(np.random.default_rng(0).normal(size=(6, 4)), ["a"] * 6)
    with pytest.raises(NotApplicable, match="two classes"):
        pushed(case, Answer("x", case.space.vectors[0], None, None))


def test_sets_keep_bursts_whole() -> None:
    pushes = np.array([1.0, 0.1, 0.5, 0.4, 0.3, -2.0])
    groups = np.array([1, 1, 2, 2, 2, 3])
    assert [s.tolist() for s in prefixes(pushes, groups, 5)] == [[2, 3, 4], [2, 3, 4, 0, 1]]
    assert [s.tolist() for s in prefixes(pushes, groups, 2)] == [[2, 3]]  # the hardest burst is too large: its hardest
    assert prefixes(np.array([-1.0]), np.array([0]), 5) == []
