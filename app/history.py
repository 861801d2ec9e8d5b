"""The history of changes on the command line: list, show, take back, write into the files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import elsewhere, open_case
from app.edge import interactive, user_name
from app.escaping import shown
from app.printing import table
from app.terminal import Terminal, WrongUse
from app.views import counted

if TYPE_CHECKING:
    from tools.changes import Change
    from tools.move_plans import Plan
    from tools.workspace import Workspace

SHOWN = 12
UNLABELLED = "unlabelled"


@dataclass(frozen=True)
class Accepting:
    """How a change is accepted and shown.

    Attributes
    ----------
    workspace : Path
    json : str or None
    why : str
    by : str or None
        None = the name of the person at the machine.
    write : bool
        Whether files are moved afterwards; ``yes`` without asking.
    yes : bool
    """

    workspace: Path
    json: str | None
    why: str = ""
    by: str | None = None
    write: bool = False
    yes: bool = False

    @property
    def signed(self) -> dict[str, str]:
        """Why and who, without bytes that are no text."""
        from tools.dataset import encode_id

        return {"why": encode_id(self.why), "by": encode_id(user_name() if self.by is None else self.by)}


def run_list(*, workspace: Path, json: str | None) -> None:
    """Show the history."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.change_documents import change_json
    from tools.changing import history
    from tools.documents import case_head

    known = history(kept)
    entries = [change_json(c, known) for c in known.changes]
    stand = sum(e["stands"] and e["kind"] not in ("undo", "import") for e in entries)
    headline = (
        f"{counted(len(entries), 'entry', 'entries')}; standing: {counted(stand, 'change')}"
        if entries
        else "Nothing was changed yet"
    )
    out.say(*list_blocks(headline, entries))
    out.deliver({**case_head(case, headline), "changes": entries})


def list_blocks(headline: str, entries: Sequence[Mapping[str, Any]]) -> Iterable[RenderableType]:
    """A row per entry."""
    yield Text(headline, style="bold")
    rows = [
        {
            "No.": str(e["number"]),
            "When (UTC)": e["at"][:16].replace("T", " "),
            "Versions": f"{e['before']} → {e['after']}" if e["after"] != e["before"] else str(e["before"]),
            "What": shown(e["summary"]),
            "By": shown(e["by"]),
            "Why": shown(e["why"]),
            "": "" if e["stands"] else "taken back",
        }
        for e in entries
    ]
    if rows:
        yield table(rows, tuple(rows[0]))


