"""What leaves this machine when a language model is used: shown word for word before the first time, and agreed to."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from agent.context import ModelSettings
from agent.display import shown_names
from agent.model_planner import messages
from agent.probe import probe
from agent.prompts import sentence
from agent.spending import note_call
from agent.state import Fact
from agent.writer import written_messages
from tools.records import now
from tools.workspace import Workspace

AGREED = "language model agreed"


def agreement(workspace: Workspace, settings: ModelSettings) -> Mapping[str, Any] | None:
    """What was agreed about this model at this address; None if nothing was."""
    kept: Mapping[str, Any] = workspace.choice(AGREED) or {}
    same = (kept.get("server"), kept.get("model")) == (settings.base_url, settings.model)
    return kept if same and bool(kept.get("pictures")) >= settings.pictures else None


def agree(workspace: Workspace, settings: ModelSettings, by: str) -> Mapping[str, Any]:
    """Note that a person agrees, and find out what the model can do; ``found`` says it in a sentence."""
    probed = probe(settings, lambda sent, received: note_call(workspace, settings, sent, received))
    kept = {
        "server": settings.base_url, "model": settings.model, "by": by, "at": now(), "native": probed.native,
        "form": probed.form, "plans": probed.plans, "found": probed.said, "pictures": settings.pictures,
    }  # fmt: skip
    workspace.choose(AGREED, kept)
    return kept


def withdraw(workspace: Workspace) -> None:
    """Forget the agreement: the model is not asked again before a new one."""
    workspace.choose(AGREED, {})


def first_call(question: str, classes: Sequence[str]) -> str:
    """Exactly the text that leaves to have a question understood."""
    return _text(messages(question, shown_names(classes)))


def second_call(question: str, facts: Sequence[Fact]) -> str:
    """Exactly the text that leaves to have an answer worded."""
    return _text(written_messages(question, facts))


def _text(said: Sequence[Mapping[str, str]]) -> str:
    return json.dumps([dict(m) for m in said], ensure_ascii=False, indent=1)


def explanation(settings: ModelSettings) -> str:
    """Where to, what and what not, in sentences."""
    pictures = sentence("privacy.pictures" if settings.pictures else "privacy.no_pictures")
    return sentence("privacy.text", server=settings.base_url, model=settings.model, pictures=pictures)
