"""What ``advisor ask`` does: conversations, consent at the keyboard, and what a language model is told and costs."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import elsewhere, open_case, record_answer
from app.edge import interactive, read_context, read_model, user_name
from app.escaping import shown, shown_lines
from app.printing import answer_blocks, table
from app.terminal import Terminal, WrongUse

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from agent.answer import Answer
    from agent.context import Context, ModelSettings
    from agent.events import Consent
    from tools.case import Case
    from tools.workspace import Workspace

YES = frozenset({"y", "yes"})
LEAST_TOTAL = 0.01
"""Less is not told as 0.00."""


@dataclass(frozen=True)
class Asking:
    """Options of ``advisor ask``, as its help explains them."""

    thread: str = ""
    resume: bool = False
    threads: bool = False
    forget: str = ""
    offline: bool = False
    show_prompt: bool = False
    agree: bool = False
    withdraw: bool = False


def run_ask(
    question: str, how: Asking, *, group: str | None, seed: int | None, workspace: Path, json: str | None
) -> None:
    """Answer one question, or see to conversations and the language model."""
    out = Terminal(json)
    without = how.resume or how.threads or bool(how.forget) or how.withdraw or how.agree
    if not question.strip() and not without:
        raise WrongUse(
            expected="a question", seen="an empty one", todo='Ask, e.g.: advisor ask "which labels are wrong?"'
        )
    kept, case = open_case(workspace, seed=seed, group=group, sample=True)
    if how.threads or how.forget:
        _see_to_threads(out, kept, case, how)
        return
    model = None if how.offline else read_model()
    if how.withdraw or how.agree:
        _see_to_model(out, kept, case, model, how)
        if not question.strip():
            return
    if how.show_prompt:
        _show_prompt(out, kept, case, model, question)
        return
    if model is not None and interactive():
        _agreed(out, kept, case, model, question)
    with _conversation(out, kept, how) as (saver, thread), out.steps() as steps:
        context = replace(read_context(case, kept, steps, offline=how.offline), place=elsewhere(workspace))

        def decide(asked: "Consent") -> Mapping[str, Any]:
            # What is changed in a sample would be gone with it.
            return asked.rejection if case.sample_of else _decided(out, steps, asked)

        answer = _answered(question, how, context, thread, saver, decide)
    document = answer.to_json()
    if document["case"] == case.fingerprint:
        record_answer(kept, case, document)
    else:
        out.notes.print("This answer is about the data as they were when it was worked out; ask again for today's.")
    out.say(*answer_blocks(document, styled=out.people.is_terminal))
    out.say(*_refused_lines(model, document), *_price_lines(kept, model, document))
    out.deliver(document)


@contextmanager
def _conversation(out: Terminal, kept: "Workspace", how: Asking) -> "Iterator[tuple[BaseCheckpointSaver[str], str]]":
    """Where a conversation is kept, and its name: on disk for a person or by name, else nowhere."""
    from langgraph.checkpoint.memory import InMemorySaver

    from agent.graph import DEFAULT_THREAD
    from agent.threads import open_threads, tidy

    thread = how.thread or DEFAULT_THREAD
    if not (how.thread or how.resume or interactive()):
        yield InMemorySaver(), thread
        return
    try:
        opened = open_threads(kept.path)
        saver = opened.__enter__()
    except (OSError, sqlite3.Error) as reason:
        out.notes.print(f"Conversations cannot be kept here ({shown(reason)}); this question is answered alone.")
        yield InMemorySaver(), thread
        return
    try:
        yield saver, thread
        tidy(saver, thread)
    finally:
        opened.__exit__(None, None, None)


def _answered(
    question: str, how: Asking, context: "Context", thread: str, saver: "BaseCheckpointSaver[str]", decide: Any
) -> "Answer":
    from agent.events import Consent
    from agent.graph import ask, finished, pending, resume

    waiting = pending(thread, saver)
    if not how.resume and not (waiting == question and isinstance(waiting, str)):
        return ask(question, context, thread=thread, checkpointer=saver, decide=decide)
    if waiting is None:
        if (answer := finished(thread, saver)) is not None:  # worked out, but perhaps cut off before it was shown
            return answer
        raise WrongUse(
            expected=f"a conversation {thread} that was left in the middle", seen="none of that name",
            todo="Ask a question. advisor ask --threads lists conversations.",
        )  # fmt: skip
    given = decide(waiting) if isinstance(waiting, Consent) else None
    *_, last = resume(given, context, thread=thread, checkpointer=saver)
    while isinstance(last, Consent):
        *_, last = resume(decide(last), context, thread=thread, checkpointer=saver)
    return last  # type: ignore[return-value]


def _decided(out: Terminal, steps: Any, asked: "Consent") -> Mapping[str, Any]:
    """Show exactly what would be done, and do it only on a yes at the keyboard."""
    out_lines = list(consent_blocks(asked.proposal))
    with steps.paused():
        if not interactive():
            return asked.rejection
        out.notes.print(*out_lines, sep="\n")
        edit = " or e to change something" if asked.proposal["editable"] else ""
        said = out.notes.input(f"Do it? [y/N{edit}] ", markup=False).strip().lower()
        if said in YES:
            return asked.approval
        if said in {"e", "edit"} and edit:
            return _edited(out, asked)
    return asked.rejection


def _edited(out: Terminal, asked: "Consent") -> Mapping[str, Any]:
    """Ask for the one thing that can be changed about a proposal; it is then shown again."""
    name = asked.proposal["editable"][0]
    words = {
        "leave_out": "Pictures to leave as they are, separated by blanks: ",
        "name": "Name of the merged class: ", "names": "Names of the kinds, the largest first, separated by commas: ",
    }  # fmt: skip
    said = out.notes.input(words[name], markup=False).strip()
    parts = [p.strip() for p in (said.split(",") if name == "names" else said.split()) if p.strip()]
    return asked.edited(**{name: said if name == "name" else parts}) if said else asked.rejection


def consent_blocks(proposal: Mapping[str, Any]) -> Iterable[RenderableType]:
    """A proposal as people see it before they agree."""
    yield Text(shown(proposal["title"]), style="bold")
    for line in (*proposal["scope"], proposal["cost"], *proposal["notes"]):
        yield Text(shown(line))
    rows = [
        {"Picture": shown(e["image"]), "Was": shown(e["before"]), "Becomes": shown(e["after"])}
        for e in proposal["examples"]
    ]
    if rows:
        yield table(rows, tuple(rows[0]))
        more = proposal["pictures"] - len(rows)
        if more > 0:
            yield Text(f"and {more} more")
    if proposal["command"]:
        yield Text(f"The same by hand: {shown(proposal['command'])}", style="dim")


def _see_to_threads(out: Terminal, kept: "Workspace", case: "Case", how: Asking) -> None:
    from agent.threads import conversations, open_threads
    from tools.documents import case_head

    with open_threads(kept.path) as saver:
        if how.forget:
            if how.forget not in [c.name for c in conversations(saver)]:
                raise WrongUse(
                    expected="the name of a conversation", seen=how.forget, todo="See: advisor ask --threads"
                )
            saver.delete_thread(how.forget)
        there = conversations(saver)
    headline = f"{len(there)} conversation{'' if len(there) == 1 else 's'}"
    out.say(Text(headline, style="bold"))
    words = {"consent": "waits for your yes or no", "unfinished": "was interrupted", "": ""}
    rows = [{"Name": shown(c.name), "Last question": shown(c.last), "": words[c.waits]} for c in there]
    out.say(*([table(rows, tuple(rows[0]))] if rows else []))
    if any(c.waits for c in there):
        out.say("Go on with one: advisor ask --thread NAME --resume")
    out.deliver({**case_head(case, headline), "conversations": [vars(c) for c in there]})


# -- the language model


def _see_to_model(out: Terminal, kept: "Workspace", case: "Case", model: "ModelSettings | None", how: Asking) -> None:
    from agent.privacy import agree, withdraw
    from tools.documents import case_head

    found = ""
    if how.withdraw:
        withdraw(kept)
        headline = "No language model is asked from now on"
    elif model is None:
        raise WrongUse(
            expected="a language model in ADVISOR_MODEL, with OPENAI_API_KEY or OPENAI_BASE_URL", seen="none",
            todo="Set these variables first; without them nothing leaves this machine anyway.",
        )  # fmt: skip
    else:
        headline = f"Agreed: {model.model} at {model.base_url} may be asked"
        with out.steps() as steps:
            steps("trying the language model", 0, 1)
            found = agree(kept, model, user_name())["found"]
    out.say(Text(shown(headline), style="bold"), *([shown(found)] if found else []))
    if not how.agree or how.withdraw:
        out.deliver(case_head(case, headline))


def _show_prompt(out: Terminal, kept: "Workspace", case: "Case", model: "ModelSettings | None", question: str) -> None:
    from agent.graph import ask
    from agent.privacy import explanation, first_call, second_call
    from tools.documents import case_head

    with out.steps() as steps:
        answer = ask(question, read_context(case, kept, steps, offline=True))
    first, second = first_call(question, case.classes), second_call(question, answer.facts)
    if model is not None:
        out.say(Text(shown_lines(explanation(model))), "")
    out.say(Text("First call, to understand the question:", style="bold"), Text(shown_lines(first)), "")
    out.say(Text("Second call, to word the answer:", style="bold"), Text(shown_lines(second)), "")
    out.say("Nothing was sent.")
    out.deliver({**case_head(case, "Nothing was sent"), "first_call": first, "second_call": second})


def _agreed(out: Terminal, kept: "Workspace", case: "Case", model: "ModelSettings", question: str) -> None:
    """Before the first use of a model: what leaves, word for word, and a question; a no is asked again next time."""
    from agent.privacy import agree, agreement, explanation, first_call

    if agreement(kept, model) is not None:
        return
    out.notes.print(Text(shown_lines(explanation(model))), Text(""), sep="\n")
    out.notes.print(Text(shown_lines(first_call(question, case.classes))), Text(""), sep="\n")
    out.notes.print("The second call is shown by: advisor ask QUESTION --show-prompt")
    if out.notes.input("May this be sent, now and with later questions? [y/N] ", markup=False).strip().lower() in YES:
        out.notes.print(shown(agree(kept, model, user_name())["found"]))


def _refused_lines(model: "ModelSettings | None", document: Mapping[str, Any]) -> Iterable[Text]:
    """Why a language model that may be asked did not word the answer, so that nobody wonders what it was paid for."""
    if model is None or document["writer"] != "template":
        return
    said = [step for step in document["steps"] if "language model" in step.lower()]
    yield from (Text(shown(step), style="dim") for step in said[-1:])
    if said and "did not answer within" in said[-1]:
        yield Text("ADVISOR_MODEL_SECONDS gives a slow server more time.", style="dim")


def _price_lines(kept: "Workspace", model: "ModelSettings | None", document: Mapping[str, Any]) -> Iterable[Text]:
    from agent.spending import spent

    usage = document["usage"]
    if model is None or not usage or not (usage["sent"] or usage["received"]):
        return
    about = "about " if usage["estimated"] else ""
    price = model.price(usage["sent"], usage["received"])
    month = spent(kept)
    cap = f" of at most {model.monthly_cap:.2f}" if model.monthly_cap else ""
    text = f"Language model: {about}{usage['sent']} tokens sent, {usage['received']} received"
    if model.price_sent or model.price_received:
        total = f"{month.price:.2f}" if month.price >= LEAST_TOTAL or not month.price else f"under {LEAST_TOTAL}"
        text += f", {price:.4f}; this month {total}{cap} in {month.calls} calls"
    yield Text(text, style="dim")
