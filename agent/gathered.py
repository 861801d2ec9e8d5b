"""What working out an answer yields before it is worded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.facts import FactList
from agent.prompts import sentence
from agent.state import Json
from tools.findings import Finding, Outcome


@dataclass
class Gathered:
    """Facts in order, what they were drawn from, and what could not be said."""

    outcomes: list[Outcome] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    causes: list[Json] = field(default_factory=list)
    facts: FactList = field(default_factory=FactList)
    not_checked: list[str] = field(default_factory=list)
    groups: list[Json] = field(default_factory=list)

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Keep outcomes, and say which of them could not speak."""
        for outcome in outcomes:
            self.outcomes.append(outcome)
            if outcome.status in {"failed", "not_applicable"}:
                self.skip(outcome.code, outcome.reason)

    def skip(self, code: str, reason: str) -> None:
        """Say what could not be checked, once."""
        line = sentence("not_checked.outcome", code=code, reason=reason)
        if line not in self.not_checked:
            self.not_checked.append(line)

    def group(self, kind: str, title: str, ids: Sequence[str]) -> None:
        """Keep facts together, under a title if there is one."""
        if ids:
            self.groups.append({"kind": kind, "title": title, "facts": list(ids)})
