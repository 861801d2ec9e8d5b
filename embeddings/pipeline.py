"""Files to vectors: hash, decode in threads, encode in batches, remember by content."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from embeddings.cache import Measurements, VectorCache, joined
from embeddings.cores import usable_cores
from embeddings.encoder import Encoded, Encoder
from embeddings.files import LIMITS, Limits, Unreadable, digest_file
from embeddings.images import open_picture
from embeddings.network import SLICE
from embeddings.progress import Progress, silent
from embeddings.properties import PROPERTIES, measure, perceptual_hash

BATCH = 256
"""Pictures that a GPU is given at once."""
AHEAD = 2
"""Slices per thread under way beside the one being waited for: enough to keep every core busy, little memory."""
READ_AHEAD = 128
SHARD = 2048
DECODED_SIDE = 512
"""Shorter side that large JPEGs are decoded to at least: no encoder here looks at more."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class EncodedImages:
    """Every path given is either kept or skipped, exactly once.

    Attributes
    ----------
    kept : ndarray of int64, shape (m,)
        Positions among the paths given, ascending; all other columns follow it.
    sha256 : ndarray of str, shape (m,)
    widths, heights : ndarray of int64, shape (m,)
    flags : ndarray of str, shape (m,)
    exif : dict of str to ndarray of str, each shape (m,)
        ``camera`` and ``taken``; empty where unknown.
    vectors : ndarray of float32, shape (m, d)
    names : ndarray of float32, shape (m, 1000) or (m, 0)
    properties : dict of str to ndarray of float32, each shape (m,)
    perceptual_hash : ndarray of uint64, shape (m,)
    skipped : tuple of (int, str)
        Position and reason.
    """

    kept: NDArray[np.int64]
    sha256: NDArray[np.str_]
    widths: NDArray[np.int64]
    heights: NDArray[np.int64]
    flags: NDArray[np.str_]
    exif: dict[str, NDArray[np.str_]]
    vectors: NDArray[np.float32]
    names: NDArray[np.float32]
    properties: dict[str, NDArray[np.float32]]
    perceptual_hash: NDArray[np.uint64]
    skipped: tuple[tuple[int, str], ...]


@dataclass(frozen=True, eq=False)
class _Prepared:
    digest: str
    width: int
    height: int
    flags: str
    exif: dict[str, str]
    array: NDArray[np.generic]
    properties: list[float]
    hash: int


@dataclass(frozen=True, eq=False)
class _Slice:
    """What became of a few files; ``encoded`` is None where that is left to a GPU."""

    pictures: list[_Prepared]
    reasons: dict[str, str]
    count: int
    encoded: Encoded | None


def encode_files(
    encoder: Encoder,
    paths: Sequence[Path],
    *,
    root: Path,
    cache: VectorCache,
    on_step: Progress = silent,
    threads: int = 0,
    limits: Limits = LIMITS,
) -> EncodedImages:
    """Encode files, decoding and encoding at the same time; what the cache knows is not decoded again.

    Parameters
    ----------
    paths : sequence of Path
        Inside ``root``, links resolved.
    threads : int
        For hashing and decoding (they release the interpreter's lock); 0 = all cores.
    limits : Limits
        What one picture may cost; what is larger is skipped.

    Raises
    ------
    OSError
        If the cache's folder cannot be written; what was stored before stays.
    """
    workers = threads or usable_cores()
    skipped: dict[int, str] = {}
    digests: dict[int, str] = {}
    with ThreadPoolExecutor(workers) as pool:
        results = _ahead(pool, lambda p: _digest(p, root, limits), paths, READ_AHEAD)
        for position, found in enumerate(results):
            if isinstance(found, Unreadable):
                skipped[position] = found.reason
            else:
                digests[position] = found
            on_step("reading files", position + 1, len(paths))
        _encode_unknown(encoder, paths, root, cache, digests, skipped, on_step, pool, workers, limits)
    kept = np.array(sorted(digests), dtype=np.int64)
    if not len(kept):
        nothing = Encoded(np.zeros((0, encoder.info.dimension), np.float32), np.zeros((0, 0), np.float32))
        return _result(kept, _measurements([], nothing), skipped)
    rows = cache.rows(digests.values())
    return _result(kept, cache.take(np.array([rows[digests[int(k)]] for k in kept])), skipped)


