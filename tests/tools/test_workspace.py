"""State survives kills, flipped bytes and company; a version appears whole or not at all."""

import multiprocessing
import os
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embeddings.encoder import EncoderInfo
from embeddings.space import EmbeddingSpace
from tools import records, store
from tools.dataset import Dataset, Label, Skipped
from tools.errors import NoDataset, UnknownName, WorkspaceDamaged
from tools.paths import WORKSPACE_FILE
from tools.predictions import Predictions
from tools.settings import Settings
from tools.workspace import EncoderMismatch, Workspace

ENCODER = EncoderInfo("embedded", "f" * 64, 4, False)


def make_dataset(n: int = 6, *, classes: tuple[str, ...] = ("apple", "pear"), mark: str = "") -> Dataset:
    ids = [f"{classes[i % len(classes)]}/{i}.jpg" for i in range(n)]
    return Dataset(
        version=1,
        root=Path("/data"),
        ids=np.array(ids),
        sha256=np.array([f"digest{mark}{i}" for i in range(n)]),
        widths=np.arange(n) + 10,
        heights=np.arange(n) + 20,
        splits=np.array(["train", "test"] * n)[:n],
        labels=tuple(
            Label(
                name,
                name.partition("/")[0],
                1,
                (1.0, 2.5, 3.0, 4.0) if i == 1 else None,
                ("difficult", "truncated")[:i],
            )
            for i, name in enumerate(ids[:-1])
        ),
        metadata={"camera": np.array(["", 'a "quoted" é', *[""] * n])[:n], "farm": np.array(["north"] * n)},
        properties={"brightness": np.linspace(0, 1, n, dtype=np.float32), "blur": np.full(n, np.nan, np.float32)},
        perceptual_hash=np.arange(n, dtype=np.uint64) + np.uint64(2**63),
        skipped=(Skipped("caf\\xe9.jpg", "cut short"), Skipped("notes.txt", "not a picture")),
    )


def make_space(dataset: Dataset, encoder: EncoderInfo = ENCODER) -> EmbeddingSpace:
    vectors = np.random.default_rng(len(dataset)).normal(size=(len(dataset), encoder.dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return EmbeddingSpace(encoder, dataset.ids, vectors, np.zeros((len(dataset), 0), np.float32))


def make_predictions(dataset: Dataset) -> Predictions:
    probabilities = np.full((len(dataset), 2), np.nan)
    probabilities[:4] = [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.6, 0.4]]
    return Predictions("theirs", "3", probabilities, np.array([0, 1, 1, 0] + [-1] * (len(dataset) - 4)), True)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "ws")


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    dataset = make_dataset()
    workspace.save_dataset(dataset, make_space(dataset), predictions=make_predictions(dataset), record={"source": "x"})
    return workspace


def same(first: Dataset, second: Dataset) -> bool:
    return (
        first.fingerprint == second.fingerprint
        and first.skipped == second.skipped
        and first.root == second.root
        and first.widths.tolist() == second.widths.tolist()
        and first.heights.tolist() == second.heights.tolist()
        and first.properties.keys() == second.properties.keys()
        and all(np.array_equal(v, second.properties[k], equal_nan=True) for k, v in first.properties.items())
        and np.array_equal(np.asarray(first.perceptual_hash), np.asarray(second.perceptual_hash))
    )


def test_looking_at_an_empty_workspace_writes_nothing(workspace: Workspace) -> None:
    assert workspace.datasets() == ()
    assert workspace.imports() == []
    assert workspace.choice("encoder") is None
    assert workspace.recall("x") is None
    assert workspace.store.load("x") is None
    for look in (workspace.dataset, lambda: workspace.case(Settings())):
        with pytest.raises(NoDataset, match="advisor import"):
            look()
    assert not workspace.path.exists()


def test_a_file_is_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WorkspaceDamaged, match="which is a file"):
        Workspace.open(tmp_path / "file")


def test_a_dataset_comes_back_as_it_went_in(filled: Workspace) -> None:
    kept = filled.dataset()
    assert same(kept, make_dataset())
    assert kept.labels == make_dataset().labels
    assert kept.version == 1
    assert filled.imports()[0]["source"] == "x"
    (info,) = filled.datasets()
    assert (info.version, info.images, info.fingerprint) == (1, 6, kept.fingerprint)


