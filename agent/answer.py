"""What a question ends in: an answer for people and, with the same content, for machines."""

from dataclasses import dataclass, field
from typing import Any

from agent.state import Fact, Json


@dataclass(frozen=True)
class Answer:
    """A grounded answer.

    Attributes
    ----------
    question, headline : str
    text : str
        Markdown; each sentence with a number cites its fact.
    head : dict
        schema_version, case, encoder, subject, seed.
    causes, actions : tuple of dict
    facts : tuple of Fact
    not_checked : tuple of str
        What could not be checked, and why.
    planner, writer : str
        ``rules`` or ``model``; ``template`` or ``model``.
    outcomes, effects : tuple of dict
        Everything behind the answer, as ``tools.documents`` writes it.
    steps : tuple of str
    intent : str
    plan : dict
        How the question was understood.
    action : dict
        What was proposed, what the person said to it, and what was done; empty for a question.
    second : str
        A second question that came with this one and is not answered yet.
    seconds : float
        From the question to the answer, the time a person took to decide included.
    usage : dict
        Tokens that the language model cost.
    prompts : str
        Version of the prompts and sentences it was made with (``agent.prompts.version``).
    """

    question: str
    headline: str
    text: str
    head: Json = field(default_factory=dict)
    causes: tuple[Json, ...] = ()
    actions: tuple[Json, ...] = ()
    facts: tuple[Fact, ...] = ()
    not_checked: tuple[str, ...] = ()
    planner: str = "rules"
    writer: str = "template"
    outcomes: tuple[Json, ...] = ()
    effects: tuple[Json, ...] = ()
    steps: tuple[str, ...] = ()
    intent: str = ""
    plan: Json = field(default_factory=dict)
    action: Json = field(default_factory=dict)
    second: str = ""
    seconds: float = 0.0
    usage: Json = field(default_factory=dict)
    prompts: str = ""

    def to_json(self) -> dict[str, Any]:
        """The document of ``advisor ask --json``; later versions only add keys."""
        return {
            **self.head,
            "headline": self.headline,
            "question": self.question,
            "answer": self.text,
            "causes": list(self.causes),
            "actions": list(self.actions),
            "facts": list(self.facts),
            "not_checked": list(self.not_checked),
            "planner": self.planner,
            "writer": self.writer,
            "intent": self.intent,
            "plan": self.plan,
            "action": self.action,
            "second": self.second,
            "seconds": self.seconds,
            "usage": self.usage,
            "prompts": self.prompts,
            "outcomes": list(self.outcomes),
            "effects": list(self.effects),
            "steps": list(self.steps),
        }
