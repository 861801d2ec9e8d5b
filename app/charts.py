"""Measured effects as a plot: point and interval against zero, with the noise floor behind."""

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.escaping import shown
from app.views import VERDICTS, Point

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

COLOURS = {"helps": "#0072b2", "hurts": "#d55e00", "no_effect": "#7f7f7f", "cannot_tell": "#cc79a7"}
"""Of the palette of Okabe and Ito (2008), told apart by every kind of colour vision and on light and dark."""
ROW_PIXELS = 64


def effect_figure(points: Sequence[Point]) -> "Figure":
    """One row per effect; the grey band is how far the metric moves with nothing changed.

    Parameters
    ----------
    points : sequence of Point
        In points (100 × share); drawn from top to bottom.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for row, point in enumerate(points):
        figure.add_shape(
            type="rect",
            x0=-point.noise,
            x1=point.noise,
            y0=row - 0.38,
            y1=row + 0.38,
            fillcolor="#8a9591",
            opacity=0.22,
            line_width=0,
            layer="below",
        )
        figure.add_trace(
            go.Scatter(
                x=[point.delta],
                y=[row],
                mode="markers",
                marker={"size": 11, "color": COLOURS[point.verdict]},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [point.high - point.delta],
                    "arrayminus": [point.delta - point.low],
                    "thickness": 2.5,
                    "width": 7,
                    "color": COLOURS[point.verdict],
                },
                hovertemplate=(
                    f"{point.delta:+.1f} points, interval {point.low:+.1f} to {point.high:+.1f}<br>"
                    f"{VERDICTS[point.verdict]}<extra></extra>"
                ),
                showlegend=False,
            )
        )
    figure.add_vline(x=0, line_width=1.5, line_color="#7f8c87")
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(points))),
        ticktext=[_tick(p.label) for p in points],
        range=[len(points) - 0.45, -0.55],
        fixedrange=True,
        automargin=True,
    )
    figure.update_xaxes(title="change in points (grey band: noise floor)", zeroline=False, fixedrange=True, nticks=7)
    figure.update_layout(
        height=70 + ROW_PIXELS * len(points),
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
        font={"size": 13},
    )
    return figure


def literal(text: str) -> str:
    """Text that plotly draws as it is: it reads a small HTML of its own, so its signs become entities."""
    signs = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
    return re.sub("[&<>$]", lambda m: signs[m.group()], shown(text))


def _tick(label: str) -> str:
    """A label in short lines."""
    return "<br>".join(literal(line) for line in textwrap.wrap(label, 30, max_lines=3, placeholder=" …"))
