"""What a language model can do: tried once, when it is agreed to, with questions whose answer is known."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pydantic import ValidationError

from agent.context import ModelSettings
from agent.endpoint import Endpoint
from agent.model_planner import ask_step, messages, read_step
from agent.plan import Intent
from agent.prompts import sentence

CLASSES = ("A", "B", "C")
QUESTIONS: tuple[tuple[str, Intent, tuple[str, ...]], ...] = (
    ("why is the model confusing A and B?", "confusion", ("A", "B")),
    ("how many pictures does each class have?", "balance", ()),
)
"""All of them must come out right."""


@dataclass(frozen=True)
class Probed:
    """What came of it.

    Attributes
    ----------
    native : bool
        Whether it calls tools natively.
    form : str
        How the form of a reply is asked for, as far as its server takes it.
    plans : bool
        Whether it is trusted to choose what answers a question: natively, else by filling in a JSON schema, which far
        smaller models can. One that could not be asked is; one that got an easy question wrong leaves it to the rules.
    said : str
        The outcome in a sentence.
    """

    native: bool
    form: str
    plans: bool
    said: str


def probe(settings: ModelSettings, spent: Callable[[int, int], None]) -> Probed:
    """Try native calls, then the schema; at most two model calls each."""
    if _gets_all_right(Endpoint(replace(settings, native=True), spent=spent)):
        return Probed(True, settings.form, True, sentence("probe.native"))
    endpoint = Endpoint(settings, spent=spent)
    right = _gets_all_right(endpoint)
    if right is None:
        said = sentence("probe.silent", why=endpoint.down)
    else:
        said = sentence("probe.schema" if right else "probe.wrong")
    return Probed(False, endpoint.form, right is not False, said)


def _gets_all_right(endpoint: Endpoint) -> bool | None:
    """None if the model could not be asked, or said nothing; ``down`` of the endpoint says why."""
    names = {name: name for name in CLASSES}
    for question, intent, classes in QUESTIONS:
        reply = ask_step(endpoint, messages(question, names), CLASSES)
        if reply is None:
            return None
        try:
            plan = read_step(reply, names)
        except (ValidationError, ValueError):
            return False
        if (plan.intent, plan.classes) != (intent, classes):
            return False
    return True
