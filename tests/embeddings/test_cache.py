"""Measurements come back as they were stored, or not at all."""

import os
from pathlib import Path

import numpy as np
import pytest

from embeddings import cache as module
from embeddings.cache import Measurements, VectorCache, joined
from embeddings.properties import PROPERTIES

FINGERPRINT = "f" * 64


def some(count: int, start: int = 0, dimension: int = 4) -> Measurements:
    rng = np.random.default_rng(start)
    return Measurements(
        sha256=np.array([f"{start + i:064x}" for i in range(count)]),
        widths=rng.integers(1, 4000, count),
        heights=rng.integers(1, 4000, count),
        flags=np.array(["rotated cmyk" if i % 2 else "" for i in range(count)]),
        camera=np.array([f"Kamera-Ü {i}" for i in range(count)]),
        taken=np.array(["2024:05:06 07:08:09"] * count),
        vectors=rng.normal(size=(count, dimension)).astype(np.float32),
        names=rng.normal(size=(count, 1000)).astype(np.float32),
        properties=rng.normal(size=(count, len(PROPERTIES))).astype(np.float32),
        perceptual_hash=rng.integers(0, 2**64 - 1, count, dtype=np.uint64, endpoint=True),
    )


def same(a: Measurements, b: Measurements) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in Measurements.__dataclass_fields__)


def shards(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.npz"))


def test_round_trip_in_the_same_and_in_a_new_process(tmp_path: Path) -> None:
    first, second = some(5), some(3, start=10)
    cache = VectorCache(tmp_path, FINGERPRINT)
    cache.add(first)
    cache.add(second)
    for reader in (cache, VectorCache(tmp_path, FINGERPRINT)):
        known = reader.rows([*second.sha256.tolist(), *first.sha256.tolist(), "0" * 63 + "x"])
        assert len(known) == 8
        rows = np.array([known[str(key)] for key in [*first.sha256, *second.sha256]])
        assert same(reader.take(rows), joined([first, second]))
        assert same(reader.take(rows[[7, 0]]), joined([second.take(np.array([2])), first.take(np.array([0]))]))


def test_rows_stay_where_they_are_whatever_is_added_between_two_looks(tmp_path: Path) -> None:
    parts = [some(2, start) for start in (0, 10, 20, 30)]
    cache = VectorCache(tmp_path, FINGERPRINT)
    for count, part in enumerate(parts, start=1):
        cache.add(part)
        if count % 2 == 0:
            digests = [str(d) for known in parts[:count] for d in known.sha256]
            rows = cache.rows(digests)
            assert same(cache.take(np.array([rows[d] for d in digests])), joined(parts[:count]))


def test_an_empty_cache_knows_nothing(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "absent", FINGERPRINT)
    assert cache.rows(["a"]) == {}
    with pytest.raises(LookupError, match="empty"):
        cache.take(np.array([0]))
    cache.add(some(0))
    assert not (tmp_path / "absent").exists()


def test_another_encoder_sees_nothing_of_it(tmp_path: Path) -> None:
    VectorCache(tmp_path, FINGERPRINT).add(some(2))
    assert VectorCache(tmp_path, "e" * 64).rows(some(2).sha256.tolist()) == {}


def test_other_ways_of_measuring_see_nothing_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    VectorCache(tmp_path, FINGERPRINT).add(some(2))
    monkeypatch.setattr(module, "VERSION", "next")
    assert VectorCache(tmp_path, FINGERPRINT).rows(some(2).sha256.tolist()) == {}


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.999])
def test_a_flipped_bit_anywhere_drops_the_shard_and_no_other(tmp_path: Path, share: float) -> None:
    good, bad = some(3), some(3, start=50)
    cache = VectorCache(tmp_path, FINGERPRINT)
    cache.add(good)
    (kept,) = shards(tmp_path)
    cache.add(bad)
    (hit,) = set(shards(tmp_path)) - {kept}
    data = bytearray(hit.read_bytes())
    data[int(share * len(data))] ^= 1
    hit.write_bytes(data)
    again = VectorCache(tmp_path, FINGERPRINT)
    assert again.rows(bad.sha256.tolist()) == {}
    assert len(again.rows(good.sha256.tolist())) == 3
    assert shards(tmp_path) == [kept]


@pytest.mark.parametrize("length", [0, 1, 500, -1])
def test_a_truncated_shard_is_dropped_and_can_be_written_again(tmp_path: Path, length: int) -> None:
    VectorCache(tmp_path, FINGERPRINT).add(some(3))
    (shard,) = shards(tmp_path)
    shard.write_bytes(shard.read_bytes()[:length])
    again = VectorCache(tmp_path, FINGERPRINT)
    assert again.rows(some(3).sha256.tolist()) == {}
    again.add(some(3))
    assert len(VectorCache(tmp_path, FINGERPRINT).rows(some(3).sha256.tolist())) == 3


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_an_interrupted_write_leaves_nothing_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    VectorCache(tmp_path, FINGERPRINT).add(some(3))
    before = shards(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    cache = VectorCache(tmp_path, FINGERPRINT)
    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left"):
        cache.add(some(3, start=9))
    monkeypatch.undo()
    assert cache.rows(some(3, start=9).sha256.tolist()) == {}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == before
    assert len(VectorCache(tmp_path, FINGERPRINT).rows(some(3).sha256.tolist())) == 3


def test_a_part_left_by_a_killed_process_is_not_read(tmp_path: Path) -> None:
    VectorCache(tmp_path, FINGERPRINT).add(some(3))
    (shard,) = shards(tmp_path)
    shard.with_name("tmp123.part").write_bytes(shard.read_bytes()[:100])
    shard.rename(shard.with_name("tmp456.part"))
    assert VectorCache(tmp_path, FINGERPRINT).rows(some(3).sha256.tolist()) == {}


def test_a_damaged_shard_in_a_folder_that_may_only_be_read_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    VectorCache(tmp_path, FINGERPRINT).add(some(3))
    shards(tmp_path)[0].write_bytes(b"torn")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refused)
    assert VectorCache(tmp_path, FINGERPRINT).rows(some(3).sha256.tolist()) == {}
