"""What is proposed: suspects, copies, contradictions, kinds, merges; and what is said of the ruler."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.vectors import assemble, vector_case
from benchmarks.planting.wrong_labels import flip
from tools.case import Case
from tools.changes import Edit
from tools.changing import NothingToChange
from tools.dataset import Label
from tools.errors import AdvisorError, UnknownName, UnreadableInput
from tools.label_errors import case_suspects
from tools.proposals import class_to_be, find_rows, merge, relabel, remove, split
from tools.review import COLUMNS, read_decisions, read_ids, reviewed, write_sheet
from tools.suggestions import Suspect, contradictions, relabel_suspects, spare_copies, suspects

SIZES = {"apple": 60, "pear": 60, "plum": 60}


@pytest.fixture(scope="module")
def flipped() -> tuple[Case, dict[str, str]]:
    return flip(vector_case(SIZES, separation=6.0, test_share=0.3), 0.08, seed=1)


def test_suspects_are_those_of_the_check_and_lead_back_to_the_truth(flipped: tuple[Case, dict[str, str]]) -> None:
    case, truth = flipped
    draft = relabel_suspects(case, test_too=False)
    doubted = case_suspects(case)
    assert {e.id for e in draft.edits} == set(case.ids[doubted.rows[doubted.flagged]].tolist())
    right = sum(truth.get(e.id) == e.after for e in draft.edits)
    assert right >= 0.9 * len(truth)
    assert draft.notes[0].startswith("Nobody has looked")
    assert all(case.fit[case.dataset.index[e.id]] for e in draft.edits)


def test_a_clean_case_proposes_nothing() -> None:
    clean = vector_case(SIZES, separation=12.0, test_share=0.3)
    for propose in (
        lambda: relabel_suspects(clean, test_too=False),
        lambda: spare_copies(clean, test_too=False),
        lambda: contradictions(clean, test_too=False),
    ):
        with pytest.raises(NothingToChange):
            propose()


def test_labels_that_a_person_confirmed_are_not_proposed_again(flipped: tuple[Case, dict[str, str]]) -> None:
    case, _ = flipped
    first = suspects(case, test_too=False)[0]
    sure = replace(case, confirmed=frozenset({(str(case.dataset.sha256[first.row]), first.given)}))
    for test_too in (False, True):
        assert first.id not in {s.id for s in suspects(sure, test_too=test_too)}
    assert "1 picture whose label a person confirmed" in relabel_suspects(sure, test_too=False).notes[-1]


def test_test_pictures_are_doubted_and_changed_only_when_asked(flipped: tuple[Case, dict[str, str]]) -> None:
    case, _ = flipped
    rows = np.flatnonzero(case.evaluation & (case.targets == 0))[:3].tolist()
    wrong = {str(case.ids[row]): "pear" for row in rows}
    labels = tuple(replace(x, name=wrong.get(x.image_id, x.name)) for x in case.dataset.labels)
    case = replace(case, dataset=replace(case.dataset, labels=labels))
    assert not {s.id for s in suspects(case, test_too=False)} & wrong.keys()
    found = {s.id: s.suggested for s in suspects(case, test_too=True)}
    assert {i: found.get(i) for i in wrong} == dict.fromkeys(wrong, "apple")
    with pytest.raises(NothingToChange, match="--test-too"):
        relabel(case, [(rows[0], "apple")], test_too=False)
    with pytest.raises(NothingToChange, match="1 test pictures"):
        remove(case, [rows[0]], test_too=False)
    draft = relabel_suspects(case, test_too=True)
    assert any("cannot be compared" in note for note in draft.notes)
    assert any("look better than it is" in note for note in draft.notes)


def test_without_a_test_split_it_is_said_what_a_better_figure_is_worth() -> None:
    case = vector_case(SIZES, separation=6.0)
    assert "not yet a better model" in relabel(case, [(0, "pear")], test_too=False).notes[0]


def test_relabelling_by_name(flipped: tuple[Case, dict[str, str]]) -> None:
    case, _ = flipped
    row = int(np.flatnonzero(case.fit)[0])
    assert find_rows(case, [str(case.ids[row]), f"./{case.ids[row]}"]) == [row]
    with pytest.raises(UnknownName, match=r"nobody\.jpg"):
        find_rows(case, ["nobody.jpg"])
    with pytest.raises(UnknownName, match="--new-class"):
        class_to_be(case, "peer", new_class=False)
    assert class_to_be(case, " quince ", new_class=True) == "quince"
    with pytest.raises(UnknownName, match="an empty name"):
        class_to_be(case, "  ", new_class=True)


def copied(*, contradict: bool = False) -> Case:
    """Copies: two in train, train and test, val and train, and three in test."""
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(60, 32))
    splits = (["train"] * 10 + ["test"] * 8 + ["val"] * 2) * 3
    names = [n for n in SIZES for _ in range(20)]
    for a, b in ((0, 1), (2, 10), (3, 18), (11, 12), (11, 13)):
        vectors[b] = vectors[a]
    if contradict:
        vectors[25] = vectors[5]
    case = assemble(vectors, names, splits)
    digests = case.dataset.sha256.copy()
    for a, b in ((0, 1), (2, 10), (3, 18), (11, 12), (11, 13), *([(5, 25)] if contradict else [])):
        digests[b] = digests[a]
    return replace(case, dataset=replace(case.dataset, sha256=digests))


def test_of_copies_the_test_picture_stays() -> None:
    draft = spare_copies(copied(), test_too=False)
    assert sorted(case_row(e) for e in draft.edits) == [1, 2, 3]
    assert draft.notes == ("2 test pictures are copies of test pictures and stay; --test-too takes them out",)
    every = spare_copies(copied(), test_too=True)
    assert sorted(case_row(e) for e in every.edits) == [1, 2, 3, 12, 13]
    assert "cannot be compared" in every.notes[0]


def test_copies_under_unlike_labels_are_left_to_a_person() -> None:
    case = copied(contradict=True)
    draft = spare_copies(case, test_too=False)
    assert sorted(case_row(e) for e in draft.edits) == [1, 2, 3]
    assert any("1 sets of copies carry unlike labels" in note for note in draft.notes)
    assert sorted(case_row(e) for e in contradictions(case, test_too=False).edits) == [5, 25]


def case_row(edit: Edit) -> int:
    return int(edit.id.partition(".")[0])


def two_kinds(*, apart: float = 6.0, test: bool = True) -> tuple[Case, np.ndarray]:
    """A class ``bad`` of two kinds, 60 and 40 pictures, beside ``good``."""
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(200, 32)) * 0.5
    kind = np.array([0] * 60 + [1] * 40 + [2] * 100)
    vectors[:, 0] += np.array([apart, 0.0, 0.0])[kind]
    vectors[:, 1] += np.array([0.0, apart, 0.0])[kind]
    vectors[:, 2] += np.array([0.0, 0.0, apart])[kind]
    splits = ["test" if test and i % 5 == 0 else "train" for i in range(200)]
    brightness = np.where(kind == 0, 0.2, 0.8).astype(np.float32) + rng.normal(size=200).astype(np.float32) * 0.02
    names = ["bad"] * 100 + ["good"] * 100
    return assemble(vectors, names, splits, properties={"brightness": brightness}), kind


def test_a_class_is_split_into_its_kinds_test_pictures_too() -> None:
    case, kind = two_kinds()
    draft = split(case, "bad", [])
    assert len(draft.edits) == 100
    said = {case_row(e): e.after for e in draft.edits}
    assert {said[i] for i in range(60)} == {"bad 1"}
    assert {said[i] for i in range(60, 100)} == {"bad 2"}
    assert draft.summary == "bad split into bad 1 and bad 2"
    assert draft.notes[0].startswith("bad 1: 60 pictures; against the rest of the class it is darker")
    assert "brighter" in draft.notes[1]
    assert any("no person gave" in note for note in draft.notes)
    named = split(case, "bad", ["burnt", "bad"])
    assert {e.after for e in named.edits} == {"burnt", "bad"}
    assert len(named.edits) == 100  # also those that keep the name: later pictures are told from them
    assert (kind[:100] == [0] * 60 + [1] * 40).all()


@pytest.mark.parametrize("names", [["one"], ["a", "b", "c"], ["a", "a"], ["good", "x"], ["", "x"]])
def test_names_of_kinds_that_do_not_fit(names: list[str]) -> None:
    case, _ = two_kinds()
    with pytest.raises(UnknownName, match=r"2 new names that differ.*kind 1: against the rest"):
        split(case, "bad", names)


def test_a_class_of_one_kind_is_not_split() -> None:
    case = vector_case({"a": 80, "b": 20})
    with pytest.raises(NothingToChange, match="none that is"):
        split(case, "a", [])
    with pytest.raises(NothingToChange, match="20 training pictures, too few"):
        split(case, "b", [])


def test_merging_and_renaming() -> None:
    case = vector_case(SIZES)
    draft = merge(case, ["apple", "pear"], "pome")
    assert draft.renamed == {"apple": "pome", "pear": "pome"}
    assert draft.summary == "apple and pear merged as pome (120 pictures)"
    assert merge(case, ["apple", "pear"], "apple").renamed == {"pear": "apple"}
    assert merge(case, ["plum"], "prune").summary == "plum renamed to prune (60 pictures)"
    with pytest.raises(UnknownName, match="another class"):
        merge(case, ["apple", "pear"], "plum")
    with pytest.raises(NothingToChange, match="all of them merged"):
        merge(case, ["apple", "pear", "plum"], "fruit")
    with pytest.raises(NothingToChange, match="Nothing would change"):
        merge(case, ["apple"], "apple")


def test_an_emptied_class_is_told() -> None:
    case = vector_case({"a": 40, "b": 40, "c": 3})
    rows = np.flatnonzero(case.targets == 2).tolist()
    assert "No picture is left of c" in remove(case, rows, test_too=False).notes[-1]


# -- the sheet


def filled(path: Path, decisions: dict[str, str]) -> Path:
    """The sheet as a person fills it in, by id."""
    lines = path.read_text("utf-8-sig").splitlines()
    out = [lines[0]]
    for line in lines[1:]:
        image = line.split(",")[0].strip('"').removeprefix("./")
        out.append(line.replace(',"",', f',"{decisions.get(image, "")}",'))
    path.write_text("\n".join(out), "utf-8")
    return path


def test_a_sheet_goes_out_and_comes_back(flipped: tuple[Case, dict[str, str]], tmp_path: Path) -> None:
    case, _ = flipped
    found = suspects(case, test_too=False)
    path = tmp_path / "sheet.csv"
    write_sheet(path, found)
    assert path.read_text("utf-8-sig").splitlines()[0] == ",".join(f'"{name}"' for name in COLUMNS)
    with pytest.raises(AdvisorError, match="may be filled in"):
        write_sheet(path, found)
    with pytest.raises(NothingToChange, match="no decision"):
        reviewed(case, read_decisions(path, case, new_class=False), test_too=False)
    one, two, three, four = (s.id for s in found[:4])
    filled(path, {one: "accept", two: "Reject", three: "plum", four: "remove"})
    decided = read_decisions(path, case, new_class=False)
    assert decided.undecided == len(found) - 4
    draft = reviewed(case, decided, test_too=False)
    assert draft is not None
    after = {e.id: e.after for e in draft.edits}
    assert after[one] == found[0].suggested
    assert after[four] is None
    assert [str(case.ids[row]) for row in decided.kept] == [two]
    assert two not in after
    assert after.get(three, found[2].given) == "plum"
    assert f"{len(found) - 4} pictures without a decision stay as they are" in draft.notes


def test_a_sheet_that_only_confirms_changes_nothing(flipped: tuple[Case, dict[str, str]], tmp_path: Path) -> None:
    case, _ = flipped
    found = suspects(case, test_too=False)
    write_sheet(tmp_path / "s.csv", found)
    decided = read_decisions(filled(tmp_path / "s.csv", {found[0].id: "reject"}), case, new_class=False)
    assert reviewed(case, decided, test_too=False) is None
    assert decided.kept == (found[0].row,)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["nobody.jpg,apple,pear,accept"], r"'nobody\.jpg' in row 2"),
        (["{0},apple,pear,peer"], r"'peer' in row 2.*--new-class"),
        (["{0},plum,pear,accept"], "labels have changed since"),
        (["{0},apple,pear,accept", "{0},apple,pear,accept"], "again in row 3"),
        (["{0},apple,,accept"], "an empty name in row 2"),
    ],
)
def test_sheets_that_do_not_fit(rows: list[str], message: str, tmp_path: Path) -> None:
    case = vector_case(SIZES)
    path = tmp_path / "s.csv"
    path.write_text("\n".join(["id,label,suggested,decision", *rows]).format("00000.jpg"))
    with pytest.raises(UnreadableInput, match=message):
        read_decisions(path, case, new_class=False)


def test_a_class_named_like_a_decision_is_not_guessed_at(tmp_path: Path) -> None:
    case = vector_case({"accept": 30, "pear": 30})
    path = tmp_path / "s.csv"
    path.write_text("id,label,suggested,decision\n00000.jpg,accept,pear,accept\n")
    with pytest.raises(UnreadableInput, match="which is a class here"):
        read_decisions(path, case, new_class=False)
    path.write_text("id,label\n00040.jpg,accept\n")
    assert read_decisions(path, case, new_class=False).wanted == ((40, "accept"),)


def test_any_table_of_ids_and_labels(tmp_path: Path) -> None:
    case = vector_case(SIZES)
    path = tmp_path / "t.csv"
    path.write_text("file;class\n./00000.jpg;pear\n00001.jpg;\n00002.jpg;apple\n")
    draft = reviewed(case, read_decisions(path, case, new_class=False), test_too=False)
    assert draft is not None
    assert [(e.id, e.before, e.after) for e in draft.edits] == [("00000.jpg", "apple", "pear")]
    path.write_text("file,x\n00000.jpg,1\n")
    assert read_ids(path, case) == [0]
    with pytest.raises(UnreadableInput, match="columns id and label"):
        read_decisions(path, case, new_class=False)
    (tmp_path / "list.txt").write_text("00003.jpg\n\n00004.jpg\n")
    assert read_ids(tmp_path / "list.txt", case) == [3, 4]


def test_names_that_are_formulas_or_not_utf8_round_trip(tmp_path: Path) -> None:
    case = vector_case({"=SUM(A1)": 30, "-pear": 30})
    ids = case.ids.astype("<U40")
    ids[0], ids[1] = "=cmd.jpg", "caf\\xe9.jpg"
    names = dict(zip(case.ids.tolist(), ids.tolist(), strict=True))
    labels = tuple(Label(names[x.image_id], x.name) for x in case.dataset.labels)
    case = replace(case, dataset=replace(case.dataset, ids=ids, labels=labels), space=replace(case.space, ids=ids))
    found = [Suspect(row, str(ids[row]), "train", "=SUM(A1)", "-pear", 0.9) for row in (0, 1)]
    write_sheet(tmp_path / "s.csv", found)
    text = (tmp_path / "s.csv").read_text("utf-8-sig")
    assert '"=' not in text
    assert '"-' not in text
    filled(tmp_path / "s.csv", {"=cmd.jpg": "accept", "caf\\xe9.jpg": "accept"})
    decided = read_decisions(tmp_path / "s.csv", case, new_class=False)
    assert decided.wanted == ((0, "-pear"), (1, "-pear"))
