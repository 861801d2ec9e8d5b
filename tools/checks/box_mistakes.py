"""What kinds of mistakes a detector makes (misplaced, misnamed, twice, nothing there, missed), and what each costs.

TIDE's kinds (Bolya et al. 2020) at an overlap of a half, each with what the mean average precision would rise by if it
alone were mended, over pictures drawn anew (``tools.detection.error_types``). Gains of kinds do not add up.
"""

import numpy as np

from tools.case import Case
from tools.detection.cropping import crop_names
from tools.detection.error_types import Kind, Share, shares
from tools.detection.measuring import Measured as Detected
from tools.detection.precision import precisions
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, Severity, severity
from tools.registry import Findings, NotApplicable
from tools.wording import phrase

CODE = "box-mistakes"
WORTH = 0.01
"""A rise of the average precision by less, for sure, changes nothing that anybody would do."""
FEWEST_PICTURES = 5
"""With things, where pictures drawn anew all agree (all is missed, say): fewer agree too easily."""
SHOWN = 24
TITLES: dict[Kind, str] = {
    "classification": "Things found and called by another class's name",
    "localisation": "Things found but badly placed",
    "both": "Things found badly placed, and called by another class's name",
    "duplicate": "Things found twice",
    "background": "Detections where nothing is labelled",
    "missed": "Things not found at all",
}
COUNTED: dict[Kind, str] = {
    "classification": "detections name another class than the label they overlap by half",
    "localisation": "detections overlap a label of their class by a tenth to a half",
    "both": "detections overlap a label of another class by a tenth to a half",
    "duplicate": "detections are of things that a surer one has found",
    "background": "detections overlap no label by a tenth",
    "missed": "labelled things are found by no detection",
}
DONE: dict[Kind, tuple[str, str, str]] = {
    "classification": (
        "look at",
        "the labels of these boxes",
        "some may be wrong; for the others ask why the two classes are confused: each box is a picture here",
    ),
    "localisation": (
        "look at",
        "how tightly these boxes are drawn",
        "loose labels teach loose boxes; where less overlap will do, a lower overlap threshold counts them as right",
    ),
    "both": ("look at", "the labels of these boxes", "some may be wrong or loosely drawn"),
    "duplicate": (
        "tune",
        "the suppression of overlapping answers",
        "a stricter one (non-maximum suppression at a lower overlap) leaves one answer per thing",
    ),
    "background": (
        "look at",
        "the surest of these for missing labels",
        "what is right there was never labelled; for the others a higher score threshold, or training pictures without "
        "any thing",
    ),
    "missed": (
        "tune",
        "the score threshold, then collect such things",
        "a lower score threshold finds what is only unsure; what no detection meets needs training pictures",
    ),
}


def check(case: Case, scope: Scope) -> Findings:
    """Report every kind of mistake that surely costs more than a point, the dearest first."""
    if case.boxes is None:
        raise NotApplicable("no boxes: these pictures have one label each, and none was cut out of a larger one")
    found = case.boxes.measured
    if found is None:
        raise NotApplicable("labelled boxes but no detector's; import them with --predictions")
    if scope.classes or scope.pair:
        raise NotApplicable("average precision is the mean over classes; advisor boxes gives each class's")
    table = precisions(found.matches, case.settings.seed)
    if not table:
        raise NotApplicable("no labelled box is judged")
    precision, n = table[0].at_half, table[0].pictures
    mean = Evidence(
        "average precision", precision.value, "share", n, precision.low, precision.high, "at an overlap of a half"
    )
    kinds = shares(found.matches, found.told, case.settings.seed)
    for kind in kinds:
        surely = (kind.gain if n >= FEWEST_PICTURES else 0.0) if kind.low is None else kind.low
        if surely >= WORTH:
            yield _finding(case, found, kind, mean)
    each = [
        Evidence(f"mended: {kind.kind}", kind.gain, "points", kind.count, kind.low, kind.high, "rise at .5")
        for kind in kinds
    ]
    limit = Evidence("limit", WORTH, "points")
    text = "The average precision is {average precision}; a kind of mistake is named from {limit} on, for sure."
    return Measured((mean, *each, limit), phrase(text, (mean, limit)))


def _finding(case: Case, found: Detected, kind: Share, mean: Evidence) -> Finding:
    images = _crops(case, found, kind.kind)
    evidence = (
        Evidence("number", kind.count, "count"),
        Evidence("gain", kind.gain, "points", kind.count, kind.low, kind.high, "pictures drawn anew"),
        mean,
    )
    action, target, why = DONE[kind.kind]
    gain, now = (
        f"{{{name}}}" + ("" if low is None else f" ({{{name}|interval}})")
        for name, low in (("gain", kind.low), ("average precision", mean.low))
    )
    summary = phrase(
        f"{{number}} {COUNTED[kind.kind]}. If they alone were mended, the average precision at an overlap of a half "
        f"would change by {gain} from {now}.",
        evidence,
    )
    lost = max(1 - mean.value, 1e-9)  # judged as other findings are by errors: by the share of what is lost
    return Finding(
        CODE,
        TITLES[kind.kind],
        Severity(severity(min(1.0, kind.gain / lost)).level, None, kind.gain),
        summary,
        evidence,
        Scope(slice=kind.kind),
        images,
        (Recommendation(action, target, CODE, why, Cost(clicks=len(images)), images=images),),
    )


def _crops(case: Case, found: Detected, kind: Kind) -> tuple[str, ...]:
    """Pictures of the labelled things concerned, by the surest mistakes first; none where nothing is labelled."""
    matches, told = found.matches, found.told
    if kind == "missed":
        rows = np.flatnonzero(told.missed)
        rows = rows[np.argsort(-matches.labels.areas[rows], kind="stable")]
    else:
        mistaken = np.flatnonzero((told.kind_of == kind) & (told.nearest >= 0))
        rows = told.nearest[mistaken[np.argsort(-matches.detected.scores[mistaken], kind="stable")]]
    judged = np.flatnonzero(np.isin(found.boxset.labels.pictures, matches.pictures))
    names, _ = crop_names(found.boxset)
    ids = dict.fromkeys(names[judged[row]] for row in rows.tolist())
    return tuple(name for name in ids if name in case.dataset.index)[:SHOWN]
