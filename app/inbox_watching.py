"""The ``advisor inbox watch`` command, and what a report does first: take in what lies in the watched folder."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.inbox import taken_lines
from app.terminal import Terminal, WrongUse, report_error
from app.views import counted
from tools.errors import AdvisorError

if TYPE_CHECKING:
    from agent.weekly_parts import Sentence
    from embeddings.progress import Progress
    from tools.case import Case
    from tools.inbox_watch import Round, Watched
    from tools.workspace import Workspace


def run_watch(
    folder: Path | None,
    *,
    once: bool,
    every: float,
    settle: float,
    keep: bool,
    remembering: bool,
    forget: bool,
    workspace: Path,
    json: str | None,
) -> None:
    """Look once, or until stopped."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.inbox import Inbox
    from tools.inbox_documents import inbox_json, round_json
    from tools.inbox_watch import Watched, remember, remembered

    if forget:
        remember(kept, None)
        out.say("Reports look into no folder any more.")
        out.deliver({**case_head(case, "No folder is watched"), "watched": None})
        return
    watched = remembered(kept) if folder is None else Watched(folder, settle, keep)
    if watched is None:
        raise WrongUse(
            expected="a folder to watch", seen="none, and none is remembered",
            todo="Write, e.g.: advisor inbox watch /mnt/camera --remember",
        )  # fmt: skip
    if not once:
        if remembering:
            remember(kept, watched)
        _loop(out, workspace, watched, every)
        return
    found = look_once(out, workspace, watched)
    if remembering:
        remember(kept, watched)
        out.say(f"advisor report and schedule look into {shown(watched.folder)} first from now on.")
    document = round_json(found)
    headline = f"{counted(len(found.taken.new), 'picture')} came in"
    out.say(Text(headline, style="bold"), *round_lines(document))
    out.deliver(
        {**case_head(case, headline), "inbox": inbox_json(Inbox(kept)), "arrived": document,
         "watched": str(watched.folder)}
    )  # fmt: skip


def look_once(out: Terminal, workspace: Path, watched: "Watched") -> "Round":
    """One round."""
    from tools.inbox_watch import round_of

    kept, _ = open_case(workspace)
    with out.steps() as steps:
        return round_of(kept, lambda: open_case(workspace)[1], watched, on_step=steps)


def _loop(out: Terminal, workspace: Path, watched: "Watched", every: float) -> None:
    """Until Ctrl-C; a fault of one round ends no other."""
    from tools.inbox_documents import round_json
    from tools.inbox_watch import prepare

    prepare(watched)
    out.say(f"Watching {shown(watched.folder / 'new')}; stop with Ctrl-C.")
    try:
        while True:
            try:
                found = look_once(out, workspace, watched)
            except AdvisorError as fault:
                report_error(fault)
            else:
                if found.taken.new or found.moved or found.refused:
                    out.say(Text(f"{counted(len(found.taken.new), 'picture')} came in", style="bold"))
                    out.say(*round_lines(round_json(found)))
            time.sleep(every)
    except KeyboardInterrupt:
        return


def round_lines(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """What became of files."""
    yield from taken_lines(document)
    if document["left"]:
        yield Text(f"Left for the next time, still being written: {len(document['left'])}")
    if document["passed_over"]:
        first = document["passed_over"][0]
        yield Text(
            f"Passed over: {len(document['passed_over'])}, e.g. {shown(first['path'])} ({shown(first['reason'])})"
        )


@dataclass(frozen=True)
class Came:
    """What a report found in the watched folder.

    Attributes
    ----------
    watched : Watched or None
        None where no folder is remembered.
    found : Round or None
        None where the folder could not be looked into.
    fault : Exception or None
    """

    watched: "Watched | None" = None
    found: "Round | None" = None
    fault: Exception | None = None


def arrive(out: Terminal, kept: "Workspace", workspace: Path) -> Came:
    """What a report does first: one round of the remembered folder. No fault of it may stop the report."""
    from tools.inbox_watch import remembered

    watched = remembered(kept)
    if watched is None:
        return Came()
    try:
        return Came(watched, look_once(out, workspace, watched))
    except AdvisorError as fault:
        report_error(fault)
        return Came(watched, fault=fault)
    except Exception as fault:  # noqa: BLE001 - a report must come out; what failed stands in it
        return Came(watched, fault=fault)


def production_sections(
    kept: "Workspace", case: "Case", week: str, came: Came, steps: "Progress"
) -> "dict[str, Callable[[], list[Sentence]]]":
    """Sections of the report on what came from production; a fault of the folder is one of its failed steps."""
    from agent.weekly_inbox import production_sentences, watched_sentences
    from tools.dataset import encode_id
    from tools.inbox_documents import round_json
    from tools.reports import Reports

    before = Reports(kept).before(week)
    since = "" if before is None else before.refreshed

    def watched() -> "list[Sentence]":
        if came.fault is not None:
            raise came.fault
        assert came.watched is not None
        assert came.found is not None
        return watched_sentences(encode_id(str(came.watched.folder)), round_json(came.found))

    def production() -> "list[Sentence]":
        return production_sentences(kept, case, since, on_step=steps)

    return {"production": production, **({} if came.watched is None else {"watched": watched})}
