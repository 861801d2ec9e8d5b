"""What the advisor's own baseline says of new pictures, what it has seen that is like them, and whether anything is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.index import nearest
from embeddings.progress import Progress, silent
from tools.case import Case
from tools.errors import UnreadableInput
from tools.groups import nearness_in_graph
from tools.paths import walk
from tools.readers.listing import not_a_picture
from tools.training.baseline import parent_scores, plain_training
from tools.tuning import NEVER

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
    scores : ndarray of float64, shape (m, k)
        Of the baseline trained on all training pictures.
    nearest : ndarray of int64, shape (m, 3)
        Rows of the nearest training pictures.
    similarity : ndarray of float32, shape (m, 3)
    nearness : ndarray of float64, shape (m,)
        Share of held-out training pictures that lie farther from the training pictures (other groups) than this one.
    skipped : tuple of (Path, str)
        Files that cannot be read, and why.
    """

    paths: tuple[Path, ...]
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


def predict(case: Case, paths: Sequence[Path], *, on_step: Progress = silent) -> Predicted:
    """Encode pictures as the case's were, and score them.

    Raises
    ------
    NotApplicable
        If the encoder that made the case's vectors is not here.
    """
    vectors, kept, skipped = _encoded(case, paths, on_step)
    fit, classes = np.flatnonzero(case.fit), len(case.classes)
    together = np.concatenate([case.space.vectors, vectors])
    asked = len(case.ids) + np.arange(len(vectors))
    scores = parent_scores(together, [plain_training(fit, case.targets, classes)], [asked], classes)[0]
    similarity, found = nearest(case.space.vectors[fit], vectors, NEIGHBOURS)
    usual = np.sort(nearness_in_graph(case.space.vectors, case.derived.graph, case.derived.folds(), fit))
    share = np.searchsorted(usual, similarity[:, 0], side="right") / len(usual)
    return Predicted(tuple(kept), scores, fit[found], similarity, np.asarray(share, dtype=np.float64), tuple(skipped))


def _encoded(
    case: Case, paths: Sequence[Path], on_step: Progress
) -> tuple[NDArray[np.float32], list[Path], list[tuple[Path, str]]]:
    from embeddings.images import Unreadable, open_picture
    from embeddings.pipeline import DECODED_SIDE

    encoder = case.eyes.encoder

    def one(at: int, end: int) -> tuple[NDArray[np.float32], list[Path], list[tuple[Path, str]]]:
        made, kept, skipped = [], [], []
        for path in paths[at:end]:
            try:
                made.append(encoder.prepare(open_picture(path, smallest_side=DECODED_SIDE).pixels))
                kept.append(path)
            except Unreadable as reason:
                skipped.append((path, reason.reason))
        empty = np.zeros((0, encoder.info.dimension), dtype=np.float32)
        return (encoder.encode(np.stack(made)).vectors if made else empty), kept, skipped

    vectors, kept, skipped = [np.zeros((0, encoder.info.dimension), dtype=np.float32)], [], []
    for found, good, bad in case.eyes.in_slices(len(paths), one, on_step=on_step):
        vectors.append(found)
        kept += good
        skipped += bad
    return np.concatenate(vectors), kept, skipped


@dataclass(frozen=True)
class Rule:
    """What to say of a picture, from a file that ``advisor threshold --export`` wrote.

    Attributes
    ----------
    answer_from : float or None
        Top score below which nothing is said.
    classes : mapping of str to (float or None)
        Threshold of each class; None = never. Empty = the class with the highest score.
    """

    answer_from: float | None
    classes: Mapping[str, float | None]

    def decide(self, scores: Mapping[str, float]) -> tuple[str, ...]:
        """Classes said, the surest first.

        >>> Rule(0.6, {}).decide({"cat": 0.7, "dog": 0.3}), Rule(0.8, {}).decide({"cat": 0.7, "dog": 0.3})
        (('cat',), ())
        >>> Rule(None, {"cat": 0.9, "dog": 0.2}).decide({"cat": 0.7, "dog": 0.3})
        ('dog',)
        """
        order = sorted(scores, key=lambda name: -scores[name])
        if self.answer_from is not None and scores[order[0]] < self.answer_from:
            return ()
        if not self.classes:
            return (order[0],)
        limits = {name: self.classes.get(name) for name in order}
        return tuple(name for name in order if (limit := limits[name]) is not None and scores[name] >= limit)


def read_rule(file: Path, case: Case) -> Rule:
    """Thresholds of a file, if they were chosen for the baseline on this encoder.

    Raises
    ------
    UnreadableInput
        If it is no such file, or of another model or other classes.
    """
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
        limits = {str(name): entry["threshold"] for name, entry in found["classes"].items()}
        chosen_for = found["subject"], found["encoder"]
        rule = Rule(float("inf") if found["answer_from"] == NEVER else found["answer_from"], limits)
        numbers = [v for v in (rule.answer_from, *limits.values()) if v is not None]
        if not all(isinstance(v, int | float) for v in numbers):
            raise TypeError("a threshold is not a number")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise UnreadableInput(
            expected="a file written by: advisor threshold … --export FILE", seen=f"{file} ({type(fault).__name__})",
            todo="Write it again.",
        ) from None  # fmt: skip
    if chosen_for != ("baseline", case.space.encoder.fingerprint):
        raise UnreadableInput(
            expected="thresholds chosen for the advisor's own baseline on this encoder",
            seen=f"those of {found.get('model', 'another model')}",
            todo="Here only the baseline speaks; use the file with its own model.",
        )
    if foreign := sorted(set(limits) - set(case.classes)):
        raise UnreadableInput(
            expected=f"thresholds of the classes {', '.join(case.classes)}", seen=f"one of {foreign[0]}",
            todo="Write the file again with this workspace.",
        )  # fmt: skip
    return rule
