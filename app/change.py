"""The ``advisor change`` commands that change labels: relabel, remove, split, merge, and the review sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from app.commands import elsewhere, open_case
from app.escaping import shown
from app.history import Accepting, run_write, say_change
from app.terminal import Terminal, WrongUse

if TYPE_CHECKING:
    from tools.case import Case
    from tools.changing import Draft
    from tools.workspace import Workspace


def run_relabel(
    images: Sequence[str],
    to: str | None,
    file: Path | None,
    accepting: Accepting,
    *,
    suggested: bool,
    test_too: bool,
    new_class: bool,
    group: str | None,
    seed: int | None,
) -> None:
    """Relabel named pictures, those of a table, or the suspects."""
    _one_source({"images": bool(images), "--from": file is not None, "--suggested": suggested})
    if bool(images) != (to is not None):
        raise WrongUse(
            expected="images together with --to CLASS", seen="one without the other",
            todo="Write, e.g.: advisor change relabel train/apple/12.jpg --to pear",
        )  # fmt: skip
    out = Terminal(accepting.json)
    kept, case = open_case(accepting.workspace, seed=seed, group=group)
    from tools.proposals import class_to_be, find_rows, relabel
    from tools.suggestions import relabel_suspects

    if file is not None:
        _review(out, kept, case, file, accepting, test_too=test_too, new_class=new_class)
        return
    if suggested:
        draft = relabel_suspects(case, test_too=test_too)
    else:
        name = class_to_be(case, to or "", new_class=new_class)
        draft = relabel(case, ((row, name) for row in find_rows(case, images)), test_too=test_too)
    _accept(out, kept, case, draft, accepting)


def _review(
    out: Terminal, kept: "Workspace", case: "Case", file: Path, accepting: Accepting, *, test_too: bool, new_class: bool
) -> None:
    """Accept what a table says; labels that it confirms are remembered as decisions."""
    from tools.decisions import Decision, Decisions
    from tools.documents import case_head
    from tools.review import read_decisions, reviewed

    read = read_decisions(file, case, new_class=new_class)
    draft = reviewed(case, read, test_too=test_too)
    signed = accepting.signed
    confirmed = [
        Decision(
            "confirm-label", str(case.dataset.sha256[row]), str(case.ids[row]), who=signed["by"], why=signed["why"],
            label=case.classes[int(case.targets[row])],
        )
        for row in read.kept if case.targets[row] >= 0
    ]  # fmt: skip
    Decisions(kept).take(confirmed)
    said = f"{len(confirmed)} labels confirmed: they are not suspected again (advisor decide list)"
    if draft is not None:
        _accept(out, kept, case, replace(draft, notes=(*draft.notes, *([said] if confirmed else []))), accepting)
        return
    out.say(Text(said, style="bold"))
    _, case = open_case(accepting.workspace)
    out.deliver({**case_head(case, said), "confirmed": len(confirmed)})


def run_remove(
    images: Sequence[str],
    file: Path | None,
    suggested: str | None,
    accepting: Accepting,
    *,
    test_too: bool,
    group: str | None,
    seed: int | None,
) -> None:
    """Leave out named pictures, those of a table or list, or what a check found."""
    _one_source({"images": bool(images), "--from": file is not None, "--suggested": suggested is not None})
    out = Terminal(accepting.json)
    kept, case = open_case(accepting.workspace, seed=seed, group=group)
    from tools.proposals import find_rows, remove
    from tools.review import read_ids
    from tools.suggestions import contradictions, remove_suspects, spare_copies

    if suggested == "duplicates":
        draft = spare_copies(case, test_too=test_too)
    elif suggested == "contradictions":
        draft = contradictions(case, test_too=test_too)
    elif suggested is not None:
        draft = remove_suspects(case, test_too=test_too)
    else:
        rows = find_rows(case, images) if file is None else read_ids(file, case)
        draft = remove(case, rows, test_too=test_too)
    _accept(out, kept, case, draft, accepting)


def run_split(name: str, names: Sequence[str], accepting: Accepting, *, group: str | None, seed: int | None) -> None:
    """Split a class into its hidden kinds."""
    out = Terminal(accepting.json)
    kept, case = open_case(accepting.workspace, seed=seed, group=group)
    from tools.proposals import split

    _accept(out, kept, case, split(case, name, names), accepting)


def run_merge(names: Sequence[str], new: str, accepting: Accepting) -> None:
    """Merge classes, or rename one."""
    out = Terminal(accepting.json)
    kept, case = open_case(accepting.workspace)
    from tools.proposals import merge

    _accept(out, kept, case, merge(case, names, new), accepting)


def run_sheet(
    file: Path, *, test_too: bool, group: str | None, seed: int | None, workspace: Path, json: str | None
) -> None:
    """Write the review sheet."""
    out = Terminal(json)
    _, case = open_case(workspace, seed=seed, group=group)
    from tools.documents import case_head
    from tools.proposals import counted
    from tools.review import ACCEPT, REJECT, REMOVE, write_sheet
    from tools.suggestions import confirmed_note, suspects

    found, notes = suspects(case, test_too=test_too), [*confirmed_note(case)]
    if not found:
        raise WrongUse(
            expected="labels that look wrong", seen="; ".join(["none", *notes]),
            todo="There is nothing to review. advisor audit --check wrong-labels says what could have been seen.",
        )  # fmt: skip
    write_sheet(file, found)
    headline = f"{counted(len(found))} to decide about, in {file}"
    if case.has_test and not test_too:
        notes.append("Test pictures are not in it; --test-too adds those that look wrong")
    out.say(Text(shown(headline), style="bold"), *(Text(note) for note in notes))
    out.say(Text(f"In the column decision write {ACCEPT}, {REJECT}, {REMOVE} or another class; then:"))
    out.say(f"Next: advisor change relabel --from {shown(file)}{elsewhere(workspace)}")
    rows = [{"image": s.id, "label": s.given, "suggested": s.suggested, "split": s.split, "doubt": s.doubt}
            for s in found]  # fmt: skip
    out.deliver({**case_head(case, headline), "sheet": str(file), "suspects": rows, "notes": notes})


def _one_source(given: Mapping[str, bool]) -> None:
    if sum(given.values()) != 1:
        raise WrongUse(
            expected=f"one of {', '.join(given)}",
            seen=" and ".join(name for name, there in given.items() if there) or "none",
            todo="Say which pictures in one way.",
        )


def _accept(out: Terminal, kept: "Workspace", case: "Case", draft: "Draft", accepting: Accepting) -> None:
    from tools.changing import accept

    before = kept.predictions(case.dataset)
    done = accept(kept, case.dataset, draft, **accepting.signed)
    notes = list(draft.notes)
    after = kept.predictions(kept.dataset())
    if before is not None and after is not None:
        from tools.proposals import counted

        gone = sum(e.after is None for e in done.edits)
        lost = int(before.covered.sum()) - int(after.covered.sum())
        if lost > gone:
            notes.append(
                f"{counted(lost - gone)} that {before.model} gives a class no longer there count as unpredicted: add "
                "predictions of a model trained on the new classes"
            )
    document = say_change(out, kept, done, accepting, notes)
    if accepting.write:
        run_write(accepting)
    else:
        out.deliver(document)
