"""Whether scores mean what they say: calibration error, its chance level, and the temperature that mends it.

A top-label score is calibrated when, of all pictures given 0.9, nine in ten are right (Guo et al. 2017). The usual
error (ECE) is never zero in a finite sample, so it is read beside what a perfectly calibrated model would show.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from tools.folds import deal

BINS = 15
"""As in Guo et al. 2017, but of equal mass, which is less biased (Nixon et al. 2019)."""
FEWEST_IN_BIN = 10
DRAWS = 200
CHUNK = 50
TEMPERATURES = (0.05, 20.0)
TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Calibration:
    """Calibration of top scores.

    Attributes
    ----------
    error : float
        ECE as usually computed.
    corrected, low, high : float
        The same less its upward bias, with a pivot interval from group bootstrap; all ≥ 0.
    chance : float
        What 95 % of perfectly calibrated models would stay below, in ``error``.
    p : float
        That a perfectly calibrated model shows so large an ``error``.
    """

    error: float
    corrected: float
    low: float
    high: float
    chance: float
    p: float


def equal_mass_bins(scores: NDArray[np.float64], bins: int = BINS) -> NDArray[np.int64]:
    """Bin of each score, shape (n,): as equally filled as ties allow, at least ``FEWEST_IN_BIN`` each.

    >>> equal_mass_bins(np.repeat([0.5, 0.9], 20), bins=4).tolist() == [0] * 20 + [1] * 20
    True
    """
    count = max(1, min(bins, len(scores) // FEWEST_IN_BIN))
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, count + 1)[1:-1], method="lower"))
    found = np.searchsorted(edges, scores, side="left")
    return np.asarray(np.unique(found, return_inverse=True)[1], dtype=np.int64)


def calibration_error(scores: NDArray[np.float64], correct: NDArray[np.bool_], bins: NDArray[np.int64]) -> float:
    """Expected calibration error: |share correct − mean score| per bin, weighted by the bin's size.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
        Probability of the predicted class.
    correct : ndarray of bool, shape (n,)
    bins : ndarray of int64, shape (n,)

    Examples
    --------
    >>> scores, correct = np.array([0.6, 0.6, 0.9, 0.9]), np.array([True, False, True, True])
    >>> round(calibration_error(scores, correct, np.array([0, 0, 1, 1])), 4)
    0.1
    """
    return float(np.abs(np.bincount(bins, weights=correct - scores)).sum() / len(scores))


def calibration(
    scores: NDArray[np.float64],
    correct: NDArray[np.bool_],
    groups: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    bins: int = BINS,
) -> Calibration:
    """Calibration error with interval and null; whole groups are the independent units.

    Notes
    -----
    Two nulls, and the larger p counts. Independent draws (each picture right with its own score as probability)
    know how rare errors are at high scores; signs flipped for whole groups (wild cluster bootstrap with the null
    imposed, Cameron, Gelbach & Miller 2008) know that pictures of one group err together. Groups limit the bins.
    """
    codes = np.unique(groups, return_inverse=True)[1]
    count = int(codes.max()) + 1
    of = equal_mass_bins(scores, max(1, min(bins, count // FEWEST_IN_BIN)))
    width, n = int(of.max()) + 1, len(scores)
    residual = correct - scores
    error = calibration_error(scores, correct, of)
    if count < 2:
        return Calibration(error, error, 0.0, 1.0, 1.0, 1.0)
    cells = codes * width + of
    table = np.bincount(cells, weights=residual, minlength=count * width).reshape(count, width).astype(np.float32)
    sizes = np.bincount(codes, minlength=count).astype(np.float32)
    null_alone, null_groups, again = np.empty(DRAWS), np.empty(DRAWS), np.empty(DRAWS)
    for at in range(0, DRAWS, CHUNK):
        part = slice(at, at + CHUNK)
        signs = rng.integers(0, 2, (CHUNK, count), dtype=np.int8).astype(np.float32) * 2 - 1
        null_groups[part] = np.abs(signs @ table).sum(axis=1) / n
        draws = rng.standard_exponential((CHUNK, count), dtype=np.float32)  # Bayesian bootstrap (Rubin 1981)
        again[part] = np.abs(draws @ table).sum(axis=1) / (draws @ sizes)
        for i in range(at, at + CHUNK):
            null_alone[i] = calibration_error(scores, rng.random(n) < scores, of)
    p = max(float((1 + (null >= error - TINY).sum()) / (1 + DRAWS)) for null in (null_alone, null_groups))
    chance = max(float(np.quantile(null, 0.95)) for null in (null_alone, null_groups))
    tail = (1 - confidence) / 2
    below, above = np.quantile(again, [tail, 1 - tail])
    corrected = max(0.0, 2 * error - float(again.mean()))
    low, high = max(0.0, 2 * error - float(above)), max(0.0, 2 * error - float(below))
    return Calibration(error, corrected, min(low, corrected), max(high, corrected), chance, p)


def tempered(probabilities: NDArray[np.float64], temperature: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities with their logits divided by a temperature, shape (n, k); above 1 they become more modest.

    >>> tempered(np.array([[0.9, 0.1]]), 2.0).round(2).tolist()
    [[0.75, 0.25]]
    """
    logits = np.log(np.maximum(probabilities, TINY)) / np.reshape(temperature, (-1, 1))
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exp / exp.sum(axis=1, keepdims=True))


def fit_temperature(probabilities: NDArray[np.float64], targets: NDArray[np.int64]) -> float:
    """Temperature that makes the labels most likely (Guo et al. 2017), between the ``TEMPERATURES``."""
    logits = np.log(np.maximum(probabilities, TINY))
    own = logits[np.arange(len(targets)), targets]

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        top = scaled.max(axis=1)
        return float((top + np.log(np.exp(scaled - top[:, None]).sum(axis=1)) - own / np.exp(log_temperature)).mean())

    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))


def temperature_out_of_fold(
    probabilities: NDArray[np.float64],
    targets: NDArray[np.int64],
    groups: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    folds: int = 5,
) -> tuple[NDArray[np.float64], float]:
    """Probabilities tempered by what other groups teach, shape (n, k), and the temperature fitted on all."""
    count = min(folds, len(np.unique(groups)))
    if count < 2:
        return probabilities, 1.0
    fold_of = deal(targets, groups, count, rng)
    out = np.empty_like(probabilities)
    for fold in range(count):
        held = fold_of == fold
        out[held] = tempered(probabilities[held], fit_temperature(probabilities[~held], targets[~held]))
    return out, fit_temperature(probabilities, targets)
