"""Pictures unlike everything else: of no class here, broken, or the only one of their kind.

A picture is as odd as its nearest pictures from other groups, of any class, are far. Oddness is measured in the spread
of its own class (a class of varied pictures is no class of outliers); its tail is taken to fall exponentially beyond
the class-wise standardised upper tenth, which is heavier than a normal tail. Benjamini–Hochberg over groups. Many odd
pictures widen that tail and hide one another; they are seen by the void between them and the rest (``set_apart``).
A picture that fits another class is not odd in this sense: the wrong-labels check speaks of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f

from tools.case import Case
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_images
from tools.statistics import benjamini_hochberg, wilson
from tools.wording import listed, phrase

CODE = "outliers"
NEAREST = 10
"""Neighbours averaged: the nearest few of an odd picture may be odd too, and then prop each other up. A kind of picture
with fewer than this many independent pictures counts as odd."""
FEWEST = 60
"""Pictures in all: the tail is read off their most distant tenth."""
FEWEST_OF_CLASS = 10
UPPER, FAR = 0.90, 0.975
"""The tail's scale is read between these quantiles, so up to one picture in forty may be odd without widening it."""
MOST_APART = 0.10
"""Share of groups that may be set apart from the rest and still be outliers rather than a kind of their own."""
TAIL = 0.25
"""Spacings are compared within the upper quarter."""
VOID = 1.0
"""A void must also be as wide as from a class's median distance to its upper quartile."""
APART_RATE = 0.01
"""Chance of one void anywhere in the tail; real tails are somewhat heavier than exponential."""
SHOWN = 60
NAMED = 3
RATE = 0.05


@dataclass(frozen=True, eq=False)
class Oddness:
    """How odd each picture is.

    Attributes
    ----------
    distance : ndarray of float64, shape (n,)
        1 − mean similarity to the nearest pictures of other groups.
    p : ndarray of float64, shape (n,)
        That a picture of its class lies so far out; 1 where nothing can be said.
    odd : ndarray of bool, shape (n,)
        After Benjamini–Hochberg over groups, or set apart from the rest; all pictures of a group must be odd.
    limit : float
        Distance at which a single picture of the usual class is reported.
    """

    distance: NDArray[np.float64]
    p: NDArray[np.float64]
    odd: NDArray[np.bool_]
    limit: float


def check(case: Case, scope: Scope) -> Findings:
    """Report the outliers in scope in one finding, the oddest first."""
    labelled = case.targets >= 0
    if labelled.sum() < FEWEST:
        raise NotApplicable(
            f"{int(labelled.sum())} labelled pictures; what is usual here can be told from {FEWEST} at least"
        )
    found = measure(case)
    odd = found.odd
    rows = np.flatnonzero(odd & scoped_images(case, scope) & labelled)
    if len(rows):
        yield _finding(case, found, odd, rows[np.argsort(found.p[rows], kind="stable")])
    n = int(labelled.sum())
    usual = float(np.median(found.distance[labelled]))
    evidence = (
        Evidence("outliers", int(odd.sum()), "images", n, how="after Benjamini–Hochberg"),
        Evidence("usual distance", usual, "distance", n, how="median of 1 − similarity to the nearest of other groups"),
        Evidence(
            "visible distance", found.limit, "distance", n, how="a single picture farther out than this is reported"
        ),
    )
    return Measured(
        evidence,
        phrase(
            "one picture whose nearest others lie farther than about {visible distance} away, where the usual "
            "picture's lie at {usual distance}; many odd pictures of one kind may be missed, since they are alike",
            evidence,
        ),
    )


