"""The map: points in colours for a WebGL plot, and what a chosen group of them is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.charts import literal
from app.escaping import shown
from app.views import counted
from tools.findings import number_text
from tools.statistics import clustered_share

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from tools.case import Case

PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800", "#8c8c8c")
"""Okabe and Ito's, without black, which a dark page swallows."""
SYMBOLS = ("circle", "diamond", "cross", "triangle-up", "square", "x")
"""Where colours run out a shape tells apart; with both, no two of 48 values look alike."""
NONE = "(none)"
MOST_NAMES = 48
RIGHT, WRONG, UNJUDGED = "right", "wrong", "not judged"


@dataclass(frozen=True, eq=False)
class Colouring:
    """How points are told apart.

    Attributes
    ----------
    names : tuple of str
        Largest group first where it is of groups; empty for a number.
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


def traces(colours: Colouring) -> list[NDArray[np.int64]]:
    """Rows of each trace of the plot, in its order."""
    if not colours.names:
        return [np.arange(len(colours.values))]
    return [np.flatnonzero(colours.codes == number) for number in range(len(colours.names))]


def map_figure(positions: NDArray[np.float32], colours: Colouring) -> "Figure":
    """All points, drawn by WebGL: a trace per group, so that its name in the legend switches it."""
    import plotly.graph_objects as go

    size = 7 if len(positions) < 3000 else 5 if len(positions) < 20_000 else 3
    figure = go.Figure()
    for number, rows in enumerate(traces(colours)):
        if colours.names:
            marker: dict[str, Any] = {
                "color": PALETTE[number % len(PALETTE)], "symbol": SYMBOLS[number // len(PALETTE) % len(SYMBOLS)]
            }  # fmt: skip
            name = f"{literal(colours.names[number])} ({len(rows)})"
        else:
            marker, name = {"color": colours.values, "colorscale": "Cividis", "showscale": True}, ""
        figure.add_trace(
            go.Scattergl(
                x=positions[rows, 0], y=positions[rows, 1], mode="markers", name=name, hoverinfo="name",
                marker={**marker, "size": size, "opacity": 0.75}, showlegend=bool(name),
            )
        )  # fmt: skip
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    figure.update_layout(
        height=620, margin={"l": 0, "r": 0, "t": 0, "b": 0}, dragmode="lasso", plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)", uirevision="map",
        legend={"itemsizing": "constant", "orientation": "h", "y": -0.02, "yanchor": "top"},
    )  # fmt: skip
    return figure


def chosen_rows(points: object, colours: Colouring) -> list[int]:
    """Rows of the points that were drawn around; empty for none."""
    rows = traces(colours)
    out = []
    for point in points if isinstance(points, list) else ():
        curve, at = point.get("curve_number", -1), point.get("point_index", -1)
        if 0 <= curve < len(rows) and 0 <= at < len(rows[curve]):
            out.append(int(rows[curve][at]))
    return sorted(set(out))


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
