"""The last audit of a case, kept so that pages show it at once; decisions are laid on it when it is shown."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from tools.effects import Effect
from tools.findings import Change, Outcome

if TYPE_CHECKING:
    from tools.case import Case
    from tools.workspace import Workspace


@dataclass(frozen=True)
class Audit:
    """What every check said, and what was tried.

    Attributes
    ----------
    outcomes : tuple of Outcome
        Before decisions.
    tried : tuple of (Change, Effect)
    code : str
        Version of the code that made it; another one may say more.
    """

    outcomes: tuple[Outcome, ...]
    tried: tuple[tuple[Change, Effect], ...] = ()
    code: str = ""

    @property
    def of_this_code(self) -> bool:
        """Whether the code has not changed since."""
        from tools.code_version import code_version

        return self.code == code_version()


def keep_audit(kept: "Workspace", case: "Case", outcomes: Sequence[Outcome], effects: Mapping[Change, Effect]) -> None:
    """Keep an audit of all checks."""
    from pydantic import TypeAdapter

    from tools.code_version import code_version

    audit = Audit(tuple(outcomes), tuple(effects.items()), code_version())
    kept.remember(key_of(case), TypeAdapter(Audit).dump_json(audit).decode())


def read_audit(text: str) -> Audit:
    """An audit as it was kept."""
    from pydantic import TypeAdapter

    return TypeAdapter(Audit).validate_json(text)


def audit_shown(kept: "Workspace", case: "Case", audit: Audit, today: date) -> dict[str, Any]:
    """The audit as ``audit --json`` writes it, with what people decided since."""
    from tools.decisions import Decisions, settle
    from tools.documents import audit_document
    from tools.shoot_evidence import shown_by_shoots
    from tools.shoots import Shoots

    outcomes = shown_by_shoots(audit.outcomes, Shoots(kept).results())
    return audit_document(case, settle(outcomes, Decisions(kept).standing(), today), dict(audit.tried))


def key_of(case: "Case") -> str:
    """Where the audit of a case is kept in the workspace."""
    return json.dumps({"audit of": case.fingerprint})
