"""Forgotten pictures leave no byte behind, stay out, and a kill leaves the old state or the new one."""

import json
import multiprocessing
import os
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.thumbnails import kept_at
from embeddings.images import thumbnail
from embeddings.properties import PROPERTIES
from tests.tools.accepted import SETTINGS, relabelled, removed
from tests.tools.coloured import orchard, picture, use_means
from tools import clearing, forgetting, importing
from tools.changing import history, undo
from tools.clearing import JOURNAL
from tools.decisions import Decision, Decisions
from tools.errors import AdvisorError, UnknownName
from tools.forgetting import forget, plan
from tools.forgotten import WasForgotten
from tools.importing import import_dataset
from tools.reports import Reports
from tools.store import writer
from tools.taking_in import files_in, take_in
from tools.timeline import timeline
from tools.versions import Versions
from tools.workspace import Workspace

GONE = "train/apple/1.png"


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_means(monkeypatch)
    root = orchard(tmp_path / "photos")
    (root / "train" / "plum" / "copy.png").write_bytes((root / GONE).read_bytes())
    return root


@pytest.fixture
def used(photos: Path, tmp_path: Path) -> Workspace:
    """A workspace in which everything that can name a picture names one."""
    kept = Workspace.open(tmp_path / "ws")
    scores = tmp_path / "scores.csv"
    ids = sorted(p.relative_to(photos).as_posix() for p in photos.rglob("*.png"))
    scores.write_text("id,pred,score\n" + "".join(f"{i},apple,0.9\n" for i in ids))
    import_dataset(kept, photos, SETTINGS, predictions=scores)
    relabelled(kept, GONE, "train/pear/2.png", to="plum")
    removed(kept, "train/plum/3.png")
    case = kept.case(SETTINGS)
    assert case.derived.graph.neighbours.shape[0] == len(case.ids)
    digest = str(case.dataset.sha256[case.dataset.index[GONE]])
    Decisions(kept).take(
        [Decision("confirm-label", digest, GONE, label="plum"), Decision("dismiss", "ab", "x", why=f"see {GONE}.")]
    )
    kept.remember(json.dumps({"code": "1", "kind": "Outcome"}), json.dumps({"images": [GONE]}))
    kept.remember(
        json.dumps({"review by": "ada"}), json.dumps({"decided": {GONE: "apple", "train/pear/1.png": "pear"}})
    )
    document = {
        "images": [GONE, "train/pear/1.png"],
        "text": f"{photos}/{GONE} is dark",
        "rows": [{"id": GONE, "n": 1}],
    }
    Reports(kept).keep("2026-W40", document)
    rows = np.arange(len(case.ids))
    Versions(kept).add(
        case, rows, np.full((len(rows), 3), 1 / 3), {"run": "r", "text": "head", "classes": list(case.classes)}, {}
    )
    small = kept_at(kept.path, digest)
    assert small is not None
    small.parent.mkdir(parents=True)
    small.write_bytes(thumbnail(photos / GONE))
    files = {
        "jobs/1/log": GONE.encode(),
        "jobs/2/log": b"train/apple/2.png",
        "report-2026-W40.pdf": b"packed",
        f"inbox/{digest[:16]}/c.png": (photos / GONE).read_bytes(),
        "runs/r/manifest.csv": GONE.encode(),
    }
    first = Workspace.open(kept.path / "first")
    first.save_dataset(kept.dataset(1), kept.space(kept.dataset(1)))
    for name, data in files.items():
        (kept.path / name).parent.mkdir(parents=True, exist_ok=True)
        (kept.path / name).write_bytes(data)
    return kept


def traces(kept: Workspace, needles: dict[str, bytes]) -> set[str]:
    """Which of some byte strings any file of a workspace holds."""
    every = [p.read_bytes() if p.is_file() else b"" for p in kept.path.rglob("*")]
    every.append("\n".join(str(p.relative_to(kept.path)) for p in kept.path.rglob("*")).encode())
    return {name for name, needle in needles.items() if any(needle in data for data in every)}


def needles_of(kept: Workspace, photos: Path) -> dict[str, bytes]:
    """All that tells of the picture: names, content, vector, scores of similarity are derived; its small picture."""
    dataset = kept.dataset(1)
    row = dataset.index[GONE]
    digest = str(dataset.sha256[row])
    return {
        "id": GONE.encode(),
        "id in arrays": GONE.encode("utf-32-le"),
        "copy": b"train/plum/copy.png",
        "hash": digest.encode(),
        "start of the hash": digest[:16].encode(),
        "hash in arrays": digest.encode("utf-32-le"),
        "hash as bytes": bytes.fromhex(digest),
        "vector": kept.space(dataset).vectors[row].tobytes(),
        "properties": np.array([dataset.properties[name][row] for name in PROPERTIES], np.float32).tobytes(),
        "perceptual hash": b"" if dataset.perceptual_hash is None else dataset.perceptual_hash[row].tobytes(),
        "thumbnail": thumbnail(photos / GONE),
        "file": (photos / GONE).read_bytes(),
    }


