"""What a report's first page cites, fact by fact: numbers, intervals, pictures; then what was not found."""

from collections.abc import Iterator

from app.escaping import shown
from app.report.facts import Document, Facts, Part
from app.report.first_page import ROW
from app.views import action_title, evidence_rows, merged_advice, severity_text

MOST_NUMBERS = 12
LEVELS = {"high": 0, "medium": 1}
"""Levels of findings that are shown though nothing cites them."""


def details(document: Document, facts: Facts) -> Iterator[Part]:
    """All facts in the order of their numbers, then the checks that found nothing, and what people settled."""
    there = [f for f in facts.findings.values() if f["severity"]["level"] in LEVELS]
    for finding in sorted(there, key=lambda f: LEVELS[f["severity"]["level"]]):
        facts.finding(finding["id"])
    if any(a["effect"] for a in document["actions"]):
        yield Part("plot", "What the changes did when tried on held-out pictures, with 95 % intervals", plot="effects")
    for (kind, key), ref in facts.cited.items():
        if kind == "finding":
            yield from _finding(ref, facts.findings[key])
        else:
            yield from _section(ref, key, document, facts)
    yield from _quiet(document["audit"])
    yield Part(
        "quiet",
        f"Case {document['case'][:12]}, encoder {document['encoder']['name']}, seed {document['seed']}. Every number "
        "was computed by the advisor's own code; intervals draw whole groups of pictures at once.",
    )


def _finding(ref: str, finding: Document) -> Iterator[Part]:
    yield Part("heading", f"{ref} · {finding['title']} ({finding['severity']['level']})", anchor=ref)
    yield Part("text", finding["summary"])
    if words := severity_text(finding["severity"]):
        yield Part("quiet", f"{words[:1].upper()}{words[1:]}.")
    if finding["assigned"]:
        yield Part("quiet", f"Seen to by {finding['assigned']}.")
    for action in merged_advice(finding["recommendations"]):
        yield Part("text", f"To do: {action_title(action)}. {action['why']}")
    yield Part("table", rows=evidence_rows(finding["evidence"])[:MOST_NUMBERS])
    if finding["images"]:
        yield Part("pictures", images=finding["images"][: 2 * ROW])


def _section(ref: str, key: str, document: Document, facts: Facts) -> Iterator[Part]:
    """Sentences that rest on numbers of their own; under the model's, how good it is by class."""
    title = facts.sections.get(key, {}).get("title") or "How good it is"
    yield Part("heading", f"{ref} · {title}", anchor=ref)
    if key == "model":
        recall = document["model"].get("recall", {}).values()
        yield Part("table", rows=evidence_rows([*document["quality"], *recall]))
    for sentence in facts.own(key):
        yield Part("text", sentence["text"], sentence["tone"])
        yield Part("table", rows=evidence_rows(sentence["evidence"])[: 2 * MOST_NUMBERS])
        if sentence["images"]:
            yield Part("pictures", images=sentence["images"][: 2 * ROW])


def _quiet(audit: Document) -> Iterator[Part]:
    for status, words in (("passed", "Looked for and not found"), ("not_applicable", "Not applicable here")):
        rows = [{"Check": o["code"], "Why": shown(o["reason"])} for o in audit["outcomes"] if o["status"] == status]
        if rows:
            yield Part("heading", words)
            yield Part("table", rows=rows)
    settled = [(f["title"], f["settled"]) for o in audit["outcomes"] for f in o["findings"] if f["settled"]]
    if settled:
        yield Part("heading", "Settled, so not put forward")
        yield Part("table", rows=[{"Finding": name, "Decision": why} for name, why in settled])