def test_a_dataset_without_columns_comes_back(workspace: Workspace) -> None:
    bare = replace(make_dataset(), metadata={}, properties={}, perceptual_hash=None, skipped=(), labels=())
    workspace.save_dataset(bare, make_space(bare))
    kept = workspace.dataset()
    assert same(kept, bare)
    assert kept.perceptual_hash is None


def test_a_case_holds_the_newest_version_with_space_and_predictions(filled: Workspace) -> None:
    case = filled.case(Settings())
    assert case.dataset.version == 1
    assert case.space.fingerprint == make_space(make_dataset()).fingerprint
    assert case.predictions is not None
    assert case.predictions.fingerprint == make_predictions(make_dataset()).fingerprint
    assert case.subject == "user"
    case.store.save("k", {"a": np.arange(3)})
    loaded = Workspace.open(filled.path).case(Settings()).store.load("k")
    assert loaded is not None
    assert loaded["a"].tolist() == [0, 1, 2]


def test_old_versions_stay(filled: Workspace) -> None:
    newer = make_dataset(8)
    assert filled.save_dataset(newer, make_space(newer)).version == 2
    assert len(filled.dataset()) == 8
    assert same(filled.dataset(1), make_dataset())
    with pytest.raises(UnknownName, match="from 1 to 2"):
        filled.dataset(3)


def test_texts_and_choices_are_kept(filled: Workspace) -> None:
    filled.remember("key", '{"a": 1}')
    filled.remember("key", '{"a": 2}')
    filled.choose("group", "camera")
    again = Workspace.open(filled.path)
    assert again.recall("key") == '{"a": 2}'
    assert again.choice("group") == "camera"
    assert again.recall("other") is None


def test_predictions_follow_the_picture_not_the_name(filled: Workspace) -> None:
    first = make_dataset()
    ids = first.ids.astype("<U40")
    ids[0] = "apple/renamed.jpg"  # moved: same content
    digests = first.sha256.astype("<U40")
    digests[1] = "other"  # replaced: same name, other content
    order = np.argsort(ids)
    newer = replace(
        first, ids=ids[order], sha256=digests[order], labels=tuple(Label(str(i), str(i).split("/")[0]) for i in ids)
    )
    filled.save_dataset(newer, make_space(newer))
    found = filled.case(Settings()).predictions
    assert found is not None
    by_id = dict(zip(newer.ids.tolist(), found.predicted.tolist(), strict=True))
    assert by_id == {
        "apple/renamed.jpg": 0,
        "pear/1.jpg": -1,
        "apple/2.jpg": 1,
        "pear/3.jpg": 0,
        "apple/4.jpg": -1,
        "pear/5.jpg": -1,
    }
    assert found.probabilities[newer.index["apple/2.jpg"]].tolist() == [0.3, 0.7]
    assert np.isnan(found.probabilities[newer.index["pear/1.jpg"]]).all()


def test_predictions_survive_new_and_vanished_classes(filled: Workspace) -> None:
    first = make_dataset()
    plum = replace(first, labels=(*first.labels[1:], Label("apple/0.jpg", "plum")))
    filled.save_dataset(plum, make_space(plum))
    wider = filled.predictions(filled.dataset())
    assert wider is not None
    assert wider.full_vectors
    assert wider.probabilities[0].tolist() == [0.9, 0.1, 0.0]
    no_pear = replace(first, labels=tuple(Label(x.image_id, "apple") for x in first.labels))
    filled.save_dataset(no_pear, make_space(no_pear))
    narrower = filled.predictions(filled.dataset())
    assert narrower is not None
    assert not narrower.full_vectors
    assert narrower.predicted.tolist() == [0, -1, -1, 0, -1, -1]
    assert np.isnan(narrower.probabilities[1]).all()


