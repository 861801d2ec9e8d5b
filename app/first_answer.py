"""What an import of a big set says of a sample of it, before it goes on."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.escaping import shown
from app.printing import case_lines

if TYPE_CHECKING:
    from embeddings.progress import Progress
    from tools.case import Case
    from tools.workspace import Workspace

ANSWERED = "first answer"
"""Choice of a sample's workspace: its checks have all been run."""
MOST = 5
"""Findings that the first answer tells."""


def first_answer(case: "Case", on_step: "Progress", kept: "Workspace | None") -> dict[str, Any]:
    """The audit's document of a sample; nothing is tried yet. Kept in the sample's workspace, where pages read it."""
    from app.kept_audit import keep_audit
    from tools.audit import run_checks
    from tools.documents import audit_document

    outcomes = run_checks(case, on_step=on_step, remember=kept)
    if kept is not None:
        keep_audit(kept, case, outcomes, {})
        kept.choose(ANSWERED, True)
    return audit_document(case, outcomes, {})


def first_answer_lines(document: dict[str, Any], asking: str) -> Iterable[RenderableType]:
    """Headline, the gravest findings, and how to ask more while the import goes on."""
    yield Text(document["headline"], style="bold")
    yield from case_lines(document)
    found = [f for o in document["outcomes"] for f in o["findings"] if f["severity"]["level"] != "low"]
    weight = {"high": 0, "medium": 1}
    found.sort(key=lambda f: (weight[f["severity"]["level"]], -(f["severity"]["errors_explained"] or 0.0)))
    for finding in found[:MOST]:
        yield Text(f"{finding['severity']['level']}: {shown(finding['title'])}. {shown(finding['summary'])}")
    if len(found) > MOST:
        yield Text(f"and {len(found) - MOST} more above low")
    yield f"The import goes on; ask more of the sample meanwhile, in another terminal: {asking}"
