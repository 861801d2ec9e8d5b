"""Every file is kept or skipped, exactly once, in order; what is known by content is not decoded again."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings import pipeline
from embeddings.cache import VectorCache
from embeddings.encoder import Encoded, EncoderInfo
from embeddings.files import Limits
from embeddings.images import Picture, decode, open_picture
from embeddings.pipeline import EncodedImages, encode_files
from embeddings.properties import PROPERTIES, measure, perceptual_hash
from tests.embeddings.pictures import encoded, scene, written


class Corners:
    """An encoder without weights: the mean colour and a one, made a unit vector; counts its batches."""

    info = EncoderInfo("corners", "c" * 64, 4, has_text=False)
    text_scale = None

    def __init__(self, *, side_by_side: bool = True) -> None:
        self.batches: list[int] = []
        self.side_by_side = side_by_side

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(pixels.reshape(-1, 3).mean(axis=0) / 255, dtype=np.float32).reshape(3, 1, 1)

    def encode(self, batch: NDArray[np.float32]) -> Encoded:
        self.batches.append(len(batch))
        vectors = np.concatenate([batch.reshape(len(batch), 3), np.ones((len(batch), 1), np.float32)], axis=1)
        return Encoded(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.zeros((len(batch), 0), np.float32))

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise NotImplementedError

    def saliency(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        raise NotImplementedError


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every content that is decoded."""
    contents: list[bytes] = []

    def counted(data: bytes, **options: object) -> Picture:
        contents.append(data)
        return decode(data, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "decode", counted)
    return contents


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder


def run(
    paths: Sequence[Path],
    root: Path,
    encoder: Corners | None = None,
    limits: Limits | None = None,
    threads: int = 2,
) -> EncodedImages:
    encoder = encoder or Corners()
    cache = VectorCache(root.parent / "vectors", encoder.info.fingerprint)
    return encode_files(encoder, paths, root=root, cache=cache, threads=threads, limits=limits or Limits())


def many(root: Path, count: int) -> list[Path]:
    return [written(root / f"{i:03}.jpg", encoded(scene(seed=i), quality=80)) for i in range(count)]


@pytest.mark.parametrize("side_by_side", [True, False], ids=["each thread encodes", "batches for a GPU"])
def test_every_path_is_kept_or_skipped_once_and_in_order(
    root: Path, side_by_side: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 24)
    paths = many(root, 70)
    for row in (0, 31, 32, 69):  # the first, the last, and at a slice's border
        paths[row].write_bytes(b"no picture")
    paths[40].unlink()
    os.mkfifo(paths[40])
    encoder = Corners(side_by_side=side_by_side)
    found = run(paths, root, encoder)
    assert max(encoder.batches) <= (pipeline.SLICE if side_by_side else 24 + pipeline.SLICE - 1)
    reasons = dict(found.skipped)
    assert sorted(reasons) == [0, 31, 32, 40, 69]
    assert found.kept.tolist() == [row for row in range(70) if row not in reasons]
    assert "named pipe" in reasons[40]
    assert "text" in reasons[69]
    assert sum(encoder.batches) == 65
    for column in (found.sha256, found.widths, found.flags, found.exif["camera"], found.vectors, found.perceptual_hash):
        assert len(column) == 65


@pytest.mark.parametrize("side_by_side", [True, False], ids=["each thread encodes", "batches for a GPU"])
def test_each_row_belongs_to_its_file(root: Path, side_by_side: bool) -> None:
    paths = many(root, 40)
    found = run(paths[::-1], root, Corners(side_by_side=side_by_side))
    for row, path in zip(range(40), paths[::-1], strict=True):
        picture = open_picture(path)
        vector = Corners().encode(Corners().prepare(picture.pixels)[None]).vectors[0]
        assert found.sha256[row] == picture.sha256
        np.testing.assert_allclose(found.vectors[row], vector, atol=1e-6)
        measured = measure(picture.pixels)
        for name in PROPERTIES:
            assert found.properties[name][row] == pytest.approx(measured[name], rel=1e-6)
        assert found.perceptual_hash[row] == perceptual_hash(picture.pixels)