def test_the_newest_predictions_win_and_models_can_be_named(filled: Workspace) -> None:
    dataset = filled.dataset()
    other = replace(make_predictions(dataset), model="other", predicted=np.array([1, 1, 1, 1, -1, -1]))
    filled.save_predictions(dataset, other)
    newest, named = filled.predictions(dataset), filled.predictions(dataset, "theirs")
    assert newest is not None
    assert named is not None
    assert (newest.model, named.model) == ("other", "theirs")
    assert filled.predictions(dataset, "nobody") is None


def test_spaces_never_mix(filled: Workspace) -> None:
    dataset = filled.dataset()
    with pytest.raises(EncoderMismatch, match="open_clip"):
        filled.case(Settings(encoder="open_clip:x"))
    clip = EncoderInfo("open_clip:x", "c" * 64, 3, True)
    filled.save_space(1, make_space(dataset, clip))
    assert filled.case(Settings()).space.encoder == clip
    assert filled.case(Settings(encoder="embedded")).space.encoder == ENCODER
    newer = make_dataset(8)
    filled.save_dataset(newer, make_space(newer))
    assert filled.space(filled.dataset(2)).encoder == ENCODER
    filled.choose("encoder", {"name": "embedded", "fingerprint": "0" * 64})
    with pytest.raises(EncoderMismatch, match="never mixed"):
        filled.case(Settings())


@pytest.mark.parametrize("nth", range(1, 4))
def test_a_write_cut_off_leaves_the_old_state(filled: Workspace, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    """The n-th rename of a commit (measurements, vectors, predictions) never happens."""
    before = filled.case(Settings())
    real, calls = os.replace, []

    def replace_file(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == nth:
            raise KeyboardInterrupt
        real(source, target)

    newer = make_dataset(8, mark="new")
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace_file)
        with pytest.raises(KeyboardInterrupt):
            filled.save_dataset(newer, make_space(newer), predictions=make_predictions(newer))
    assert len(calls) == nth
    again = Workspace.open(filled.path)
    assert [info.version for info in again.datasets()] == [1]
    assert again.case(Settings()).fingerprint == before.fingerprint
    again.save_dataset(newer, make_space(newer), predictions=make_predictions(newer))
    assert again.dataset().version == 2
    assert not list((again.path / "arrays").glob(f"*{store.UNFINISHED}"))


def _save_and_die(path: Path, nth: int) -> None:
    """In a process of its own: end without any clean-up at the n-th write."""
    calls = []
    real = os.fsync

    def fsync(handle: int) -> None:
        calls.append(handle)
        if len(calls) == nth:
            os._exit(9)
        real(handle)

    os.fsync = fsync
    newer = make_dataset(8, mark="new")
    Workspace.open(path).save_dataset(newer, make_space(newer))
    os._exit(0)


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 99])
def test_a_killed_process_leaves_a_whole_version(filled: Workspace, nth: int) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_save_and_die, args=(filled.path, nth))
    process.start()
    process.join(60)
    assert process.exitcode == (0 if nth == 99 else 9)
    assert filled.case(Settings()).dataset.version == (2 if nth == 99 else 1)
    filled.choose("next", "works")
    assert not list((filled.path / "arrays").glob(f"*{store.UNFINISHED}"))


def array_file(workspace: Workspace, table: str) -> Path:
    column = "measured" if table == "datasets" else "file"
    db = sqlite3.connect(workspace.path / WORKSPACE_FILE)
    (digest,) = db.execute(f"SELECT {column} FROM {table}").fetchone()
    db.close()
    return workspace.path / "arrays" / f"{digest}.npz"


@pytest.mark.parametrize("table", ["datasets", "spaces", "predictions"])
@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_damage_is_noticed(filled: Workspace, table: str, damage: str) -> None:
    path = array_file(filled, table)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content if damage == "flip" else content[:-10])
    with pytest.raises(WorkspaceDamaged, match=path.name):
        filled.case(Settings())


def test_damaged_derived_arrays_are_computed_again(filled: Workspace) -> None:
    filled.store.save("graph", {"a": np.arange(5)})
    array_file(filled, "arrays").write_bytes(b"nonsense")
    assert filled.store.load("graph") is None
    filled.store.save("graph", {"a": np.arange(5)})
    kept = filled.store.load("graph")
    assert kept is not None
    assert kept["a"].tolist() == [0, 1, 2, 3, 4]


