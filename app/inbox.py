"""The ``advisor inbox`` commands: pictures taken in, ranked, labelled, put off or thrown out."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import elsewhere, open_case
from app.escaping import shown
from app.history import Accepting, say_change
from app.printing import audit_blocks, case_lines, outcome_lines, table
from app.terminal import Terminal, WrongUse
from app.views import counted

if TYPE_CHECKING:
    from tools.case import Case
    from tools.inbox import State
    from tools.inbox_order import Ordering
    from tools.inbox_ranking import Order
    from tools.workspace import Workspace

SHOWN_REFUSED = 12
DIGITS = 8


def run_add(
    paths: Sequence[Path],
    *,
    predictions: Path | None,
    model: str,
    version: str,
    columns: Sequence[str],
    workspace: Path,
    json: str | None,
) -> None:
    """Take pictures and predictions in."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.inbox import Inbox
    from tools.inbox_documents import inbox_json, taken_json
    from tools.inbox_predictions import model_of_file
    from tools.readers.predictions_file import read_predictions
    from tools.taking_in import take_in

    metadata = pairs(columns)
    folders, tables = _sorted(paths, predictions)
    if len(tables) > 1:
        raise WrongUse(
            expected="one file of predictions at a time", seen=f"{len(tables)}",
            todo="Add them one after the other, each with its model.",
        )  # fmt: skip
    read = None if not tables else read_predictions(tables[0])
    names = ("", "") if not tables else model_of_file(tables[0], model, version)
    files, refused = _listed(folders, metadata)
    with out.steps() as steps:
        taken = take_in(
            kept, case, files, ", ".join(str(path) for path in paths), refused=refused, table=read, model=names,
            on_step=steps,
        )  # fmt: skip
    state = inbox_json(Inbox(kept))
    headline = f"{counted(len(taken.new), 'picture')} came in; {state['waiting']} wait to be labelled"
    out.say(Text(headline, style="bold"))
    out.say(*taken_lines(taken_json(taken)))
    out.say(f"Next: advisor inbox rank{elsewhere(workspace)}")
    from tools.documents import case_head

    out.deliver({**case_head(case, headline), "inbox": state, "arrived": taken_json(taken)})


def _sorted(paths: Sequence[Path], predictions: Path | None) -> tuple[list[Path], list[Path]]:
    """Folders and pictures, and files of predictions; the latter alone bring the folder they lie in."""
    from tools.inbox_watch import TABLES

    tables = [] if predictions is None else [predictions]
    folders = []
    for path in paths:
        if path.is_file() and path.suffix.lower() in TABLES:
            tables.append(path)
        elif path.exists():
            folders.append(path)
        else:
            raise WrongUse(
                expected="folders, pictures, or a file of predictions", seen=f"nothing at {shown(path)}",
                todo="Check the path.",
            )  # fmt: skip
    return folders or [table.parent for table in tables], tables


def _listed(folders: Sequence[Path], metadata: Mapping[str, str]) -> "tuple[list[Any], list[tuple[str, str]]]":
    """Files of folders, and those named alone."""
    from tools.dataset import encode_id
    from tools.inbox_watch import TABLES
    from tools.taking_in import File, files_in

    files, refused = [], []
    for path in folders:
        if path.is_dir():
            found, passed = files_in(path, metadata)
            files += found
            refused += [(name, reason) for name, reason in passed if not name.lower().endswith(TABLES)]
        else:
            files.append(File(path, encode_id(path.name), metadata))
    return files, refused


def pairs(columns: Sequence[str]) -> dict[str, str]:
    """``COLUMN=VALUE`` options as metadata."""
    out = {}
    for text in columns:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise WrongUse(expected="COLUMN=VALUE after --set", seen=shown(text), todo="Write, e.g., --set camera=3.")
        out[name.strip()] = value.strip()
    return out


def taken_lines(taken: Mapping[str, Any]) -> Iterable[RenderableType]:
    """What became of files, in words."""
    pieces = [
        (taken["again"], "in the inbox already"), (taken["known"], "in the data set already"),
        (taken["rejected"], "rejected before"),
    ]  # fmt: skip
    told = [f"{count} {words}" for count, words in pieces if count]
    if told:
        yield Text(f"Not added again: {', '.join(told)}")
    if taken["predictions"] or taken["predictions_unknown"]:
        unknown = taken["predictions_unknown"]
        more = f", {unknown} for pictures that are not here" if unknown else ""
        yield Text(f"Predictions: {taken['predictions']} kept{more}")
    refused = taken["refused_files"]
    if refused:
        rows = [(shown(item["path"]), shown(item["reason"])) for item in refused[:SHOWN_REFUSED]]
        yield from outcome_lines(f"Not taken in ({len(refused)})", rows)
        if len(refused) > SHOWN_REFUSED:
            yield Text(f"and {len(refused) - SHOWN_REFUSED} more; --json lists all of them", style="dim")


