"""Copies of one photograph: the same bytes, or the same pixels resized, recompressed, lightly edited or mirrored.

Two views must agree before two files count as copies. The embedding alone takes bursts for copies: in 1,442 grocery
photographs 1,492 pairs are nearer than 0.90, and nearly all show the same crate from another angle. A 64-bit
perceptual hash alone takes pictures of one layout for copies: two different apples in the same hand are 4 bits apart.
Together they leave 4 pairs there, each the same scene from the same spot.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tools.case import Arrays, Case

SIMILARITY = 0.90
DISTANCE = 10
"""Cosine similarity and bits of 64, measured on 120 grocery photographs and edited copies of them with the embedded
encoder. Together they find 96–100 % of copies that were halved, recompressed at quality 40, cropped by 2 % a side, made
a third brighter, darker or richer in contrast, or blurred by a pixel; 89 % after crop, resize to 256 px, brightness and
recompression at once, but 6 % where that went down to 170 px and quality 40; 82 % at quality 15; 10–28 % of 5 % crops;
97 % of mirrored copies. At similarity 0.80 those 6 % would be 88 %, but bursts would begin to
count as copies. Encoders whose vectors lie closer together leave more to the hash."""
MIRROR = np.uint64(0xAAAA_AAAA_AAAA_AAAA)
"""Bits of a perceptual hash that turn over when left and right change places: those of the odd coefficients of the
cosine transform along a row, whose sign changes. Exact where the median of the coefficients is zero; in 120 grocery
photographs 2 bits differ in the median, 6 in nine of ten, and 97.5 % lie within ``DISTANCE``."""
SIMILARITY_ALONE = 0.999
"""Without a hash no similarity tells edited copies from bursts in every encoder's space, so only vectors equal but for
rounding count: the same pixels in another file. None of the edited copies above are found then."""


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Pairs of copies and the sets they form.

    Attributes
    ----------
    pairs : ndarray of int64, shape (m, 2)
        Rows of the data set, smaller first. Of a set of identical files only neighbouring rows are listed.
    similarities : ndarray of float64, shape (m,)
        Cosine similarity of the two vectors.
    identical : ndarray of bool, shape (m,)
        Whether the files have the same bytes.
    sets : ndarray of int64, shape (n,)
        Number of the connected set of copies each image belongs to; an image without a copy is alone in its set.
    hashed : bool
        Whether a perceptual hash confirmed the pairs.
    """

    pairs: NDArray[np.int64]
    similarities: NDArray[np.float64]
    identical: NDArray[np.bool_]
    sets: NDArray[np.int64]
    hashed: bool

    @property
    def copied(self) -> NDArray[np.bool_]:
        """Images that have a copy, shape (n,)."""
        return np.bincount(self.sets)[self.sets] > 1

    @property
    def reach(self) -> str:
        """What these thresholds can find, in words."""
        if self.hashed:
            return (
                f"any identical file, and copies at similarity ≥ {SIMILARITY:.2f} that differ in at most {DISTANCE} "
                "of 64 hash bits: resized, recompressed, relit, mirrored or cropped by about 2 % a side; few that were "
                "cropped by 5 %"
            )
        return (
            f"any identical file, and the same pixels in another file (similarity ≥ {SIMILARITY_ALONE}); no perceptual "
            "hash was there to confirm other pairs, so resized or recompressed copies stay unseen"
        )


def duplicates(case: Case) -> Duplicates:
    """All copies in a case, computed once and kept in its store."""
    hashes = case.dataset.perceptual_hash
    key = f"duplicates-{SIMILARITY}-{DISTANCE}-{SIMILARITY_ALONE}-mirrored-{hashes is not None}-{case.fingerprint}"
    kept = case.store.load(key)
    if kept is None:
        kept = _compute(case)
        case.store.save(key, kept)
    return Duplicates(
        kept["pairs"].astype(np.int64),
        kept["similarities"].astype(np.float64),
        kept["identical"].astype(np.bool_),
        kept["sets"].astype(np.int64),
        hashes is not None,
    )


def _compute(case: Case) -> Arrays:
    vectors, n = case.space.vectors, len(case.ids)
    exact = identical_pairs(case.dataset.sha256)
    graph = case.derived.graph
    hashes = case.dataset.perceptual_hash
    near = near_pairs(graph.neighbours, graph.similarities, hashes)
    if hashes is not None:
        mirrored = near_pairs(graph.neighbours, graph.similarities, hashes, turn=MIRROR)
        labels = case.targets[mirrored]
        # left hand and right hand, b and d: under two labels the mirror picture is another thing
        near = np.concatenate([near, mirrored[(labels[:, 0] == labels[:, 1]) | (labels < 0).any(axis=1)]])
    pairs = np.unique(np.concatenate([exact, near]), axis=0)
    first, second = pairs[:, 0], pairs[:, 1]
    edges = coo_matrix((np.ones(len(pairs)), (first, second)), shape=(n, n))
    return {
        "pairs": pairs,
        "similarities": np.einsum("ij,ij->i", vectors[first], vectors[second]).astype(np.float64),
        "identical": case.dataset.sha256[first] == case.dataset.sha256[second],
        "sets": np.asarray(connected_components(edges, directed=False)[1], dtype=np.int64),
    }


def identical_pairs(sha256: NDArray[np.str_]) -> NDArray[np.int64]:
    """Neighbouring rows of each set of identical files, shape (m, 2).

    >>> identical_pairs(np.array(["a", "b", "a", "a"])).tolist()
    [[0, 2], [2, 3]]
    """
    order = np.argsort(sha256, kind="stable")
    same = sha256[order[1:]] == sha256[order[:-1]]
    return np.stack([order[:-1][same], order[1:][same]], axis=1).astype(np.int64)


def near_pairs(
    neighbours: NDArray[np.int64],
    similarities: NDArray[np.float32],
    hashes: NDArray[np.uint64] | None,
    *,
    turn: np.uint64 = np.uint64(0),  # noqa: B008 - immutable
) -> NDArray[np.int64]:
    """Pairs of graph neighbours that count as copies, smaller row first, shape (m, 2).

    An image with more than k nearer neighbours than its copy hides that copy; identical bytes are found anyway.

    Parameters
    ----------
    turn : uint64
        Bits of the one hash turned over before they are compared: ``MIRROR`` finds mirrored copies.
    """
    similar = similarities >= (SIMILARITY_ALONE if hashes is None else SIMILARITY)
    first = np.repeat(np.arange(len(neighbours)), similar.sum(axis=1))
    second = neighbours[similar]
    if hashes is not None:
        close = np.bitwise_count(hashes[first] ^ hashes[second] ^ turn) <= DISTANCE
        first, second = first[close], second[close]
    return np.stack([np.minimum(first, second), np.maximum(first, second)], axis=1).astype(np.int64)


def near_copies(
    vectors: NDArray[np.float32], hashes: NDArray[np.uint64], known: NDArray[np.int64], others: NDArray[np.int64]
) -> dict[int, int]:
    """Rows of ``others`` that are edited copies of a row of ``known``, and which.

    As ``near_pairs`` decides, by the hash first, so that no neighbour graph is needed.
    """
    out: dict[int, int] = {}
    for row in known.tolist():
        close = others[np.bitwise_count(hashes[others] ^ hashes[row]) <= DISTANCE]
        for other in close[vectors[close] @ vectors[row] >= SIMILARITY].tolist():
            out.setdefault(other, row)
    return out
