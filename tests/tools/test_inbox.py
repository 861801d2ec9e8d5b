"""The production inbox: each content once, what models said, labels that can be taken back, kills at every write."""

import multiprocessing
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.tools.accepted import SETTINGS
from tests.tools.coloured import COLOURS, picture
from tools.added import ADDED, folder_of
from tools.changing import NothingToChange, accept, files_say, history, undo
from tools.dataset import decode_id
from tools.errors import UnknownName, UnreadableInput, WorkspaceDamaged
from tools.importing import import_dataset
from tools.inbox import Inbox, Picture
from tools.inbox_predictions import model_of_file
from tools.labelling import labelled
from tools.proposals import merge, relabel, remove
from tools.readers.predictions_file import read_predictions
from tools.replaying import labels_of
from tools.settings import Settings
from tools.taking_in import TakenIn, files_in, take_in
from tools.workspace import Workspace


@pytest.fixture
def arrived(tmp_path: Path) -> Path:
    """Two pictures of each kind, in two folders."""
    for kind, (name, colour) in enumerate(COLOURS.items()):
        for number in range(2):
            picture(tmp_path / "arrived" / f"day{number}" / f"{name}.png", 9000 + 10 * kind + number, colour)
    return tmp_path / "arrived"


def add(workspace: Workspace, folder: Path, predictions: Path | None = None) -> TakenIn:
    files, refused = files_in(folder)
    table = None if predictions is None else read_predictions(predictions)
    names = ("", "") if predictions is None else model_of_file(predictions)
    return take_in(
        workspace, workspace.case(SETTINGS), files, str(folder), refused=refused, table=table, model=names
    )  # fmt: skip


def give_labels(workspace: Workspace, *texts: str, to: str, split: str = "train") -> int:
    case = workspace.case(SETTINGS)
    wanted = [(found, to) for found in Inbox(workspace).find(texts)]
    return accept(workspace, case.dataset, labelled(case, wanted, split=split), by="me").number


def names(pictures: tuple[Picture, ...]) -> list[str]:
    return sorted(p.source for p in pictures)


def state(workspace: Workspace) -> tuple[object, ...]:
    """All that a person would miss."""
    inbox, data = Inbox(workspace), workspace.dataset()
    copies = sorted(p.relative_to(workspace.path).as_posix() for p in folder_of(workspace.path).rglob("*.png"))
    return data.fingerprint, sorted(p.sha256 for p in inbox.every()), sorted(names(inbox.pictures())), copies


def test_each_content_comes_in_once(workspace: Workspace, arrived: Path, photos: Path) -> None:
    (arrived / "again.png").write_bytes((arrived / "day0" / "apple.png").read_bytes())
    (arrived / "known.png").write_bytes((photos / "train" / "apple" / "0.png").read_bytes())
    (arrived / "broken.png").write_bytes((arrived / "day0" / "pear.png").read_bytes()[:80])
    (arrived / "notes.txt").write_text("x")
    found = add(workspace, arrived)
    assert found.counts == {
        "new": 6, "again": 1, "known": 1, "rejected": 0, "refused": 2, "predictions": 0, "predictions_unknown": 0
    }  # fmt: skip
    assert dict(found.refused)["notes.txt"] == "not a picture by its ending .txt"
    before = state(workspace)
    again = add(workspace, arrived)
    assert (len(again.new), len(again.again), len(again.known)) == (0, 7, 1)
    assert state(workspace) == before
    assert len(Inbox(workspace).arrivals()) == 1
    assert len(list(folder_of(workspace.path).rglob("*.png"))) == 6, "nothing is left of the broken one"


def test_labelled_pictures_leave_for_a_new_version_with_their_vectors(workspace: Workspace, arrived: Path) -> None:
    add(workspace, arrived)
    before = workspace.dataset()
    give_labels(workspace, "day0/apple.png", "day1/apple.png", to="apple")
    data, inbox = workspace.dataset(), Inbox(workspace)
    assert (before.version, data.version, len(data)) == (1, 2, len(before) + 2)
    fresh = [i for i in data.ids.tolist() if i.startswith(ADDED)]
    assert len(fresh) == 2
    assert [labels_of(data)[data.index[i]] for i in fresh] == ["apple", "apple"]
    assert [str(data.splits[data.index[i]]) for i in fresh] == ["train", "train"]
    assert all(data.path(i).is_file() for i in fresh)
    assert names(inbox.pictures()) == ["day0/pear.png", "day0/plum.png", "day1/pear.png", "day1/plum.png"]
    case = workspace.case(SETTINGS)
    pixels = case.eyes.pixels([data.index[i] for i in fresh])
    vectors = case.eyes.encoder.encode(np.stack([case.eyes.encoder.prepare(p) for p in pixels])).vectors
    assert np.allclose(vectors, case.space.vectors[[data.index[i] for i in fresh]], atol=1e-6)
    assert len(files_say(workspace)) == len(before)


