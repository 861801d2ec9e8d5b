"""The first page of a report, to be read in a minute: what changed, whether advice worked, what to do next."""

from collections.abc import Iterator, Sequence

from app.report.facts import Document, Facts, Part
from app.views import action_title, counted, effect_sentence, primary, untried_words

ROW = 6
"""Pictures side by side."""
MOST = 4
"""Sentences of a section; the rest are cited."""
ADVICE = "advice"
FIRST = "model"
"""Told first and aloud, also where nothing changed."""
PICTURED = ("labels", "production")
"""Sections whose first pictures stand on the first page."""


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


def due_words(document: Document) -> str:
    """When the next report is due.

    >>> due_words({"next_due": "2026-11-30T07:00+01:00"})
    'Next report due 2026-11-30 07:00.'
    """
    return f"Next report due {document['next_due'][:16].replace('T', ' ')}."


def late_words(document: Document) -> str:
    """That a report was missed and made afterwards; nothing of one that was not.

    >>> late_words({"late": "2026-11-27T17:00+01:00"})
    'Made late: it was due 2026-11-27 17:00, and tells what was there when it was made. '
    """
    due = document.get("late")
    if not due:
        return ""
    return f"Made late: it was due {due[:16].replace('T', ' ')}, and tells what was there when it was made. "


def first_page(document: Document, facts: Facts) -> Iterator[Part]:
    """Headline, figures, changes, advice followed, and the actions worth most."""
    yield Part("text", document["headline"], "headline")
    yield Part("quiet", f"{late_words(document)}{compared_with(document['since'])} {due_words(document)}")
    for failure in document["failed"]:
        yield Part("text", f"The step {failure['step']} failed: {failure['error']}", "worse")
    yield from _quality(document["quality"], facts)
    if sum(t["value"] is not None for t in document["trend"]) > 1:
        yield Part("plot", "Balanced accuracy by today's labels, week by week, with 95 % intervals", plot="trend")
    ordered = sorted(document["sections"], key=lambda s: s["id"] != FIRST)
    told = {s["id"]: s["sentences"] for s in ordered if s["sentences"]}
    seen: set[str] = set()
    if changes := {name: sentences for name, sentences in told.items() if name != ADVICE}:
        yield Part("heading", "What changed" if document["since"] else "What was found")
        yield from _sentences(changes, facts, seen)
    if ADVICE in told:
        yield Part("heading", "Advice, and whether it worked")
        yield from _sentences({ADVICE: told[ADVICE]}, facts, seen)
    yield Part("heading", "Do this next")
    yield from _actions(document["actions"], facts, seen)


def _quality(quality: Sequence[Document], facts: Facts) -> Iterator[Part]:
    if not quality:
        return
    words = ", ".join(f"{q['name']} {q['text']} ({q['interval']})" for q in quality)
    how = "; ".join(dict.fromkeys(str(q["how"]) for q in quality))
    yield Part("text", f"{words[:1].upper()}{words[1:]}: {how}.", refs=facts.model())


def _sentences(sections: dict[str, Sequence[Document]], facts: Facts, seen: set[str]) -> Iterator[Part]:
    """What is news, a few sentences of each section and a row of pictures; then in one paragraph what stays."""
    quiet: list[tuple[str, Document]] = []
    for name, sentences in sections.items():
        loud = [s for s in sentences if s["tone"] != "same" or name == FIRST]
        quiet += [(name, s) for s in sentences if s not in loud]
        for sentence in loud[:MOST]:
            yield Part("text", sentence["text"], sentence["tone"], refs=facts.sentence(name, sentence))
        if rest := loud[MOST:]:
            yield Part("quiet", f"And {len(rest)} more:", refs=_refs(facts, [(name, s) for s in rest]))
        if name in PICTURED:
            yield from _row(next((s["images"] for s in loud if s["images"]), ()), seen)
    if quiet:
        yield Part("quiet", " ".join(s["text"] for _, s in quiet), refs=_refs(facts, quiet))


def _refs(facts: Facts, sentences: Sequence[tuple[str, Document]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ref for name, s in sentences for ref in facts.sentence(name, s)))


def _row(images: Sequence[str], seen: set[str]) -> Iterator[Part]:
    """One row of pictures that stand nowhere above."""
    fresh = [image for image in images if image not in seen][:ROW]
    seen.update(fresh)
    if fresh:
        yield Part("pictures", images=fresh)


def _actions(actions: Sequence[Document], facts: Facts, seen: set[str]) -> Iterator[Part]:
    """Each action with what was measured, and the pictures of the first that has any to look at."""
    if not actions:
        yield Part("text", "Nothing above low asks for a change.")
    pictured = next((a for a in actions if a["images"]), None)
    for number, action in enumerate(actions, start=1):
        name = action_title(action)
        yield Part("action", f"{number}. {name[:1].upper()}{name[1:]}", refs=facts.finding(action["finding"]))
        yield Part("text", tried_words(action))
        if action is pictured:
            yield from _row(action["images"], seen)


def tried_words(action: Document) -> str:
    """What was measured when an action was tried, or that it was not."""
    cost = action["cost"]
    work = [counted(cost["images"], "picture to take", "pictures to take")] if cost["images"] else []
    work += [counted(cost["clicks"], "click")] if cost["clicks"] else []
    words = f" Work: {', '.join(work)}." if work else ""
    if action.get("assigned"):
        words += f" Seen to by {action['assigned']}."
    if not action["effect"]:
        return untried_words(action) + words
    return f"Tried: {effect_sentence(primary(action['effect']))}.{words}"
