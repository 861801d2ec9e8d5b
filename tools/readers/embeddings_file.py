"""The user's own vectors: npz or Parquet with an id and a vector per image, optionally vectors of words."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.errors import UnreadableInput

ID_NAMES = ("id", "image_id", "filepath", "path", "file", "filename", "image")
VECTOR_NAMES = ("vector", "vectors", "embedding", "embeddings", "features")
TEXT = "text/"
"""Before a concept's name: this vector is of words, not of a picture."""
SHORTEST = 1e-6


@dataclass(frozen=True, eq=False)
class EmbeddingsTable:
    """Vectors as read, brought to unit length, not yet matched to images.

    Attributes
    ----------
    path : Path
    ids : tuple of str
        As the file writes them, all different.
    vectors : ndarray of float32, shape (m, d)
        Unit length.
    texts : dict of str to ndarray of float32, each shape (d,)
        Unit vectors of concepts, in the same space.
    """

    path: Path
    ids: tuple[str, ...]
    vectors: NDArray[np.float32]
    texts: dict[str, NDArray[np.float32]]

    @property
    def fingerprint(self) -> str:
        """Digest of everything in it: another file is another space."""
        digest = sha256("\0".join(self.ids).encode("utf-8", "surrogateescape"))
        digest.update(np.ascontiguousarray(self.vectors).tobytes())
        for name in sorted(self.texts):
            digest.update(name.encode("utf-8", "surrogateescape"))
            digest.update(self.texts[name].tobytes())
        return digest.hexdigest()


def read_embeddings(path: Path) -> EmbeddingsTable:
    """Read a file of vectors.

    An npz holds the arrays ``id`` (n,) and ``vector`` (n, d), and optionally ``text/<concept>`` (d,). A Parquet table
    holds the columns ``id`` and ``vector`` (lists of d numbers); rows whose id starts with ``text/`` are concepts.

    Raises
    ------
    UnreadableInput
        For another format, missing columns, rows of different lengths, NaN or infinite numbers, vectors of length 0,
        or an id that comes twice; ids are named.
    """
    readers = {".npz": _from_npz, ".parquet": _from_parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None or not path.is_file():
        raise UnreadableInput(
            expected="a file of vectors: .npz or .parquet",
            seen=f"{path}, which {'is neither' if path.exists() else 'does not exist'}",
            todo="Save id and vector, one row per image, with numpy.savez or to Parquet.",
        )
    ids, vectors, texts = reader(path)
    if vectors.ndim != 2 or vectors.dtype.kind not in "fiu" or len(vectors) != len(ids) or not vectors.size:
        raise UnreadableInput(
            expected=f"one vector of numbers for each of the {len(ids)} ids",
            seen=f"{vectors.dtype} of shape {vectors.shape} in {path}",
            todo="Store an array of shape (images, dimension) in the order of the ids.",
        )
    unit = _unit(path, ids, vectors)
    return EmbeddingsTable(path, ids, unit, _concepts(path, texts, unit.shape[1]))


Parts = tuple[tuple[str, ...], NDArray[np.generic], dict[str, NDArray[np.generic]]]


def _from_npz(path: Path) -> Parts:
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
    except (ValueError, EOFError, BadZipFile, OSError):
        raise UnreadableInput(
            expected=f"an npz file of plain arrays at {path}",
            seen="something else under that name, or arrays of Python objects",
            todo="Write it with numpy.savez, ids as text and vectors as numbers.",
        ) from None
    names = [next((n for n in wanted if n in arrays), None) for wanted in (ID_NAMES, VECTOR_NAMES)]
    if names[0] is None or names[1] is None:
        raise _lacking(path, arrays)
    texts = {name.removeprefix(TEXT): array for name, array in arrays.items() if name.startswith(TEXT)}
    return tuple(str(value) for value in arrays[names[0]].ravel()), arrays[names[1]], texts


def _from_parquet(path: Path) -> Parts:
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError, NotImplementedError) as error:  # Arrow's own errors derive from these
        raise UnreadableInput(
            expected=f"a Parquet file at {path}", seen=str(error).partition("\n")[0][:200], todo="Export it again."
        ) from None
    names = [next((n for n in wanted if n in frame.columns), None) for wanted in (ID_NAMES, VECTOR_NAMES)]
    if names[0] is None or names[1] is None:
        raise _lacking(path, list(map(str, frame.columns)))
    ids = [str(value) for value in frame[names[0]]]
    cells = [np.asarray(cell).ravel() for cell in frame[names[1]]]
    lengths = {len(cell) for cell in cells}
    if len(lengths) > 1:
        usual = max(lengths, key=[len(c) for c in cells].count)
        odd = next(i for i, cell in enumerate(cells) if len(cell) != usual)
        raise UnreadableInput(
            expected=f"vectors of one length ({usual})",
            seen=f"one of length {len(cells[odd])} for {ids[odd]!r} in {path}",
            todo="Export vectors of one model.",
        )
    texts = {i.removeprefix(TEXT): c for i, c in zip(ids, cells, strict=True) if i.startswith(TEXT)}
    pictures = [(i, c) for i, c in zip(ids, cells, strict=True) if not i.startswith(TEXT)]
    vectors = np.stack([c for _, c in pictures]) if pictures else np.zeros((0, 0))
    return tuple(i for i, _ in pictures), vectors, texts


def _lacking(path: Path, names: object) -> UnreadableInput:
    there = ", ".join(sorted(map(str, names)))  # type: ignore[call-overload]
    return UnreadableInput(
        expected="id and vector, one row per image, and text/<concept> where you have vectors of words",
        seen=f"{there or 'nothing'} in {path}",
        todo="Name them id and vector.",
    )


def _unit(path: Path, ids: tuple[str, ...], vectors: NDArray[np.generic]) -> NDArray[np.float32]:
    repeated = sorted({i for i in ids if ids.count(i) > 1}) if len(set(ids)) < len(ids) else []
    if repeated:
        raise UnreadableInput(
            expected="one row per image",
            seen=f"{len(repeated)} ids with more than one, e.g. {repeated[0]!r}, in {path}",
            todo="Keep one row per image.",
        )
    numbers = vectors.astype(np.float64)
    lengths = np.linalg.norm(numbers, axis=1)
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths < SHORTEST))
    if len(bad):
        shown = ", ".join(repr(ids[int(row)]) for row in bad[:5])
        raise UnreadableInput(
            expected="finite vectors that are not all zero",
            seen=f"{len(bad)} with NaN, infinite or only zero numbers, for {shown}, in {path}",
            todo="Leave these rows out, or compute them again.",
        )
    return np.asarray(numbers / lengths[:, None], dtype=np.float32)


def _concepts(path: Path, texts: dict[str, NDArray[np.generic]], dimension: int) -> dict[str, NDArray[np.float32]]:
    out: dict[str, NDArray[np.float32]] = {}
    for name, values in sorted(texts.items()):
        wrong = not name or values.size != dimension or values.dtype.kind not in "fiu"
        length = 0.0 if wrong else float(np.linalg.norm(values.astype(np.float64)))
        if wrong or not np.isfinite(length) or length < SHORTEST:
            raise UnreadableInput(
                expected=f"a vector of {dimension} finite numbers for each text/<concept>",
                seen=f"{values.dtype} of shape {values.shape} for {TEXT + name!r} in {path}",
                todo="Encode the words with the text tower of the model that made the picture vectors.",
            )
        out[name] = np.asarray(values.astype(np.float64).ravel() / length, dtype=np.float32)
    return out
