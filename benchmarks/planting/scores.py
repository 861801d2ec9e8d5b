"""A user's model with scores that mean what they say, or that are sharpened or flattened by a known temperature."""

from dataclasses import replace

import numpy as np

from tools.calibration import tempered
from tools.case import Case
from tools.predictions import Predictions


def with_scores(
    case: Case, *, temperature: float = 1.0, range_of_scores: tuple[float, float] = (0.4, 0.99), seed: int = 0
) -> Case:
    """Predictions for every image, calibrated at temperature 1.

    Parameters
    ----------
    temperature : float
        Logits were divided by ``1 / temperature``: 2 makes the model too sure, and a temperature of 2 mends it.
    range_of_scores : tuple of float
        The top score is uniform in it, before the temperature; each picture is right with it as its probability.
        What is left is spread evenly over the other classes.
    """
    rng = np.random.default_rng(seed)
    n, k = len(case.ids), len(case.classes)
    top = rng.uniform(*range_of_scores, n)
    right = rng.random(n) < top
    said = np.where(right, case.targets, (case.targets + rng.integers(1, k, n)) % k)
    scores = np.repeat(((1 - top) / (k - 1))[:, None], k, axis=1)
    scores[np.arange(n), said] = top
    return replace(case, predictions=Predictions("planted", "1", tempered(scores, 1 / temperature), said, True))


def underrate(case: Case, name: str, factor: float) -> Case:
    """Multiply the model's scores of one class, as a model does that saw too few of it, and say the highest again."""
    assert case.predictions is not None
    scores = case.predictions.probabilities.copy()
    scores[:, case.number(name)] *= factor
    scores /= scores.sum(axis=1, keepdims=True)
    said = scores.argmax(axis=1)
    return replace(case, predictions=replace(case.predictions, probabilities=scores, predicted=said))