def test_a_second_run_decodes_and_encodes_nothing_and_equals_the_first(root: Path, decoded: list[bytes]) -> None:
    paths = many(root, 40)
    first = run(paths, root)
    assert sorted(decoded) == sorted(path.read_bytes() for path in paths)
    decoded.clear()
    encoder = Corners()
    second = run(paths, root, encoder)
    assert decoded == []
    assert encoder.batches == []
    for name in ("kept", "sha256", "widths", "heights", "flags", "vectors", "names", "perceptual_hash"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert all(np.array_equal(first.properties[name], second.properties[name]) for name in PROPERTIES)


def test_only_new_content_is_decoded(root: Path, decoded: list[bytes]) -> None:
    paths = many(root, 10)
    run(paths, root)
    decoded.clear()
    moved = paths[3].rename(root / "moved.jpg")
    new = written(root / "new.jpg", encoded(scene(seed=99)))
    found = run([*paths[:3], *paths[4:], moved, new], root)
    assert decoded == [new.read_bytes()]
    assert len(found.kept) == 11


def test_duplicates_are_decoded_once_and_kept_each(root: Path, decoded: list[bytes]) -> None:
    data = encoded(scene())
    paths = [written(root / f"{i}.jpg", data) for i in range(5)]
    bad = [written(root / f"bad{i}.jpg", data[:300]) for i in range(3)]
    found = run([*paths, *bad], root)
    assert len(decoded) == 2
    assert found.kept.tolist() == [0, 1, 2, 3, 4]
    assert len(set(found.sha256.tolist())) == 1
    assert [row for row, _ in found.skipped] == [5, 6, 7]
    assert all("cut short" in reason for _, reason in found.skipped)


def test_nothing_readable_and_nothing_at_all(root: Path) -> None:
    bad = written(root / "a.jpg", b"text")
    for paths in ([], [bad]):
        found = run(paths, root)
        assert len(found.kept) == 0
        assert found.vectors.shape == (0, 4)
        assert found.names.shape == (0, 0)
        assert len(found.skipped) == len(paths)


def test_a_damaged_cache_is_measured_again(root: Path, decoded: list[bytes]) -> None:
    paths = many(root, 5)
    first = run(paths, root)
    (shard,) = (root.parent / "vectors").rglob("*.npz")
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 16
    shard.write_bytes(data)
    decoded.clear()
    assert np.array_equal(run(paths, root).vectors, first.vectors)
    assert len(decoded) == 5


def test_an_interrupted_run_keeps_its_finished_shards(
    root: Path, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "SHARD", 16)
    paths = many(root, 70)

    class Dies(Corners):
        def encode(self, batch: NDArray[np.float32]) -> Encoded:
            if len(self.batches) == 5:
                raise KeyboardInterrupt
            return super().encode(batch)

    with pytest.raises(KeyboardInterrupt):
        run(paths, root, Dies(), threads=1)
    decoded.clear()
    assert len(run(paths, root).kept) == 70
    assert len(decoded) == 70 - 32


def test_limits_are_passed_on(root: Path) -> None:
    paths = many(root, 2)
    written(root / "001.jpg", encoded(scene(400, 300)))
    found = run(paths, root, limits=Limits(megapixels=0.1))
    assert found.kept.tolist() == [0]
    assert "0.1 megapixels" in found.skipped[0][1]


def test_a_link_out_of_the_folder_is_skipped(root: Path) -> None:
    outside = written(root.parent / "outside.jpg", encoded(scene()))
    (root / "in.jpg").symlink_to(outside)
    found = run([root / "in.jpg"], root)
    assert "leads out" in found.skipped[0][1]


def test_progress_reaches_the_total(root: Path) -> None:
    paths = many(root, 5)
    written(root / "004.jpg", b"text")
    steps: list[tuple[str, int, int]] = []
    encoder = Corners()
    cache = VectorCache(root.parent / "vectors", encoder.info.fingerprint)
    encode_files(encoder, paths, root=root, cache=cache, on_step=lambda *step: steps.append(step))
    assert steps == [("reading and encoding pictures", 5, 5)]


@pytest.mark.parametrize("side_by_side", [True, False], ids=["each thread encodes", "batches for a GPU"])
def test_few_pictures_are_decoded_ahead_of_the_encoder(
    root: Path, side_by_side: bool, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    # However many files there are, what waits for the encoder is bounded: memory does not grow with the data set.
    monkeypatch.setattr(pipeline, "BATCH", 8)
    monkeypatch.setattr(pipeline, "SLICE", 4)
    paths = many(root, 120)
    ahead: list[int] = []

    class Watching(Corners):
        def encode(self, batch: NDArray[np.float32]) -> Encoded:
            ahead.append(len(decoded) - sum(self.batches))
            return super().encode(batch)

    run(paths, root, Watching(side_by_side=side_by_side))
    assert len(ahead) == (30 if side_by_side else 15)
    assert max(ahead) <= 2 * 8 + 4 * (pipeline.AHEAD * 2 + 2)
