"""The answer without a language model: the facts, verbatim, under plain headings."""

from collections.abc import Collection, Iterable, Sequence

from agent.display import markdown_safe
from agent.lay import words_in
from agent.names import nearest
from agent.plan import Plan
from agent.prompts import sentence, spoken, table
from agent.state import Fact, Json, State

EXAMPLES_SHOWN = 12
NOT_CHECKED_SHOWN = 6
TRUST_SHOWN = 2
FINDINGS_SHOWN = 4
"""Findings told in full; the others by their titles: after the fourth nobody reads on."""
QUIET_SHOWN = 2
"""Up to so many checks that found nothing are told with what they could have seen; more by their names."""


def line(fact: Fact) -> str:
    """A fact with its number, safe as Markdown."""
    return f"{markdown_safe(fact['text'])} [{fact['id']}]"


def answer_text(plan: Plan, state: State) -> str:
    """The whole answer as Markdown."""
    facts, actions = state["facts"], state["actions"]
    by_id = {f["id"]: f for f in facts}
    parts: list[str] = [sentence("threshold.text")] if plan.intent == "threshold" and not plan.goal else []
    parts += _asked(facts, actions)
    most = len(state["groups"]) if plan.intent == "threshold" else FINDINGS_SHOWN
    found = _findings([g for g in state["groups"] if g["kind"] == "findings"], by_id, most)
    known = _standing(facts)
    if plan.intent in {"confusion", "worst"}:
        parts += [*known, *_directions(facts, state["causes"], by_id), *found]
    else:
        parts += [*found, *known]
    parts += _block("events", [_titled(g, by_id) for g in state["groups"] if g["kind"] == "events"])
    parts += _block("trust", [line(f) for f in facts if f["kind"] == "trust"][:TRUST_SHOWN])
    doable = [a for a in actions if not a["asked"] or a["verdict"] == "helps"]
    parts += _block("todo", [_action_line(a, by_id) for a in doable], numbered=True)
    if state["effects"] and not doable and not any(a["asked"] for a in actions):
        parts.append(sentence("headline.untried"))
    mentioned = {i for a in actions for i in a["facts"]}
    tried = [f for f in facts if f["kind"] == "effect" and f["id"] not in mentioned]
    parts += _block("tried", [_with_plain_words(f, facts) for f in tried])
    parts += _quiet([g for g in state["groups"] if g["kind"] == "quiet"], by_id)
    parts += _block("not_checked", [markdown_safe(text) for text in state["not_checked"][:NOT_CHECKED_SHOWN]])
    parts += explained("\n\n".join(parts), state.get("told", ()))
    return "\n\n".join(parts)


def _standing(facts: Sequence[Fact]) -> list[str]:
    """How good the model is, then class by class as a list."""
    first, *others = [_with_plain_words(f, facts) for f in facts if f["kind"] == "standing"] or [""]
    return [text for text in (first, "\n".join(f"- {text}" for text in others)) if text]


def _findings(groups: Sequence[Json], by_id: dict[str, Fact], most: int) -> list[str]:
    """The gravest findings in full, the others by their titles; what has no title is told in full."""
    told, rest = (groups[:most], groups[most:]) if all(g["title"] for g in groups) else (groups, [])
    out = _block("findings", [_titled(g, by_id) for g in told])
    if rest:
        titles = "; ".join(markdown_safe(g["title"]) for g in rest)
        out.append(sentence("also.found", count=str(len(rest)), titles=titles))
    return out


def _quiet(groups: Sequence[Json], by_id: dict[str, Fact]) -> list[str]:
    """What was looked for and not found: a few with what could have been seen, many by what was looked for."""
    if len(groups) <= QUIET_SHOWN:
        return _block("quiet", [_titled(g, by_id) for g in groups])
    names = [markdown_safe(by_id[g["facts"][0]]["code"]) for g in groups]
    return [sentence("also.quiet", count=str(len(groups)), names=", ".join(names))]


def explained(text: str, told: Collection[str] = ()) -> list[str]:
    """The words of a text that need explaining and were not yet, each with a plain sentence."""
    fresh = [word for word in words_in(text, spoken()) if word.term not in told]
    return _block("words", [f"*{word.term}*: {word.says}" for word in fresh])


def _with_plain_words(fact: Fact, facts: Sequence[Fact]) -> str:
    """An effect and, where it follows, what it is in plain words."""
    after = facts[facts.index(fact) + 1 :][:1]
    return " ".join([line(fact), *(line(f) for f in after if f["kind"] == "lay")])


def _asked(facts: Sequence[Fact], actions: Sequence[Json]) -> list[str]:
    """The what-if that the question asks for: its verdict, then what was measured."""
    measured = {i for a in actions if a["asked"] and a["verdict"] != "helps" for i in a["facts"]}
    verdicts = [line(f) for f in facts if f["kind"] == "answer"]
    told = [f for f in facts if f["id"] in measured and (f["kind"].startswith("effect") or f["kind"] == "lay")]
    return [*verdicts, *map(line, told)]


