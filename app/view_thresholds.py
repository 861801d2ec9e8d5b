"""What a threshold of one class does: precision, recall, F1 and cost, with intervals that respect groups. Pure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools.statistics import clustered_share

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from tools.case import Case

POINTS = 41
LINES = (("precision", "#0072b2", "solid"), ("recall", "#d55e00", "dash"), ("F1", "#7f7f7f", "dot"))
Interval = tuple[float, float, float]


@dataclass(frozen=True)
class AtThreshold:
    """One class at one threshold, on judged pictures.

    Attributes
    ----------
    precision, recall : tuple of float
        Value, low, high.
    f1 : float
    hits, said, there : int
        Pictures of the class that are said, all that are said, all of the class.
    """

    precision: Interval
    recall: Interval
    f1: float
    hits: int
    said: int
    there: int

    def cost(self, miss: float, alarm: float) -> float:
        """What its mistakes cost.

        >>> AtThreshold((0.5, 0, 1), (0.5, 0, 1), 0.5, hits=2, said=4, there=4).cost(5, 1)
        12.0
        """
        return float(miss * (self.there - self.hits) + alarm * (self.said - self.hits))


def has_scores(case: "Case") -> bool:
    """Whether every judged picture has a score for every class."""
    judged = case.derived.judged
    return bool(judged.any() and np.isfinite(case.derived.scores[judged]).all())


def at(case: "Case", name: str, threshold: float) -> AtThreshold:
    """Measure a class at a threshold."""
    rows = np.flatnonzero(case.derived.judged)
    number = case.number(name)
    yes, true = case.derived.scores[rows, number] >= threshold, case.targets[rows] == number
    groups, confidence = case.derived.grouping.groups[rows], case.settings.confidence
    hits, said, there = int((yes & true).sum()), int(yes.sum()), int(true.sum())
    return AtThreshold(
        clustered_share(true[yes], groups[yes], confidence), clustered_share(yes[true], groups[true], confidence),
        2 * hits / (said + there) if said + there else 0.0, hits, said, there,
    )  # fmt: skip


def curve(case: "Case", name: str) -> NDArray[np.float64]:
    """Threshold, precision (value, low, high), recall (value, low, high), F1; shape (points, 8)."""
    rows = []
    for threshold in np.linspace(0, 1, POINTS).tolist():
        found = at(case, name, threshold)
        precision = found.precision if found.said else (np.nan, np.nan, np.nan)
        rows.append((threshold, *precision, *found.recall, found.f1))
    return np.array(rows)


def curve_figure(points: NDArray[np.float64], chosen: float) -> "Figure":
    """Precision, recall and F1 over the threshold, with bands, and a line where it stands."""
    import plotly.graph_objects as go

    figure = go.Figure()
    columns = {"precision": (1, 2, 3), "recall": (4, 5, 6), "F1": (7, 7, 7)}
    for name, colour, dash in LINES:
        value, low, high = (points[:, c] for c in columns[name])
        known = np.isfinite(value)
        if name != "F1":
            figure.add_trace(
                go.Scatter(
                    x=np.concatenate([points[known, 0], points[known, 0][::-1]]),
                    y=np.concatenate([high[known], low[known][::-1]]),
                    fill="toself", fillcolor=colour, opacity=0.18, line={"width": 0}, hoverinfo="skip",
                    showlegend=False,
                )
            )  # fmt: skip
        figure.add_trace(
            go.Scatter(
                x=points[:, 0], y=value, name=name, mode="lines", line={"color": colour, "dash": dash, "width": 2.5}
            )
        )
    figure.add_vline(x=chosen, line_width=1.5, line_color="#7f8c87")
    figure.update_xaxes(title="threshold", range=[0, 1], fixedrange=True)
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", fixedrange=True)
    figure.update_layout(
        height=340, margin={"l": 8, "r": 8, "t": 8, "b": 8}, hovermode="x unified", dragmode=False,
        plot_bgcolor="rgba(0,0,0,0)", paper_bgcolor="rgba(0,0,0,0)", legend={"orientation": "h", "y": 1.12},
    )  # fmt: skip
    return figure


def by_hand(case: "Case", chosen: dict[str, float]) -> dict[str, Any]:
    """Thresholds set by hand as a service loads them; what they reach is measured on the pictures they were set on."""
    from tools.tuning import Goal, service_json

    document = service_json(case, Goal("f-beta", 1.0), ())
    classes = {}
    for name, threshold in chosen.items():
        found = at(case, name, threshold)
        classes[name] = {
            "class": name, "threshold": threshold, "precision": found.precision[0], "recall": found.recall[0]
        }  # fmt: skip
    goal = {"kind": "by hand", "text": "chosen by hand, measured on the pictures it was chosen on"}
    return {**document, "goal": goal, "classes": classes}
