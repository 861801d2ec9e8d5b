"""Array files are named after their content; the lock is for one writer at a time."""

from pathlib import Path

import numpy as np
import pytest

from tools.errors import WorkspaceDamaged
from tools.store import UNFINISHED, ArrayFiles, writer


def test_equal_arrays_make_one_file_whatever_the_order_and_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = ArrayFiles(tmp_path / "arrays")
    first = files.write({"a": np.arange(3), "b": np.array(["é", "x"])})
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert files.write({"b": np.array(["é", "x"]), "a": np.arange(3)}) == first
    assert [path.name for path in (tmp_path / "arrays").iterdir()] == [f"{first}.npz"]
    assert files.write({"a": np.arange(4)}) != first


@pytest.mark.parametrize(
    "array",
    [
        np.array(2.5),
        np.zeros((0, 7), np.float32),
        np.array([True]),
        np.array([2**63], np.uint64),
        np.array(["", "ü\n"]),
    ],
)
def test_arrays_come_back_with_type_and_shape(tmp_path: Path, array: np.ndarray) -> None:
    files = ArrayFiles(tmp_path)
    kept = files.read(files.write({"x": array}))["x"]
    assert kept.dtype == array.dtype
    np.testing.assert_array_equal(kept, array, strict=True)


def test_every_single_flipped_byte_is_noticed(tmp_path: Path) -> None:
    files = ArrayFiles(tmp_path)
    digest = files.write({"x": np.arange(5)})
    path = tmp_path / f"{digest}.npz"
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(WorkspaceDamaged, match="other bytes"):
            files.read(digest)
    files.write({"x": np.arange(5)})
    assert files.read(digest)["x"].tolist() == [0, 1, 2, 3, 4]


def test_sweeping_removes_only_what_was_never_finished(tmp_path: Path) -> None:
    files = ArrayFiles(tmp_path)
    digest = files.write({"x": np.arange(5)})
    (tmp_path / f"left{UNFINISHED}").write_bytes(b"half")
    files.sweep()
    assert [path.name for path in tmp_path.iterdir()] == [f"{digest}.npz"]


def test_the_lock_is_free_again_after_a_fault(tmp_path: Path) -> None:
    with pytest.raises(KeyError), writer(tmp_path / "lock"):
        raise KeyError
    with writer(tmp_path / "lock", wait=0):
        pass


def test_a_held_lock_is_reported_not_waited_for_ever(tmp_path: Path) -> None:
    with (
        writer(tmp_path / "lock"),
        pytest.raises(WorkspaceDamaged, match="one writer at a time"),
        writer(tmp_path / "lock", wait=0.1),
    ):
        pass
