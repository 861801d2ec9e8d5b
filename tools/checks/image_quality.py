"""Tiny, dark, overexposed, blurred, empty or oddly shaped pictures, and whether errors gather there.

A picture is flagged when it is bad by any standard, or doubtful and also far from what this data set looks like: dark
pictures are no fault where all are dark on purpose. Whether the model errs more on flagged pictures is tested against
permutations that move whole groups, with each class's own error rate taken out, and corrected (Benjamini–Hochberg) over
the kinds of fault.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_images
from tools.statistics import benjamini_hochberg, difference_of_shares, group_permutation_p
from tools.wording import phrase

CODE = "image-quality"
OUTLYING = 3.0
"""Robust deviations from the data set's median (1.4826 × median absolute deviation), the usual three-sigma rule."""
FEWEST = 10
"""Judged pictures on either side, below which shares of errors are not compared."""
RATE = 0.05


@dataclass(frozen=True)
class Fault:
    """One kind of bad picture.

    Attributes
    ----------
    name, title : str
    column : str
        A property of ``embeddings.properties``, or ``side`` (shorter, pixels) or ``aspect`` (longer ÷ shorter side).
    bad : float
        Beyond it a picture is flagged in any data set.
    doubtful : float
        Beyond it a picture is flagged if it is also an outlier here.
    worse : {"low", "high"}
    floor : bool
        Whether a guide or a vendor's limit is broken.
    why : str
    """

    name: str
    title: str
    column: str
    bad: float
    doubtful: float
    worse: Literal["low", "high"]
    floor: bool
    why: str


FAULTS = (
    Fault("tiny", "Tiny pictures", "side", 64, 64, "low", True, "Rekognition refuses pictures below this"),
    Fault("small", "Small pictures", "side", 512, 512, "low", False, "Clarifai advises at least this"),
    Fault("dark", "Dark pictures", "brightness", 0.10, 0.20, "low", False, "mean luma, black to white"),
    Fault("overexposed", "Overexposed pictures", "brightness", 0.95, 0.80, "high", False, "mean luma, black to white"),
    Fault("blurred", "Blurred pictures", "sharpness", 20.0, 50.0, "low", False, "variance of the Laplacian"),
    Fault("empty", "Pictures with little in them", "entropy", 2.5, 5.0, "low", False, "bits per pixel of luma"),
    Fault("odd shape", "Oddly shaped pictures", "aspect", 3.0, 2.0, "high", False, "encoders see a square of it"),
)
"""The pixel limits are the vendors'. The others were set by looking: of 1,442 grocery photographs, all usable, the
darkest has brightness 0.20, the brightest 0.62, the emptiest 6.8 bits, and the two below sharpness 17 are blurred."""
LOGARITHMIC = ("sharpness", "side", "aspect")
"""Columns whose spread is multiplicative; outliers are judged on their logarithm."""


COLUMNS = {"side": "shorter side in pixels", "aspect": "longer ÷ shorter side"}
"""Words for columns whose name says too little."""


@dataclass(frozen=True, eq=False)
class Flagged:
    """Pictures with one fault, and how the model fares on them.

    Attributes
    ----------
    rows : ndarray of bool, shape (n,)
    order : ndarray of int64
        The flagged rows, worst first.
    counts : tuple of int or None
        Errors and judged pictures among the flagged, then among the others; None with too few of either.
    p : float
        That flagged pictures err more than the others of their class; 1 where nothing was compared.
    """

    rows: NDArray[np.bool_]
    order: NDArray[np.int64]
    counts: tuple[int, int, int, int] | None
    p: float


def check(case: Case, scope: Scope) -> Findings:
    """Report each fault that occurs, with its pictures and whether errors gather there."""
    needed = {fault.column for fault in FAULTS} - {"side", "aspect"}
    absent = sorted(needed - set(case.dataset.properties))
    if absent:
        raise NotApplicable(f"the pictures' {', '.join(absent)} were not measured; import the folder again")
    found = [measure(case, fault) for fault in FAULTS]
    gathers = benjamini_hochberg(np.array([f.p for f in found]), RATE)
    inside = scoped_images(case, scope)
    evidence = []
    for fault, flagged, worse in zip(FAULTS, found, gathers, strict=True):
        count = int((flagged.rows & inside).sum())
        evidence.append(Evidence(f"{fault.name} pictures", count, "images", int(inside.sum()), how=_rule(fault)))
        if count:
            yield _finding(case, fault, flagged, inside, bool(worse))
    return Measured(tuple(evidence), "one picture beyond a limit; " + "; ".join(map(_rule, FAULTS)))


def values(case: Case, column: str) -> NDArray[np.float64]:
    """A property of every picture, shape (n,)."""
    short = np.minimum(case.dataset.widths, case.dataset.heights).astype(np.float64)
    long = np.maximum(case.dataset.widths, case.dataset.heights).astype(np.float64)
    if column == "side":
        return short
    if column == "aspect":
        return np.asarray(long / np.maximum(short, 1))
    return case.dataset.properties[column].astype(np.float64)