def _directions(facts: Sequence[Fact], causes: Sequence[Json], by_id: dict[str, Fact]) -> list[str]:
    """Each direction: how often, its causes one by one, what overlaps and what stays unexplained."""
    out: list[str] = []
    position = {f["id"]: number for number, f in enumerate(facts)}
    starts = [f for f in facts if f["kind"] == "direction"]
    for number, start in enumerate(starts):
        end = position[starts[number + 1]["id"]] if number + 1 < len(starts) else len(facts)
        here = range(position[start["id"]], end)
        out.append(line(start))
        mine = [c for c in causes if c["facts"] and position[c["facts"][0]] in here]
        if mine:
            out.append("\n".join(_cause_line(c, by_id) for c in mine))
        out += [line(f) for f in facts if f["kind"] == "account" and position[f["id"]] in here]
    return out


def _titled(group: Json, by_id: dict[str, Fact]) -> str:
    """Facts that belong together, after a title in bold if there is one; pictures that were looked for by name."""
    said = " ".join(line(by_id[i]) for i in group["facts"])
    said += "".join(f" {_names(by_id[i])}" for i in group["facts"] if by_id[i]["kind"] == "pictures")
    title = markdown_safe(group["title"][:1].upper() + group["title"][1:])
    if title and said.lower().startswith(title.lower()):  # a summary that opens with its own title
        return f"**{said[: len(title)]}**{said[len(title) :]}"
    return f"**{title}.** {said}" if title else said


def _names(fact: Fact) -> str:
    return ", ".join(markdown_safe(image) for image in fact["images"])


def _cause_line(cause: Json, by_id: dict[str, Fact]) -> str:
    return "- " + _titled({**cause, "title": cause["title"].partition(": ")[2] or cause["title"]}, by_id)


def _action_line(action: Json, by_id: dict[str, Fact]) -> str:
    return " ".join(line(by_id[i]) for i in action["facts"])


def _block(heading: str, lines: Sequence[str], *, numbered: bool = False) -> list[str]:
    if not lines:
        return []
    marks: Iterable[str] = (f"{n}." for n in range(1, len(lines) + 1)) if numbered else ("-" for _ in lines)
    body = "\n".join(f"{mark} {text}" for mark, text in zip(marks, lines, strict=True))
    return [f"**{sentence(f'headings.{heading}')}**", body]


def clarification(plan: Plan, classes: Sequence[str]) -> str:
    """What to ask back when it is not clear which classes are meant."""
    names = ", ".join(markdown_safe(c) for c in classes)
    if plan.choices:
        choices = ", ".join(markdown_safe(c) for c in plan.choices)
        text = sentence("clarify.choices", choices=choices)
    elif plan.unknown:
        words = ", ".join(f'"{markdown_safe(w)}"' for w in plan.unknown)
        text = sentence("clarify.unknown", words=words, classes=names)
        meant = [name for name in dict.fromkeys(nearest(w, classes) for w in plan.unknown) if name]
        if meant:
            text = f"{text} {' '.join(sentence('clarify.meant', name=markdown_safe(name)) for name in meant)}"
    else:
        text = sentence("clarify.missing", classes=names)
    return f"{text}\n\n{sentence('clarify.try', example=_example(plan, classes))}"


def _example(plan: Plan, classes: Sequence[str]) -> str:
    meant = next((name for word in plan.unknown if (name := nearest(word, classes))), "")
    first = plan.classes[0] if plan.classes else plan.choices[0] if plan.choices else meant or classes[0]
    second = next((c for c in classes if c != first), first)
    asked = {"split": f"should I split {first}?", "merge": f"should I merge {first} and {second}?"}
    return markdown_safe(asked.get(plan.intent, f"why is my model confusing {first} and {second}?"))


def left(second: str) -> str:
    """That a second question was heard."""
    return sentence("two.left", question=markdown_safe(second))


def perhaps(reading: str) -> str:
    """What else a question may have meant."""
    return sentence("two.perhaps", question=markdown_safe(f"{reading}?"))


def help_text(classes: Sequence[str], language: str = "", readings: Sequence[str] = ()) -> str:
    """What can be asked, with the user's own classes; of one in another language, also why it is not answered.

    Where a question may mean one of two, it asks which instead.
    """
    from string import Template

    if readings:
        return "\n".join([sentence("help.perhaps"), "", *(f"- {markdown_safe(one)}?" for one in readings)])
    a, b = (*classes, *classes)[:2] if classes else ("one class", "another")
    questions = [
        Template(text).substitute(a=markdown_safe(a), b=markdown_safe(b))
        for text in table("sentences", spoken())["help"]["examples"][:EXAMPLES_SHOWN]
    ]
    first = [sentence("help.language", language=language)] if language else []
    return "\n".join([*first, sentence("help.text"), "", *(f"- {q}" for q in questions)])
