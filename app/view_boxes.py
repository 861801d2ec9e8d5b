"""What the page of a detector shows: its mistakes as pictures with boxes, and figures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools.detection.conditions import conditions_of
from tools.detection.error_types import HALF
from tools.detection.measuring import WORDS, Measured

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

AROUND = 1.0
"""How much of a box's own size is shown around it, on each side."""
LEAST = 96.0
"""Pixels shown at least: a thing of ten pixels says nothing without its surroundings."""
Place = tuple[float, float, float, float]


@dataclass(frozen=True)
class Rect:
    """A box drawn over a picture.

    Attributes
    ----------
    place : tuple of float
        x, y, width, height in pixels of what is shown.
    kind : {"label", "found", "other"}
        What it is: the labelled thing, the detection, or any other label close by.
    text : str
    """

    place: Place
    kind: str
    text: str


@dataclass(frozen=True)
class BoxTile:
    """A part of a picture with the boxes in it.

    Attributes
    ----------
    picture : str
        Id.
    place : tuple of float
        What is shown of it, pixels.
    rects : tuple of Rect
    caption : str
    alt : str
    """

    picture: str
    place: Place
    rects: tuple[Rect, ...]
    caption: str
    alt: str


def mistake_rows(measured: Measured, kind: str, number: int | None, score: float) -> NDArray[np.int64]:
    """Rows of a kind of mistake: detections by falling score, or labels that are missed by falling size.

    Parameters
    ----------
    kind : str
        A kind of ``tools.detection.error_types``.
    number : int or None
        Of this class alone: what the detector said, or what is missed.
    score : float
        Detections below it are left out; labels missed only because of it are not counted here.
    """
    matches, told = measured.matches, measured.told
    if kind == "missed":
        rows = np.flatnonzero(told.missed & ((number is None) | (matches.labels.classes == (number or 0))))
        return rows[np.argsort(-matches.labels.areas[rows], kind="stable")]
    found = matches.detected
    mine = (told.kind_of == kind) & (found.scores >= score) & ((number is None) | (found.classes == (number or 0)))
    rows = np.flatnonzero(mine)
    return rows[np.argsort(-found.scores[rows], kind="stable")]


def mistake_tile(measured: Measured, kind: str, row: int) -> BoxTile:
    """One mistake as a part of its picture."""
    matches, told, classes = measured.matches, measured.told, measured.boxset.classes
    labels, found = matches.labels, matches.detected
    if kind == "missed":
        name = classes[labels.classes[row]]
        return _tile(measured, int(labels.pictures[row]), labels.places[row], label=row, caption=f"{name}, not found")
    said, score = classes[found.classes[row]], float(found.scores[row])
    near = int(told.nearest[row])
    caption = f"said {said}, score {score:.2f}"
    if near >= 0:
        caption += f"; labelled {classes[labels.classes[near]]}, overlap {told.overlap[row]:.2f}"
    else:
        caption += "; nothing is labelled here"
    return _tile(
        measured, int(found.pictures[row]), found.places[row], label=near if near >= 0 else None, found=row,
        caption=caption,
    )  # fmt: skip


def missed_under(measured: Measured, condition: str, score: float) -> NDArray[np.int64]:
    """Labels with a condition that nothing with at least that score found, by falling size."""
    matches = measured.matches
    labels = matches.labels
    having = conditions_of(measured.boxset, labels)[condition][1]
    best = np.append(matches.detected.scores, -np.inf)[matches.found_by[HALF]]
    rows = np.flatnonzero(having & matches.counted & (best < score))
    return rows[np.argsort(-labels.areas[rows], kind="stable")]


def _tile(
    measured: Measured, picture: int, place: NDArray[np.float64], *, caption: str, label: int | None = None,
    found: int | None = None,
) -> BoxTile:  # fmt: skip
    boxset, matches = measured.boxset, measured.matches
    frame = _around(place, int(boxset.widths[picture]), int(boxset.heights[picture]))
    labels = matches.labels
    first, last = np.searchsorted(labels.pictures, [picture, picture + 1])
    rects = [
        Rect(_moved(labels.places[at], frame), "other", boxset.classes[labels.classes[at]])
        for at in range(int(first), int(last))
        if at != label and _touches(labels.places[at], frame)
    ]
    if label is not None:
        rects.append(Rect(_moved(labels.places[label], frame), "label", boxset.classes[labels.classes[label]]))
    if found is not None:
        detected = matches.detected
        rects.append(Rect(_moved(detected.places[found], frame), "found", boxset.classes[detected.classes[found]]))
    name = str(boxset.ids[picture])
    return BoxTile(name, frame, tuple(rects), caption, f"Part of {name}: {caption}")


def _around(place: NDArray[np.float64], width: int, height: int) -> Place:
    """A square around a box with some of its surroundings, whole pixels, moved into the picture."""
    side = max(LEAST, float(place[2:].max()) * (1 + 2 * AROUND))
    wide, tall = min(float(width), side), min(float(height), side)
    x = min(max(0.0, float(place[0] + place[2] / 2) - wide / 2), width - wide)
    y = min(max(0.0, float(place[1] + place[3] / 2) - tall / 2), height - tall)
    return float(np.floor(x)), float(np.floor(y)), float(np.ceil(wide)), float(np.ceil(tall))


def _touches(place: NDArray[np.float64], frame: Place) -> bool:
    x, y, w, h = frame
    return bool(place[0] < x + w and place[0] + place[2] > x and place[1] < y + h and place[1] + place[3] > y)


def _moved(place: NDArray[np.float64], frame: Place) -> Place:
    return float(place[0] - frame[0]), float(place[1] - frame[1]), float(place[2]), float(place[3])


def mistakes_figure(document: dict[str, Any]) -> "Figure":
    """What mending each kind would gain, as bars; beside each the number of mistakes, with room for it on a phone."""
    import plotly.graph_objects as go

    kinds: Sequence[dict[str, Any]] = [kind for kind in document["mistakes"] if kind["count"]][::-1]
    figure = go.Figure(
        go.Bar(
            x=[kind["gain"] for kind in kinds], y=[WORDS[kind["kind"]] for kind in kinds], orientation="h",
            text=[f"{kind['count']} · {100 * kind['gain']:.1f} points" for kind in kinds], textposition="outside",
            marker_color="#0072b2", hoverinfo="skip",
        )
    )  # fmt: skip
    most = max([kind["gain"] for kind in kinds] + [0.01])
    figure.update_xaxes(tickformat=".0%", fixedrange=True, title="gain if mended", range=[0, 2 * most])
    figure.update_yaxes(fixedrange=True, automargin=True)
    figure.update_layout(
        height=80 + 38 * len(kinds), margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode=False,
        plot_bgcolor="rgba(0,0,0,0)", paper_bgcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    return figure
