"""Files to vectors: read, hash, decode, measure and encode in one pass, and remember by content."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from embeddings.cache import Measurements, VectorCache, joined
from embeddings.cores import usable_cores
from embeddings.encoder import Encoded, Encoder
from embeddings.files import LIMITS, Limits, Unreadable, read_file
from embeddings.images import decode
from embeddings.network import SLICE
from embeddings.progress import Progress, silent
from embeddings.properties import PROPERTIES, describe

BATCH = 256
"""Pictures that a GPU is given at once."""
AHEAD = 2
"""Slices per thread under way beside the one being waited for: enough to keep every core busy, little memory."""
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
    """What became of a few files, each in exactly one of ``digests`` and ``skipped``.

    Attributes
    ----------
    digests, skipped : dict of int to str
        By position: the content, or why the file cannot be read.
    undecodable : dict of str to str
        By content: why it is no picture.
    pictures : list of _Prepared
        Contents met for the first time; ``encoded`` is None where encoding is left to a GPU.
    """

    digests: dict[int, str]
    skipped: dict[int, str]
    undecodable: dict[str, str]
    pictures: list[_Prepared]
    encoded: Encoded | None

    @property
    def count(self) -> int:
        """Files dealt with."""
        return len(self.digests) + len(self.skipped)


def encode_files(
    encoder: Encoder,
    paths: Sequence[Path],
    *,
    root: Path,
    cache: VectorCache,
    on_step: Progress = silent,
    threads: int = 0,
    limits: Limits = LIMITS,
    leave_out: Callable[[str], str] = lambda _: "",
) -> EncodedImages:
    """Encode files, each read once; what the cache knows by content is not decoded.

    On a CPU every thread reads, decodes and encodes a slice of its own, so no core waits for another; for a GPU the
    threads decode ahead while the card computes.

    Parameters
    ----------
    paths : sequence of Path
        Inside ``root``, links resolved.
    threads : int
        0 = all cores.
    limits : Limits
        What one picture may cost; what is larger is skipped.
    leave_out : callable
        Given a content's digest, why it is skipped undecoded; empty = it is not.

    Raises
    ------
    OSError
        If the cache's folder cannot be written; what was stored before stays.
    """
    workers = threads or usable_cores()
    alone = encoder.side_by_side
    work = _Work(encoder, root, cache, limits, alone, leave_out)
    items = list(enumerate(paths))
    slices = [items[at : at + SLICE] for at in range(0, len(items), SLICE)]
    digests: dict[int, str] = {}
    skipped: dict[int, str] = {}
    undecodable: dict[str, str] = {}
    parts: list[Measurements] = []
    with ThreadPoolExecutor(workers) as pool:
        results = _ahead(pool, work.slice, slices, AHEAD * workers + (0 if alone else BATCH // SLICE))
        for found in results if alone else _batched(encoder, results):
            digests |= found.digests
            skipped |= found.skipped
            undecodable |= found.undecodable
            if found.encoded is not None:
                parts.append(_measurements(found.pictures, found.encoded))
            done = len(digests) + len(skipped)
            if parts and (sum(map(len, parts)) >= SHARD or done == len(paths)):
                cache.add(joined(parts))
                parts = []
            on_step("reading and encoding pictures", done, len(paths))
    for position in [p for p, digest in digests.items() if digest in undecodable]:
        skipped[position] = undecodable[digests.pop(position)]
    kept = np.array(sorted(digests), dtype=np.int64)
    if not len(kept):
        nothing = Encoded(np.zeros((0, encoder.info.dimension), np.float32), np.zeros((0, 0), np.float32))
        return _result(kept, _measurements([], nothing), skipped)
    rows = cache.rows(digests.values())
    return _result(kept, cache.take(np.array([rows[digests[int(k)]] for k in kept])), skipped)


class _Work:
    """What each thread does with a slice; equal contents are decoded by whoever meets them first."""

    def __init__(
        self, encoder: Encoder, root: Path, cache: VectorCache, limits: Limits, encode: bool,
        leave_out: Callable[[str], str],
    ) -> None:  # fmt: skip
        self._encoder, self._root, self._cache, self._limits = encoder, root, cache, limits
        self._encode, self._leave_out = encode, leave_out
        self._met: set[str] = set()
        self._lock = Lock()

    def slice(self, items: Sequence[tuple[int, Path]]) -> _Slice:
        """Read, and where the content is new, decode and prepare a few files; encode them if that is this thread's."""
        digests, skipped, undecodable, pictures = {}, {}, {}, []
        for position, path in items:
            try:
                data = read_file(path, root=self._root, limits=self._limits)
            except Unreadable as reason:
                skipped[position] = reason.reason
                continue
            digest = sha256(data).hexdigest()
            if why := self._leave_out(digest):
                skipped[position] = why
                continue
            digests[position] = digest
            if self._is_new(digest):
                try:
                    pictures.append(self._prepared(data, digest))
                except Unreadable as reason:
                    undecodable[digest] = reason.reason
        encoded = self._encoder.encode(np.stack([p.array for p in pictures])) if self._encode and pictures else None
        return _Slice(digests, skipped, undecodable, pictures, encoded)

    def _is_new(self, digest: str) -> bool:
        with self._lock:
            new = digest not in self._met and not self._cache.rows([digest])
            self._met.add(digest)
        return new

    def _prepared(self, data: bytes, digest: str) -> _Prepared:
        picture = decode(data, limits=self._limits, smallest_side=DECODED_SIDE, digest=digest)
        measured, perceptual_hash = describe(picture.pixels)
        return _Prepared(
            digest=digest,
            width=picture.width,
            height=picture.height,
            flags=" ".join(picture.flags),
            exif=picture.exif,
            array=self._encoder.prepare(picture.pixels),
            properties=[measured[name] for name in PROPERTIES],
            hash=perceptual_hash,
        )


def _batched(encoder: Encoder, slices: Iterator[_Slice]) -> Iterator[_Slice]:
    """Slices gathered into batches for a GPU, and encoded."""
    waiting: list[_Slice] = []
    for found in slices:
        waiting.append(found)
        if sum(len(part.pictures) for part in waiting) >= BATCH:
            yield _together(encoder, waiting)
            waiting = []
    if waiting:
        yield _together(encoder, waiting)


def _together(encoder: Encoder, parts: Sequence[_Slice]) -> _Slice:
    pictures = [picture for part in parts for picture in part.pictures]
    encoded = encoder.encode(np.stack([p.array for p in pictures])) if pictures else None
    digests, skipped, undecodable = (
        {key: value for part in parts for key, value in getattr(part, name).items()}
        for name in ("digests", "skipped", "undecodable")
    )
    return _Slice(digests, skipped, undecodable, pictures, encoded)


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
