"""Lets a language model word the facts; what it writes is shown only after every sentence was checked."""

import json
import re
from collections.abc import Sequence

from agent.display import markdown_safe, visible
from agent.endpoint import Endpoint, Heard
from agent.grounding import ALWAYS_SAID, ANY_CITATION, Problem, check_text
from agent.prompts import prompt, sentence, spoken
from agent.state import Fact
from agent.template import explained

MOST_SENTENCES = 12
MOST_FACTS = 40
PROBLEMS_SHOWN = 12
LONGEST = 6000
LANGUAGES = {"": "English", "de": "German"}


def draft(endpoint: Endpoint, question: str, facts: Sequence[Fact], heard: Heard | None = None) -> str | None:
    """The model's wording of the facts; None if it gives none."""
    return endpoint.ask(written_messages(question, facts), heard=heard)


def repair(endpoint: Endpoint, text: str, found: Sequence[Problem], facts: Sequence[Fact]) -> str | None:
    """The model's second and last attempt."""
    refused = [{"sentence": visible(p.sentence), "why": visible(p.text)} for p in found[:PROBLEMS_SHOWN]]
    messages = [
        *written_messages("", facts),
        {"role": "assistant", "content": visible_lines(text)[:LONGEST]},
        {"role": "system", "content": prompt("repair")},
        {"role": "user", "content": json.dumps({"refused": refused}, ensure_ascii=False)},
    ]
    return endpoint.ask(messages)


def written_messages(question: str, facts: Sequence[Fact]) -> list[dict[str, str]]:
    """All that the wording model is told: the question and the numbered facts."""
    data = {
        "question": visible(question)[:2000],
        "facts": [
            {"id": f["id"], "text": visible(f["text"])} | ({"must": True} if f["kind"] in ALWAYS_SAID else {})
            for f in facts[:MOST_FACTS]
        ],
    }
    return [
        {"role": "system", "content": prompt("write", most=str(MOST_SENTENCES), language=LANGUAGES[spoken()])},
        {"role": "user", "content": json.dumps(data, ensure_ascii=False)},
    ]


def visible_lines(text: str) -> str:
    """As ``visible``, keeping line breaks."""
    return "\n".join(visible(row) for row in text.splitlines())


def problems(text: str, facts: Sequence[Fact], classes: Sequence[str]) -> tuple[Problem, ...]:
    """What keeps a text from being shown; empty = nothing."""
    if len(text) > LONGEST:
        return (Problem(text[:80], f"is longer than {LONGEST} characters"),)
    return check_text(text, facts, classes)


def shown(text: str, facts: Sequence[Fact], not_checked: Sequence[str], told: Sequence[str] = ()) -> str:
    """The model's wording, then, apart from it, the advisor's own sentences that it rests on."""
    rows = []
    for row in visible_lines(text.replace("**", "")).splitlines():
        bullet = re.match(r"^\s*[-*•]\s+", row)
        parts = re.split(f"({ANY_CITATION.pattern})", row[bullet.end() :] if bullet else row)
        safe = "".join(part if ANY_CITATION.fullmatch(part) else markdown_safe(part) for part in parts)
        rows.append(f"- {safe}" if bullet else safe)
    cited = {i for match in ANY_CITATION.findall(text) for i in re.findall(r"F\d+", match)}
    behind = [f"- {markdown_safe(f['text'])} [{f['id']}]" for f in facts if f["id"] in cited]
    blocks = ["\n".join(rows), f"**{sentence('headings.measured')}**", "\n".join(behind)]
    if not_checked:
        blocks += [f"**{sentence('headings.not_checked')}**", "\n".join(f"- {markdown_safe(t)}" for t in not_checked)]
    return "\n\n".join([*blocks, *explained("\n".join([*rows, *behind]), told)])