def test_objects_are_never_stored(filled: Workspace) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        filled.store.save("x", {"a": np.array([{}], dtype=object)})


def test_a_damaged_database_is_one_message(filled: Workspace) -> None:
    file = filled.path / WORKSPACE_FILE
    file.write_bytes(b"this is no database, but it is long enough to be looked at as one" * 20)
    with pytest.raises(WorkspaceDamaged, match=WORKSPACE_FILE):
        filled.dataset()
    with pytest.raises(WorkspaceDamaged, match="not a database"):
        filled.choose("a", "b")


def test_an_older_layout_is_read_and_completed_at_the_next_write(filled: Workspace) -> None:
    with closing(sqlite3.connect(filled.path / WORKSPACE_FILE)) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if f"CREATE TABLE {table} " not in records.LAYOUTS[0]:
                db.execute(f"DROP TABLE {table}")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    assert len(filled.dataset()) == len(make_dataset())
    assert filled.database.read(lambda db: db.execute("SELECT * FROM trained").fetchall(), layout=2) is None
    filled.remember("k", "v")
    assert filled.database.read(lambda db: db.execute("SELECT * FROM trained").fetchall(), layout=2) == []
    assert filled.recall("k") == "v"


def test_a_newer_layout_is_refused(filled: Workspace) -> None:
    db = sqlite3.connect(filled.path / WORKSPACE_FILE)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(WorkspaceDamaged, match="newer version"):
        filled.dataset()


def test_a_full_disk_is_one_message_with_path_and_bytes(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(WorkspaceDamaged, match=r"arrays.*No space left on device, \d+ bytes free"):
        filled.store.save("k", {"a": np.zeros(3)})
    assert filled.store.load("k") is None
    assert filled.dataset().version == 1


def test_a_full_disk_while_the_database_grows_is_a_message_too(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sqlite3.connect

    def small(*args: object, **options: object) -> sqlite3.Connection:
        db = real(*args, **options)  # type: ignore[arg-type]
        db.execute("PRAGMA max_page_count = 1")  # SQLite raises it to the present size: no room to grow
        return db

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", small)
        with pytest.raises(WorkspaceDamaged, match="disk is full"):
            filled.remember("key", "x" * 1_000_000)
    assert filled.recall("key") is None
    assert filled.dataset().version == 1


def test_a_read_only_workspace_still_loads(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite is told that only ``immutable`` may be opened, as in a folder without write access."""
    real = sqlite3.connect

    class Refused(sqlite3.OperationalError):
        sqlite_errorcode = sqlite3.SQLITE_CANTOPEN

    class Denied(sqlite3.Connection):
        def execute(self, *args: object) -> sqlite3.Cursor:
            raise Refused("unable to open database file")

    def connect(address: str, **options: object) -> sqlite3.Connection:
        kind = {} if "immutable" in address else {"factory": Denied}
        return real(address, **options, **kind)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(sqlite3, "connect", connect)
    assert filled.dataset().version == 1


def test_one_writer_and_two_readers_each_see_whole_versions(filled: Workspace) -> None:
    stop, seen, faults = threading.Event(), [], []

    def look() -> None:
        mine = Workspace.open(filled.path)
        while not stop.is_set():
            try:
                case = mine.case(Settings())
                seen.append((case.dataset.version, len(case.dataset)))
            except Exception as fault:  # noqa: BLE001  (whatever it is, the test must show it)
                faults.append(fault)
                return

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    for version in range(2, 12):
        dataset = make_dataset(6 + version)
        filled.save_dataset(dataset, make_space(dataset))
    stop.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert set(seen) <= {(1, 6), *((version, 6 + version) for version in range(2, 12))}
    assert len(seen) >= 2


def test_two_writers_take_turns(filled: Workspace) -> None:
    def write(mark: str) -> None:
        for _ in range(5):
            dataset = make_dataset(mark=mark)
            Workspace.open(filled.path).save_dataset(dataset, make_space(dataset))

    threads = [threading.Thread(target=write, args=(mark,)) for mark in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [info.version for info in filled.datasets()] == list(range(1, 12))