def measure(case: Case) -> Oddness:
    """Distance of every picture to its nearest ones of other groups, and its p-value within its class."""
    graph, groups, targets = case.derived.graph, case.derived.grouping.groups, case.targets
    distance = 1 - outside_similarity(graph.neighbours, graph.similarities.astype(np.float64), groups)
    codes = np.unique(groups, return_inverse=True)[1]
    count = int(codes.max()) + 1
    p, limits = tail_p(distance, targets, count)
    together, lowest = np.zeros(count), np.full(count, np.inf)
    np.maximum.at(together, codes, p)
    np.minimum.at(lowest, codes, standardised(distance, targets)[0])
    odd = benjamini_hochberg(together, RATE)
    usable = np.flatnonzero(np.isfinite(lowest))
    odd[usable] |= set_apart(lowest[usable])
    seen = np.isfinite(limits)
    limit = float(np.median(limits[seen])) if seen.any() else 2.0
    return Oddness(distance, p, odd[codes], min(2.0, limit))


def outside_similarity(
    neighbours: NDArray[np.int64], similarities: NDArray[np.float64], groups: NDArray[np.int64], nearest: int = NEAREST
) -> NDArray[np.float64]:
    """Mean similarity to the ``nearest`` neighbours of other groups, shape (n,).

    Where fewer of the neighbours known are of other groups, the least similarity known stands for the rest: no
    picture looks odder than it is.

    Examples
    --------
    >>> similarities, groups = np.array([[0.9, 0.5, 0.1]]), np.array([0, 0, 1, 2])
    >>> outside_similarity(np.array([[1, 2, 3]]), similarities, groups, 3).round(2).tolist()
    [0.23]
    """
    other = groups[neighbours] != groups[: len(neighbours), None]
    counted = other & (np.cumsum(other, axis=1) <= nearest)
    missing = nearest - counted.sum(axis=1)
    total = (similarities * counted).sum(axis=1) + missing * similarities[:, -1]
    return np.asarray(total / nearest)


