"""What a trained version is, for whoever gets it without this project (Mitchell et al. 2019, "Model Cards")."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tools.versions import Version

SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~$:])")


def model_card(version: Version, preparation: str, files: Sequence[tuple[str, str]]) -> str:
    """Markdown: what it was made from, how good it is with intervals, what it must not be asked."""
    found = version.document
    metrics = {str(m["name"]): m for m in found["metrics"]}
    whole = [m for name, m in metrics.items() if " of " not in name]
    lines = [
        f"# Version {version.number}",
        "",
        f"Made {version.created} by: {_plain(found['text'])}. Seed {found['seed']}.",
        "",
        "## What it was made from",
        "",
        f"- Data set version {found['dataset']['version']} (fingerprint `{found['dataset']['fingerprint'][:16]}`), "
        f"{found['trained_on']} training pictures of {len(version.classes)} classes",
        f"- Encoder {_plain(found['encoder']['name'])} (fingerprint `{found['encoder']['fingerprint'][:16]}`)",
        *(f"- {_plain(note)}" for note in found["notes"]),
        "",
        "## How good it is",
        "",
        f"Measured on {found['judged_on']} pictures it was not trained on: {_plain(found['ruler'])}. Intervals draw "
        "whole groups of pictures (bursts) at once.",
        "",
        *_table(("Metric", "Value", "95 % interval"), [(m["name"], m["text"], m["interval"]) for m in whole]),
        "",
        *_table(("Class", "Recall", "Interval", "Pictures", "Precision", "Interval"), _classes(version, metrics)),
        "",
        "## How to use it",
        "",
        preparation,
        "",
        *_thresholds(found["thresholds"]),
        "",
        *(f"- `{name}`: {what}" for name, what in files),
        "",
        "## What it must not be asked",
        "",
        "It answers with one of its classes whatever it is shown. Pictures of anything else, or taken in another way "
        "than those it was made from, are outside of what was measured here.",
        "",
        "The encoder's weights keep the licence they came with.",
        "",
    ]
    return "\n".join(lines)


def _classes(version: Version, metrics: Mapping[str, Any]) -> list[tuple[str, ...]]:
    rows = []
    for name in version.classes:
        recall, precision = (metrics.get(f"{what} of {name}") for what in ("recall", "precision"))
        cells = (recall["text"], recall["interval"], str(recall["n"])) if recall else ("not measured", "", "0")
        more = (precision["text"], precision["interval"]) if precision else ("never said", "")
        rows.append((name, *cells, *more))
    return rows


def _thresholds(found: Mapping[str, Any] | None) -> list[str]:
    if not found:
        return ["No thresholds were chosen for it: the class with the highest score is said."]
    rows = [
        (name, "never" if t["threshold"] is None else f"{t['threshold']:.3f}", t["status"])
        for name, t in found["classes"].items()
    ]
    head = f"Thresholds were chosen for a {_plain(found['goal']['text'])}; `thresholds.json` says how to use them."
    return [head, "", *_table(("Class", "Threshold", "Goal"), rows)] if rows else [head]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [" | ".join(_plain(cell) for cell in row) for row in rows]
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {row} |" for row in cells)]


def _plain(text: object) -> str:
    """One line that renders as these characters."""
    return SPECIAL.sub(r"\\\1", " ".join(str(text).split()))
