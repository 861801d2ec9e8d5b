"""What is heard while a question is answered, each with a ``text`` for people; last comes an answer or a consent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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


@dataclass(frozen=True)
class Progress:
    """Work inside a node goes on.

    Attributes
    ----------
    text : str
    done, total : int
    """

    text: str
    done: int
    total: int


@dataclass(frozen=True)
class Token:
    """A piece of what the language model is writing: not checked yet, so never to be shown as an answer."""

    text: str


@dataclass(frozen=True)
class Consent:
    """The graph waits for a person: ``agent.graph.resume`` goes on with what they say.

    Attributes
    ----------
    thread : str
    proposal : mapping
        As ``agent.proposals.Proposal.to_json`` writes it: what would be done, to what, at what cost.
    """

    thread: str
    proposal: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What would be done."""
        return str(self.proposal["title"])

    @property
    def approval(self) -> dict[str, Any]:
        """The answer that agrees to exactly this."""
        return {"decision": "approve", "id": self.proposal["id"], "digest": self.proposal["digest"]}

    @property
    def rejection(self) -> dict[str, Any]:
        """The answer that leaves everything as it is."""
        return {"decision": "reject"}

    def edited(self, **edits: Any) -> dict[str, Any]:
        """The answer that asks again with other particulars, such as ``leave_out=[ids]`` or ``name="Citrus"``."""
        return {"decision": "edit", "edits": edits}
