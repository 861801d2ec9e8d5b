"""Pieces of a report, and the numbered facts that its sentences cite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """One piece of a report; all texts are data still to be escaped for the format.

    Attributes
    ----------
    kind : {"heading", "text", "quiet", "action", "table", "pictures", "plot", "page"}
        ``page`` starts the details.
    text : str
    tone : str
        Of ``agent.weekly_parts.Sentence``; empty where it has none.
    rows : sequence of mapping of str to str
    images : sequence of str
    plot : str
        ``trend`` or ``effects``.
    refs : tuple of str
        Facts of the details that hold the numbers and pictures of the text, as ``F3``.
    anchor : str
        The fact that starts here.
    """

    kind: str
    text: str = ""
    tone: str = ""
    rows: Sequence[Mapping[str, str]] = ()
    images: Sequence[str] = ()
    plot: str = ""
    refs: tuple[str, ...] = ()
    anchor: str = ""


class Facts:
    """Numbers of facts, given in the order in which they are first cited: a finding each, or a section's sentences.

    Parameters
    ----------
    document : mapping
        A weekly report.
    """

    def __init__(self, document: Document) -> None:
        every = (f for o in document["audit"]["outcomes"] for f in o["findings"])
        self.findings: dict[str, Document] = {f["id"]: f for f in every if not f["settled"]}
        self.sections: dict[str, Document] = {s["id"]: s for s in document["sections"]}
        self.cited: dict[tuple[str, str], str] = {}

    def finding(self, key: str) -> tuple[str, ...]:
        """The number of an open finding."""
        return self._number("finding", key) if key in self.findings else ()

    def sentence(self, section: str, sentence: Document) -> tuple[str, ...]:
        """The number of what a sentence rests on; none where it has neither numbers nor pictures."""
        if sentence["about"] in self.findings:
            return self.finding(sentence["about"])
        return self._number("section", section) if sentence["evidence"] or sentence["images"] else ()

    def model(self) -> tuple[str, ...]:
        """The number of how good the model is, class by class."""
        return self._number("section", "model")

    def own(self, section: str) -> list[Document]:
        """Sentences of a section that rest on numbers or pictures of their own."""
        there = self.sections.get(section, {}).get("sentences", ())
        return [s for s in there if s["about"] not in self.findings and (s["evidence"] or s["images"])]

    def _number(self, kind: str, key: str) -> tuple[str, ...]:
        return (self.cited.setdefault((kind, key), f"F{len(self.cited) + 1}"),)