def run_list(state: "State", most: int, *, workspace: Path, json: str | None) -> None:
    """Show what is there, newest first."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.inbox import Inbox
    from tools.inbox_documents import inbox_json, picture_json

    inbox = Inbox(kept)
    found, counts = list(reversed(inbox.pictures(state))), inbox_json(inbox)
    headline = ", ".join(f"{counts[name]} {name}" for name in ("waiting", "skipped", "rejected", "labelled"))
    out.say(Text(f"Inbox: {headline}", style="bold"))
    rows = [
        {
            "Picture": shown(p.name.rpartition("/")[2]), "Digest": p.sha256[:DIGITS], "Came (UTC)": _when(p.at),
            "From": shown(p.source), **({"Why": shown(p.why), "By": shown(p.who)} if state != "waiting" else {}),
        }
        for p in found[:most]
    ]  # fmt: skip
    if rows:
        out.say(table(rows, tuple(rows[0])))
    if len(found) > most:
        out.say(Text(f"and {len(found) - most} more; --most shows them", style="dim"))
    for said in counts["models"]:
        out.say(Text(f"{shown(said['name'])} spoke of {counted(said['pictures'], 'picture')} that wait"))
    if state == "waiting" and found:
        out.say(f"Next: advisor inbox rank{elsewhere(workspace)}")
    out.deliver({**case_head(case, headline), "inbox": counts, "pictures": [picture_json(p) for p in found]})


def _when(at: str) -> str:
    return at[:16].replace("T", " ")


def ordered(
    out: Terminal,
    kept: "Workspace",
    case: "Case",
    order: "Order",
    model: str | None,
    most: int,
    *,
    skipped: bool = False,
) -> "Ordering":
    """The inbox in an order; for ``gain`` the checks that name gaps are run first, or taken from what is known."""
    from datetime import date

    from tools.audit import run_checks
    from tools.decisions import Decisions, settle
    from tools.inbox_gaps import CHECKS
    from tools.inbox_order import arranged

    with out.steps() as steps:
        outcomes = run_checks(case, CHECKS, on_step=steps, remember=kept) if order == "gain" else ()
        outcomes = settle(outcomes, Decisions(kept).standing(), date.today())
        states: tuple[State, ...] = ("waiting", "skipped") if skipped else ("waiting",)
        return arranged(kept, case, outcomes, order=order, model=model, most=most, states=states, on_step=steps)


def run_rank(
    order: "Order",
    model: str | None,
    most: int,
    *,
    skipped: bool,
    group: str | None,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> None:
    """Show which pictures to label first, and why."""
    out = Terminal(json)
    kept, case = open_case(workspace, seed=seed, group=group)
    from tools.documents import case_head
    from tools.inbox import Inbox
    from tools.inbox_documents import inbox_json, ordering_json

    found = ordered(out, kept, case, order, model, most, skipped=skipped)
    headline = f"{counted(len(found.entries), 'picture')} to be labelled, by {order}"
    document = {**case_head(case, headline), "inbox": inbox_json(Inbox(kept)), **ordering_json(found, most)}
    out.say(Text(headline, style="bold"), *case_lines(document))
    out.say(*rank_blocks(document))
    if found.entries:
        out.say(f"Next: advisor inbox sheet tolabel.csv{elsewhere(workspace)}")
    out.deliver(document)


def rank_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """A row per picture with its reasons, and what was counted."""
    rows = [
        {
            "": str(place),
            "Picture": shown(e["name"].rpartition("/")[2]),
            "Digest": e["sha256"][:DIGITS],
            "By": shown(e["speaker"]),
            "Why": shown("; ".join(e["reasons"]))
            + (" (its copy is gone: add the file again)" if e["vanished"] else ""),
        }
        for place, e in enumerate(document["pictures"], start=1)
    ]
    if rows:
        yield table(rows, tuple(rows[0]))
    if document["gaps"]:
        yield Text(f"Wanted most: {shown('; '.join(gap['name'] for gap in document['gaps'][:3]))}", style="dim")
    elif document["order"] == "gain" and rows:
        yield Text(
            "No finding and no goal asks for pictures of a kind: what the model is unsure of counts alone", style="dim"
        )
    lost = [(shown(item["picture"]), shown(item["reason"])) for item in document["unreadable"]]
    if lost:
        yield from outcome_lines(f"Not ranked ({len(lost)})", lost[:SHOWN_REFUSED])


def run_sheet(
    file: Path,
    order: "Order",
    model: str | None,
    most: int,
    *,
    group: str | None,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> None:
    """Write the sheet."""
    out = Terminal(json)
    kept, case = open_case(workspace, seed=seed, group=group)
    from tools.documents import case_head
    from tools.inbox_documents import ordering_json
    from tools.labelling import REJECT, SKIP, write_inbox_sheet

    found = ordered(out, kept, case, order, model, most)
    if not found.entries:
        raise WrongUse(
            expected="pictures in the inbox", seen="none that wait", todo="Bring some: advisor inbox add DIR."
        )
    column = case.settings.group_column
    write_inbox_sheet(file, kept.path, found.entries[:most], [column] if column else [])
    headline = f"{counted(min(most, len(found.entries)), 'picture')} to be labelled, in {file}"
    out.say(Text(shown(headline), style="bold"))
    out.say(Text(f"In the column label write a class, {SKIP} or {REJECT}; then:"))
    out.say(f"Next: advisor inbox label --from {shown(file)}{elsewhere(workspace)}")
    out.deliver({**case_head(case, headline), "sheet": str(file), **ordering_json(found, most)})


def run_label(
    texts: Sequence[str],
    to: str | None,
    file: Path | None,
    accepting: Accepting,
    *,
    split: str,
    new_class: bool,
    columns: Sequence[str],
    group: str | None,
) -> None:
    """Label named pictures, or those of a sheet."""
    if bool(texts) == (file is not None) or bool(texts) != (to is not None):
        raise WrongUse(
            expected="pictures with --as CLASS, or --from FILE", seen="something else",
            todo="Write, e.g.: advisor inbox label IMG_0042.jpg --as Lime",
        )  # fmt: skip
    out = Terminal(accepting.json)
    kept, case = open_case(accepting.workspace, group=group)
    from app.shoot import after_import, import_lines
    from tools.changing import accept
    from tools.documents import case_head
    from tools.inbox import Inbox
    from tools.inbox_documents import inbox_json
    from tools.labelling import Filled, labelled, read_inbox_sheet
    from tools.proposals import class_to_be

    inbox, metadata = Inbox(kept), pairs(columns)
    if file is not None:
        filled = read_inbox_sheet(file, inbox, case, new_class=new_class)
    else:
        name = class_to_be(case, to or "", new_class=new_class)
        filled = Filled(tuple((picture, name) for picture in inbox.find(texts)))
    signed = {"who": accepting.signed["by"], "why": accepting.signed["why"]}
    described = {p.sha256: {**filled.metadata.get(p.sha256, {}), **metadata} for p, _ in filled.wanted}
    wanted = tuple((inbox.described(p, described[p.sha256]), name) for p, name in filled.wanted)
    aside = {
        "skipped": inbox.decide(filled.skipped, "skipped", **signed),
        "rejected": inbox.decide(filled.rejected, "rejected", **signed),
    }
    told = ", ".join(f"{count} {state}" for state, count in aside.items() if count)
    if wanted or not told:
        draft = labelled(case, wanted, split=split, undecided=filled.undecided)
        inbox.describe(picture for picture, _ in wanted)
        done = accept(kept, case.dataset, draft, **accepting.signed)
        document = say_change(out, kept, done, accepting, draft.notes)
        document["shoots"] = after_import(kept, open_case(accepting.workspace, group=group)[1])
        out.say(*import_lines(document["shoots"]))
    else:
        document = case_head(case, told)
    if told:
        out.say(Text(told))
    state = inbox_json(inbox)
    out.say(Text(f"{state['waiting']} wait in the inbox"))
    out.deliver({**document, "inbox": state, **aside})


def run_decide(
    texts: Sequence[str], state: "State", why: str, by: str | None, *, workspace: Path, json: str | None
) -> None:
    """Skip, reject or bring back."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.inbox import Inbox
    from tools.inbox_documents import inbox_json, picture_json

    inbox = Inbox(kept)
    there: tuple[State, ...] = ("skipped", "rejected") if state == "waiting" else ("waiting", "skipped")
    found = inbox.find(texts, *there)
    signed = Accepting(workspace, json, why, by).signed
    done = inbox.decide(found, state, who=signed["by"], why=signed["why"])
    headline = f"{counted(done, 'picture')} {'brought back' if state == 'waiting' else state}"
    counts = inbox_json(inbox)
    out.say(Text(headline, style="bold"), Text(f"{counts['waiting']} wait in the inbox"))
    if state != "waiting":
        out.say(f"Take it back: advisor inbox restore {found[0].sha256[:DIGITS]}{elsewhere(workspace)}")
    out.deliver({**case_head(case, headline), "inbox": counts, "decided": [picture_json(p) for p in found]})


