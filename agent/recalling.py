"""Follow-ups to the last answer itself: its pictures, and what its numbers rest on."""

from typing import Any

from agent.display import markdown_safe
from agent.facts import FactList
from agent.plan import Plan
from agent.prompts import sentence
from agent.state import Json, State
from tools.findings import Evidence

CODE = "recall"
MOST_LINES = 8
MOST_PICTURES = 12
PER_LINE = 6


def keep(state: State) -> Json:
    """What later questions may come back to."""
    chosen = Plan.from_json(state["plan"])
    return {
        "intent": chosen.intent, "classes": list(chosen.classes), "facts": state["facts"],
        "actions": state["actions"],
    }  # fmt: skip


def recall(state: State) -> dict[str, Any]:
    """Answer "show me" and "why?" from the last answer."""
    chosen, last = Plan.from_json(state["plan"]), state.get("last") or {}
    facts = FactList([])
    lines = _pictures(last, facts) if chosen.intent == "show" else _reasons(last, facts)
    if not lines:
        text = sentence(f"recall.nothing_to_{chosen.intent}")
        return {"answer": text, "headline": text, "draft": "", "steps": [*state["steps"], text]}
    lead = sentence(f"recall.{chosen.intent}")
    text = "\n".join([lead, "", *(f"- {line}" for line in lines)])
    return {
        "answer": text, "headline": lead, "facts": facts.facts, "draft": "",
        "steps": [*state["steps"], sentence("recall.step")],
    }  # fmt: skip


def _pictures(last: Json, facts: FactList) -> list[str]:
    """A line per sentence that pictures show, with their names."""
    out: list[str] = []
    seen: set[str] = set()
    lists: set[tuple[str, ...]] = set()
    rows = [*last.get("facts", ()), *({"text": f"{a['action']} {a['target']}", **a} for a in last.get("actions", ()))]
    for row in rows:
        whole = tuple(row.get("images", ()))
        images = [] if whole in lists else [i for i in whole if i not in seen][:PER_LINE]
        lists.add(whole)
        if not images or len(out) >= MOST_LINES or len(seen) >= 4 * MOST_PICTURES:
            continue
        seen.update(images)
        fact = facts.state("pictures", str(row["text"]), images=images, code=CODE)
        names = ", ".join(markdown_safe(image) for image in images)
        out.append(f"{markdown_safe(fact['text'])} [{fact['id']}] {sentence('recall.look')} {names}")
    return out


def _reasons(last: Json, facts: FactList) -> list[str]:
    """A line per number behind the last answer: what it is, from how many pictures, and how it was worked out."""
    out: list[str] = []
    seen: set[str] = set()
    for fact in last.get("facts", ()):
        for piece in fact["evidence"]:
            row = Evidence(
                piece["name"], piece["value"], piece["unit"], piece.get("n"), piece.get("low"), piece.get("high"),
                piece.get("how", ""),
            )  # fmt: skip
            if row.name in seen or not row.how or len(out) >= MOST_LINES:
                continue
            seen.add(row.name)
            interval = f" ({row.interval})" if row.interval else ""
            of = sentence("recall.of", n=str(row.n)) if row.n is not None else ""
            text = sentence("recall.number", name=row.name, value=f"{row.text}{interval}", of=of, how=row.how)
            known = facts.state("number", text, evidence=[piece], images=fact["images"], code=CODE)
            out.append(f"{markdown_safe(known['text'])} [{known['id']}]")
    return out
