"""What a user's network says of every picture of a data set, each content scored once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Arrays, Case
from tools.own_model import OwnModel, onto_classes
from tools.predictions import Predictions

PART = 2048
"""Pictures after which scores are kept: what was scored before a kill is not scored again."""
METHOD = 1
"""Raise it when scores of the same network would come out differently."""


@dataclass(frozen=True, eq=False)
class Scored:
    """One network on one data set.

    Attributes
    ----------
    predictions : Predictions
    strange : int
        Pictures for which its first answer is a label that the data set lacks; there its best known class counts.
    skipped : tuple of (str, str)
        Ids of pictures that cannot be opened any more, and why.
    """

    predictions: Predictions
    strange: int
    skipped: tuple[tuple[str, str], ...]


def dataset_scores(case: Case, model: OwnModel, *, on_step: Progress = silent) -> Scored:
    """Score every picture of the case; those of contents scored before come from the case's store.

    Raises
    ------
    UnusableModel
    """
    known = _Kept(case, model)
    digests = case.dataset.sha256.tolist()
    first = {digest: row for row, digest in reversed(list(enumerate(digests)))}
    waiting = [row for digest, row in first.items() if digest not in known.rows]
    skipped: dict[str, str] = {}
    for at in range(0, len(waiting), PART):
        part = np.array(sorted(waiting[at : at + PART]), dtype=np.int64)

        def shifted(what: str, done: int, total: int, at: int = at) -> None:
            on_step("asking your network", at + done, len(waiting))

        found = _score(case, model, part, skipped, shifted)
        known.add([digests[row] for row in part.tolist() if digests[row] not in skipped], found)
    here = np.array([known.rows.get(digest, -1) for digest in digests], dtype=np.int64)
    of_labels = known.scores(here[here >= 0], len(model.labels))
    probabilities = np.full((len(digests), len(case.classes)), np.nan)
    probabilities[here >= 0] = onto_classes(of_labels, model.classes, case.classes)
    predicted = np.full(len(digests), -1, dtype=np.int64)
    predicted[here >= 0] = probabilities[here >= 0].argmax(axis=1)
    named = np.array([name is not None for name in model.classes])
    strange = int((~named[of_labels.argmax(axis=1)]).sum()) if len(of_labels) else 0
    lost = tuple((str(i), skipped[d]) for i, d in zip(case.ids, digests, strict=True) if d in skipped)
    return Scored(Predictions(model.name, model.version, probabilities, predicted, True), strange, lost)


def _score(
    case: Case, model: OwnModel, rows: NDArray[np.int64], skipped: dict[str, str], on_step: Callable[..., None]
) -> NDArray[np.float32]:
    """Probabilities of labels of rows that can be opened; the others are noted by content."""
    from embeddings.images import Unreadable, open_picture
    from embeddings.pipeline import DECODED_SIDE

    dataset = case.dataset
    side = max(DECODED_SIDE, model.preparation.side)

    def one(at: int, end: int) -> NDArray[np.float32]:
        pictures = []
        for row in rows[at:end].tolist():
            try:
                image = str(dataset.ids[row])
                picture = open_picture(dataset.path(image), root=dataset.root_of(image), smallest_side=side)
                if picture.sha256 != dataset.sha256[row]:
                    raise Unreadable("the file has changed since the import; import again")
                pictures.append(picture.pixels)
            except Unreadable as reason:
                skipped[str(dataset.sha256[row])] = reason.reason
        found = model.label_scores(pictures) if pictures else np.zeros((0, len(model.labels)))
        return found.astype(np.float32)

    empty = np.zeros((0, len(model.labels)), dtype=np.float32)
    return np.concatenate([empty, *case.eyes.in_slices(len(rows), one, side_by_side=True, on_step=on_step)])


class _Kept:
    """Scores by picture content, in parts of the case's store."""

    def __init__(self, case: Case, model: OwnModel) -> None:
        self._store = case.store
        self._name = f"own-scores-{METHOD}-{model.fingerprint}"
        self._parts: list[Arrays] = []
        self.rows: dict[str, int] = {}
        while (part := self._store.load(f"{self._name}-{len(self._parts)}")) is not None:
            self._note(part)

    def add(self, digests: list[str], scores: NDArray[np.float32]) -> None:
        """Keep the scores of some contents as the next part."""
        if digests:
            part: Arrays = {"sha256": np.array(digests, dtype="U64"), "scores": scores}
            self._store.save(f"{self._name}-{len(self._parts)}", part)
            self._note(part)

    def scores(self, rows: NDArray[np.int64], labels: int) -> NDArray[np.float64]:
        """Of rows over all parts."""
        together = [np.zeros((0, labels), dtype=np.float32), *(p["scores"] for p in self._parts)]
        return np.concatenate(together)[rows].astype(np.float64)

    def _note(self, part: Arrays) -> None:
        start = sum(len(p["sha256"]) for p in self._parts)
        self.rows |= {digest: start + i for i, digest in enumerate(part["sha256"].tolist())}
        self._parts.append(part)
