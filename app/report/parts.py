"""A report's document as parts in reading order, so that every format says the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.escaping import shown
from app.views import action_title, counted, effect_sentence, evidence_rows, primary, severity_text

Document = Mapping[str, Any]
MOST_DETAILS = 12
ROW = 6
"""Pictures side by side."""


@dataclass(frozen=True)
class Part:
    """One piece of a report; all texts are data still to be escaped for the format.

    Attributes
    ----------
    kind : {"heading", "text", "quiet", "action", "table", "pictures", "plot", "page"}
        ``page`` starts the details.
    text : str
    tone : str
        Of ``agent.weekly_parts.Sentence``; empty where it has none.
    rows : sequence of mapping of str to str
    images : sequence of str
    plot : str
        ``trend`` or ``effects``.
    anchor, link : str
        A name others link to, and the name linked to.
    """

    kind: str
    text: str = ""
    tone: str = ""
    rows: Sequence[Mapping[str, str]] = ()
    images: Sequence[str] = ()
    plot: str = ""
    anchor: str = ""
    link: str = ""


def title(document: Document) -> str:
    """Of the page and the mail."""
    return f"Image-model report, week {document['week']}"


def compared_with(since: Document | None) -> str:
    """What a report lays beside today.

    >>> compared_with({"version": 3, "created": "2026-10-01T07:00:00+00:00"})
    'Compared with version 3 of the data, of 2026-10-01.'
    """
    if since is None:
        return "There is no report before."
    if "version" in since:
        return f"Compared with version {since['version']} of the data, of {since['created'][:10]}."
    return f"Compared with the report of {since['week']}."


def parts(document: Document) -> Iterator[Part]:
    """The first page, then the details."""
    yield from _first_page(document)
    yield Part("page", "Details")
    yield from _details(document)


def _first_page(document: Document) -> Iterator[Part]:
    yield Part("text", document["headline"], "headline")
    since = document["since"]
    yield Part("quiet", f"{compared_with(since)} Next report due {document['next_due']}.")
    if document["trend"] and sum(t["value"] is not None for t in document["trend"]) > 1:
        yield Part("plot", "Balanced accuracy by today's labels, week by week, with 95 % intervals", plot="trend")
    for quality in document["quality"]:
        name, words = str(quality["name"]), f"{quality['text']} ({quality['interval']}), {quality['how']}"
        yield Part("text", f"{name[:1].upper()}{name[1:]}: {words}.")
    yield Part("heading", "Do this next")
    if not document["actions"]:
        yield Part("text", "Nothing above low asks for a change.")
    for number, action in enumerate(document["actions"], start=1):
        yield Part("action", f"{number}. {action_title(action)} — {action['why']}", link=action["finding"])
        yield Part("quiet", tried_words(action))
        if action["images"]:
            yield Part("pictures", images=action["images"][:ROW])
    if any(a["effect"] for a in document["actions"]):
        yield Part("plot", "What the changes did when tried on held-out pictures", plot="effects")
    for section in document["sections"]:
        if section["sentences"]:
            yield Part("heading", section["title"])
            for sentence in section["sentences"]:
                yield Part("text", sentence["text"], sentence["tone"], link=sentence["about"] or "")
                if sentence["images"]:
                    yield Part("pictures", images=sentence["images"][:ROW])
    for failure in document["failed"]:
        yield Part("text", f"The step {failure['step']} failed: {failure['error']}", "worse")


def tried_words(action: Document) -> str:
    """What was measured when an action was tried, or that it was not."""
    cost = action["cost"]
    work = [counted(cost["images"], "picture to take", "pictures to take")] if cost["images"] else []
    work += [counted(cost["clicks"], "click")] if cost["clicks"] else []
    words = f" Work: {', '.join(work)}." if work else ""
    if not action["effect"]:
        return f"Not tried: the data at hand cannot show it.{words}"
    return f"Tried: {effect_sentence(primary(action['effect']))}.{words}"


def _details(document: Document) -> Iterator[Part]:
    audit, order = document["audit"], {"high": 0, "medium": 1}
    every = [f for o in audit["outcomes"] for f in o["findings"]]
    findings = [f for f in every if not f["settled"] and f["severity"]["level"] in order]
    for finding in sorted(findings, key=lambda f: order[f["severity"]["level"]]):
        level = finding["severity"]["level"]
        yield Part("heading", f"{finding['title']} ({level})", anchor=finding["id"])
        yield Part("text", finding["summary"])
        if words := severity_text(finding["severity"]):
            yield Part("quiet", words)
        if finding["assigned"]:
            yield Part("quiet", f"Seen to by {finding['assigned']}.")
        yield Part("table", rows=evidence_rows(finding["evidence"])[:MOST_DETAILS])
        if finding["images"]:
            yield Part("pictures", images=finding["images"][: 2 * ROW])
    settled = [(f["title"], f["settled"]) for f in every if f["settled"]]
    for status, words in (("passed", "Looked for and not found"), ("not_applicable", "Not applicable here")):
        rows = [{"Check": o["code"], "": shown(o["reason"])} for o in audit["outcomes"] if o["status"] == status]
        if rows:
            yield Part("heading", words)
            yield Part("table", rows=rows)
    if settled:
        yield Part("heading", "Settled, so not put forward")
        yield Part("table", rows=[{"Finding": name, "Decision": why} for name, why in settled])
    yield Part(
        "quiet",
        f"Case {document['case'][:12]}, encoder {document['encoder']['name']}, seed {document['seed']}. Every number "
        "was computed by the advisor's own code; intervals draw whole groups of pictures at once.",
    )


def images_of(document: Document) -> list[str]:
    """Every image that a report names, in order, once."""
    return list(dict.fromkeys(image for part in parts(document) for image in part.images))
