"""What each kind of advice leaves behind in the data, and what the data cannot show."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.vectors import assemble
from tools.case import Case
from tools.changes import Change, Edit, History
from tools.dataset import Label
from tools.following import Followed, Passage, follow
from tools.ledger import Advice

NAMES = ["a"] * 6 + ["b"] * 6 + ["c"] * 6


def case_of(names: Sequence[str | None], *, marks: Mapping[int, str] | None = None, splits: Sequence[str] = ()) -> Case:
    """One picture per name; equal rows of two cases are equal pictures unless marked."""
    rng = np.random.default_rng(0)
    case = assemble(rng.normal(size=(len(names), 16)), [name or "" for name in names], list(splits) or None)
    digests = case.dataset.sha256.copy()
    for row, mark in (marks or {}).items():
        digests[row] = mark
    labels = tuple(Label(str(i), n) for i, n in zip(case.ids, names, strict=True) if n is not None)
    return replace(case, dataset=replace(case.dataset, sha256=digests, labels=labels))


def without(case: Case, rows: Sequence[int]) -> Case:
    keep = np.array([row for row in range(len(case.ids)) if row not in set(rows)])
    data = case.dataset
    gone = set(case.ids[list(rows)].tolist())
    columns = {name: getattr(data, name)[keep] for name in ("ids", "sha256", "widths", "heights", "splits")}
    labels = tuple(x for x in data.labels if x.image_id not in gone)
    space = replace(case.space, ids=columns["ids"], vectors=case.space.vectors[keep], names=case.space.names[keep])
    return replace(case, dataset=replace(data, **columns, labels=labels), space=space)


def image(row: int) -> str:
    return f"{row:05d}.jpg"


def advice(action: str, rows: Sequence[int] = (), **options: object) -> Advice:
    return Advice(
        **{
            "id": "x", "dataset": 1, "at": "", "place": 0, "by": "audit", "code": "some-check", "action": action,
            "target": "it", "why": "", "images": tuple(image(row) for row in rows), **options,
        }
    )  # type: ignore[arg-type]  # fmt: skip


def followed(given: Advice, new: Case, *, old: Case | None = None, known: History | None = None) -> Followed:
    return follow(given, Passage((old or case_of(NAMES)).dataset, new, known or History()))


def changed(labels: Mapping[int, str]) -> list[str]:
    return [labels.get(row, name) for row, name in enumerate(NAMES)]


def test_relabelled_to_what_was_suggested_or_otherwise_or_taken_out() -> None:
    given = advice("relabel", range(4), suggested={image(row): "b" for row in range(4)})
    assert followed(given, case_of(NAMES)) == Followed("not", 0, 4, "0 of 4 relabelled")
    new = without(case_of(changed({0: "b", 1: "c"})), [2])
    assert followed(given, new) == Followed("partly", 3, 4, "2 of 4 relabelled, 1 of them as suggested, 1 taken out")
    assert followed(given, case_of(changed(dict.fromkeys(range(4), "b")))).extent == "fully"


def test_a_label_that_a_person_confirmed_was_looked_at() -> None:
    given = advice("relabel", range(2), suggested={image(row): "b" for row in range(2)})
    new = case_of(changed({0: "b"}))
    new = replace(new, confirmed=frozenset({(str(new.dataset.sha256[1]), "a")}))
    assert followed(given, new) == Followed("fully", 2, 2, "1 of 2 relabelled, 1 looked at and confirmed")


def test_a_moved_picture_is_the_same_and_a_replaced_one_is_not() -> None:
    given = advice("relabel", [0], suggested={image(0): "b"})
    moved = case_of(changed({0: "b"}))
    ids = moved.ids.astype("<U20")
    ids[0] = "elsewhere.jpg"
    labels = tuple(replace(x, image_id="elsewhere.jpg") if x.image_id == image(0) else x for x in moved.dataset.labels)
    moved = replace(moved, dataset=replace(moved.dataset, ids=ids, labels=labels), space=replace(moved.space, ids=ids))
    assert followed(given, moved).words == "1 of 1 relabelled"
    replaced = case_of(changed({0: "b"}), marks={0: "other"})
    assert followed(given, replaced).words == "0 of 1 relabelled, 1 taken out"


def test_a_rule_leaves_labels_that_were_right() -> None:
    given = advice("relabel", range(5))
    assert followed(given, case_of(NAMES)).extent == "unseen"
    some = followed(given, case_of(changed({0: "b"})))
    assert (some.extent, some.done, some.of) == ("partly", 1, 5)
    assert "cannot be seen" in some.words
    assert followed(advice("relabel"), case_of(NAMES)).words == "cannot be seen from the data: it names no pictures"


def test_sets_of_copies_under_one_label() -> None:
    sets = {image(0): 1, image(6): 1, image(1): 2, image(12): 2}
    given = advice("relabel", [0, 6, 1, 12], code="contradicting-duplicates", sets=sets)
    assert followed(given, case_of(NAMES)).extent == "not"
    half = followed(given, case_of(changed({6: "a"})))
    assert (half.extent, half.done, half.of) == ("partly", 1, 2)
    assert followed(given, without(case_of(changed({6: "a"})), [12])).extent == "fully"


def test_copies_taken_out() -> None:
    given = advice(
        "deduplicate", [0, 1, 2, 6, 7], sets={image(0): 1, image(1): 1, image(2): 1, image(6): 2, image(7): 2}
    )
    assert followed(given, case_of(NAMES)) == Followed("not", 0, 3, "0 of 3 spare copies taken out")
    assert followed(given, without(case_of(NAMES), [1, 2])).done == 2
    assert followed(given, without(case_of(NAMES), [0, 1, 2, 6])).extent == "fully"


def test_pictures_and_classes_taken_out() -> None:
    given = advice("remove", [0, 1])
    assert followed(given, without(case_of(NAMES), [1])) == Followed("partly", 1, 2, "1 of 2 taken out")
    whole = advice("remove", classes=("c",))
    assert followed(whole, case_of(NAMES)).extent == "not"
    assert followed(whole, without(case_of(NAMES), range(12, 18))) == Followed(
        "fully", 1, 1, "1 of 1 classes taken out"
    )


def grown(extra: Sequence[str | None], splits: Sequence[str] = ()) -> Case:
    names = [*NAMES, *extra]
    return case_of(names, splits=["train"] * len(NAMES) + list(splits) if splits else ())


@pytest.mark.parametrize(
    ("extra", "asked", "extent", "done"),
    [([], 4, "not", 0), (["b"] * 3, 4, "partly", 3), (["b"] * 4, 4, "fully", 4), (["a"] * 9, 4, "not", 0)],
)
def test_new_pictures_of_a_class(extra: list[str], asked: int, extent: str, done: int) -> None:
    given = advice("collect", code="image-quantity", classes=("b",), asked=asked)
    found = followed(given, grown(extra))
    assert (found.extent, found.done, found.of) == (extent, done, asked)
    assert found.words == f"{done} of {asked} new training pictures of b"


def test_what_new_pictures_show_cannot_be_seen() -> None:
    given = advice("collect", code="weak-slices", classes=("b",), asked=2)
    assert followed(given, grown(["b", "b"])).words.endswith("; whether they show what was asked for cannot be seen")
    anything = advice("collect", code="distribution-shift")
    found = followed(anything, grown(["a", "b"]))
    assert (found.extent, found.done, found.of) == ("partly", 2, 0)
    assert followed(given, grown(["b", "b"], ["test", "production"])).done == 0
    of_test = advice("collect", code="test-too-easy", asked=1)
    assert followed(of_test, grown(["b", "b"], ["test", "train"])).done == 1


def test_a_split_class() -> None:
    given = advice("split", classes=("a",), arguments={"class": "a"})
    assert followed(given, case_of(NAMES)).words == "a is not split"
    assert followed(given, case_of(changed(dict.fromkeys(range(6), "x")))).extent == "not"  # only renamed
    two = changed({**dict.fromkeys(range(3), "x"), **dict.fromkeys(range(3, 6), "y")})
    assert followed(given, case_of(two)) == Followed("fully", 6, 6, "a is now x and y")
    half = case_of(changed(dict.fromkeys(range(2), "x")))
    assert (followed(given, half).extent, followed(given, half).done) == ("partly", 2)
    accepted = Change(1, "", 1, 2, "split", "", edits=(Edit(image(0), "", "a", "x"),))
    assert followed(given, half, known=History((accepted,))).extent == "fully"  # one kind keeps the name


def test_a_split_or_merged_class_is_no_corrected_label() -> None:
    given = advice("relabel", range(3), suggested={image(row): "b" for row in range(3)})
    two = case_of(changed({0: "y", 1: "b", **dict.fromkeys(range(2, 6), "x")}))
    split = Change(
        1, "", 1, 2, "split", "", edits=(Edit("", "", "a", "x"), Edit("", "", "a", "a"), Edit("", "", "b", "y"))
    )
    assert followed(given, two, known=History((split,))).words == "2 of 3 relabelled"  # 0 is of a kind of b
    merge = Change(1, "", 1, 2, "merge", "", renamed={"a": "ab", "b": "ab"})
    one = case_of(["ab"] * 12 + ["c"] * 6)
    assert followed(given, one, known=History((merge,))).extent == "not"
    assert followed(given, one).extent == "fully"  # without the history nobody can tell


def test_a_few_corrections_are_no_kind_of_a_class() -> None:
    old = case_of(["a"] * 40 + ["b"] * 20)
    given = advice("split", classes=("a",), arguments={"class": "a"})
    new = case_of(["x"] * 20 + ["y"] * 19 + ["z"] * 21)
    assert followed(given, new, old=old).words == "a is now x and y"


def test_merged_classes() -> None:
    given = advice("merge", classes=("a", "b"), arguments={"pair": "a|b"})
    assert followed(given, case_of(NAMES)).words == "a and b are still two classes"
    assert followed(given, case_of(["x"] * 12 + ["c"] * 6)) == Followed(
        "fully", 12, 12, "12 of 12 pictures of a and b are x now"
    )
    most = case_of(["b"] * 5 + ["a"] + ["b"] * 6 + ["c"] * 6)
    assert followed(given, most) == Followed("partly", 11, 12, "11 of 12 pictures of a and b are b now")
    assert followed(given, without(case_of(NAMES), range(6))).extent == "unseen"


def test_a_class_for_what_is_none_of_the_classes() -> None:
    old = case_of([*NAMES, None, None])
    given = advice("add negative class", [18, 19], asked=50)
    assert followed(given, old, old=old).extent == "not"
    found = followed(given, case_of([*NAMES, "other", None]), old=old)
    assert found == Followed("partly", 1, 2, "1 of 2 named pictures have a label now")
    new = followed(given, case_of([*NAMES, None, None, "other", "other"]), old=old)
    assert (new.extent, new.done) == ("partly", 2)
    assert "new classes of new pictures: other (2)" in new.words


@pytest.mark.parametrize(
    "action", ["look at", "change threshold", "calibrate", "reweight", "augment", "regroup", "odd"]
)
def test_what_no_data_can_show(action: str) -> None:
    found = followed(advice(action, [0]), case_of(NAMES))
    assert found.extent == "unseen"
    assert found.words.startswith("cannot be seen from the data: ")


def test_a_group_column_is_seen() -> None:
    new = case_of(NAMES)
    new = replace(new, settings=replace(new.settings, group_column="camera"))
    assert followed(advice("regroup", target="a camera column, one value for each camera"), new).extent == "fully"
    assert followed(advice("regroup", target="folds that keep each burst together"), new).extent == "unseen"