def run_compare(*, group: str | None, seed: int | None, workspace: Path, json: str | None) -> None:
    """How the pictures that wait differ from the training pictures."""
    out = Terminal(json)
    kept, case = open_case(workspace, seed=seed, group=group)
    from tools.audit import run_checks
    from tools.documents import audit_document
    from tools.inbox import Inbox
    from tools.inbox_documents import inbox_json
    from tools.inbox_order import arranged
    from tools.inbox_production import CHECKS, production_case
    from tools.registry import NotApplicable

    with out.steps() as steps:
        order = arranged(kept, case, order="unlike", on_step=steps)
        try:
            joined = production_case(kept, case)
        except NotApplicable as reason:
            raise WrongUse(
                expected="pictures in the inbox", seen=str(reason), todo="Bring some: advisor inbox add DIR."
            ) from None
        outcomes = run_checks(joined, CHECKS, on_step=steps, remember=kept)
    unlike = [entry for entry in order.entries if entry.unlike]
    document = audit_document(joined, outcomes)
    document["headline"] = f"{len(unlike)} of {counted(len(order.entries), 'picture')} are unlike anything seen"
    document |= {"inbox": inbox_json(Inbox(kept)), "unlike": [entry.picture.name for entry in unlike]}
    out.say(Text(document["headline"], style="bold"))
    out.say(*audit_blocks(document))
    out.deliver(document)