def test_taking_it_back_brings_them_back_and_taking_that_back_labels_them_again(
    workspace: Workspace, arrived: Path
) -> None:
    add(workspace, arrived)
    before = state(workspace)
    first = give_labels(workspace, "day0/apple.png", to="apple", split="test")
    labelled_state = state(workspace)
    back = undo(workspace, first)
    assert state(workspace) == before
    undo(workspace, back.number)
    assert state(workspace) == labelled_state
    data = workspace.dataset()
    assert str(data.splits[data.index[next(i for i in data.ids.tolist() if i.startswith(ADDED))]]) == "test"


def test_an_import_keeps_them_and_a_file_of_the_users_own_is_right(
    workspace: Workspace, arrived: Path, photos: Path
) -> None:
    add(workspace, arrived)
    give_labels(workspace, "day0/apple.png", "day0/pear.png", to="apple")
    picture(photos / "train" / "plum" / "9.png", 77, COLOURS["plum"])
    # the person has also put one of them where it belongs
    (photos / "train" / "pear" / "new.png").write_bytes((arrived / "day0" / "pear.png").read_bytes())
    done = import_dataset(workspace, photos, SETTINGS)
    data = done.dataset
    assert [i.rpartition("/")[2] for i in data.ids.tolist() if i.startswith(ADDED)] == ["apple.png"]
    assert done.replay is not None
    assert done.replay.added == 1
    assert [c.seen for c in done.replay.conflicts] == ["pear"]
    assert labels_of(data)[data.index["train/pear/new.png"]] == "pear"
    again = import_dataset(workspace, photos, SETTINGS)
    assert not again.changed
    assert again.dataset.fingerprint == data.fingerprint


def test_changes_of_added_pictures_outlive_writing_the_others_into_their_folders(
    workspace: Workspace, arrived: Path, photos: Path
) -> None:
    from tools.move_plans import plan_write
    from tools.moving import perform

    add(workspace, arrived)
    give_labels(workspace, "day0/apple.png", to="plum")
    case = workspace.case(SETTINGS)
    added = next(i for i in case.ids.tolist() if i.startswith(ADDED))
    rows = [(case.dataset.index[added], "apple"), (case.dataset.index["train/pear/0.png"], "apple")]
    accept(workspace, case.dataset, relabel(case, rows, test_too=False))
    case = workspace.case(SETTINGS)
    accept(workspace, case.dataset, merge(case, ["apple"], "fruit"))
    perform(workspace, plan_write(workspace))
    data = workspace.dataset()
    assert labels_of(data)[data.index[added]] == "fruit"
    import_dataset(workspace, photos, SETTINGS)
    data = workspace.dataset()
    assert labels_of(data)[data.index[added]] == "fruit"
    assert data.classes == ("fruit", "pear", "plum")
    case = workspace.case(SETTINGS)
    accept(workspace, case.dataset, remove(case, [case.dataset.index[added]], test_too=False))
    assert added not in workspace.dataset().index


def test_what_was_rejected_stays_away_until_it_is_brought_back(workspace: Workspace, arrived: Path) -> None:
    add(workspace, arrived)
    inbox = Inbox(workspace)
    assert inbox.decide(inbox.find(["day0/apple.png"]), "rejected", who="me", why="a thumb") == 1
    assert inbox.decide(inbox.find(["day1/apple.png"]), "skipped") == 1
    assert len(inbox.pictures()) == 4
    assert [p.why for p in inbox.pictures("rejected")] == ["a thumb"]
    assert add(workspace, arrived).counts["rejected"] == 1
    with pytest.raises(UnknownName, match="day0/apple"):
        inbox.find(["day0/apple.png"])
    assert inbox.decide(inbox.find(["day0/apple.png"], "rejected"), "waiting") == 1
    assert len(inbox.pictures()) == 5


def test_names_that_several_share_and_digests(workspace: Workspace, arrived: Path) -> None:
    add(workspace, arrived)
    inbox = Inbox(workspace)
    with pytest.raises(UnknownName, match="2 pictures share"):
        inbox.find(["apple.png"])
    first = inbox.pictures()[0]
    assert inbox.find([first.sha256[:8], first.id, first.name]) == [first]


def predictions(path: Path, rows: list[tuple[str, str, float]]) -> Path:
    path.write_text("id,pred,score\n" + "".join(f"{i},{said},{score}\n" for i, said, score in rows))
    return path