def _encode_unknown(
    encoder: Encoder,
    paths: Sequence[Path],
    root: Path,
    cache: VectorCache,
    digests: dict[int, str],
    skipped: dict[int, str],
    on_step: Progress,
    pool: ThreadPoolExecutor,
    workers: int,
    limits: Limits,
) -> None:
    """Measure contents the cache lacks, in shards; files that cannot be decoded move to ``skipped``.

    On a CPU every thread decodes a slice and encodes it itself, so no core waits for another; for a GPU the threads
    decode ahead while the card computes.
    """
    known = cache.rows(digests.values())
    first: dict[str, int] = {}
    for position, digest in digests.items():
        if digest not in known:
            first.setdefault(digest, position)
    todo = [(digest, paths[position]) for digest, position in first.items()]
    alone = bool(todo) and encoder.side_by_side
    slices = [todo[at : at + SLICE] for at in range(0, len(todo), SLICE)]
    parts: list[Measurements] = []
    reasons: dict[str, str] = {}
    done = 0
    ahead = AHEAD * workers if alone else BATCH // SLICE + AHEAD * workers
    results = _ahead(pool, lambda items: _slice(encoder, items, root, limits, alone), slices, ahead)
    for found in results if alone else _batched(encoder, results):
        reasons |= found.reasons
        if found.encoded is not None:
            parts.append(_measurements(found.pictures, found.encoded))
        done += found.count
        if parts and (sum(map(len, parts)) >= SHARD or done == len(todo)):
            cache.add(joined(parts))
            parts = []
        on_step("encoding pictures", done, len(todo))
    for position in [p for p, digest in digests.items() if digest in reasons]:
        skipped[position] = reasons[digests.pop(position)]


def _slice(encoder: Encoder, items: Sequence[tuple[str, Path]], root: Path, limits: Limits, encode: bool) -> _Slice:
    """Decode and prepare a few files, and encode them if that is this thread's work."""
    pictures, reasons = [], {}
    for digest, path in items:
        found = _prepare(encoder, digest, path, root, limits)
        if isinstance(found, Unreadable):
            reasons[digest] = found.reason
        else:
            pictures.append(found)
    encoded = encoder.encode(np.stack([p.array for p in pictures])) if encode and pictures else None
    return _Slice(pictures, reasons, len(items), encoded)


def _batched(encoder: Encoder, slices: Iterator[_Slice]) -> Iterator[_Slice]:
    """Slices gathered into batches for a GPU, and encoded."""
    pictures: list[_Prepared] = []
    reasons: dict[str, str] = {}
    count = 0

    def batch() -> _Slice:
        encoded = encoder.encode(np.stack([p.array for p in pictures])) if pictures else None
        return _Slice(list(pictures), dict(reasons), count, encoded)

    for found in slices:
        pictures += found.pictures
        reasons |= found.reasons
        count += found.count
        if len(pictures) >= BATCH:
            yield batch()
            pictures, reasons, count = [], {}, 0
    if count:
        yield batch()


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Sequence[Item], window: int
) -> Iterator[Result]:
    """Results in order, with at most ``window`` under way: memory stays bounded however many items there are."""
    running: deque[Future[Result]] = deque()
    for item in items:
        running.append(pool.submit(work, item))
        if len(running) >= window:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


def _digest(path: Path, root: Path, limits: Limits) -> str | Unreadable:
    try:
        return digest_file(path, root=root, limits=limits)
    except Unreadable as reason:
        return reason


def _prepare(encoder: Encoder, digest: str, path: Path, root: Path, limits: Limits) -> _Prepared | Unreadable:
    try:
        picture = open_picture(path, root=root, limits=limits, smallest_side=DECODED_SIDE)
    except Unreadable as reason:
        return reason
    if picture.sha256 != digest:
        return Unreadable("expected a file at rest, saw it change while it was read; import again")
    measured = measure(picture.pixels)
    return _Prepared(
        digest=digest,
        width=picture.width,
        height=picture.height,
        flags=" ".join(picture.flags),
        exif=picture.exif,
        array=encoder.prepare(picture.pixels),
        properties=[measured[name] for name in PROPERTIES],
        hash=perceptual_hash(picture.pixels),
    )


def _measurements(batch: Sequence[_Prepared], encoded: Encoded) -> Measurements:
    return Measurements(
        sha256=np.array([p.digest for p in batch], dtype="U64"),
        widths=np.array([p.width for p in batch], dtype=np.int64),
        heights=np.array([p.height for p in batch], dtype=np.int64),
        flags=np.array([p.flags for p in batch], dtype=np.str_),
        camera=np.array([p.exif.get("camera", "") for p in batch], dtype=np.str_),
        taken=np.array([p.exif.get("taken", "") for p in batch], dtype=np.str_),
        vectors=encoded.vectors,
        names=encoded.names,
        properties=np.array([p.properties for p in batch], dtype=np.float32).reshape(len(batch), len(PROPERTIES)),
        perceptual_hash=np.array([p.hash for p in batch], dtype=np.uint64),
    )


def _result(kept: NDArray[np.int64], found: Measurements, skipped: dict[int, str]) -> EncodedImages:
    return EncodedImages(
        kept=kept,
        sha256=found.sha256,
        widths=found.widths,
        heights=found.heights,
        flags=found.flags,
        exif={"camera": found.camera, "taken": found.taken},
        vectors=found.vectors,
        names=found.names,
        properties={name: found.properties[:, i] for i, name in enumerate(PROPERTIES)},
        perceptual_hash=found.perceptual_hash,
        skipped=tuple(sorted(skipped.items())),
    )
