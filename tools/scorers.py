"""Who says what changed pictures are: the user's own network where it is here, else the advisor's baseline."""

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.margins import held_out
from tools.other_pictures import SHORTER
from tools.own_model import OwnModel
from tools.predictions import Predictions
from tools.registry import NotApplicable

Pixels = NDArray[np.uint8]
SMALLEST = 1e-12
"""Probability below which logarithms are cut: networks that are sure of everything give zeros."""


class Scorer(Protocol):
    """Logits of pictures, changed or not; margins are their differences."""

    @property
    def speaker(self) -> str:
        """Who is asked, in a sentence."""
        ...

    @property
    def side(self) -> int:
        """Shorter side, in pixels, that pictures should keep."""
        ...

    @property
    def side_by_side(self) -> bool:
        """Whether calls from several threads run side by side."""
        ...

    def known(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of judged pictures as they are, shape (m, k)."""
        ...

    def logits(self, row: int, pictures: Sequence[Pixels]) -> NDArray[np.float64]:
        """Of changed versions of one picture, shape (versions, k); nobody answers who was trained on that picture."""
        ...


class BaselineScorer:
    """The advisor's baseline heads on the case's encoder."""

    side = SHORTER

    def __init__(self, case: Case) -> None:
        self._case, self._heads, self._encoder = case, held_out(case), case.eyes.encoder

    @property
    def speaker(self) -> str:
        """Who is asked, in a sentence."""
        return baseline_words(self._case)

    @property
    def side_by_side(self) -> bool:
        """Whether calls from several threads run side by side."""
        return self._encoder.side_by_side

    def known(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of pictures as they are, shape (m, k)."""
        return self._heads.logits(rows, self._case.space.vectors[rows])

    def logits(self, row: int, pictures: Sequence[Pixels]) -> NDArray[np.float64]:
        """Of changed versions of one picture, shape (versions, k)."""
        batch = np.stack([self._encoder.prepare(picture) for picture in pictures])
        return self._heads.logits(np.full(len(batch), row), self._encoder.encode(batch).vectors)


class OwnScorer:
    """The user's own network; logits up to a constant, which margins do not see."""

    speaker = "your own network"
    side_by_side = True

    def __init__(self, case: Case, model: OwnModel, predictions: Predictions) -> None:
        self._classes, self._model, self._predictions = case.classes, model, predictions

    @cached_property
    def side(self) -> int:
        """Shorter side, in pixels, that pictures should keep."""
        return max(SHORTER, self._model.preparation.side)

    def known(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of pictures as they are, shape (m, k), from the predictions it gave."""
        return as_logits(self._predictions.probabilities[rows])

    def logits(self, row: int, pictures: Sequence[Pixels]) -> NDArray[np.float64]:
        """Of changed versions of one picture, shape (versions, k)."""
        return as_logits(self._model.class_scores(pictures, self._classes))


def as_logits(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithms of probabilities."""
    return np.asarray(np.log(np.maximum(probabilities, SMALLEST)), dtype=np.float64)


def scorer(case: Case) -> Scorer:
    """Who answers for this case; once per case.

    Raises
    ------
    NotApplicable
        If the network's file is damaged, or the baseline is asked and its encoder is not here.
    """
    return case.derived.once("scorer", lambda: _scorer(case))


def _scorer(case: Case) -> Scorer:
    own = own_network(case)
    if own is None or case.predictions is None:
        return BaselineScorer(case)
    from embeddings.onnx_file import UnusableModel
    from tools.errors import WorkspaceDamaged

    try:
        own.network.open()
    except (UnusableModel, WorkspaceDamaged) as fault:
        raise NotApplicable(f"your own network cannot be asked: {fault.seen}") from None
    return OwnScorer(case, own, case.predictions)


def own_network(case: Case) -> OwnModel | None:
    """The network whose errors the case counts; None where it is not here, or the baseline is the subject."""
    return case.own_model if case.subject == "user" else None


def speaker(case: Case) -> str:
    """Whose answers to changed pictures are told, in a sentence."""
    return OwnScorer.speaker if own_network(case) is not None else baseline_words(case)


def baseline_words(case: Case) -> str:
    """What the baseline is called where the user's model may be meant."""
    return "the advisor's own baseline (not your model)" if case.subject == "user" else "the baseline"
