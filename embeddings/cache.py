"""What was once measured of a file's bytes: vectors, names, properties. Keyed by content, never by path or label."""

import io
import os
import tempfile
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.properties import PROPERTIES, VERSION


@dataclass(frozen=True, eq=False)
class Measurements:
    """Everything kept of some pictures, row by row.

    Attributes
    ----------
    sha256 : ndarray of str, shape (n,)
    widths, heights : ndarray of int64, shape (n,)
    flags, camera, taken : ndarray of str, shape (n,)
        ``flags`` joined by spaces.
    vectors : ndarray of float32, shape (n, d)
    names : ndarray of float32, shape (n, 1000) or (n, 0)
    properties : ndarray of float32, shape (n, len(PROPERTIES))
    perceptual_hash : ndarray of uint64, shape (n,)
    """

    sha256: NDArray[np.str_]
    widths: NDArray[np.int64]
    heights: NDArray[np.int64]
    flags: NDArray[np.str_]
    camera: NDArray[np.str_]
    taken: NDArray[np.str_]
    vectors: NDArray[np.float32]
    names: NDArray[np.float32]
    properties: NDArray[np.float32]
    perceptual_hash: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.sha256)

    def take(self, rows: NDArray[np.int64]) -> "Measurements":
        """The same for some rows."""
        return Measurements(*(getattr(self, f.name)[rows] for f in fields(self)))


def joined(parts: Sequence[Measurements]) -> Measurements:
    """Parts in a row; at least one."""
    return Measurements(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Measurements)))


class VectorCache:
    """Measurements of one encoder on disk.

    Each shard is written whole (temporary file, fsync, rename) and named by the digest of its bytes, so a torn or
    flipped shard is noticed, dropped and measured again; it never gives a wrong vector.

    Parameters
    ----------
    folder : Path
    fingerprint : str
        The encoder's; another encoder's vectors live in another folder.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder = folder / f"{fingerprint[:24]}-{VERSION}"
        self._shards: list[Measurements] = []
        self._row: dict[str, int] = {}
        for file in sorted(self._folder.glob("*.npz")):
            shard = _read(file)
            if shard is None:
                with suppress(OSError):  # where the folder may only be read, it is passed over again next time
                    file.unlink(missing_ok=True)
            else:
                self._append(shard)

    def rows(self, digests: Iterable[str]) -> dict[str, int]:
        """Row of each digest that is known."""
        return {d: self._row[d] for d in digests if d in self._row}

    def take(self, rows: NDArray[np.int64]) -> Measurements:
        """Measurements of known rows.

        Raises
        ------
        LookupError
            If nothing is known.
        """
        if not self._shards:
            raise LookupError("the cache is empty")
        if len(self._shards) > 1:  # joined when first needed: with each new shard, all would be copied each time
            self._shards = [joined(self._shards)]
        return self._shards[0].take(rows)

    def add(self, fresh: Measurements) -> None:
        """Keep new measurements, on disk first."""
        if len(fresh):
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(self._folder, fresh)
            self._append(fresh)

    def _append(self, shard: Measurements) -> None:
        start = sum(map(len, self._shards))
        self._shards.append(shard)
        self._row |= {str(d): start + i for i, d in enumerate(shard.sha256)}


def without(file: Path, digests: Collection[str]) -> tuple[int, Path | None]:
    """Write a shard anew without some pictures; the old file stays.

    Returns
    -------
    tuple of (int, Path or None)
        How many of its pictures are left out, and the new file; None where nothing is left, or the shard is damaged.
    """
    shard = _read(file)
    if shard is None:
        return 0, None
    rows = np.flatnonzero(~np.isin(shard.sha256, sorted(digests)))
    out = len(shard) - len(rows)
    return out, _write(file.parent, shard.take(rows)) if out and len(rows) else None


def contents(file: Path) -> frozenset[str] | None:
    """Digests of the pictures in a shard; None for a damaged one."""
    shard = _read(file)
    return None if shard is None else frozenset(shard.sha256.tolist())


def _write(folder: Path, shard: Measurements) -> Path:
    buffer = io.BytesIO()
    np.savez(buffer, **{f.name: getattr(shard, f.name) for f in fields(shard)})
    data = buffer.getvalue()
    handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(data)
            temporary.flush()
            os.fsync(temporary.fileno())
        target = folder / f"{sha256(data).hexdigest()}.npz"
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)  # a full disk is not filled further by what it could not take
    return target


def _read(file: Path) -> Measurements | None:
    data = file.read_bytes()
    if sha256(data).hexdigest() != file.stem:
        return None
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        shard = Measurements(*(arrays[f.name] for f in fields(Measurements)))
    return shard if shard.properties.shape[1] == len(PROPERTIES) else None
