"""plan → run → verify → write → ground: one question to one grounded answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from agent.answer import Answer
from agent.context import Context
from agent.state import State

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph


@dataclass(frozen=True)
class Step:
    """One node has finished.

    Attributes
    ----------
    node : str
    text : str
        What it did, for people.
    """

    node: str
    text: str


@lru_cache(maxsize=8)
def build_graph(
    checkpointer: "BaseCheckpointSaver[str] | None" = None,
) -> "CompiledStateGraph[State, Context, State, State]":
    """The graph, compiled; with a checkpointer, threads remember their questions."""
    from langgraph.graph import END, START, StateGraph

    import agent.nodes as nodes

    graph = StateGraph(State, context_schema=Context)
    graph.add_node("plan", nodes.plan)
    graph.add_node("run", nodes.run)
    graph.add_node("verify", nodes.verify)
    graph.add_node("write", nodes.write)
    graph.add_node("ground", nodes.ground)
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", nodes.after_plan, {"run": "run", "write": "write"})
    graph.add_edge("run", "verify")
    graph.add_edge("verify", "write")
    graph.add_edge("write", "ground")
    graph.add_edge("ground", END)
    return graph.compile(checkpointer=checkpointer)


def stream_answer(
    question: str,
    context: Context,
    *,
    thread: str = "",
    checkpointer: "BaseCheckpointSaver[str] | None" = None,
) -> Iterator[Step | Answer]:
    """Steps as they finish, then the answer.

    Parameters
    ----------
    question : str
    context : Context
    thread : str
        Conversation; with a checkpointer, follow-up questions may lean on earlier ones of the same thread.
    checkpointer : BaseCheckpointSaver, optional
        For example ``langgraph.checkpoint.sqlite.SqliteSaver``.
    """
    graph = build_graph(checkpointer)
    config: RunnableConfig = {"recursion_limit": context.recursion_limit}
    if checkpointer is not None:
        config["configurable"] = {"thread_id": thread or "default"}
    values: dict[str, Any] = {}
    start: State = {"question": question, "steps": []}
    streamed: Iterator[Any] = graph.stream(start, config, context=context, stream_mode=["updates", "values"])
    for mode, chunk in streamed:
        if mode == "values":
            values = chunk
            continue
        for node, update in chunk.items():
            if update and update.get("steps"):
                yield Step(node, update["steps"][-1])
    yield _answer(values)


def ask(
    question: str,
    context: Context,
    *,
    thread: str = "",
    checkpointer: "BaseCheckpointSaver[str] | None" = None,
) -> Answer:
    """The answer to one question."""
    *_, answer = stream_answer(question, context, thread=thread, checkpointer=checkpointer)
    assert isinstance(answer, Answer)
    return answer


def _answer(state: dict[str, Any]) -> Answer:
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
    )
