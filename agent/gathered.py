"""What working out an answer yields before it is worded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.facts import FactList
from agent.prompts import sentence, spoken, version
from agent.state import Json
from tools.findings import Finding, Outcome
from tools.memory import Memory, recalled


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


@dataclass(frozen=True)
class Told:
    """Facts as they were worked out once, to be told again without working them out."""

    facts: tuple[dict[str, Any], ...]
    groups: tuple[dict[str, Any], ...]
    not_checked: tuple[str, ...]


def remembered(
    out: Gathered, memory: Memory | None, parts: Mapping[str, object], work: Callable[[Gathered], None]
) -> None:
    """Do some work that states facts, or recall what it stated for the same case and words.

    Parameters
    ----------
    parts : mapping
        What the facts depend on besides the code and the prompts.
    """

    def compute() -> Told:
        fresh = Gathered()
        work(fresh)
        return Told(tuple(dict(f) for f in fresh.facts.facts), tuple(fresh.groups), tuple(fresh.not_checked))

    told = recalled(memory, Told, {**parts, "prompts": version(), "language": spoken()}, compute)
    ids: dict[str, str] = {}
    for fact in told.facts:
        own = {key: fact[key] for key in ("evidence", "images", "code")}
        ids[fact["id"]] = out.facts.state(fact["kind"], fact["text"], **own)["id"]
    for group in told.groups:
        out.group(group["kind"], group["title"], [ids[i] for i in group["facts"]])
    out.not_checked += [line for line in told.not_checked if line not in out.not_checked]