def set_apart(z: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The largest values, where a void parts them from the rest, shape (n,).

    Of n values with an exponential tail the k-th largest less the next, times k, is exponential with the tail's scale,
    and all of these are independent (Rényi 1953); so ``k · gap`` over the mean of those further in follows an F
    distribution with 2 and 2m degrees. Odd values beyond a void do not blunt its test, which looks only further in.

    Parameters
    ----------
    z : ndarray of float64, shape (n,)

    Examples
    --------
    >>> set_apart(np.concatenate([np.linspace(0, 2, 100), [9.0, 9.5, 10.0]])).sum()
    np.int64(3)
    """
    order = np.argsort(-z, kind="stable")
    deep, most = int(TAIL * len(z)), int(MOST_APART * len(z))
    gaps = -np.diff(z[order[: deep + 1]])
    out = np.zeros(len(z), dtype=np.bool_)
    apart = k = 0
    while apart + k < most:  # from outside in; what is apart no longer counts, or the usual tail's own gaps would
        k += 1
        scaled = np.arange(1, deep - apart + 1) * gaps[apart:]
        inside = max(float(scaled[k:].mean()), 1e-9)
        p = float(f.sf(scaled[k - 1] / inside, 2, 2 * (deep - apart - k)))
        if gaps[apart + k - 1] >= VOID and p <= APART_RATE / most:
            apart, k = apart + k, 0
    out[order[:apart]] = True
    return out


def standardised(
    distance: NDArray[np.float64], targets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(x − median of its class) ÷ (upper quartile − median), the median and that spread; shapes (n,).

    Minus infinity, 0 and 1 for classes with fewer than ``FEWEST_OF_CLASS`` images and for targets of −1.
    """
    z, centre, spread = np.full(len(distance), -np.inf), np.zeros(len(distance)), np.ones(len(distance))
    for c in np.unique(targets[targets >= 0]):
        rows = np.flatnonzero(targets == c)
        if len(rows) >= FEWEST_OF_CLASS:
            middle, upper = np.quantile(distance[rows], [0.5, 0.75])
            centre[rows], spread[rows] = middle, max(float(upper - middle), 1e-6)
            z[rows] = (distance[rows] - middle) / spread[rows]
    return z, centre, spread


def tail_p(
    distance: NDArray[np.float64], targets: NDArray[np.int64], family: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P-value of each distance within its class, and the distance whose p-value is ``RATE`` ÷ family, shapes (n,).

    Parameters
    ----------
    distance : ndarray of float64, shape (n,)
    targets : ndarray of int64, shape (n,)
        −1 is left out (p = 1, limit infinite), and so are classes with fewer than ``FEWEST_OF_CLASS`` images.
    family : int

    Notes
    -----
    Over all classes P(Z > z) = 0.1 · exp(−(z − q90)/β) beyond the 0.90 quantile, with β = (q97.5 − q90) / ln 4, which
    is exact for an exponential tail.
    """
    z, centre, spread = standardised(distance, targets)
    usable = np.isfinite(z)
    if usable.sum() < FEWEST:
        return np.ones(len(distance)), np.full(len(distance), np.inf)
    start, far = np.quantile(z[usable], [UPPER, FAR])
    scale = max(float(far - start), 1e-9) / np.log((1 - UPPER) / (1 - FAR))
    p = np.where(z > start, (1 - UPPER) * np.exp(-np.maximum(z - start, 0) / scale), 1.0)
    limit = centre + spread * (start + scale * np.log((1 - UPPER) * max(family, 1) / RATE))
    return np.where(usable, p, 1.0), np.where(usable, limit, np.inf)


def _finding(case: Case, found: Oddness, odd: NDArray[np.bool_], rows: NDArray[np.int64]) -> Finding:
    judged, errors = case.derived.judged, case.derived.errors
    total, hit = int(errors.sum()), int(errors[rows].sum())
    looked = int(judged[rows].sum())
    labelled = int((case.targets >= 0).sum())
    low, high = wilson(len(rows), labelled, case.settings.confidence)
    rest = judged & ~odd
    evidence = [
        Evidence("outliers", len(rows), "images", labelled, how="after Benjamini–Hochberg over all groups"),
        Evidence("share of pictures", len(rows) / labelled, "share", labelled, low, high, "Wilson interval"),
        Evidence("expected by chance among them", RATE, "share", how="the false-discovery rate aimed at"),
        Evidence("distance of theirs", float(np.median(found.distance[rows])), "distance", len(rows)),
        Evidence("usual distance", float(np.median(found.distance)), "distance", labelled, how="1 − similarity"),
        Evidence("errors among them", hit, "images", total, how=f"{case.subject}"),
        Evidence("judged among them", looked, "images"),
    ]
    text = (
        "{outliers} pictures ({share of pictures}) are unlike everything else: their nearest pictures lie at "
        "{distance of theirs} where the usual picture's lie at {usual distance}"
    )
    text += "; most stand under {names}. " if len(rows) > 1 else "; it stands under {names}. "
    share = None
    if looked and rest.any():
        elsewhere = float(errors[rest].mean())
        evidence.append(Evidence("error share elsewhere", elsewhere, "share", int(rest.sum()), how=case.subject))
        text += "The model errs on {errors among them} of the {judged among them} that can be judged"
        text += ", and on {error share elsewhere} of the others."
        share = max(0.0, hit - elsewhere * looked) / total if total and hit >= 3 else None
    counts = np.bincount(case.targets[rows], minlength=len(case.classes))
    top = [case.classes[c] for c in np.argsort(-counts, kind="stable")[:NAMED] if counts[c]]
    if len(rows) == 1:
        text = text.replace("pictures (", "picture (", 1).replace("are unlike", "is unlike").replace("their", "its", 1)
    ids = tuple(case.ids[rows[:SHOWN]].tolist())
    return Finding(
        CODE,
        "Pictures unlike everything else",
        severity(share),
        phrase(text.strip(), evidence, names=listed(top)),
        tuple(evidence),
        scope=Scope(classes=tuple(top)),
        images=ids,
        recommendations=(
            Recommendation(
                "look at",
                "pictures unlike everything else",
                CODE,
                "Look at each once: what is broken or belongs to no class here, take out; what is a rare but true "
                "case, photograph more of. Which of the two only a person can say, so nothing is tried beforehand.",
                Cost(clicks=len(rows)),
                images=ids,
            ),
        ),
    )