def test_no_byte_is_left(used: Workspace, photos: Path) -> None:
    needles = needles_of(used, photos)
    assert traces(used, needles) == set(needles) - {"hash as bytes"}  # what is searched for can be found
    done, cleared = forget(used, [GONE], who="Ada", why="asked by mail")
    assert cleared
    assert done.ids == (GONE, "train/plum/copy.png")
    assert (done.versions, done.left, done.trained) == (3, 22, 1)
    assert traces(used, needles) == set()
    assert not (used.path / JOURNAL).exists()
    assert not (used.path / "advisor.sqlite-wal").exists() or (used.path / "advisor.sqlite-wal").stat().st_size == 0
    assert (photos / GONE).exists()  # the user's own file stays


def test_all_else_is_as_it_was(used: Workspace) -> None:
    before = [used.dataset(n) for n in (1, 2, 3)]
    vectors = [used.space(dataset).vectors for dataset in before]
    forget(used, [GONE])
    for old, space in zip(before, vectors, strict=True):
        new = used.dataset(old.version)
        assert set(old.ids.tolist()) - set(new.ids.tolist()) == {GONE, "train/plum/copy.png"}
        rows = [old.index[i] for i in new.ids.tolist()]
        assert new.targets.tolist() == old.targets[rows].tolist()
        assert np.array_equal(used.space(new).vectors, space[rows])
        assert np.array_equal(new.perceptual_hash, old.perceptual_hash[rows])  # type: ignore[index]
        assert all(np.array_equal(new.properties[k], v[rows], equal_nan=True) for k, v in old.properties.items())
    said = used.predictions(used.dataset())
    assert said is not None
    assert said.covered.all()
    assert [d.kind for d in Decisions(used).all()] == ["dismiss"]
    assert Decisions(used).all()[0].why == "see (forgotten)."
    assert Reports(used).get("2026-W40").document == {
        "images": ["train/pear/1.png"], "text": "(forgotten) is dark", "rows": [],
    }  # fmt: skip
    assert json.loads(used.recall(json.dumps({"review by": "ada"})) or "") == {"decided": {"train/pear/1.png": "pear"}}
    assert (used.path / "jobs/2/log").exists()
    assert [e.id for e in history(used).changes[0].edits] == ["train/pear/2.png"]
    undo(used, 1)  # the others' change can still be taken back
    assert used.dataset().version == 4
    events = [e for e in timeline(used) if e.kind == "forget"]
    assert [(e.text, e.who) for e in events] == [("1 picture forgotten", "")]
    case = used.case(SETTINGS)
    assert len(case.derived.graph.neighbours) == 22 + 0 * case.targets[0]


def test_a_later_import_leaves_them_out_and_names_them_nowhere(used: Workspace, photos: Path, tmp_path: Path) -> None:
    needles = needles_of(used, photos)
    forget(used, [GONE])
    import_dataset(used, photos, SETTINGS, predictions=tmp_path / "scores.csv")
    (photos / GONE).rename(photos / "train" / "apple" / "renamed.png")
    done = import_dataset(used, photos, SETTINGS)
    assert "pictures left out because they were forgotten: 2" in done.notes
    assert len(done.dataset) == 22
    found = traces(used, {**needles, "new name": b"renamed.png"})
    assert found == set()
    again = import_dataset(used, photos, SETTINGS)
    assert not again.changed


def test_an_import_that_was_under_way_is_refused(used: Workspace, photos: Path) -> None:
    dataset = used.dataset(1)
    space = used.space(dataset)
    forget(used, [GONE])
    with pytest.raises(WasForgotten, match="2 that were forgotten while"):
        used.save_dataset(dataset, space)
    assert used.dataset().version == 3


