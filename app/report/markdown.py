"""A report as Markdown: the same parts, pictures by name."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.escaping import plain_markdown
from app.report.facts import Part
from app.report.first_page import title
from app.report.parts import parts

MARKS = {"worse": "▼ ", "better": "▲ ", "news": "• "}


def report_markdown(document: Mapping[str, Any], captions: Mapping[str, str]) -> str:
    """The whole text."""
    pieces = [f"# {plain_markdown(title(document))}", *(_one(part, document, captions) for part in parts(document))]
    return "\n\n".join(piece for piece in pieces if piece) + "\n"


def _one(part: Part, document: Mapping[str, Any], captions: Mapping[str, str]) -> str:
    cited = "".join(f" {plain_markdown(f'[{ref}]')}" for ref in part.refs)
    match part.kind:
        case "heading":
            return f"## {plain_markdown(part.text)}"
        case "page":
            return f"# {plain_markdown(part.text)}"
        case "pictures":
            return "Pictures: " + ", ".join(plain_markdown(captions.get(i, i)) for i in part.images)
        case "plot":
            return _trend(document["trend"]) if part.plot == "trend" else ""
        case "table":
            return _table(part.rows)
        case "action":
            return f"**{plain_markdown(part.text)}**{cited}"
        case _:
            text = plain_markdown(part.text)
            return f"**{text}**" if part.tone == "headline" else MARKS.get(part.tone, "") + text + cited


def _trend(trend: Sequence[Mapping[str, Any]]) -> str:
    def cells(week: Mapping[str, Any]) -> dict[str, str]:
        known = week["value"] is not None
        words = f"{100 * week['value']:.1f} % ({100 * week['low']:.1f}–{100 * week['high']:.1f} %)" if known else "–"
        return {"Week": week["week"], "Balanced accuracy by today's labels": words, "Model": week["name"]}

    return _table([cells(week) for week in trend])


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    if not rows:
        return ""
    lines = [[plain_markdown(v) for v in row.values()] for row in rows]
    head = [plain_markdown(name) or " " for name in rows[0]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *lines))
