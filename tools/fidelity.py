"""How far the advisor's baseline resembles the user's model: what-ifs are tried on the one and asked for the other."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from tools.case import Case
from tools.effects import Fidelity, Resemblance
from tools.findings import Evidence
from tools.statistics import clustered_mean, clustered_share, paired_interval, quantile_of_normal

SUBSTANTIAL, MODERATE = 0.6, 0.4
"""Kappa from which agreement is called substantial, and moderate (Landis & Koch 1977)."""
FEW_ERRORS = 20
"""Below this many errors shares are said as counts (DECISIONS "Few errors")."""
FEWEST_OF_CLASS = 10
FEWEST_CONFUSIONS = 10
"""Errors of either side below which their kinds are not compared."""
FEWEST_CELLS = 6
DRAWS = 400
SO: dict[Resemblance, str] = {
    "closely": "what helps the one can be expected to help the other",
    "partly": "what is measured on the baseline is a good hint for it and no proof",
    "hardly": "what is measured on the baseline says little about it: train it with the change before relying on it",
}


def fidelity(case: Case) -> Fidelity | None:
    """The baseline beside the user's model on the judged pictures; None where the baseline itself is the subject.

    The baseline speaks as it does before a what-if: out of fold, or on the given test split.
    """
    if case.subject != "user" or case.predictions is None:
        return None
    return case.derived.once("fidelity", lambda: _compared(case))


def _compared(case: Case) -> Fidelity:
    assert case.predictions is not None
    judged = case.derived.judged
    return compare(
        case.derived.predicted[judged],
        case.derived.baseline[judged].argmax(axis=1),
        case.targets[judged],
        case.derived.grouping.groups[judged],
        case.classes,
        f"{case.predictions.model} {case.predictions.version}".strip(),
        case.settings.confidence,
        case.rng("fidelity"),
    )


def compare(
    model: NDArray[np.int64],
    baseline: NDArray[np.int64],
    targets: NDArray[np.int64],
    groups: NDArray[np.int64],
    classes: Sequence[str],
    name: str,
    confidence: float,
    rng: np.random.Generator,
) -> Fidelity:
    """What two models say of the same pictures.

    Parameters
    ----------
    model, baseline, targets, groups : ndarray of int64, shape (n,)
        Class numbers said by either, the right ones, and which pictures come and go together.
    classes : sequence of str
    name : str
        The user's model.
    confidence : float
        Of the intervals.
    rng : Generator
        Draws groups for the interval of the rank correlation.
    """
    wrong, also = model != targets, baseline != targets
    same = _share("the baseline says the same", model == baseline, groups, confidence, "of the judged pictures")
    parts = [same]
    shared = chance = kappa = None
    if wrong.any():
        own, of = also[wrong], groups[wrong]
        shared = _share("errors the baseline makes too", own, of, confidence, f"of those of {name}")
        chance = Evidence(
            "errors shared by chance alone", float(also.mean()), "share", len(also), how="the baseline's errors of all"
        )
        parts += [shared, chance]
    if found := error_consistency(wrong, also, groups, confidence):
        how = "Cohen's kappa of being right (error consistency, Geirhos, Meding & Wichmann 2020)"
        kappa = Evidence("agreement of errors beyond chance", found[0], "score", len(wrong), found[1], found[2], how)
        parts.append(kappa)
    gap = _largest_gap(model, baseline, targets, groups, classes, confidence)
    parts += gap
    if rank := confusions_alike(model, baseline, targets, groups, len(classes), confidence, rng):
        how = f"Spearman's rho over the {rank[3]} kinds of confusion"
        parts.append(Evidence("confusions rank alike", rank[0], "score", int((wrong | also).sum()), *rank[1:3], how))
    level = _level(kappa)
    text = _sentence(name, same, shared, chance, kappa, level)
    return Fidelity(name, len(targets), level, text, _details(name, gap, parts[-1] if rank else None), tuple(parts))


def error_consistency(
    wrong: NDArray[np.bool_], also: NDArray[np.bool_], groups: NDArray[np.int64], confidence: float
) -> tuple[float, float, float] | None:
    """Cohen's kappa (1960) of two models' errors, with its interval; None where chance alone would agree on all.

    Parameters
    ----------
    wrong, also : ndarray of bool, shape (n,)

    Notes
    -----
    κ = (o − e) / (1 − e), with o the observed agreement and e that of independent errors. Each picture carries κ plus
    its influence on it (the delta method), so that groups can be taken whole.

    Examples
    --------
    >>> wrong, also = np.array([1, 1, 0, 0], bool), np.array([1, 0, 0, 0], bool)
    >>> error_consistency(wrong, also, np.arange(4), 0.95)[0]
    0.5
    """
    first, second = wrong.astype(np.float64), also.astype(np.float64)
    a, b = first.mean(), second.mean()
    agree = (wrong == also).astype(np.float64)
    observed, expected = agree.mean(), a * b + (1 - a) * (1 - b)
    if expected >= 1 - 1e-12:
        return None
    kappa = (observed - expected) / (1 - expected)
    moved = (2 * b - 1) * (first - a) + (2 * a - 1) * (second - b)
    values = kappa + (agree - observed) / (1 - expected) - (1 - observed) / (1 - expected) ** 2 * moved
    n = len(wrong)
    _, low, high = paired_interval(values[None], groups, np.full(n, 1 / n), confidence)
    return float(kappa), max(-1.0, float(low)), min(1.0, float(high))


def confusions_alike(
    model: NDArray[np.int64],
    baseline: NDArray[np.int64],
    targets: NDArray[np.int64],
    groups: NDArray[np.int64],
    classes: int,
    confidence: float,
    rng: np.random.Generator,
) -> tuple[float, float, float, int] | None:
    """Spearman's rank correlation (1904) of how often each class is called each other one by two models.

    Returns
    -------
    rho, low, high, cells : float, float, float, int or None
        With a Bayesian bootstrap over groups (Rubin 1981) and the number of ordered pairs of classes; None with fewer
        than three classes or too few errors on either side.
    """
    errors = [np.flatnonzero(said != targets) for said in (model, baseline)]
    cells = classes * (classes - 1)
    if cells < FEWEST_CELLS or min(map(len, errors)) < FEWEST_CONFUSIONS:
        return None
    kinds = [targets[e] * (classes - 1) + said[e] - (said[e] > targets[e]) for e, said in
             zip(errors, (model, baseline), strict=True)]  # fmt: skip
    codes = np.unique(groups, return_inverse=True)[1]

    def rho(weights: NDArray[np.float64]) -> float:
        ranks = [
            rankdata(np.bincount(kind, weights=weights[codes[e]], minlength=cells))
            for kind, e in zip(kinds, errors, strict=True)
        ]
        x, y = (rank - rank.mean() for rank in ranks)
        return float(x @ y / np.sqrt((x @ x) * (y @ y)))

    value = rho(np.ones(int(codes.max()) + 1))
    draws = [rho(rng.standard_exponential(int(codes.max()) + 1)) for _ in range(DRAWS)]
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return value, min(value, float(low)), max(value, float(high)), cells


def _share(name: str, hits: NDArray[np.bool_], groups: NDArray[np.int64], confidence: float, how: str) -> Evidence:
    value, low, high = clustered_share(hits, groups, confidence)
    return Evidence(name, value, "share", len(hits), low, high, f"{how}; groups come and go whole")


def _largest_gap(
    model: NDArray[np.int64],
    baseline: NDArray[np.int64],
    targets: NDArray[np.int64],
    groups: NDArray[np.int64],
    classes: Sequence[str],
    confidence: float,
) -> list[Evidence]:
    """The class whose recall differs most, among those with enough pictures; its interval allows for the choice."""
    counts = np.bincount(targets, minlength=len(classes))
    usable = np.flatnonzero(counts >= FEWEST_OF_CLASS)
    if not len(usable):
        return []
    difference = (baseline == targets).astype(np.float64) - (model == targets)
    gaps = np.array([difference[targets == c].mean() for c in usable])
    number = int(usable[np.abs(gaps).argmax()])
    mine, name = targets == number, classes[number]
    n = int(mine.sum())
    mean, error = clustered_mean(difference[mine], groups[mine], np.full(n, 1 / n))
    half = quantile_of_normal(1 - (1 - confidence) / len(usable)) * (error if np.isfinite(error) else 1.0)
    how = f"largest of {len(usable)} classes, interval corrected for the choice"
    low, high = max(-1.0, mean - half), min(1.0, mean + half)
    return [
        Evidence(f"recall of {name} by the baseline", float((baseline == targets)[mine].mean()), "share", n),
        Evidence(f"recall of {name} by the model", float((model == targets)[mine].mean()), "share", n),
        Evidence(f"gap in recall of {name}", mean, "points", n, low, high, how),
    ]


def _level(kappa: Evidence | None) -> Resemblance:
    if kappa is None or kappa.low is None or kappa.high is None or kappa.low <= 0 or kappa.high < MODERATE:
        return "hardly"
    return "closely" if kappa.low >= SUBSTANTIAL else "partly"


def _sentence(
    name: str,
    same: Evidence,
    shared: Evidence | None,
    chance: Evidence | None,
    kappa: Evidence | None,
    level: Resemblance,
) -> str:
    text = f"The advisor's baseline agrees with {name} on {same.text} of these {same.n} pictures ({same.interval})"
    if shared is None or chance is None or shared.n is None:
        return f"{text}, and {name} makes no error on them: whether the two err alike is not known."
    errors = f"{shared.text} of its errors ({shared.interval}"
    if shared.n < FEW_ERRORS:
        errors = f"{round(shared.value * shared.n)} of its {shared.n} errors ({shared.interval}"
    beyond = "" if kappa is None else f"; kappa {kappa.text}, {kappa.interval}"
    return f"{text} and shares {errors}; by chance {chance.text}{beyond}), so {SO[level]}."


def _details(name: str, gap: Sequence[Evidence], rank: Evidence | None) -> str:
    said = []
    if gap:
        of = gap[2].name.removeprefix("gap in recall of ")
        said.append(
            f"Furthest apart is the recall of {of}: {gap[0].text} by the baseline, {gap[1].text} by {name} "
            f"({gap[2].text}, {gap[2].interval})."
        )
    if rank is not None:
        said.append(f"Their confusions rank alike with {rank.text} ({rank.interval}; 1 = the same order).")
    return " ".join(said)