def flag(measured: NDArray[np.float64], fault: Fault) -> NDArray[np.bool_]:
    """Pictures that are bad, or doubtful and outlying, shape (n,).

    >>> dark = next(f for f in FAULTS if f.name == "dark")
    >>> flag(np.array([0.05, 0.15, 0.40, 0.41, 0.42, 0.43, 0.44]), dark).tolist()
    [True, True, False, False, False, False, False]
    """
    sign = 1.0 if fault.worse == "high" else -1.0
    scale = np.log(np.maximum(measured, 1e-6)) if fault.column in LOGARITHMIC else measured
    middle = np.median(scale)
    spread = 1.4826 * np.median(np.abs(scale - middle))
    outlying = sign * (scale - middle) > OUTLYING * spread
    bad, doubtful = sign * (measured - fault.bad) > 0, sign * (measured - fault.doubtful) > 0
    out = bad | (doubtful & outlying)
    return np.asarray(out & (measured >= 64) if fault.name == "small" else out)


def measure(case: Case, fault: Fault) -> Flagged:
    """Flag pictures and compare the errors on them with the errors on the others."""
    measured = values(case, fault.column)
    rows = flag(measured, fault)
    worst_first = np.argsort(measured if fault.worse == "low" else -measured, kind="stable")
    order = worst_first[rows[worst_first]]
    judged = case.derived.judged
    inside, errors = rows[judged], case.derived.errors[judged]
    if min(int(inside.sum()), int((~inside).sum())) < FEWEST:
        return Flagged(rows, order, None, 1.0)
    targets = case.targets[judged]
    rate = np.bincount(targets, weights=errors) / np.maximum(np.bincount(targets), 1)
    beyond = errors - rate[targets]

    def more_errors(source: NDArray[np.int64]) -> float:
        moved = inside[source]
        return float(beyond[moved].mean() - beyond[~moved].mean())

    p = group_permutation_p(more_errors, case.derived.grouping.groups[judged], case.rng(f"{CODE} {fault.name}"))
    counts = int(errors[inside].sum()), int(inside.sum()), int(errors[~inside].sum()), int((~inside).sum())
    return Flagged(rows, order, counts, p)


def _rule(fault: Fault) -> str:
    also = "" if fault.doubtful == fault.bad else f", or {_side(fault)} {fault.doubtful:g} and unlike this data set"
    return f"{fault.name}: {COLUMNS.get(fault.column, fault.column)} {_side(fault)} {fault.bad:g}{also} ({fault.why})"


def _side(fault: Fault) -> str:
    return "below" if fault.worse == "low" else "above"


def _finding(case: Case, fault: Fault, flagged: Flagged, inside: NDArray[np.bool_], gathers: bool) -> Finding:
    rows = flagged.order[inside[flagged.order]]
    ids = tuple(case.ids[rows].tolist())
    unit: Literal["pixels", "score"] = "pixels" if fault.column == "side" else "score"
    evidence = [
        Evidence("pictures", len(ids), "images", int(inside.sum()), how=_rule(fault)),
        Evidence("share of pictures", len(ids) / int(inside.sum()), "share", int(inside.sum())),
        Evidence("limit", fault.bad, unit, how=fault.why),
        Evidence("doubtful limit", fault.doubtful, unit, how="flagged beyond it if unlike this data set"),
        Evidence("typical", float(np.median(values(case, fault.column))), unit, how="median of the data set"),
    ]
    text = "{share of pictures} of the pictures ({pictures}) are {fault}: {column} {side} {limit}"
    if fault.bad != fault.doubtful:
        text += ", or {side} {doubtful limit} and far from the usual {typical}"
    text += "."
    explained = None
    if flagged.counts is not None:
        wrong, judged, wrong_elsewhere, elsewhere = flagged.counts
        low, high = difference_of_shares(*flagged.counts, case.settings.confidence)
        here, there = wrong / judged, wrong_elsewhere / elsewhere
        gathers = gathers and low > 0
        explained = (wrong - there * judged) / max(1, wrong + wrong_elsewhere) if gathers else 0.0
        evidence += [
            Evidence("error share there", here, "share", judged, how=case.subject),
            Evidence("error share elsewhere", there, "share", elsewhere, how=case.subject),
            Evidence("excess", here - there, "points", judged, low, high, "difference of shares, Newcombe interval"),
            Evidence("p", flagged.p, "p", judged, how="groups permuted, class error rates taken out"),
        ]
        text += " The model errs on {error share there} of them and on {error share elsewhere} of the others: "
        text += "errors gather there." if gathers else "no sign that errors gather there."
    return Finding(
        CODE,
        fault.title,
        severity(explained, below_floor=fault.floor),
        phrase(text, evidence, fault=fault.name, column=COLUMNS.get(fault.column, fault.column), side=_side(fault)),
        tuple(evidence),
        images=ids,
        recommendations=(_advice(fault, ids),),
    )


def _advice(fault: Fault, ids: tuple[str, ...]) -> Recommendation:
    return Recommendation(
        "look at",
        f"the {fault.name} pictures",
        CODE,
        "Look whether such pictures occur in use. If they do, collect more of them for training; if not, take them "
        "again or leave them out. Which of the two holds only you can say.",
        Cost(clicks=len(ids)),
        images=ids,
    )
