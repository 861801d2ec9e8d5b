"""What a trained version or the baseline says of new pictures, what is like them, and whether anything seen is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.index import nearest
from embeddings.progress import Progress, silent
from tools.case import Arrays, Case
from tools.errors import UnreadableInput
from tools.groups import nearness_in_graph
from tools.paths import walk
from tools.readers.listing import not_a_picture
from tools.registry import NotApplicable
from tools.training.baseline import parent_scores, plain_training
from tools.training.network import Scorer, scorer
from tools.versions import Version

NEIGHBOURS = 3
UNLIKE = 0.01
"""A picture farther from all training pictures than this share of held-out training pictures is called unlike them."""
SAME = 0.9995
"""Cosine similarity from which a picture counts as one of the training pictures: other encodings of the same pixels
differ in the last digits only."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """New pictures and what is said of them.

    Attributes
    ----------
    paths : tuple of Path
    speaker : str
        ``baseline``, or the version asked.
    classes : tuple of str
        Of its scores.
    scores : ndarray of float64, shape (m, k)
        Of the version, or of the baseline trained on all training pictures.
    nearest : ndarray of int64, shape (m, 3)
        Rows of the nearest training pictures.
    similarity : ndarray of float32, shape (m, 3)
    nearness : ndarray of float64, shape (m,)
        Share of held-out training pictures that lie farther from the training pictures (other groups) than this one.
    skipped : tuple of (Path, str)
        Files that cannot be read, and why.
    """

    paths: tuple[Path, ...]
    speaker: str
    classes: tuple[str, ...]
    scores: NDArray[np.float64]
    nearest: NDArray[np.int64]
    similarity: NDArray[np.float32]
    nearness: NDArray[np.float64]
    skipped: tuple[tuple[Path, str], ...]


def files_of(given: Sequence[Path]) -> tuple[list[Path], list[tuple[Path, str]]]:
    """Files as given, and those below folders; and what a folder refuses, as an import would, with the reason.

    Raises
    ------
    UnreadableInput
        For a path that is neither a file nor a folder.
    """
    out: list[Path] = []
    refused: list[tuple[Path, str]] = []
    for path in given:
        if path.is_dir():
            for item in walk(path):
                reason = item.reason or not_a_picture(item.parts[-1])
                if reason:
                    refused.append((path / item.id, reason))
                else:
                    out.append(path / item.relative)
        elif path.is_file():
            out.append(path)
        else:
            raise UnreadableInput(
                expected="a picture or a folder of pictures", seen=f"nothing at {path}", todo="Check the path."
            )
    return out, refused


def predict(
    case: Case, paths: Sequence[Path], asked: tuple[Version, Arrays] | None = None, *, on_step: Progress = silent
) -> Predicted:
    """Encode pictures as the case's were, and score them.

    Parameters
    ----------
    asked : tuple of (Version, mapping), optional
        A version and its weights; the baseline speaks when left out.

    Raises
    ------
    NotApplicable
        If the encoder that made the case's vectors is not here, or the version was trained with another one.
    """
    speaker, classes, network = _speaker(case, asked, on_step)
    vectors, scores, kept, skipped = _encoded(case, paths, network, len(classes), on_step)
    fit = np.flatnonzero(case.fit)
    if network is None:
        together = np.concatenate([case.space.vectors, vectors])
        new = len(case.ids) + np.arange(len(vectors))
        training = plain_training(fit, case.targets, len(classes))
        scores = parent_scores(together, [training], [new], len(classes))[0]
    similarity, found = nearest(case.space.vectors[fit], vectors, NEIGHBOURS)
    share = _share_farther(case, similarity[:, 0])
    return Predicted(tuple(kept), speaker, classes, scores, fit[found], similarity, share, tuple(skipped))


def nearness_to_training(case: Case, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Share of held-out training pictures that lie farther from the training pictures than each vector, shape (n,)."""
    return _share_farther(case, nearest(case.space.vectors[case.fit], vectors, 1)[0][:, 0])


def _share_farther(case: Case, similarity: NDArray[np.float32]) -> NDArray[np.float64]:
    fit = np.flatnonzero(case.fit)
    usual = np.sort(nearness_in_graph(case.space.vectors, case.derived.graph, case.derived.folds(), fit))
    return np.asarray(np.searchsorted(usual, similarity, side="right") / len(usual), dtype=np.float64)


def _speaker(
    case: Case, asked: tuple[Version, Arrays] | None, on_step: Progress
) -> tuple[str, tuple[str, ...], Scorer | None]:
    if asked is None:
        return "baseline", case.classes, None
    version, weights = asked
    if not weights:
        raise NotApplicable(f"{version.name} was trained by your own command, so its network is not here")
    if version.document["encoder"]["fingerprint"] != case.space.encoder.fingerprint:
        raise NotApplicable(f"{version.name} was trained on vectors by {version.document['encoder']['name']}")
    return version.name, version.classes, scorer(case, weights, len(version.classes), on_step=on_step)


def _encoded(
    case: Case, paths: Sequence[Path], network: Scorer | None, classes: int, on_step: Progress
) -> tuple[NDArray[np.float32], NDArray[np.float64], list[Path], list[tuple[Path, str]]]:
    """Vectors and the network's scores of pictures that can be read."""
    from embeddings.images import Unreadable, open_picture
    from embeddings.pipeline import DECODED_SIDE

    encoder = case.eyes.encoder

    def one(at: int, end: int) -> tuple[NDArray[np.float32], NDArray[np.float64], list[Path], list[tuple[Path, str]]]:
        made, kept, skipped = [], [], []
        for path in paths[at:end]:
            try:
                made.append(encoder.prepare(open_picture(path, smallest_side=DECODED_SIDE).pixels))
                kept.append(path)
            except Unreadable as reason:
                skipped.append((path, reason.reason))
        if not made:
            return *nothing, kept, skipped
        batch = np.stack(made)
        vectors = encoder.encode(batch).vectors
        return vectors, nothing[1] if network is None else network(batch, vectors), kept, skipped

    nothing = np.zeros((0, encoder.info.dimension), dtype=np.float32), np.zeros((0, classes))
    vectors, scores, kept, skipped = [nothing[0]], [nothing[1]], [], []
    for found, said, good, bad in case.eyes.in_slices(len(paths), one, on_step=on_step):
        vectors.append(found)
        scores.append(said)
        kept += good
        skipped += bad
    return np.concatenate(vectors), np.concatenate(scores), kept, skipped
