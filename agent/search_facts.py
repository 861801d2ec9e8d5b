"""Pictures by words or like one picture, and what can be said of how well that works with this encoder."""

from dataclasses import replace

import numpy as np

from agent.context import Context
from agent.gathered import Gathered
from agent.plan import Plan
from agent.prompts import sentence
from agent.words import WORD, stems
from tools.case import Case
from tools.colours import COLOURS, by_colour
from tools.errors import AdvisorError
from tools.findings import number_text
from tools.searching import Search, search_picture, search_words

CODE = "search"
MOST = 12
LEAST_COLOUR = 0.05
LOOKED_AT = 400
"""Pictures that a search by words ranks before those of other classes are left out."""


def search_facts(case: Case, plan: Plan, context: Context, out: Gathered) -> None:
    """State which pictures were found, and how."""
    if not plan.words and not plan.picture and plan.classes:
        plan = replace(plan, words=plan.classes[0])
    if plan.picture:
        found = search_picture(case, plan.picture, MOST, cache=context.models)
        how = sentence("search.how_like", encoder=case.space.encoder.name)
        _found(case, plan, out, replace(found, how=how), sentence("search.like"))
        return
    if rows := _by_names(case, plan):
        text = sentence("search.names", words=plan.words)
        _state(case, out, text, rows, len(rows))
        return
    try:
        found = search_words(case, plan.words, LOOKED_AT, cache=context.models, on_step=context.on_step)
    except AdvisorError as reason:
        out.skip(CODE, f"{reason.seen.rstrip('.')}. {reason.todo}".strip())
        if not _colour_instead(case, plan, context, out):
            _class_instead(case, plan, out)
        return
    _found(case, plan, out, found, sentence("search.words", words=plan.words))


def _found(case: Case, plan: Plan, out: Gathered, found: Search, lead: str) -> None:
    rows = list(found.rows)
    if plan.classes:
        numbers = {case.number(name) for name in plan.classes}
        rows = [row for row in rows if int(case.targets[row]) in numbers] or rows
    _state(case, out, lead, rows, None)
    if found.present is not None:
        text = sentence("search.present", words=found.query, count=str(found.present), of=str(len(case.ids)))
        out.group("findings", "", [out.facts.state("finding", text, code=CODE)["id"]])
    out.group("findings", "", [out.facts.state("note", found.how, code=CODE)["id"]])


def _by_names(case: Case, plan: Plan) -> list[int]:
    """Pictures in whose folder or metadata every word stands, if these words are more than the class's name."""
    words = set(stems(plan.words)) if plan.words else set()
    if not words or any(words == set(stems(name)) for name in case.classes):
        return []
    columns = [np.char.lower(values.astype(np.str_)) for values in case.dataset.metadata.values()]
    by_text: dict[str, bool] = {}
    out = []
    for row in range(len(case.ids)):
        text = " ".join([str(case.ids[row]).rpartition("/")[0], *(str(c[row]) for c in columns)])
        if text not in by_text:
            by_text[text] = words <= set(stems(text))
        if by_text[text]:
            out.append(row)
    return out


def _colour_instead(case: Case, plan: Plan, context: Context, out: Gathered) -> bool:
    """Where words cannot be looked for but one of them is a colour: pictures of the class with most of it."""
    colour = next((word for word in WORD.findall(plan.words.lower()) if word in COLOURS), "")
    if not colour or any(colour in stems(name) for name in case.classes):
        return False
    wanted = {case.number(name) for name in plan.classes}
    rows = [row for row in range(len(case.ids)) if not wanted or int(case.targets[row]) in wanted]
    found = by_colour(case, colour, rows, on_step=context.on_step)
    if not found.rows or found.shares[0] < LEAST_COLOUR:
        return False
    shares = found.shares[:MOST]
    text = sentence(
        "search.colour", colour=colour, opened=str(found.opened), shown=str(len(shares)),
        most=number_text(shares[0], "share"), least=number_text(shares[-1], "share"),
    )  # fmt: skip
    images = [str(case.ids[row]) for row in found.rows[:MOST]]
    out.group("findings", "", [out.facts.state("pictures", text, images=images, code=CODE)["id"]])
    return True


def _class_instead(case: Case, plan: Plan, out: Gathered) -> None:
    """Where words cannot be looked for: the pictures of the class that the words name."""
    if not plan.classes:
        text = sentence("search.cannot", words=plan.words)
        out.group("findings", "", [out.facts.state("finding", text, code=CODE)["id"]])
        return
    rows = np.flatnonzero(case.targets == case.number(plan.classes[0])).tolist()
    _state(case, out, sentence("search.class_instead", name=plan.classes[0]), rows, len(rows))


def _state(case: Case, out: Gathered, lead: str, rows: list[int], count: int | None) -> None:
    shown = rows[:MOST]
    images = [str(case.ids[row]) for row in shown]
    if not shown:
        out.group("findings", "", [out.facts.state("finding", sentence("search.nothing"), code=CODE)["id"]])
        return
    text = f"{lead} " + (
        sentence("search.all", shown=str(len(shown)), count=str(count)) if count else
        sentence("search.first", shown=str(len(shown)))
    )  # fmt: skip
    out.group("findings", "", [out.facts.state("pictures", text, images=images, code=CODE)["id"]])
