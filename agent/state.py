"""What the graph passes from node to node: plain JSON types only, so that any checkpointer can keep it."""

import json
from typing import Any, TypedDict

Json = dict[str, Any]


def plain_json(values: Json) -> Json:
    """The same with numbers of numpy as plain ones: a strict checkpointer refuses them."""
    out: Json = json.loads(json.dumps(values, default=lambda number: number.item()))
    return out


class Fact(TypedDict):
    """One numbered sentence that our own code wrote.

    Attributes
    ----------
    id : str
        ``F1``, ``F2`` …
    kind : str
        standing, direction, account, cause, finding, passed, effect, action …
    text : str
        The sentence; everything an answer may say about it stands here.
    evidence : list
        The numbers behind it, as ``tools.documents.evidence_json`` writes them.
    images : list of str
        Ids that show it.
    code : str
        Check or experiment it comes from.
    """

    id: str
    kind: str
    text: str
    evidence: list[Json]
    images: list[str]
    code: str


class State(TypedDict, total=False):
    """State of one question; ``history`` and ``last`` outlive it.

    Attributes
    ----------
    question : str
    history : list
        Plans of earlier questions in this thread, as JSON.
    classes : list of str
    head : dict
        What every document starts with: case, encoder, subject, seed.
    plan : dict
    outcomes, effects : list
        As ``tools.documents`` writes them.
    causes, actions : list
        As the answer has them.
    facts : list of Fact
    groups : list
        Facts that belong together: ``kind`` (findings, quiet), ``title`` and their ids.
    not_checked : list of str
    trials : list
        What-ifs still to try.
    calls : int
        Calls made to the language model.
    model_down : str
        Why the language model is no longer asked; empty while it may be.
    draft, answer, writer : str
    steps : list of str
        What was done, for people.
    last : dict
        What follow-ups may come back to: facts and actions of the last answer (``agent.recalling.keep``).
    left : str
        A second question that came along and is not answered yet.
    told : list of str
        Words that were explained in this conversation.
    proposal, decision, done : dict
        What would be done, what the person said to it, and what came of it.
    began : float
        Seconds since the epoch when the question came.
    usage : dict
        Tokens of the language model: ``sent``, ``received``, and whether they were ``estimated``.
    """

    question: str
    history: list[Json]
    classes: list[str]
    head: Json
    plan: Json
    outcomes: list[Json]
    effects: list[Json]
    causes: list[Json]
    actions: list[Json]
    facts: list[Fact]
    groups: list[Json]
    not_checked: list[str]
    trials: list[Json]
    calls: int
    model_down: str
    draft: str
    answer: str
    headline: str
    writer: str
    steps: list[str]
    last: Json
    left: str
    told: list[str]
    proposal: Json
    decision: Json
    done: Json
    began: float
    usage: Json
