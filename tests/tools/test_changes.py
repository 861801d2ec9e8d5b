"""Accepted changes: round trips, undo and undo of undo, imports that come later, kills at every write."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embeddings.encoder import EncoderInfo
from embeddings.space import EmbeddingSpace
from tests.tools.accepted import SETTINGS, label, merged, relabelled, removed
from tests.tools.coloured import COLOURS, picture
from tools import store
from tools.changes import Change, Edit, History
from tools.changing import Draft, NothingToChange, accept, files_say, history, undo
from tools.dataset import Dataset
from tools.errors import UnknownName
from tools.giving import add_predictions
from tools.importing import import_dataset
from tools.predictions import Predictions
from tools.proposals import remove
from tools.replaying import labels_of, replay
from tools.workspace import Workspace


def give_predictions(workspace: Workspace) -> Dataset:
    """Two pictures each said to be apple, pear and plum, whatever they are."""
    dataset = workspace.dataset()
    scores = np.full((len(dataset), 3), np.nan)
    said = np.full(len(dataset), -1)
    for row in range(6):
        scores[row], said[row] = [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.3, 0.3, 0.4]][row % 3], row % 3
    workspace.save_predictions(dataset, Predictions("theirs", "1", scores, said, True))
    return dataset


def test_a_relabelled_picture_is_a_new_version_and_nothing_else_changes(workspace: Workspace) -> None:
    first = workspace.dataset()
    change = relabelled(workspace, "train/apple/1.png", "train/apple/2.png", to="pear", why="looked at them")
    second = workspace.dataset()
    assert (change.before, change.after, second.version) == (1, 2, 2)
    assert change.summary == "2 pictures relabelled (apple → pear)"
    assert (change.why, change.by) == ("looked at them", "me")
    assert label(workspace, "train/apple/1.png") == "pear"
    assert label(workspace, "train/apple/1.png", version=1) == "apple"
    same = [row for row, image in enumerate(first.ids.tolist()) if image not in {e.id for e in change.edits}]
    assert [labels_of(first)[r] for r in same] == [labels_of(second)[r] for r in same]
    assert first.ids.tolist() == second.ids.tolist()
    assert first.splits.tolist() == second.splits.tolist()
    assert first.metadata.keys() == second.metadata.keys()
    assert workspace.space(second).fingerprint == workspace.space(first).fingerprint
    assert history(workspace).changes == (change,)


def test_vectors_of_every_encoder_and_predictions_go_along(workspace: Workspace) -> None:
    first = give_predictions(workspace)
    other = EncoderInfo("other", "b" * 64, 3, False)
    vectors = np.random.default_rng(0).normal(size=(len(first), 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    workspace.save_space(1, EmbeddingSpace(other, first.ids, vectors, np.zeros((len(first), 0), np.float32)))
    removed(workspace, "train/apple/3.png")
    second = workspace.dataset()
    kept = [row for row, image in enumerate(first.ids.tolist()) if image in second.index]
    assert len(kept) == len(first) - 1
    for name in ("means", "other"):
        before, after = workspace.space(first, name), workspace.space(second, name)
        assert np.array_equal(before.vectors[kept], after.vectors)
    assert workspace.case(SETTINGS).space.encoder.name == "other"
    given = workspace.predictions(second)
    assert given is not None
    was = workspace.predictions(first)
    assert was is not None
    assert given.predicted.tolist() == was.predicted[kept].tolist()
    assert [(s.path, s.reason) for s in second.skipped] == [("train/apple/3.png", "left out by change 1")]


def test_undo_gives_the_version_before_and_undo_of_undo_the_one_after(workspace: Workspace) -> None:
    prints = [workspace.dataset().fingerprint]
    relabelled(workspace, "train/apple/1.png", to="pear")
    prints.append(workspace.dataset().fingerprint)
    removed(workspace, "train/plum/0.png", why="blurred")
    prints.append(workspace.dataset().fingerprint)
    merged(workspace, "apple", "pear", to="pome")
    prints.append(workspace.dataset().fingerprint)
    assert len(set(prints)) == 4
    undo(workspace)
    assert workspace.dataset().fingerprint == prints[2]
    again = undo(workspace)
    assert again.undoes == 4
    assert workspace.dataset().fingerprint == prints[3]
    assert undo(workspace, 3).summary.endswith("(taken back)")
    assert undo(workspace, 2, why="not so").why == "not so"
    assert workspace.dataset().fingerprint == prints[1]
    assert undo(workspace, 1).kind == "undo"
    assert workspace.dataset().fingerprint == prints[0]
    assert workspace.dataset().version == len(history(workspace).changes) + 1
    assert [c.number for c in history(workspace).changes] == list(range(1, 9))


def test_any_change_can_be_taken_back_unless_a_later_one_builds_on_it(workspace: Workspace) -> None:
    relabelled(workspace, "train/apple/1.png", to="pear")
    relabelled(workspace, "train/apple/2.png", to="plum")
    relabelled(workspace, "train/apple/1.png", to="plum")
    with pytest.raises(NothingToChange, match="on which change 3 builds"):
        undo(workspace, 1)
    undo(workspace, 2)
    assert label(workspace, "train/apple/2.png") == "apple"
    assert label(workspace, "train/apple/1.png") == "plum"
    with pytest.raises(UnknownName, match="change 2, which was taken back already"):
        undo(workspace, 2)
    with pytest.raises(UnknownName, match=r"stands \(1, 3, 4\)"):
        undo(workspace, 17)


def test_what_would_change_nothing_is_refused(workspace: Workspace) -> None:
    with pytest.raises(NothingToChange, match="Nothing needs to be changed"):
        relabelled(workspace, "train/apple/1.png", to="apple")
    with pytest.raises(UnknownName, match="no change"):
        undo(workspace)
    stale = workspace.case(SETTINGS)
    relabelled(workspace, "train/apple/1.png", to="pear")
    with pytest.raises(NothingToChange, match="Run the command again"):
        accept(workspace, stale.dataset, remove(stale, [0], test_too=True))
    assert len(workspace.datasets()) == 2


def test_merged_classes_carry_predictions_along_and_back(workspace: Workspace) -> None:
    give_predictions(workspace)
    before = workspace.predictions(workspace.dataset())
    merged(workspace, "apple", "pear", to="pome")
    dataset = workspace.dataset()
    assert dataset.classes == ("plum", "pome")
    given = workspace.predictions(dataset)
    assert given is not None
    assert given.full_vectors
    assert given.predicted[:3].tolist() == [1, 1, 0]
    assert given.probabilities[0].tolist() == pytest.approx([0.1, 0.9])
    assert given.probabilities[2].tolist() == pytest.approx([0.4, 0.6])  # said plum, and that stays what it said
    relabelled(workspace, "train/plum/0.png", to="pome")
    later = workspace.predictions(workspace.dataset())
    assert later is not None
    assert later.predicted.tolist() == given.predicted.tolist()
    undo(workspace, 2)
    undo(workspace, 1)
    back = workspace.predictions(workspace.dataset())
    assert before is not None
    assert back is not None
    assert back.fingerprint == before.fingerprint


def test_the_newest_model_stays_the_newest_through_a_merge(workspace: Workspace) -> None:
    dataset = give_predictions(workspace)
    only_plum = np.full((len(dataset), 3), np.nan)
    only_plum[0, 2] = 0.9
    said = np.full(len(dataset), -1)
    said[0] = 2
    workspace.save_predictions(dataset, Predictions("newer", "1", only_plum, said, False))
    merged(workspace, "apple", "pear", to="pome")
    newest = workspace.predictions(workspace.dataset())
    assert newest is not None
    assert newest.model == "newer"
    assert newest.probabilities[0].tolist() == pytest.approx([0.9, np.nan], nan_ok=True)


def test_a_file_of_the_old_classes_still_fits_after_a_merge(workspace: Workspace, tmp_path: Path) -> None:
    merged(workspace, "apple", "pear", to="pome")
    file = tmp_path / "p.csv"
    file.write_text("id,p_apple,p_pear,p_plum\ntrain/apple/0.png,0.2,0.5,0.3\n")
    given, covered = add_predictions(workspace, file, model="old")
    assert covered.startswith("1 of 24")
    row = workspace.dataset().index["train/apple/0.png"]
    assert given.probabilities[row].tolist() == pytest.approx([0.3, 0.7])
    file.write_text("id,p_pome,p_plum\ntrain/apple/0.png,0.1,0.9\n")
    given, _ = add_predictions(workspace, file, model="new")
    assert given.probabilities[row].tolist() == pytest.approx([0.9, 0.1])


def test_importing_the_same_folder_again_loses_nothing(workspace: Workspace, photos: Path) -> None:
    relabelled(workspace, "train/apple/1.png", to="pear")
    removed(workspace, "train/plum/0.png")
    prints = workspace.dataset().fingerprint
    done = import_dataset(workspace, photos, SETTINGS)
    assert not done.changed
    assert done.dataset.fingerprint == prints
    assert len(workspace.datasets()) == 3


def test_changes_are_made_again_on_a_later_import(workspace: Workspace, photos: Path) -> None:
    relabelled(workspace, "train/apple/1.png", to="pear")
    removed(workspace, "train/plum/0.png", why="blurred")
    merged(workspace, "plum", to="prune")
    (photos / "train" / "apple" / "1.png").rename(photos / "train" / "apple" / "renamed.png")
    picture(photos / "train" / "plum" / "new.png", 7, COLOURS["plum"])
    done = import_dataset(workspace, photos, SETTINGS)
    assert done.replay is not None
    assert (done.replay.relabelled, done.replay.left_out, done.replay.conflicts) == (9, 1, ())
    assert label(workspace, "train/apple/renamed.png") == "pear"
    assert label(workspace, "train/plum/new.png") == "prune"
    assert "train/plum/0.png" not in workspace.dataset().index
    assert done.dataset.version == 6  # 5 is what the files say
    assert label(workspace, "train/apple/renamed.png", version=5) == "apple"
    assert files_say(workspace).version == 5
    note = history(workspace).changes[-1]
    assert (note.kind, note.before, note.after) == ("import", 5, 6)
    assert note.summary == "accepted changes (1, 2, 3) made again: labels: 9, left out: 1"
    undo(workspace, 2)
    assert "train/plum/0.png" in workspace.dataset().index
    assert "train/plum/new.png" in workspace.dataset().index


def test_a_new_label_of_the_file_itself_stands_and_is_told(workspace: Workspace, photos: Path) -> None:
    relabelled(workspace, "train/apple/1.png", "train/apple/2.png", to="pear")
    removed(workspace, "train/apple/3.png")
    for name, target in (("1", "plum"), ("2", "pear"), ("3", "pear")):
        (photos / "train" / "apple" / f"{name}.png").rename(photos / "train" / target / f"was_{name}.png")
    done = import_dataset(workspace, photos, SETTINGS)
    assert done.replay is not None
    told = {(c.id, c.change, c.wanted, c.seen) for c in done.replay.conflicts}
    assert told == {("train/apple/1.png", 1, "pear", "plum"), ("train/apple/3.png", 2, None, "pear")}
    assert label(workspace, "train/plum/was_1.png") == "plum"
    assert label(workspace, "train/pear/was_2.png") == "pear"
    assert label(workspace, "train/pear/was_3.png") == "pear"
    (photos / "train" / "plum" / "was_1.png").rename(photos / "train" / "apple" / "1.png")
    again = import_dataset(workspace, photos, SETTINGS)
    assert again.replay is not None
    assert again.replay.conflicts == ()
    assert label(workspace, "train/apple/1.png") == "apple"  # settled: the file was right once and for all


def test_a_copy_that_was_not_edited_is_never_taken_for_the_edited_one(workspace: Workspace, photos: Path) -> None:
    original = photos / "train" / "apple" / "1.png"
    (photos / "train" / "apple" / "copy.png").write_bytes(original.read_bytes())
    import_dataset(workspace, photos, SETTINGS)
    removed(workspace, "train/apple/1.png", why="a copy")
    original.unlink()
    done = import_dataset(workspace, photos, SETTINGS)
    assert "train/apple/copy.png" in done.dataset.index
    assert done.replay is not None
    assert (done.replay.left_out, done.replay.gone) == (0, 1)


def test_pictures_that_come_after_a_split_have_no_kind(workspace: Workspace, photos: Path) -> None:
    dataset = workspace.dataset()
    rows = [row for row, name in enumerate(labels_of(dataset)) if name == "plum"]
    edits = tuple(
        Edit(str(dataset.ids[row]), str(dataset.sha256[row]), "plum", "plum" if row % 2 else "sloe") for row in rows
    )
    accept(workspace, dataset, Draft("split", "plum split", edits))
    picture(photos / "train" / "plum" / "new.png", 9, COLOURS["plum"])
    done = import_dataset(workspace, photos, SETTINGS)
    assert done.replay is not None
    assert done.replay.unassigned == {"plum": ("train/plum/new.png",)}
    assert label(workspace, "train/plum/new.png") == "plum"


def test_a_change_during_an_import_stops_it(
    workspace: Workspace, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relabelled(workspace, "train/apple/1.png", to="pear")
    picture(photos / "train" / "plum" / "new.png", 7, COLOURS["plum"])
    real = Workspace.save_dataset

    def meanwhile(self: Workspace, *args: object, **options: object) -> object:
        monkeypatch.setattr(Workspace, "save_dataset", real)
        relabelled(self, "train/apple/2.png", to="pear")
        return real(self, *args, **options)

    monkeypatch.setattr(Workspace, "save_dataset", meanwhile)
    with pytest.raises(NothingToChange, match="Import again"):
        import_dataset(workspace, photos, SETTINGS)
    assert workspace.dataset().version == 3


def test_replaying_by_hand() -> None:
    base = Dataset(
        version=1, root=Path("/data"), ids=np.array(["a", "b", "c"]), sha256=np.array(["1", "2", "3"]),
        widths=np.ones(3, np.int64), heights=np.ones(3, np.int64), splits=np.array(["train"] * 3), labels=(),
    )  # fmt: skip
    first = Change(1, "", 1, 2, "relabel", "", edits=(Edit("a", "1", None, "x"), Edit("b", "2", "y", "z")))
    second = Change(2, "", 2, 3, "relabel", "", edits=(Edit("b", "2", "z", "w"), Edit("d", "9", None, "x")))
    made = replay(base, [first, second])
    assert labels_of(made.dataset) == ["x", None, None]
    assert (made.relabelled, made.left_out, made.gone) == (1, 0, 1)
    assert [(c.id, c.change, c.wanted, c.seen) for c in made.conflicts] == [("b", 2, "w", None)]
    settled = frozenset({(2, "b", "2"), (1, "b", "2")})
    assert replay(base, [first, second], settled).conflicts == ()


def test_which_entries_stand() -> None:
    def entry(number: int, kind: str = "relabel", undoes: int | None = None) -> Change:
        return Change(number, "", number, number + 1, kind, "", undoes=undoes)  # type: ignore[arg-type]

    known = History((entry(1), entry(2), entry(3, "undo", 1), entry(4, "undo", 3), entry(5, "write"), entry(6)))
    assert known.cancelled == {3}
    assert [c.number for c in known.active] == [6]
    back = History((*known.changes, entry(7, "undo", 5)))
    assert [c.number for c in back.active] == [1, 2, 6]


# -- kills


def _accept_and_die(path: Path, nth: int) -> None:
    """In a process of its own: end without any clean-up at the n-th write."""
    calls = []
    real = os.fsync

    def fsync(handle: int) -> None:
        calls.append(handle)
        if len(calls) == nth:
            os._exit(9)
        real(handle)

    os.fsync = fsync
    removed(Workspace.open(path), "train/apple/1.png")
    os._exit(0)


@pytest.mark.parametrize("nth", [1, 3, 99])
def test_a_killed_change_is_whole_or_was_never_made(workspace: Workspace, nth: int) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_accept_and_die, args=(workspace.path, nth))
    process.start()
    process.join(60)
    assert process.exitcode == (0 if nth == 99 else 9)
    assert workspace.case(SETTINGS).dataset.version == (2 if nth == 99 else 1)
    assert len(history(workspace).changes) == (nth == 99)
    relabelled(workspace, "train/apple/2.png", to="pear")
    assert not list((workspace.path / "arrays").glob(f"*{store.UNFINISHED}"))


@contextmanager
def _cut_off_at(monkeypatch: pytest.MonkeyPatch, nth: int) -> Iterator[None]:
    real, calls = os.replace, []

    def replace_file(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == nth:
            raise KeyboardInterrupt
        real(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace_file)
        with pytest.raises(KeyboardInterrupt):
            yield


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_an_import_cut_off_keeps_neither_the_files_nor_the_changes_half(
    workspace: Workspace, photos: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    removed(workspace, "train/apple/1.png")
    picture(photos / "train" / "plum" / "new.png", 7, COLOURS["plum"])
    import_dataset(Workspace.open(photos.parent / "other"), photos, SETTINGS)  # nothing of the vectors is shared
    before = workspace.dataset().fingerprint
    real = Workspace.save_dataset

    def cut_off(self: Workspace, *args: object, **options: object) -> object:
        with _cut_off_at(monkeypatch, nth):
            real(self, *args, **options)
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "save_dataset", cut_off)
        with pytest.raises(SystemExit):
            import_dataset(workspace, photos, SETTINGS)
    assert workspace.dataset().fingerprint == before
    assert len(history(workspace).changes) == 1
    done = import_dataset(workspace, photos, SETTINGS)
    assert "train/apple/1.png" not in done.dataset.index
    assert "train/plum/new.png" in done.dataset.index


def test_older_workspaces_have_no_history(workspace: Workspace) -> None:
    dataset = replace(workspace.dataset(), version=1)
    assert history(workspace).base([1]) == dataset.version
    assert files_say(workspace).fingerprint == dataset.fingerprint
