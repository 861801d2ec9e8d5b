"""Plots of a report as SVG: the trend with its intervals, and measured effects."""

from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO
from typing import Any

from app.views import action_title

INK, BAND, GREEN, RED, GREY, OCHRE = "#1d2b26", "#1f6f5c", "#1f6f5c", "#b3382c", "#6b7672", "#b07a1e"
COLOURS = {"helps": GREEN, "hurts": RED, "no_effect": GREY, "cannot_tell": OCHRE}
WIDTH = 6.6
LABEL = 34
"""Letters of an action beside its interval."""


def trend_svg(trend: Sequence[Mapping[str, Any]]) -> str:
    """Balanced accuracy per week in the band of its interval; a week that cannot be measured again is a gap."""
    return _svg(_trend(trend))


def effects_svg(actions: Sequence[Mapping[str, Any]]) -> str:
    """One row per action that was tried: gain in points with its interval, against zero."""
    return _svg(_effects(actions))


def _trend(trend: Sequence[Mapping[str, Any]]) -> Any:
    figure, axes = _figure(1.4)
    gap = float("nan")
    middle, low, high = (
        [gap if t["value"] is None else 100 * t[side] for t in trend] for side in ("value", "low", "high")
    )
    at = range(len(trend))
    axes.fill_between(at, low, high, color=BAND, alpha=0.16, linewidth=0)
    # A week between two gaps has no band: its bar shows the interval all the same.
    axes.vlines(at, low, high, color=BAND, alpha=0.45, linewidth=1)
    axes.plot(at, middle, color=BAND, marker="o", markersize=4, linewidth=1.4)
    axes.set_xticks(range(len(trend)), [t["week"].partition("-")[2] for t in trend])
    axes.set_xlim(-0.5, len(trend) - 0.5)
    axes.set_ylabel("%", fontsize=8, color=INK)
    return figure


def _effects(actions: Sequence[Mapping[str, Any]]) -> Any:
    tried = [(n, next(m for m in a["effect"] if m["primary"])) for n, a in enumerate(actions, 1) if a["effect"]]
    figure, axes = _figure(0.55 + 0.3 * len(tried))
    axes.axvline(0, color=GREY, linewidth=1)
    for row, (_, m) in enumerate(tried):
        middle, low, high = (100 * v for v in (m["delta"], m["low"], m["high"]))
        axes.errorbar(
            [middle], [row], xerr=[[middle - low], [high - middle]], color=COLOURS[m["verdict"]], marker="o", capsize=4
        )
    axes.set_yticks(range(len(tried)), [_label(n, actions[n - 1]) for n, _ in tried])
    axes.set_ylim(len(tried) - 0.5, -0.5)
    axes.set_xlabel(f"points of {', '.join(dict.fromkeys(m['metric'] for _, m in tried))}", fontsize=8, color=INK)
    return figure


def _label(number: int, action: Mapping[str, Any]) -> str:
    """The action's beginning; a dollar sign would start a formula."""
    words = f"{number}. {action_title(action)}".replace("$", r"\$")
    return words if len(words) <= LABEL else words[:LABEL].rstrip() + " …"


def trend_png(trend: Sequence[Mapping[str, Any]]) -> bytes:
    """As ``trend_svg``, for mail programs, which show no SVG."""
    return _png(_trend(trend))


def effects_png(actions: Sequence[Mapping[str, Any]]) -> bytes:
    """As ``effects_svg``, for mail programs."""
    return _png(_effects(actions))


def _figure(height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=INK, labelsize=8)
    axes.grid(axis="y", color="#dfe5e2", linewidth=0.6)
    return figure, axes


def _svg(figure: Any) -> str:
    """Text of the figure without a date, so that the same report is the same file."""
    from matplotlib import rc_context

    out = StringIO()
    with rc_context({"svg.hashsalt": "report", "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
    text = out.getvalue()
    return text[text.index("<svg") :]


def _png(figure: Any) -> bytes:
    out = BytesIO()
    figure.savefig(out, format="png", dpi=110, facecolor="white", metadata={"Software": None})
    return out.getvalue()
