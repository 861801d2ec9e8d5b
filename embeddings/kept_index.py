"""Neighbour graphs and inverted lists on disk: whole, unchanged and of the right space, or refused.

A file is the SHA-256 of everything behind it, then a zip of plain arrays. It is written beside its place, synced and
renamed, so a reader sees the old one or the new one. Nothing in it is unpickled, and FAISS reads only checked bytes.
"""

import io
import os
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.index import NeighbourGraph
from embeddings.inverted import InvertedIndex
from embeddings.mismatch import Mismatch
from embeddings.space import EmbeddingSpace

Arrays = dict[str, NDArray[Any]]

LAYOUT = 1
"""Number of the layout; a file with another one is refused."""
DIGEST = sha256().digest_size
GRAPH, INVERTED = "neighbour graph", "inverted index"


class DamagedIndex(ValueError):
    """A kept file is not what was written; make it again from the space."""

    def __init__(self, path: Path, seen: str) -> None:
        super().__init__(f"expected {path} as it was written, saw {seen}; delete the file and compute it again")


def save_graph(path: Path, graph: NeighbourGraph, space: EmbeddingSpace) -> None:
    """Keep the graph of a space.

    Raises
    ------
    Mismatch
        If the graph has another number of rows than the space.
    OSError
        If the file cannot be written; an older one stays.
    """
    if len(graph.neighbours) != len(space.ids):
        raise Mismatch(
            expected=f"a graph of {len(space.ids)} images",
            seen=f"one of {len(graph.neighbours)}",
            todo="keep the graph of this very space",
        )
    arrays: Arrays = {
        "neighbours": graph.neighbours,
        "similarities": graph.similarities,
        "recall": np.array(graph.recall),
    }
    _write(path, GRAPH, space, arrays)


def load_graph(path: Path, space: EmbeddingSpace) -> NeighbourGraph:
    """The graph of a space as it was kept.

    Raises
    ------
    FileNotFoundError
    DamagedIndex
        If a bit differs from what was written.
    Mismatch
        If it is of another space.
    """
    arrays = _read(path, GRAPH, space)
    return NeighbourGraph(arrays["neighbours"], arrays["similarities"], float(arrays["recall"]))


def save_inverted(path: Path, inverted: InvertedIndex, space: EmbeddingSpace) -> None:
    """Keep the inverted lists of a space, vectors included; raises as ``save_graph`` does."""
    import faiss

    if (inverted.index.ntotal, inverted.index.d) != space.vectors.shape:
        raise Mismatch(
            expected=f"an index of {len(space.ids)} vectors of length {space.encoder.dimension}",
            seen=f"one of {inverted.index.ntotal} of length {inverted.index.d}",
            todo="keep the index of this very space",
        )
    arrays: Arrays = {
        "index": faiss.serialize_index(inverted.index),
        "recall": np.array(inverted.recall),
        "k": np.array(inverted.k),
    }
    _write(path, INVERTED, space, arrays)


def load_inverted(path: Path, space: EmbeddingSpace) -> InvertedIndex:
    """The inverted lists of a space as they were kept; raises as ``load_graph`` does."""
    arrays = _read(path, INVERTED, space)
    import faiss

    index = faiss.deserialize_index(arrays["index"])
    if not isinstance(index, faiss.IndexIVFFlat):
        raise DamagedIndex(path, f"a {type(index).__name__}")
    return InvertedIndex(index, float(arrays["recall"]), int(arrays["k"]))


def _write(path: Path, kind: str, space: EmbeddingSpace, arrays: Arrays) -> None:
    buffer = io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        layout=np.array(LAYOUT),
        kind=np.array(kind),
        space=np.array(space.fingerprint),
        encoder=np.array(space.encoder.name),
        **arrays,
    )
    data = buffer.getbuffer()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(sha256(data).digest())
            temporary.write(data)
            temporary.flush()
            os.fsync(temporary.fileno())
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)  # a full disk is not filled further by what it could not take


def _read(path: Path, kind: str, space: EmbeddingSpace) -> Arrays:
    whole = memoryview(path.read_bytes())
    digest, data = whole[:DIGEST], whole[DIGEST:]
    if sha256(data).digest() != digest:
        raise DamagedIndex(path, f"{len(whole)} bytes that do not match their checksum")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):
        raise DamagedIndex(path, "no zip of arrays") from None
    if int(arrays["layout"]) != LAYOUT or str(arrays["kind"]) != kind:
        raise DamagedIndex(path, f"{arrays['kind']}, layout {arrays['layout']}, where {kind}, layout {LAYOUT}, belongs")
    if str(arrays["space"]) != space.fingerprint:
        raise Mismatch(
            expected=f"a {kind} of the space {space.fingerprint[:16]} ({space.encoder.name})",
            seen=f"one of the space {str(arrays['space'])[:16]} ({arrays['encoder']})",
            todo="compute it again for this space; neighbours of different spaces are never mixed",
        )
    return arrays
