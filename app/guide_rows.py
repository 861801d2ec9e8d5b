"""The rows of the vendors' guides as a checklist: what each asks for and which checks answer it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.escaping import shown
from tools.findings import LEVELS

Document = Mapping[str, Any]
MARKS = {"to do": "●", "look": "◐", "fine": "✓", "not here": "–", "not run": "·"}
"""State of a row, with a sign that is told apart without colour."""


@dataclass(frozen=True)
class GuideRow:
    """One thing that a guide asks for.

    Attributes
    ----------
    row : str
        As in the README's table.
    asks : str
    checks : tuple of str
        Codes of the checks that answer it.
    """

    row: str
    asks: str
    checks: tuple[str, ...]


ROWS = (
    GuideRow("G2", "every use case in the pictures", ("hidden-subclasses", "weak-slices")),
    GuideRow("G3", "varied backgrounds", ("variety-background", "background-bias")),
    GuideRow("G4", "varied lighting", ("variety-lighting", "image-quality")),
    GuideRow("G5", "varied size and number", ("variety-size", "missed-things")),
    GuideRow("G6", "varied angles, no fixed camera", ("fixed-camera", "variety-angle")),
    GuideRow("G9", "no cue instead of the thing", ("spurious-cue",)),
    GuideRow("G10", "at least 50 pictures per label", ("image-quantity", "learning-curve")),
    GuideRow("G11", "smallest to largest at least 1 : 2", ("class-balance",)),
    GuideRow("G12", "styles that differ much kept apart", ("variety-style",)),
    GuideRow("G13", "negative pictures", ("negatives",)),
    GuideRow("G14", "truncated and hidden things in training", ("missed-things",)),
    GuideRow("G17", "patterns among the errors", ("weak-slices", "confusion-causes")),
    GuideRow("G18", "what kind of model it is", ("model-category",)),
    GuideRow("G19", "typical, not too easy, large enough", ("typicality", "training-too-easy", "test-too-easy")),
    GuideRow("G20", "concepts that can be seen", ("not-visual",)),
    GuideRow("G21", "right labels", ("wrong-labels", "contradicting-duplicates")),
    GuideRow("G22", "figures that can be trusted", ("split-leakage", "grouped-images", "calibration")),
    GuideRow("G24", "when more pictures stop paying", ("learning-curve",)),
    GuideRow("G25", "a test set like what you will run on", ("distribution-shift", "test-too-easy")),
    GuideRow("G26", "thresholds that fit", ("thresholds",)),
    GuideRow("G28", "causes of each confusion", ("confusion-causes", "similar-classes")),
    GuideRow("G31", "labels that hold one kind of thing", ("hidden-subclasses",)),
    GuideRow("G32", "no faces", ("faces",)),
    GuideRow("G36", "no clutter", ("clutter",)),
)


def state_of(codes: Sequence[str], outcomes: Mapping[str, Document], name: str = "") -> str:
    """The worst state of some checks, for one class or, without a name, for all.

    A finding above low is to do, a low one worth a look.
    """
    there = [outcomes[code] for code in codes if code in outcomes]
    found = [f for o in there for f in o["findings"] if not f.get("settled") and (not name or name in _about(f))]
    if found:
        worst = max(LEVELS.index(f["severity"]["level"]) for f in found)
        return "to do" if worst > 0 else "look"
    if any(o["status"] in ("passed", "found") for o in there):
        return "fine"
    return "not here" if there else "not run"


def _about(finding: Document) -> Sequence[str]:
    scope = finding["scope"]
    return [*scope["classes"], *(scope["pair"] or ())]


def checklist(audit: Document, classes: Sequence[str]) -> list[dict[str, str]]:
    """One line per row of the guides: its state over all, and a mark per class."""
    outcomes = {str(o["code"]): o for o in audit["outcomes"]}
    out = []
    for row in ROWS:
        state = state_of(row.checks, outcomes)
        line = {
            "": MARKS[state],
            "Asked for": row.asks,
            "State": state,
            "Checks": ", ".join(row.checks),
            "Row": row.row,
        }
        for name in classes:
            mark = MARKS[state_of(row.checks, outcomes, name)]
            line[shown(name)] = "" if mark == MARKS["fine"] and state != "fine" else mark
        out.append(line)
    return out