def run_show(number: int, *, workspace: Path, json: str | None) -> None:
    """Show one entry with its pictures."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.change_documents import change_json
    from tools.changing import history
    from tools.documents import case_head

    known = history(kept)
    found = known.find(number)
    if found is None:
        numbers = ", ".join(str(c.number) for c in known.changes) or "none there"
        raise WrongUse(
            expected=f"the number of a change ({numbers})", seen=str(number), todo="See: advisor change list."
        )
    entry = change_json(found, known)
    out.say(*list_blocks(f"Change {number}: {shown(found.summary)}", [entry]))
    out.say("", *edit_blocks(entry, most=len(found.edits) + len(found.moves)))
    out.deliver({**case_head(case, found.summary), "change": entry})


def run_undo(number: int | None, accepting: Accepting) -> None:
    """Take an entry back; with ``write`` the files too."""
    out = Terminal(accepting.json)
    kept, _ = open_case(accepting.workspace)
    from tools.changing import NothingToChange, history, undo, undoable
    from tools.move_plans import plan_undo
    from tools.moving import roll_back, unfinished

    if accepting.write and unfinished(kept) is not None:
        with out.steps() as steps:
            moved = roll_back(kept, on_step=steps)
        _, case = open_case(accepting.workspace)
        from tools.documents import case_head

        headline = f"{counted(moved, 'file')} of an interrupted run moved back; the labels stand as they did"
        out.say(Text(headline, style="bold"))
        out.deliver({**case_head(case, headline), "moved_back": moved})
        return
    if accepting.write and undoable(history(kept), number).moves:
        _move(out, kept, plan_undo(kept, number, **accepting.signed), accepting)
        return
    done = undo(kept, number, **accepting.signed)
    document = say_change(out, kept, done, accepting, unlocked(kept, done))
    if accepting.write:
        try:
            run_write(accepting)
        except NothingToChange:
            out.say(Text("The files say so already: none was moved"))
    else:
        out.deliver(document)


def unlocked(kept: "Workspace", done: "Change") -> tuple[str, ...]:
    """What taking a lock back, or bringing it back, means for figures."""
    from tools.changing import history
    from tools.splitting import UNLOCKED

    known, entry = history(kept), done
    while entry.kind == "undo" and entry.undoes is not None and (found := known.find(entry.undoes)) is not None:
        entry = found
    return (UNLOCKED,) if entry.kind == "lock" else ()


def run_write(accepting: Accepting) -> None:
    """Print the moves, then make them if that is confirmed; finish an interrupted run first."""
    out = Terminal(accepting.json)
    kept, _ = open_case(accepting.workspace)
    from tools.move_plans import plan_write
    from tools.moving import resume, unfinished

    if unfinished(kept) is not None:
        with out.steps() as steps:
            done = resume(kept, on_step=steps)
        if done is not None:
            out.say(Text("An interrupted run was finished", style="bold"))
            out.deliver(say_change(out, kept, done, accepting, ()))
            return
    _move(out, kept, plan_write(kept, **accepting.signed), accepting)


def _move(out: Terminal, kept: "Workspace", plan: "Plan", accepting: Accepting) -> None:
    """The dry run, the question, the moves."""
    from tools.change_documents import moves_json
    from tools.documents import case_head
    from tools.moving import perform

    moves = moves_json(plan.moves)
    out.say(Text(f"{counted(len(moves), 'file')} to be moved in {shown(plan.root)}", style="bold"))
    out.say(*edit_blocks({"edits": [], "moves": moves, "conflicts": []}, most=len(moves)))
    agreed = accepting.yes or (interactive() and _agreed(out))
    if agreed:
        with out.steps() as steps:
            done = perform(kept, plan, on_step=steps)
        document = say_change(out, kept, done, accepting, ())
        out.deliver({**document, "written": True})
        return
    headline = "Nothing was moved"
    out.say(Text(f"{headline}; to move these files, add --yes"))
    _, case = open_case(accepting.workspace)
    out.deliver({**case_head(case, headline), "moves": moves, "written": False})


def _agreed(out: Terminal) -> bool:
    return out.notes.input("Move them now? [y/N] ", markup=False).strip().lower() in {"y", "yes"}


def say_change(
    out: Terminal, kept: "Workspace", done: "Change", accepting: Accepting, notes: Sequence[str]
) -> dict[str, Any]:
    """Print an entry; returns its document."""
    from tools.change_documents import change_json
    from tools.changing import history
    from tools.documents import case_head

    _, case = open_case(accepting.workspace)
    entry = change_json(done, history(kept))
    versions = f"dataset version {done.before} → {done.after}" if done.after != done.before else "no new version"
    headline = f"Change {done.number}: {done.summary} ({versions})"
    out.say(Text(shown(headline), style="bold"))
    out.say(*edit_blocks(entry, most=SHOWN))
    out.say(*(Text(f"Note: {shown(note)}.", style="dim") for note in notes))
    if not done.moves and not accepting.write:
        out.say(Text("No file was touched.", style="dim"))
    again = " --write" if done.moves else ""
    out.say(f"Take it back: advisor change undo {done.number}{again}{elsewhere(accepting.workspace)}")
    return {**case_head(case, headline), "change": entry, "notes": list(notes)}


def _edit_row(edit: Mapping[str, Any], kind: str) -> dict[str, str]:
    if kind == "lock":
        return {"Picture": shown(edit["image"]), "Class": shown(edit["after"])}
    was, now = edit["before"] or UNLABELLED, edit["after"] or "left out"
    return {"Picture": shown(edit["image"]), "Was": shown(was), "Is": shown(now)}


def edit_blocks(entry: Mapping[str, Any], *, most: int) -> Iterable[RenderableType]:
    """Pictures with their labels before and after, files with their places, and conflicts."""
    edits = [_edit_row(e, entry.get("kind", "")) for e in entry["edits"]]
    moves = [{"File": shown(m["from"]), "Goes to": shown(m["to"])} for m in entry["moves"]]
    clashes = [
        {
            "Picture": shown(c["id"]),
            "The file says": shown(c["seen"] or UNLABELLED),
            "Change": str(c["change"]),
            "Said": shown(c["wanted"] or "left out"),
        }
        for c in entry["conflicts"]
    ]
    for rows in (edits, moves, clashes):
        if rows:
            yield table(rows[:most], tuple(rows[0]))
        if len(rows) > most:
            yield Text(f"and {len(rows) - most} more; --json lists all of them", style="dim")
