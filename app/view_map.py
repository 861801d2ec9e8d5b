"""The map: points in colours for its canvas, and what a chosen group of them is. Pure."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.escaping import shown
from app.views import counted
from tools.findings import number_text
from tools.statistics import clustered_share

if TYPE_CHECKING:
    from tools.case import Case

PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800", "#8c8c8c")
"""Okabe and Ito's, without black, which a dark page swallows."""
SHAPES = 6
"""Where colours run out a shape tells apart (circle, plus, triangle, diamond, square, x): 48 values look different."""
CIVIDIS = (
    "#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"
)  # fmt: skip
"""Of Nuñez, Anderton & Renslow (2018): the same to every kind of colour vision."""
STEPS = 255
UNKNOWN = "#d55e00"
NONE = "(none)"
MOST_NAMES = 48
RIGHT, WRONG, UNJUDGED = "right", "wrong", "not judged"


@dataclass(frozen=True, eq=False)
class Colouring:
    """How points are told apart.

    Attributes
    ----------
    names : tuple of str
        Of the groups: classes in their order, else the largest first; empty for a number.
    codes : ndarray of int64, shape (n,)
        Group of each point.
    values : ndarray of float32, shape (n,)
        Of a number; empty otherwise.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int64]
    values: NDArray[np.float32]


def choices(case: "Case") -> list[str]:
    """What points can be coloured by."""
    properties = [f"cue: {name}" for name in case.dataset.properties]
    columns = [f"column: {name}" for name in case.dataset.metadata]
    return ["label", "prediction", "error", "split", "version", "tag", *columns, *properties]


def colouring(case: "Case", by: str, known_before: frozenset[str], tags: NDArray[np.str_]) -> Colouring:
    """Colour by one of ``choices``.

    Parameters
    ----------
    known_before : frozenset of str
        Contents of the pictures of the data set version before this one.
    tags : ndarray of str, shape (n,)
    """
    derived, dataset = case.derived, case.dataset
    names = np.array([*case.classes, NONE])
    if by in ("label", "prediction") and len(names) <= MOST_NAMES:  # a class keeps its colour in both
        codes = derived.predicted if by == "prediction" else case.targets
        least = len(names) - int((codes >= 0).all())
        return Colouring(tuple(names[:least].tolist()), codes % len(names), np.zeros(0, dtype=np.float32))
    if by.startswith("cue: "):
        values = dataset.properties[by.removeprefix("cue: ")].astype(np.float32)
        return Colouring((), np.zeros(0, dtype=np.int64), values)
    if by.startswith("column: "):
        texts = dataset.metadata[by.removeprefix("column: ")]
    elif by == "prediction":
        texts = names[derived.predicted]
    elif by == "error":
        texts = np.where(derived.errors, WRONG, np.where(derived.judged, RIGHT, UNJUDGED))
    elif by == "split":
        texts = dataset.splits
    elif by == "version":
        new = np.array([digest not in known_before for digest in dataset.sha256.tolist()], dtype=np.bool_)
        texts = np.where(new, "new in this version", "there before")
    elif by == "tag":
        texts = tags
    else:
        texts = names[case.targets]
    return _grouped(texts)


def _grouped(texts: NDArray[Any]) -> Colouring:
    found, codes, counts = np.unique(np.where(texts == "", NONE, texts), return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.minimum(np.arange(len(order)), MOST_NAMES - 1)
    names = [str(n) for n in found[order]]
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 1], f"(the {len(names) - MOST_NAMES + 1} smallest)"]
    return Colouring(tuple(names), place[codes], np.zeros(0, dtype=np.float32))


def map_data(positions: NDArray[np.float32], colours: Colouring, by: str) -> dict[str, Any]:
    """All points as the map's canvas takes them: five bytes each.

    Parameters
    ----------
    positions : ndarray of float32, shape (n, 2)
    colours : Colouring
    by : str
        One of ``choices``.
    """
    low = positions.min(axis=0, initial=np.inf) if len(positions) else np.zeros(2)
    span = float((positions - low).max(initial=0.0)) or 1.0
    points = np.round((positions - low) / span * 65535).astype("<u2")
    bar: list[str] | None = None
    if colours.names:
        codes = colours.codes
        counts = np.bincount(codes, minlength=len(colours.names))
        names = [f"{shown(name)} ({count})" for name, count in zip(colours.names, counts.tolist(), strict=True)]
        palette = [PALETTE[number % len(PALETTE)] for number in range(len(names))]
        shapes = [number // len(PALETTE) % SHAPES for number in range(len(names))]
    else:
        codes, bar = _steps(colours.values)
        names, palette, shapes = [], [*_ramp(), UNKNOWN], [0] * (STEPS + 1)
    return {
        "points": b64encode(points.tobytes()).decode(), "codes": b64encode(codes.astype(np.uint8).tobytes()).decode(),
        "colours": palette, "shapes": shapes, "names": names, "bar": bar, "by": by,
        "size": 7 if len(positions) < 3000 else 5 if len(positions) < 20_000 else 3,
        "alt": f"Map of {len(positions)} pictures, coloured by {shown(by)}. Arrow keys move a ring, [ and ] size it, "
        "Enter chooses what lies in it, plus and minus zoom, Escape chooses nothing.",
    }  # fmt: skip


def _steps(values: NDArray[np.float32]) -> tuple[NDArray[np.int64], list[str]]:
    """Step of each value on the ramp, the last for none; and what its ends stand for."""
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(values), STEPS, dtype=np.int64), ["none is known", ""]
    low, high = float(values[known].min()), float(values[known].max())
    share = (np.where(known, values, low) - low) / ((high - low) or 1.0)
    codes = np.where(known, np.minimum(share * STEPS, STEPS - 1), STEPS).astype(np.int64)
    return codes, [f"{low:.4g}", f"{high:.4g}"]


def _ramp() -> list[str]:
    """The steps of Cividis between its given colours."""
    given = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in CIVIDIS], dtype=np.float64)
    at = np.linspace(0, len(given) - 1, STEPS)
    mixed = np.stack([np.interp(at, np.arange(len(given)), given[:, c]) for c in range(3)], axis=1)
    return ["#" + "".join(f"{round(v):02x}" for v in row) for row in mixed.tolist()]


def chosen_rows(bits: str, count: int) -> list[int]:
    """Rows of the points drawn around, from a bit each as base64; empty for none, and for what is no such text."""
    try:
        found = np.frombuffer(b64decode(bits, validate=True), dtype=np.uint8)
    except ValueError:
        return []
    if len(found) != (count + 7) // 8:
        return []
    rows: list[int] = np.flatnonzero(np.unpackbits(found, bitorder="little")[:count]).tolist()
    return rows


def group_sentences(case: "Case", rows: Sequence[int]) -> list[str]:
    """How many, of which classes and splits, and how often the model errs there and elsewhere."""
    inside = np.zeros(len(case.ids), dtype=np.bool_)
    inside[list(rows)] = True
    lines = [f"{counted(len(rows), 'picture')} of {len(case.ids)}"]
    names = np.array([*case.classes, "no label"])[case.targets[inside]]
    found, counts = np.unique(names, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:5]
    lines.append("Labels: " + ", ".join(f"{shown(found[i])} {counts[i]}" for i in order))
    for where, mask in (("Here", inside), ("Elsewhere", ~inside)):
        judged = case.derived.judged & mask
        if judged.any():
            groups = case.derived.grouping.groups[judged]
            share, low, high = clustered_share(case.derived.errors[judged], groups, case.settings.confidence)
            interval = f"{number_text(low, 'share').removesuffix(' %')}–{number_text(high, 'share')}"
            lines.append(f"{where}: {number_text(share, 'share')} of {int(judged.sum())} judged are wrong ({interval})")
    return lines


def against(case: "Case", rows: Sequence[int]) -> tuple[NDArray[np.int64], str]:
    """What a group is held against: the other pictures of its classes, else all others; and its name."""
    inside = np.zeros(len(case.ids), dtype=np.bool_)
    inside[list(rows)] = True
    classes = np.unique(case.targets[inside])
    same = np.flatnonzero(~inside & np.isin(case.targets, classes))
    if len(same) >= len(rows) // 2 and len(same) >= 2:
        return same, "the other pictures of the same labels"
    return np.flatnonzero(~inside), "all other pictures"
