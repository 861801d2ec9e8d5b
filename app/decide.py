"""The ``advisor decide`` commands: what people decided about findings and labels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import table
from app.terminal import Terminal, WrongUse
from tools.errors import UnknownName

if TYPE_CHECKING:
    from tools.case import Case
    from tools.decisions import Decision, Kind
    from tools.findings import Finding
    from tools.workspace import Workspace


def run_decide(
    finding: str,
    kind: "Kind",
    *,
    who: str,
    why: str,
    workspace: Path,
    json: str | None,
    until: str = "",
    owner: str = "",
) -> None:
    """Decide about a finding of the newest audit; checks that were not run yet are run."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.audit import run_checks
    from tools.decisions import Decisions, about_finding, finding_id

    with out.steps() as steps:
        outcomes = run_checks(case, on_step=steps, remember=kept)
    there = {finding_id(f): f for outcome in outcomes for f in outcome.findings}
    if finding not in there:
        known = "; ".join(f"{name} ({f.title})" for name, f in there.items())
        raise UnknownName(
            expected=f"the id of a finding: {known or 'nothing was found'}", seen=finding, todo="See: advisor audit."
        )
    if kind == "confirm":
        _keep_slice(kept, case, there[finding])
    taken = Decisions(kept).take([about_finding(there[finding], kind, who=who, why=why, until=until, owner=owner)])
    _say_taken(out, case, taken, there[finding].title)


def _keep_slice(kept: "Workspace", case: "Case", finding: "Finding") -> None:
    """The finding's pictures become a test slice of the gate."""
    from tools.kept_slices import keep_slice
    from tools.registry import NotApplicable

    try:
        keep_slice(kept, case, finding)
    except NotApplicable as reason:
        raise WrongUse(
            expected="a finding about pictures that can be tested on", seen=str(reason),
            todo="To say that it is known and fine: advisor decide dismiss.",
        ) from None  # fmt: skip


def run_confirm(images: Sequence[str], *, who: str, why: str, workspace: Path, json: str | None) -> None:
    """Confirm labels."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.decisions import Decision, Decisions

    dataset = case.dataset
    unknown = [image for image in images if image not in dataset.index]
    bare = [image for image in images if image not in unknown and dataset.targets[dataset.index[image]] < 0]
    if unknown or bare:
        raise UnknownName(
            expected=f"ids of labelled pictures, such as {dataset.ids[0]}", seen=(unknown or bare)[0],
            todo="Write them as advisor audit shows them; nothing was kept.",
        )  # fmt: skip
    rows = [dataset.index[image] for image in images]
    decisions = [
        Decision(
            "confirm-label", str(dataset.sha256[row]), str(dataset.ids[row]), who=who, why=why,
            label=dataset.classes[dataset.targets[row]],
        )
        for row in rows
    ]  # fmt: skip
    taken = Decisions(kept).take(decisions)
    _say_taken(out, case, taken, f"{len(images)} label{'' if len(images) == 1 else 's'}")


def run_list(*, workspace: Path, json: str | None) -> None:
    """List decisions, newest first."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    _say_list(out, kept, case)


def run_undo(number: int, *, workspace: Path, json: str | None) -> None:
    """Take one back."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.decisions import Decisions
    from tools.documents import case_head

    found = Decisions(kept).undo(number)
    headline = f"Taken back: {found.kind} of {found.title}"
    out.say(Text(shown(headline), style="bold"))
    out.deliver({**case_head(case, headline), "decision": asdict(found)})


def _say_taken(out: Terminal, case: "Case", taken: "Sequence[Decision]", what: str) -> None:
    from tools.documents import case_head

    headline = f"Kept: {taken[0].kind} of {what}" if taken else f"Nothing new: this was decided before of {what}"
    out.say(Text(shown(headline), style="bold"), "Take back: advisor decide undo N; see: advisor decide list")
    out.deliver({**case_head(case, headline), "decisions": [asdict(d) for d in taken]})


def _say_list(out: Terminal, kept: "Workspace", case: "Case") -> None:
    from tools.decisions import Decisions
    from tools.documents import case_head

    found = [asdict(d) for d in reversed(Decisions(kept).all())]
    headline = f"{len(found)} decision{'' if len(found) == 1 else 's'}" if found else "Nothing was decided yet"
    document = {**case_head(case, headline), "decisions": found}
    out.say(*list_blocks(document))
    out.deliver(document)


def list_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """A row per decision."""
    yield Text(shown(document["headline"]), style="bold")
    rows = [
        {
            "N": str(d["number"]),
            "On": shown(d["at"][:10]),
            "What": shown(d["kind"]),
            "About": shown(f"{d['title']} is {d['label']}" if d["label"] else f"{d['title']} ({d['about']})"),
            "Who": shown(d["who"]),
            "Why": shown(d["why"]),
            "Owner": shown(d["owner"]),
            "Until": shown(d["until"]),
            "Taken back": shown(d["undone"][:10]),
        }
        for d in document["decisions"]
    ]
    if rows:
        yield table(rows, tuple(rows[0]))
