"""Whether a model calls tools natively: tried once, when it is agreed to, with questions whose answer is known."""

from pydantic import ValidationError

from agent.endpoint import Endpoint
from agent.model_planner import messages, native_reply, read_step
from agent.model_tools import native_tools
from agent.plan import Intent

CLASSES = ("A", "B", "C")
QUESTIONS: tuple[tuple[str, Intent, tuple[str, ...]], ...] = (
    ("why is the model confusing A and B?", "confusion", ("A", "B")),
    ("how many pictures does each class have?", "balance", ()),
)
"""All of them must come out right; else the model fills in a JSON schema, which far smaller ones can."""


def calls_tools(endpoint: Endpoint) -> bool:
    """Whether every question of the probe gets the right native call; at most one model call each."""
    names = {name: name for name in CLASSES}
    for question, intent, classes in QUESTIONS:
        called = endpoint.call(messages(question, names), native_tools(CLASSES))
        if called is None:
            return False
        try:
            plan = read_step(native_reply(*called), names)
        except (ValidationError, ValueError):
            return False
        if (plan.intent, plan.classes) != (intent, classes):
            return False
    return True
