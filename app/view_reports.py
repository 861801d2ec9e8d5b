"""Two weekly reports side by side: what only one of them says, and how the figures moved. Pure."""

from collections.abc import Mapping
from typing import Any

from app.escaping import shown

Document = Mapping[str, Any]


def sentences(document: Document) -> dict[str, list[str]]:
    """Sentences of a report by the title of their section."""
    return {str(s["title"]): [str(one["text"]) for one in s["sentences"]] for s in document["sections"]}


def differences(before: Document, after: Document) -> list[dict[str, str]]:
    """Findings that only one report lists, then sentences that only one of them says."""
    rows = []
    old, new = ({f["id"]: f["title"] for f in open_findings(d)} for d in (before, after))
    rows += [{"": "new", "Part": "Finding", "What": shown(new[i])} for i in new if i not in old]
    rows += [{"": "gone", "Part": "Finding", "What": shown(old[i])} for i in old if i not in new]
    first, second = sentences(before), sentences(after)
    for name in dict.fromkeys([*second, *first]):
        here, there = second.get(name, []), first.get(name, [])
        rows += [{"": "new", "Part": shown(name), "What": shown(s)} for s in here if s not in there]
        rows += [{"": "gone", "Part": shown(name), "What": shown(s)} for s in there if s not in here]
    return rows


def open_findings(document: Document) -> list[Document]:
    """Findings of a report that nobody has settled."""
    return [f for o in document["audit"]["outcomes"] for f in o["findings"] if not f.get("settled")]


def figures(before: Document, after: Document) -> list[dict[str, str]]:
    """Each figure in both weeks; each by its own pictures and labels, so only the report's sentences judge a change."""
    old = {str(q["name"]): q for q in before["quality"]}
    return [
        {
            "Figure": shown(q["name"]),
            str(before["week"]): _with_interval(old[q["name"]]) if q["name"] in old else "",
            str(after["week"]): _with_interval(q),
        }
        for q in after["quality"]
    ]


def _with_interval(quality: Document) -> str:
    return f"{quality['text']} ({quality['interval']})"