def test_predictions_of_several_versions(workspace: Workspace, arrived: Path) -> None:
    rows = [(f"day{d}/{n}.png", n, 0.9) for d in range(2) for n in COLOURS]
    found = add(workspace, arrived, predictions(arrived / "shop@7.csv", rows))
    assert found.spoken is not None
    assert (len(found.spoken.said), found.spoken.unknown) == (6, 0)
    add(workspace, arrived, predictions(arrived / "shop@8--tuesday.csv", [("day0/apple.png", "pear", 0.6)]))
    inbox = Inbox(workspace)
    assert inbox.models() == ("shop@7", "shop@8")
    assert [s.said for s in inbox.said("shop@8")] == ["pear"]
    assert len(inbox.said("shop")) == 7
    with pytest.raises(UnknownName, match="shop@9"):
        inbox.said("shop@9")
    before = inbox.said()
    add(workspace, arrived, arrived / "shop@7.csv")
    assert [(s.sha256, s.name, s.said) for s in inbox.said()] == [(s.sha256, s.name, s.said) for s in before]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("day0/apple.png", "apple", 0.9), ("elsewhere.png", "pear", 0.5)], "1 of 2 rows for others"),
        ([("day0/apple.png", "kiwi", 0.9)], "1 of 1 rows that say another"),
        ([("day0/apple.png", "apple", 90.0)], "scores from 0 to 1"),
        ([("day0/apple.png", "apple", 0.9)] * 2, "several for 'day0/apple.png'"),
        ([], "at least one prediction"),
    ],
)
def test_predictions_that_do_not_fit_leave_no_trace(
    workspace: Workspace, arrived: Path, rows: list[tuple[str, str, float]], told: str
) -> None:
    before = state(workspace)
    with pytest.raises(UnreadableInput, match=told):
        add(workspace, arrived, predictions(arrived / "shop@7.csv", rows))
    assert state(workspace) == before


def test_one_unknown_picture_in_ten_is_counted(workspace: Workspace, arrived: Path) -> None:
    rows = [(f"day{d}/{n}.png", n, 0.9) for d in range(2) for n in COLOURS]
    found = add(workspace, arrived, predictions(arrived / "m.csv", [*rows, ("gone.png", "pear", 0.4)]))
    assert found.spoken is not None
    assert (len(found.spoken.said), found.spoken.unknown) == (6, 1)


def test_a_copy_that_vanished_comes_back_with_the_file(workspace: Workspace, arrived: Path) -> None:
    add(workspace, arrived)
    found = Inbox(workspace).pictures()[0]
    place = folder_of(workspace.path) / decode_id(found.name)
    place.unlink()
    assert add(workspace, arrived).counts["again"] == 6
    assert place.is_file()


def test_lost_vectors_are_an_error_that_says_how_to_mend_it(workspace: Workspace, arrived: Path) -> None:
    from tools.inbox_order import arranged

    add(workspace, arrived)
    give_labels(workspace, "day0/apple.png", to="apple")
    for shard in workspace.vectors.rglob("*.npz"):
        shard.unlink()
    undo(workspace, history(workspace).changes[-1].number)
    with pytest.raises(WorkspaceDamaged, match="advisor inbox rank"):
        give_labels(workspace, "day0/apple.png", to="apple")
    arranged(workspace, workspace.case(SETTINGS))
    give_labels(workspace, "day0/apple.png", to="apple")
    assert len(workspace.dataset()) == 25