def test_vectors_of_an_import_that_was_under_way_go_too(
    used: Workspace, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needles = needles_of(used, photos)
    picture(photos / "train" / "pear" / "9.png", 9000, (60, 190, 40))
    for file in used.vectors.rglob("*.npz"):
        file.unlink()  # so that the import encodes all pictures again
    real = importing.replayed

    def meanwhile(*args: Any) -> Any:
        forget(Workspace.open(used.path), [GONE])
        return real(*args)

    monkeypatch.setattr(importing, "replayed", meanwhile)
    with pytest.raises(WasForgotten, match="Run the command again"):
        import_dataset(used, photos, SETTINGS)
    assert traces(used, needles) == set()
    monkeypatch.setattr(importing, "replayed", real)
    assert len(import_dataset(used, photos, SETTINGS).dataset) == 23


def test_globs_files_and_unknown_names(used: Workspace, photos: Path) -> None:
    assert len(plan(used, ["train/apple/*"]).contents) == 4
    assert plan(used, [str(photos / GONE)]).contents == plan(used, [GONE]).contents
    with pytest.raises(UnknownName, match="Nothing was forgotten"):
        forget(used, [GONE, "train/kiwi/*"])
    assert GONE in used.dataset(1).index
    with pytest.raises(AdvisorError, match="at least one picture that is kept"):
        plan(used, ["*"])
    changed = photos / "train" / "apple" / "2.png"
    changed.write_bytes(b"another picture by now")
    forget(used, [GONE, "train/apple/2.png"], files_too=True)
    assert not (photos / GONE).exists()
    assert changed.exists()  # no longer what was forgotten


def test_a_training_that_runs_is_waited_for(used: Workspace) -> None:
    with writer(used.path / "runs" / "r.lock"), pytest.raises(AdvisorError, match="no training that runs"):
        forget(used, [GONE])
    assert GONE in used.dataset(1).index


def test_damaged_vectors_of_an_old_version_do_not_stand_in_the_way(used: Workspace, photos: Path) -> None:
    needles = needles_of(used, photos)
    with closing(sqlite3.connect(used.path / "advisor.sqlite")) as db:
        (file,) = db.execute("SELECT file FROM spaces WHERE version = 1").fetchone()
    data = bytearray((used.path / "arrays" / f"{file}.npz").read_bytes())
    data[-5] ^= 1
    (used.path / "arrays" / f"{file}.npz").write_bytes(bytes(data))
    forget(used, [GONE])
    assert traces(used, needles) == set()


def _forget_and_die(path: Path, call: str, nth: int) -> None:
    """Forget, and end without any clean-up at the n-th call of a function."""
    module: Any = {"vacuum": clearing, "commit": forgetting}.get(call, os)
    name = {"vacuum": "_rewritten", "commit": "clear"}.get(call, call)
    real, count = getattr(module, name), 0

    def counted(*args: Any, **more: Any) -> Any:
        nonlocal count
        count += 1
        if count == nth:
            os._exit(9)
        return real(*args, **more)

    setattr(module, name, counted)
    forget(Workspace.open(path), [GONE])
    os._exit(0)


STEPS = [("replace", 1), ("replace", 2), ("replace", 5), ("replace", 9), ("fsync", 1), ("fsync", 4), ("commit", 1),
         ("unlink", 1), ("unlink", 3), ("unlink", 6), ("vacuum", 1)]  # fmt: skip


@pytest.mark.parametrize(("call", "nth"), STEPS)
def test_a_kill_leaves_the_old_state_or_the_new(used: Workspace, photos: Path, call: str, nth: int) -> None:
    needles = needles_of(used, photos)
    process = multiprocessing.get_context("fork").Process(target=_forget_and_die, args=(used.path, call, nth))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    used.choose("anything", 1)  # the next writer finishes what the killed one left
    if GONE in used.dataset(1).index:
        assert all(GONE in used.dataset(n).index for n in (1, 2, 3))
        assert used.space(used.dataset(3)).vectors.shape[0] == 24
        assert len(used.case(SETTINGS).derived.graph.neighbours) == 24
        forget(used, [GONE])
    assert traces(used, needles) == set()
    assert not (used.path / JOURNAL).exists()
    assert len(used.case(SETTINGS).ids) == 22


def test_pictures_of_the_inbox_are_forgotten_and_do_not_come_back(used: Workspace, tmp_path: Path) -> None:
    arrived = [picture(tmp_path / "new" / f"camera-{n}.png", 7000 + n, (60, 190, 40)) for n in range(3)]
    files, _ = files_in(tmp_path / "new")
    assert len(take_in(used, used.case(SETTINGS), files, "new").new) == 3
    content = sha256(arrived[1].read_bytes()).hexdigest()
    needles = {
        "name": b"camera-1.png",
        "hash": content.encode(),
        "start of the hash": content[:16].encode(),
        "file": arrived[1].read_bytes(),
        "hash in arrays": content.encode("utf-32-le"),
    }
    assert traces(used, needles) == set(needles)
    forget(used, ["*/camera-1.png"])
    assert traces(used, needles) == set()
    again = take_in(used, used.case(SETTINGS), files, "new")
    assert (len(again.new), len(again.again)) == (0, 2)
    assert [reason for _, reason in again.refused] == ["forgotten on request"]
    assert traces(used, needles) == set()
