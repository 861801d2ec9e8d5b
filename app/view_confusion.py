"""The confusion matrix: counts and mean scores per cell, its pictures, and its heat map. Pure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from app.charts import literal
from tools.checks.negatives import NAMES
from tools.statistics import wilson

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from tools.case import Case

Mode = Literal["counts", "mean score"]
TEXT_UP_TO = 25
"""With more classes the numbers in the cells cannot be read; hovering says them."""
SCALE = ((0.0, "rgba(0,114,178,0.05)"), (1.0, "rgba(0,114,178,1)"))
"""One hue from clear to full: reads the same on light and dark and to every kind of colour vision."""
INK_TURNS = 0.7
SEEN = 0.005
"""Smaller mean scores, and counts of none, are left blank: zeros hide what matters, and each costs the browser."""
CELL_PIXELS, LEAST, MOST = 46, 380, 900


@dataclass(frozen=True, eq=False)
class Confusion:
    """What judged pictures of each class were called.

    Attributes
    ----------
    classes : tuple of str
        Without those marked as belonging to none.
    counts : ndarray of int64, shape (k, k)
        True class by class said.
    scores : ndarray of float64, shape (k, k)
        Mean score of each class over pictures of each true class; NaN where there are no scores.
    outside : tuple of str
        What became of pictures that belong to none of the classes, and who was taken for one, in sentences.
    """

    classes: tuple[str, ...]
    counts: NDArray[np.int64]
    scores: NDArray[np.float64]
    outside: tuple[str, ...] = ()


def confusion(case: "Case") -> Confusion:
    """Count judged pictures."""
    derived = case.derived
    rows = np.flatnonzero(derived.judged)
    targets, said, k = case.targets[rows], derived.predicted[rows], len(case.classes)
    counts = np.bincount(targets * k + said, minlength=k * k).reshape(k, k)
    known = np.isfinite(derived.scores[rows]).all(axis=1)
    sums = np.zeros((k, k))
    np.add.at(sums, targets[known], derived.scores[rows][known])
    of = np.bincount(targets[known], minlength=k)[:, None]
    means = np.where(of > 0, sums / np.maximum(of, 1), np.nan)
    inside = [n for n, name in enumerate(case.classes) if name.strip().casefold() not in NAMES]
    told = tuple(_outside(case.classes, counts, n) for n in range(k) if n not in inside)
    kept, here = np.ix_(inside, inside), tuple(case.classes[n] for n in inside)
    return Confusion(here, counts[kept].astype(np.int64), means[kept], told)


def _outside(classes: tuple[str, ...], counts: NDArray[np.int64], number: int) -> str:
    """``4 of 10 judged pictures of negative, which is no class of things, are called one; 2 others are called it``."""
    called, of = int(counts[number].sum() - counts[number, number]), int(counts[number].sum())
    others = int(counts[:, number].sum() - counts[number, number])
    verb = "is" if called == 1 else "are"
    return (
        f"{called} of {of} judged pictures of {classes[number]}, which means none of the classes, {verb} called one; "
        f"{others} of the classes {'is' if others == 1 else 'are'} called it"
    )


def cell_ids(case: "Case", true: str, said: str) -> list[str]:
    """Pictures of a cell, those said most surely first."""
    derived, a, b = case.derived, case.number(true), case.number(said)
    rows = np.flatnonzero(derived.judged & (case.targets == a) & (derived.predicted == b))
    scores = np.nan_to_num(derived.scores[rows, b], nan=0.0)
    return [str(i) for i in case.ids[rows[np.argsort(-scores, kind="stable")]]]


def cell_sentence(found: Confusion, true: str, said: str) -> str:
    """``6 of 12 pictures of Lime are called Lemon (25.4–74.6 %)``."""
    a, b = found.classes.index(true), found.classes.index(said)
    count, of = int(found.counts[a, b]), int(found.counts[a].sum())
    low, high = wilson(count, of)
    verb = "is" if count == 1 else "are"
    return f"{count} of {of} judged pictures of {true} {verb} called {said} ({100 * low:.1f}–{100 * high:.1f} %)"


def heat_figure(found: Confusion, mode: Mode, ink: str = "") -> "Figure":
    """Heat map; an unseen square lies on every cell, because a heat map itself cannot be clicked for a choice.

    Parameters
    ----------
    found : Confusion
    mode : Mode
    ink : str
        Colour of the page's text, for the numbers of clear cells; empty for plotly's own.
    """
    import plotly.graph_objects as go

    k = len(found.classes)
    shares = found.counts / np.maximum(found.counts.sum(axis=1, keepdims=True), 1)
    colour = shares if mode == "counts" else found.scores
    text = found.counts.astype(str) if mode == "counts" else np.char.mod("%.2f", np.nan_to_num(found.scores))
    told = found.counts > 0 if mode == "counts" else found.scores >= SEEN
    names = [literal(name) for name in found.classes]
    figure = go.Figure(
        go.Heatmap(
            z=colour, x=names, y=names, zmin=0, zmax=1, colorscale=SCALE, hoverinfo="skip", showscale=False,
            xgap=1, ygap=1,
        )
    )  # fmt: skip
    words = [  # of the page's own ink on clear cells, white on full ones; all at once, since one by one takes seconds
        {
            "x": names[j], "y": names[i], "text": str(text[i, j]), "showarrow": False,
            "font": {"color": "#ffffff" if colour[i, j] > INK_TURNS else ink or None, "size": 13},
        }
        for i, j in (np.argwhere(told).tolist() if k <= TEXT_UP_TO else ())
    ]  # fmt: skip
    a, b = np.divmod(np.arange(k * k), k)
    hover = [
        f"{names[i]} called {names[j]}<br>{found.counts[i, j]} pictures, {100 * shares[i, j]:.1f} % of {names[i]}"
        f"<br>mean score of {names[j]}: {found.scores[i, j]:.2f}"
        for i, j in zip(a.tolist(), b.tolist(), strict=True)
    ]
    figure.add_trace(
        go.Scatter(
            x=[names[j] for j in b], y=[names[i] for i in a], mode="markers", hovertext=hover, hoverinfo="text",
            marker={"symbol": "square", "size": 24, "opacity": 0.01, "color": "#888888"}, showlegend=False,
            selected={"marker": {"opacity": 0.01}}, unselected={"marker": {"opacity": 0.01}},
        )
    )  # fmt: skip
    figure.update_xaxes(title="called", side="top", fixedrange=True, showgrid=False, tickangle=-40 if k > 4 else 0)
    figure.update_yaxes(title="labelled", autorange="reversed", fixedrange=True, automargin=True, showgrid=False)
    figure.update_layout(
        annotations=words,
        height=min(MOST, max(LEAST, 120 + CELL_PIXELS * k)), margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode=False,
        plot_bgcolor="rgba(0,0,0,0)", paper_bgcolor="rgba(0,0,0,0)", clickmode="event+select",
    )  # fmt: skip
    return figure


def chosen_cell(points: object, classes: tuple[str, ...]) -> tuple[str, str] | None:
    """True class and class said of a clicked point; None where nothing was clicked."""
    if not isinstance(points, list) or not points:
        return None
    at = points[0].get("point_index")
    k = len(classes)
    return (classes[at // k], classes[at % k]) if isinstance(at, int) and 0 <= at < k * k else None
