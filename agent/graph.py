"""plan → run → verify → write → ground: one question to one grounded answer, or to a person's consent."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from inspect import signature
from typing import TYPE_CHECKING, Any

from langgraph.runtime import Runtime

from agent.answer import Answer
from agent.context import Context
from agent.events import Consent, Progress, Step, Token
from agent.prompts import speaking, version
from agent.state import Json, State

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

Event = Step | Progress | Token | Consent | Answer
DEFAULT_THREAD = "default"


@lru_cache(maxsize=8)
def build_graph(
    checkpointer: "BaseCheckpointSaver[str] | None" = None,
) -> "CompiledStateGraph[State, Context, State, State]":
    """The graph, compiled; with a checkpointer, threads remember their questions."""
    from langgraph.graph import END, START, StateGraph

    from agent import approval, nodes, recalling, vision

    graph = StateGraph(State, context_schema=Context)
    for name, node in (
        ("plan", nodes.plan), ("run", nodes.run), ("verify", nodes.verify), ("look", vision.look),
        ("write", nodes.write), ("ground", nodes.ground), ("recall", recalling.recall),
        ("propose", approval.propose_node), ("consent", approval.consent),
        ("act", approval.act), ("finish", nodes.finish),
    ):  # fmt: skip
        graph.add_node(name, _speaking(node))
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", nodes.after_plan, ["run", "write", "recall", "propose"])
    for one, two in (
        ("run", "verify"), ("verify", "look"), ("look", "write"), ("write", "ground"), ("ground", "finish"),
        ("recall", "ground"), ("act", "ground"), ("finish", END),
    ):  # fmt: skip
        graph.add_edge(one, two)
    graph.add_conditional_edges("propose", approval.after_propose, {"consent": "consent", "finish": "ground"})
    graph.add_conditional_edges("consent", approval.after_consent, ["act", "propose"])
    return graph.compile(checkpointer=checkpointer)


def _speaking(node: Callable[..., Json]) -> Callable[..., Json]:
    """A node whose sentences come in the language of the context."""
    wants_runtime = len(signature(node).parameters) == 2

    def run(state: State, runtime: Runtime[Context]) -> Json:
        with speaking(runtime.context.language):
            return node(state, runtime) if wants_runtime else node(state)

    return run


def stream_answer(
    question: str,
    context: Context,
    *,
    thread: str = "",
    checkpointer: "BaseCheckpointSaver[str] | None" = None,
    detail: bool = False,
) -> Iterator[Event]:
    """Steps as they finish, then the answer, or a consent to be given (``resume`` goes on from there).

    Parameters
    ----------
    question : str
    context : Context
    thread : str
        Conversation; with a checkpointer, follow-up questions may lean on earlier ones of the same thread. Where
        the thread waits for consent, a new question leaves the action undone.
    checkpointer : BaseCheckpointSaver, optional
        For example ``agent.threads.open_threads``. Without one nothing is remembered, and what needs consent is
        refused.
    detail : bool
        Whether to tell of progress inside a step, and of what the language model is writing, too.
    """
    start: State = {"question": question, "steps": []}
    yield from _events(start, context, thread, checkpointer, detail)


def resume(
    decision: Mapping[str, Any] | None,
    context: Context,
    *,
    thread: str = "",
    checkpointer: "BaseCheckpointSaver[str]",
    detail: bool = False,
) -> Iterator[Event]:
    """Go on where a thread stopped: with a person's decision, or None after a kill.

    Parameters
    ----------
    decision : mapping or None
        ``Consent.approval``, ``Consent.rejection`` or ``Consent.edited(…)``; None for a thread that was killed at work.

    Raises
    ------
    ValueError
        If the thread waits for nothing.
    """
    from langgraph.types import Command

    waiting = pending(thread, checkpointer)
    if waiting is None or (decision is not None) != isinstance(waiting, Consent):
        raise ValueError("the thread does not wait for this")
    begun: Any = Command(resume=dict(decision)) if decision is not None else None
    yield from _events(begun, context, thread, checkpointer, detail)


def pending(thread: str, checkpointer: "BaseCheckpointSaver[str]") -> Consent | str | None:
    """What a thread waits for: a consent, or to go on with an unfinished question; None if for nothing."""
    kept = build_graph(checkpointer).get_state({"configurable": {"thread_id": thread or DEFAULT_THREAD}})
    if not kept.next:
        return None
    if kept.interrupts:
        return Consent(thread, kept.interrupts[0].value)
    return str(kept.values.get("question", ""))


def finished(thread: str, checkpointer: "BaseCheckpointSaver[str]") -> Answer | None:
    """The last answer of a thread that waits for nothing, shown or not; None for a thread without one."""
    kept = build_graph(checkpointer).get_state({"configurable": {"thread_id": thread or DEFAULT_THREAD}})
    return replace(_answer(kept.values), seconds=0.0) if kept.values.get("answer") and not kept.next else None


def _events(
    begun: Any, context: Context, thread: str, checkpointer: "BaseCheckpointSaver[str] | None", detail: bool
) -> Iterator[Event]:
    graph = build_graph(checkpointer)
    config: RunnableConfig = {"recursion_limit": context.recursion_limit}
    options: dict[str, Any] = {"stream_mode": ["updates", "values", "custom"]}
    if checkpointer is not None:
        config["configurable"] = {"thread_id": thread or DEFAULT_THREAD}
        options["durability"] = "sync"
    elif not isinstance(begun, dict):
        raise ValueError("without a checkpointer there is nothing to go on with")
    values: dict[str, Any] = {}
    streamed: Iterator[Any] = graph.stream(begun, config, context=_heard(context) if detail else context, **options)
    for mode, chunk in streamed:
        if mode == "values":
            values = chunk
        elif mode == "custom":
            yield Token(chunk["token"]) if "token" in chunk else Progress(**chunk)
        elif "__interrupt__" in chunk:
            yield Consent(thread, chunk["__interrupt__"][0].value)
            return
        else:
            for node, update in chunk.items():
                if update and update.get("steps"):
                    yield Step(node, update["steps"][-1])
    yield _answer(values)


def _heard(context: Context) -> Context:
    """The context with progress told to the stream as well."""
    from langgraph.config import get_stream_writer

    def on_step(what: str, done: int, total: int) -> None:
        context.on_step(what, done, total)
        try:
            write = get_stream_writer()
        except RuntimeError:  # a thread of a tool's own, outside the graph's
            return
        write({"text": what, "done": done, "total": total})

    return replace(context, on_step=on_step, tokens=lambda piece: get_stream_writer()({"token": piece}))


def ask(
    question: str,
    context: Context,
    *,
    thread: str = "",
    checkpointer: "BaseCheckpointSaver[str] | None" = None,
    decide: Callable[[Consent], Mapping[str, Any]] = lambda asked: asked.rejection,
) -> Answer:
    """The answer to one question.

    Parameters
    ----------
    decide : callable
        Gives a person's decision on what needs consent; nobody agrees by default.
    """
    from langgraph.checkpoint.memory import InMemorySaver

    saver = checkpointer if checkpointer is not None else InMemorySaver()
    *_, last = stream_answer(question, context, thread=thread, checkpointer=saver)
    while isinstance(last, Consent):
        *_, last = resume(decide(last), context, thread=thread, checkpointer=saver)
    assert isinstance(last, Answer)
    return last


def _answer(state: dict[str, Any]) -> Answer:
    done: Json = {}
    if state["proposal"]:
        done = {"proposal": state["proposal"], "decision": state["decision"].get("decision", ""), "done": state["done"]}
    return Answer(
        question=state["question"],
        headline=state["headline"],
        text=state["answer"],
        head=state["head"],
        causes=tuple(state["causes"]),
        actions=tuple(state["actions"]),
        facts=tuple(state["facts"]),
        not_checked=tuple(state["not_checked"]),
        planner=state["plan"]["planner"],
        writer=state["writer"],
        outcomes=tuple(state["outcomes"]),
        effects=tuple(state["effects"]),
        steps=tuple(state["steps"]),
        intent=state["plan"]["intent"],
        plan=state["plan"],
        action=done,
        second=state["plan"]["second"],
        seconds=round(time.time() - state["began"], 2),
        usage=state["usage"],
        prompts=version(),
    )
