"""An answer as Markdown to hand on, and what to ask next. Pure."""

from collections.abc import Sequence

from app.escaping import plain_markdown, safe_markdown
from app.views import Document, action_title, effect_sentence, primary

MOST_FOLLOW_UPS = 4


def answer_markdown(answer: Document) -> str:
    """Question, answer, what was measured when it was tried, and every numbered fact that the answer cites."""
    parts = [f"# {plain_markdown(answer['question'])}", safe_markdown(str(answer["answer"]))]
    tried = [action for action in answer["actions"] if action["effect"]]
    if tried:
        lines = [
            f"- {plain_markdown(action_title(a))}: {plain_markdown(effect_sentence(primary(a['effect'])))}"
            for a in tried
        ]
        parts += ["## Tried on held-out pictures", "\n".join(lines)]
    if answer["facts"]:
        parts += ["## Facts", "\n".join(f"- **{f['id']}** {plain_markdown(f['text'])}" for f in answer["facts"])]
    if answer["not_checked"]:
        parts += ["## Not checked", "\n".join(f"- {plain_markdown(reason)}" for reason in answer["not_checked"])]
    case, encoder = str(answer.get("case", ""))[:12], answer.get("encoder", {}).get("name", "")
    parts.append(f"Case {case}, encoder {plain_markdown(encoder)}, seed {answer.get('seed', 0)}.")
    return "\n\n".join(parts) + "\n"


def follow_ups(answer: Document, usual: Sequence[str]) -> list[str]:
    """Questions that an answer leads to: what it asks back, its actions, then what is worth asking anyway."""
    found = [f"{reading[:1].upper()}{reading[1:]}?" for reading in answer.get("plan", {}).get("readings", ())]
    for action in answer["actions"]:
        if action["experiment"] == "relabel":
            found.append("Which labels are wrong?")
        elif action["experiment"] == "split-class":
            found.append(f"Should I split {action['arguments'].get('class', action['target'])}?")
        elif action["experiment"] == "collect-more":
            found.append("Would more pictures help?")
    return [q for q in dict.fromkeys([*found, *usual]) if q != answer["question"]][:MOST_FOLLOW_UPS]
