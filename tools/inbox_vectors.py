"""Vectors of pictures from the inbox: from the cache by content, else encoded from their copies in the workspace."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embeddings.cache import VectorCache
from embeddings.progress import Progress, silent
from embeddings.space import EmbeddingSpace
from tools.added import folder_of, is_added
from tools.changes import list_changes
from tools.dataset import Dataset, decode_id
from tools.inbox import LAYOUT, Inbox, Picture
from tools.workspace import Workspace

if TYPE_CHECKING:
    from embeddings.encoder import Encoder


def encode_missing(
    workspace: Workspace, encoder: "Encoder", pictures: Sequence[Picture], threads: int, on_step: Progress = silent
) -> dict[str, str]:
    """Encode what the cache lacks.

    Returns
    -------
    dict of str to str
        Why a picture cannot be, by content: its copy is gone or damaged.
    """
    from embeddings.pipeline import encode_files

    cache = VectorCache(workspace.vectors, encoder.info.fingerprint)
    known = cache.rows(p.sha256 for p in pictures)
    missing = [p for p in pictures if p.sha256 not in known]
    if not missing:
        return {}
    folder = folder_of(workspace.path)
    paths = [folder / decode_id(p.name) for p in missing]
    found = encode_files(encoder, paths, root=folder, cache=cache, on_step=on_step, threads=threads)
    failed = {missing[at].sha256: reason for at, reason in found.skipped}
    for at, digest in zip(found.kept.tolist(), found.sha256.tolist(), strict=True):
        if missing[at].sha256 != digest:
            failed[missing[at].sha256] = "its copy in the workspace has changed"
    return failed


def vectors_of(workspace: Workspace, fingerprint: str, digests: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of contents that the cache of an encoder knows, in their order, shape (n, d)."""
    cache = VectorCache(workspace.vectors, fingerprint)
    rows = cache.rows(digests)
    return cache.take(np.array([rows[digest] for digest in digests], dtype=np.int64)).vectors


def encode_labelled(workspace: Workspace, encoder: "Encoder", threads: int, on_step: Progress) -> None:
    """See to it that an import's encoder has seen every picture that changes add; what cannot be read is left out."""
    known = workspace.database.read(list_changes, layout=LAYOUT)
    wanted = set() if known is None else {e.sha256 for c in known.active if c.kind == "append" for e in c.edits}
    if wanted:
        pictures = [p for p in Inbox(workspace).every() if p.sha256 in wanted]
        encode_missing(workspace, encoder, pictures, threads, on_step)


def space_with_added(workspace: Workspace, dataset: Dataset, space: EmbeddingSpace) -> EmbeddingSpace | None:
    """Vectors of a stored data set from those of its files' pictures and the cache; None if some are nowhere."""
    row_of = {image: row for row, image in enumerate(space.ids.tolist())}
    ids, digests = dataset.ids.tolist(), dataset.sha256.tolist()
    added = [row for row, image in enumerate(ids) if image not in row_of]
    if not all(is_added(ids[row]) for row in added):
        return None
    vectors = np.zeros((len(ids), space.vectors.shape[1]), dtype=np.float32)
    names = np.zeros((len(ids), space.names.shape[1]), dtype=np.float32)
    own = [row for row in range(len(ids)) if ids[row] in row_of]
    at = [row_of[ids[row]] for row in own]
    vectors[own], names[own] = space.vectors[at], space.names[at]
    if added:
        cache = VectorCache(workspace.vectors, space.encoder.fingerprint)
        rows = cache.rows(digests[row] for row in added)
        if any(digests[row] not in rows for row in added):
            return None
        found = cache.take(np.array([rows[digests[row]] for row in added], dtype=np.int64))
        vectors[added], names[added] = found.vectors, found.names
    return EmbeddingSpace(space.encoder, dataset.ids, vectors, names, space.texts)