def test_another_encoder_sees_them_too(
    workspace: Workspace, arrived: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embeddings import resolve
    from tests.tools.coloured import Means

    add(workspace, arrived)
    give_labels(workspace, "day0/apple.png", to="apple")
    monkeypatch.setattr(resolve, "resolve_encoder", lambda name, **_: (Means("other", "b" * 64), "other"))
    done = import_dataset(workspace, photos, Settings(threads=1, encoder="other"))
    assert len(done.dataset) == 25
    assert {info.name for info in workspace.encoders(done.dataset.version)} == {"means", "other"}
    assert len(workspace.space(done.dataset).vectors) == 25


def test_nothing_to_label(workspace: Workspace) -> None:
    with pytest.raises(NothingToChange):
        labelled(workspace.case(SETTINGS), [], split="train")


def test_what_a_model_said_of_a_picture_counts_once_it_is_a_test_picture(workspace: Workspace, arrived: Path) -> None:
    from tools.giving import add_predictions
    from tools.models import given_models, predictions_of

    data = workspace.dataset()
    table = predictions(arrived.parent / "known.csv", [(i, "apple", 0.5) for i in data.ids.tolist()])
    add_predictions(workspace, table, model="shop", version="7")
    add(workspace, arrived, predictions(arrived / "shop@7.csv", [("day0/pear.png", "plum", 0.7)]))
    give_labels(workspace, "day0/pear.png", "day0/plum.png", to="pear", split="test")
    case = workspace.case(SETTINGS)
    assert case.predictions is not None
    row = next(r for r, i in enumerate(case.ids.tolist()) if i.startswith(ADDED) and i.endswith("pear.png"))
    assert case.classes[case.predictions.predicted[row]] == "plum"
    assert np.nansum(case.predictions.probabilities[row]) == 0.7
    assert bool(case.derived.errors[row])
    assert int(case.predictions.covered.sum()) == 25, "of the other one it said nothing"
    assert predictions_of(workspace, given_models(workspace)[0], case).fingerprint == case.predictions.fingerprint


def test_a_kill_while_labelling_leaves_all_or_nothing(workspace: Workspace, arrived: Path) -> None:
    add(workspace, arrived)
    step = 0
    while killed(lambda: give_labels(workspace, "day0/apple.png", "day1/apple.png", to="apple"), step):
        step += 1
        assert (len(workspace.dataset()), len(Inbox(workspace).pictures())) in {(24, 6), (26, 4)}
        if len(workspace.dataset()) == 26:
            return
    assert step >= 2
    assert len(workspace.dataset()) == 26


def test_folders_are_kept_where_the_data_set_has_them(workspace: Workspace, arrived: Path, photos: Path) -> None:
    picture(photos / "train" / "plum" / "line 2" / "0.png", 78, COLOURS["plum"])
    import_dataset(workspace, photos, SETTINGS)
    add(workspace, arrived)
    give_labels(workspace, "day0/plum.png", to="plum")
    data = workspace.dataset()
    assert sorted(set(data.metadata["folder"].tolist())) == ["", "day0", "line 2"]


def test_groups_that_reach_into_the_test_split_are_told(workspace: Workspace, arrived: Path) -> None:
    add(workspace, arrived)
    case = workspace.case(replace(SETTINGS, group_column="video"))
    data = case.dataset
    videos = np.array([f"v{row}" for row in range(len(data))])
    case = replace(case, dataset=replace(data, metadata={"video": videos}))
    inbox = Inbox(workspace)
    of_test = videos[data.splits == "test"][0]
    wanted = [
        (inbox.described(inbox.find(["day0/apple.png"])[0], {"video": of_test}), "apple"),
        (inbox.described(inbox.find(["day1/apple.png"])[0], {"video": "new"}), "apple"),
        (inbox.find(["day0/pear.png"])[0], "pear"),
    ]
    notes = labelled(case, wanted, split="train").notes
    assert notes[0] == "Of the same video as test pictures, and so not independent of them: 1 picture"
    assert "Without a video: 1 picture" in notes[1]
    assert len(labelled(case, wanted[1:2], split="train").notes) == 0


# -- kills


def killed(work: Callable[[], object], at: int) -> bool:
    """Whether a process was killed at its n-th write of a file or commit; it ended by itself otherwise."""

    def run() -> None:
        import sqlite3

        left = [at]

        def count() -> None:
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)

        original_replace, original_connect, original_link = os.replace, sqlite3.connect, os.link

        def linked(*arguments: object) -> None:
            count()
            original_link(*arguments)  # type: ignore[arg-type]
            count()

        def replaced(*arguments: object) -> None:
            count()
            original_replace(*arguments)  # type: ignore[arg-type]
            count()

        def connected(*arguments: object, **named: object) -> object:
            db = original_connect(*arguments, **named)  # type: ignore[call-overload]
            db.set_trace_callback(lambda text: count() if text.startswith("COMMIT") else None)
            return db

        os.link = linked  # type: ignore[assignment]
        os.replace = replaced  # type: ignore[assignment]
        sqlite3.connect = connected  # type: ignore[assignment]
        work()
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()
    return process.exitcode == 9


def test_a_kill_at_any_write_loses_nothing_and_adds_nothing_twice(
    workspace: Workspace, arrived: Path, tmp_path: Path
) -> None:
    rows = [(f"day{d}/{n}.png", n, 0.9) for d in range(2) for n in COLOURS]
    table = predictions(arrived / "shop@7.csv", rows)
    step = 0
    while killed(lambda: add(workspace, arrived, table), step):
        step += 1
        assert len(workspace.dataset()) == 24
        every = Inbox(workspace).every()
        assert len({p.sha256 for p in every}) == len(every)
        assert all((folder_of(workspace.path) / decode_id(p.name)).is_file() for p in every)
    assert step >= 8
    assert len(Inbox(workspace).pictures()) == 6
    assert len(Inbox(workspace).said("shop@7")) == 6
    assert len(list(folder_of(workspace.path).rglob("*"))) == 12
