"""A person's way through a queue of suspected labels: decisions kept as they are made, precision so far, undo. Pure.

The queue itself is computed; what is kept is the decisions alone, in the workspace, so that a closed tab loses none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tools.statistics import wilson

if TYPE_CHECKING:
    from tools.case import Case
    from tools.review import Decisions
    from tools.suggestions import Suspect
    from tools.workspace import Workspace

Verb = Literal["accept", "reject", "label", "remove", "skip"]
RIGHT: tuple[Verb, ...] = ("accept", "label", "remove")
"""Decisions that say that the label was indeed wrong."""


@dataclass(frozen=True)
class Step:
    """One decision.

    Attributes
    ----------
    sha256 : str
        Content of the picture.
    given : str
        The label that was doubted; another label since makes the decision void.
    verb : {"accept", "reject", "label", "remove", "skip"}
    label : str
        The class it is to have, for accept and label.
    """

    sha256: str
    given: str
    verb: Verb
    label: str = ""


@dataclass(frozen=True)
class Review:
    """Decisions in the order they were made.

    Attributes
    ----------
    steps : tuple of Step
    """

    steps: tuple[Step, ...] = ()

    def take(self, step: Step) -> "Review":
        """With one more decision; an earlier one about the same picture gives way."""
        return replace(self, steps=(*(s for s in self.steps if s.sha256 != step.sha256), step))

    def undo(self) -> "Review":
        """Without the last decision."""
        return replace(self, steps=self.steps[:-1])

    def of(self, pairs: Sequence[tuple[str, str]]) -> "Review":
        """Only decisions about these pictures under these labels (sha256, label)."""
        there = set(pairs)
        return replace(self, steps=tuple(s for s in self.steps if (s.sha256, s.given) in there))

    @property
    def decided(self) -> tuple[Step, ...]:
        """Without what was skipped."""
        return tuple(s for s in self.steps if s.verb != "skip")

    @property
    def precision(self) -> tuple[int, int, float, float]:
        """Labels that were indeed wrong, labels decided, and the Wilson interval of the share.

        >>> Review((Step("a", "x", "accept", "y"), Step("b", "x", "reject"))).precision[:2]
        (1, 2)
        """
        right, of = sum(s.verb in RIGHT for s in self.decided), len(self.decided)
        return right, of, *wilson(right, of)

    def to_json(self) -> str:
        """Plain JSON."""
        return json.dumps([[s.sha256, s.given, s.verb, s.label] for s in self.steps])

    @classmethod
    def from_json(cls, text: str | None) -> "Review":
        """What ``to_json`` wrote; empty for nothing."""
        return cls(tuple(Step(*item) for item in json.loads(text or "[]")))


def key_of(who: str) -> str:
    """Where one person's review is kept."""
    return json.dumps({"review by": who})


def load(kept: "Workspace", who: str) -> Review:
    """One person's decisions that were not made into a version yet."""
    return Review.from_json(kept.recall(key_of(who)))


def save(kept: "Workspace", who: str, review: Review) -> None:
    """Keep one person's decisions."""
    kept.remember(key_of(who), review.to_json())


def waiting(queue: "Sequence[Suspect]", review: Review, digests: Mapping[str, str]) -> "list[Suspect]":
    """Suspects without a decision, the most doubtful first; skipped ones come again at the end.

    Parameters
    ----------
    digests : mapping of str to str
        Content of each picture by id.
    """
    verbs = {s.sha256: s.verb for s in review.steps}
    fresh = [s for s in queue if digests[s.id] not in verbs]
    skipped = [s for s in queue if verbs.get(digests[s.id]) == "skip"]
    return [*fresh, *skipped]


def decisions(case: "Case", review: Review) -> "Decisions":
    """What the review asks of the data set, as a review sheet would say it."""
    from tools.review import Decisions

    rows = {str(digest): row for row, digest in enumerate(case.dataset.sha256.tolist())}
    there = [(rows[s.sha256], s) for s in review.decided if s.sha256 in rows]
    wanted = tuple((row, None if s.verb == "remove" else s.label) for row, s in there if s.verb in RIGHT)
    kept = tuple(row for row, s in there if s.verb == "reject")
    return Decisions(wanted, kept)
