"""What each command does, from arguments to documents and printed blocks."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from app.edge import interactive, prepare_libraries, read_settings
from app.escaping import shown
from app.printing import (
    audit_blocks,
    case_lines,
    gathered,
    heading,
    outcome_lines,
)
from app.terminal import Terminal, WrongUse
from tools.errors import NoDataset, UnknownName
from tools.findings import LEVELS, Scope
from tools.settings import Settings

if TYPE_CHECKING:
    from tools.case import Case
    from tools.importing import Imported
    from tools.workspace import Workspace

SHOWN_SKIPPED = 20


def _opened(
    workspace: Path,
    *,
    encoder: str | None = None,
    seed: int | None = None,
    group: str | None = None,
    download: bool = False,
) -> "tuple[Workspace, Settings]":
    """The workspace and this run's settings: the command line, else what the import recorded, else the defaults."""
    prepare_libraries(download=download)
    from tools.workspace import Workspace

    kept = Workspace.open(workspace)
    column = group if group is not None else kept.choice("group")
    chosen = seed if seed is not None else kept.choice("seed")
    return kept, read_settings(workspace, encoder=encoder, seed=chosen, group_column=column)


def open_case(
    workspace: Path, *, seed: int | None = None, group: str | None = None, sample: bool = False
) -> "tuple[Workspace, Case]":
    """A workspace and its newest case under these settings.

    Parameters
    ----------
    sample : bool
        Whether the first sample of a big set will do, and its workspace, while the whole is not there: for what only
        looks.
    """
    kept, settings = _opened(workspace, seed=seed, group=group)
    from tools.first_look import first_look, sampled

    if sample and (part := first_look(kept)) is not None:
        return part, sampled(part, settings)
    return kept, _case(kept, settings)


def _case(kept: "Workspace", settings: Settings) -> "Case":
    """The newest case.

    Raises
    ------
    UnknownName
        If the group column is not one of the dataset's.
    """
    try:
        case = kept.case(settings)
    except NoDataset:
        from tools.first_look import first_look

        if first_look(kept) is None:
            raise
        raise NoDataset(
            expected="the whole data set",
            seen="a first sample of it: its import goes on, or was stopped",
            todo="Wait for the import or start it again; audit, ask, search and experiment answer from the sample.",
        ) from None
    column = settings.group_column
    if column is not None and column not in case.dataset.metadata:
        there = ", ".join(case.dataset.metadata) or "none"
        raise UnknownName(
            expected=f"one of the metadata columns after --group ({there})",
            seen=column,
            todo="Name one of these, or import a CSV that has the column.",
        )
    return case


def run_import(
    path: Path,
    *,
    predictions_file: Path | None,
    model: str,
    model_version: str,
    encoder: str | None,
    embeddings: Path | None,
    root: Path | None,
    download: bool,
    group: str | None,
    split: str | None,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> None:
    """Import pictures; say what was indexed, skipped and changed."""
    if encoder is not None and embeddings is not None:
        raise WrongUse(
            expected="either --encoder or --embeddings",
            seen="both",
            todo="Your own vectors need no encoder; leave it out.",
        )
    out = Terminal(json)
    online = download or interactive()
    kept, settings = _opened(workspace, encoder=encoder, seed=seed, group=group, download=online)
    from app.boxes import keep_prepared, prepare_boxes, say_dropped, say_prepared
    from tools.detection.cropping import GROUP as PICTURE
    from tools.detection.keeping import drop_boxes, stamp

    boxes = prepare_boxes(out, kept, path, root, predictions_file, model, model_version)
    if boxes is not None:
        path, predictions_file, root = boxes.crops.table, boxes.crops.answers, None
        model, model_version = (boxes.detector.model, boxes.detector.version) if boxes.detector else ("", "")
        group, split = PICTURE if group is None else group, ""  # what the pictures of before had may not be there
        settings = replace(settings, group_column=group or None)
    elif group is None and stamp(kept) and kept.choice("group") == PICTURE:
        settings = read_settings(workspace, encoder=encoder, seed=settings.seed)
    given: dict[str, Any] = {
        "predictions": predictions_file, "model": model, "version": model_version, "embeddings": embeddings,
        "split": (kept.choice("split") if split is None else split) or None, "root": root,
    }  # fmt: skip
    done = _imported(out, kept, path, settings, f"advisor audit{elsewhere(workspace)}", download=download, **given)
    dropped = boxes is None and drop_boxes(kept)
    if dropped and kept.choice("group") == PICTURE:
        kept.choose("group", None)
    if boxes is not None:
        keep_prepared(kept, boxes)
    for name, value in (("group", group), ("seed", seed), ("split", split)):
        if value is not None:
            kept.choose(name, value)
    case = _case(kept, settings)
    from app.shoot import after_import, import_lines
    from app.status import import_document, replay_lines

    document = import_document(case, done)
    out.say(Text(document["headline"], style="bold"), Text(shown(done.encoder)), "")
    out.say(*case_lines(document))
    if done.predictions:
        out.say(Text(f"Predictions: {shown(done.predictions)}"))
    out.say(*(Text(shown(note)) for note in done.notes))
    if boxes is not None:
        document["boxes"] = say_prepared(out, boxes)
    if dropped:
        say_dropped(out)
    out.say(*replay_lines(document["replayed"]))
    document["shoots"] = after_import(kept, case)
    out.say(*import_lines(document["shoots"]))
    _say_skipped(out, document["dataset"]["skipped"])
    if boxes is not None and boxes.detector is not None:
        out.say(f"Next: advisor boxes{elsewhere(workspace)} measures the detector")
    out.say(f"Next: advisor audit{elsewhere(workspace)}")
    out.deliver(document)


def _imported(
    out: Terminal, kept: "Workspace", path: Path, settings: Settings, asking: str, *, download: bool, **given: Any
) -> "Imported":
    """Import; a download that stands in the way is asked for once, with its size, and never started unasked."""
    from app.first_answer import first_answer, first_answer_lines
    from embeddings.encoder import EncoderUnavailable
    from embeddings.hub import Fetching
    from tools.first_look import first_look
    from tools.importing import import_dataset

    with out.steps() as steps:

        def agreed(what: str) -> bool:
            with steps.paused():
                return download or _agreed(out, what)

        def told(case: "Case") -> None:
            document = first_answer(case, steps, first_look(kept))
            with steps.paused():
                out.say(*first_answer_lines(document, asking))

        fetching = Fetching(agreed, steps) if download or interactive() else None
        try:
            return import_dataset(kept, path, settings, fetching=fetching, on_step=steps, on_first=told, **given)
        except EncoderUnavailable as reason:
            raise WrongUse(
                expected=f"the encoder {settings.encoder} on this machine",
                seen=reason.seen,
                todo=reason.advice,
            ) from None


def _agreed(out: Terminal, what: str) -> bool:
    out.notes.print(
        f"Weights on the model hub: {shown(what)}. With them pictures can be searched and described by words.",
        soft_wrap=True,
    )
    return out.notes.input("Download them now? [y/N] ", markup=False).strip().lower() in {"y", "yes"}


def _say_skipped(out: Terminal, skipped: Sequence[dict[str, str]]) -> None:
    pairs = [(shown(what), shown(reason)) for what, reason in gathered(skipped)]
    out.say(*outcome_lines(f"Skipped ({len(skipped)})", pairs[:SHOWN_SKIPPED]))
    if len(pairs) > SHOWN_SKIPPED:
        out.say(f"… and {len(pairs) - SHOWN_SKIPPED} more lines; --json lists every file")


def elsewhere(workspace: Path) -> str:
    """The option that a printed command needs to find the same workspace again."""
    return "" if workspace == Path(".advisor") else f" --workspace {shlex.quote(shown(workspace))}"


def run_audit(
    *,
    checks: Sequence[str] | None,
    classes: Sequence[str],
    tries: int,
    fail_on: str | None,
    group: str | None,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> bool:
    """Run checks and show every outcome; True if a finding is at least as severe as ``fail_on``."""
    out = Terminal(json)
    kept, case = open_case(workspace, seed=seed, group=group, sample=True)
    _known_classes(case, classes)
    from app.kept_audit import keep_audit
    from tools.advice import try_advice
    from tools.audit import run_checks
    from tools.decisions import Decisions, settle
    from tools.documents import audit_document
    from tools.ledger import given_by_audit, record
    from tools.shoot_evidence import shown_by_shoots
    from tools.shoots import Shoots

    with out.steps() as steps:
        found = run_checks(case, checks or None, Scope(classes=tuple(classes)), on_step=steps, remember=kept)
        shown_too = shown_by_shoots(found, Shoots(kept).results())
        outcomes = settle(shown_too, Decisions(kept).standing(), date.today())
        effects = try_advice(case, outcomes, most=tries, on_step=steps, remember=kept)
        if not checks and not classes:
            keep_audit(kept, case, found, effects)
        document = audit_document(case, outcomes, effects)
        record(kept, given_by_audit(case, document))
    out.say(*audit_blocks(document))
    out.deliver(document)
    levels = [f.severity.level for outcome in outcomes for f in outcome.findings if not f.settled]
    return fail_on is not None and any(LEVELS.index(level) >= LEVELS.index(fail_on) for level in levels)


def _known_classes(case: "Case", names: Sequence[str]) -> None:
    for name in names:
        if name not in case.classes:
            raise UnknownName(
                expected=f"one of the classes {', '.join(case.classes)}", seen=name, todo="Name one of these."
            )


def record_answer(kept: "Workspace", case: "Case", document: dict[str, Any]) -> None:
    """Enter the advice of an answer in the ledger."""
    from tools.ledger import given_by_answer, record

    record(kept, given_by_answer(case, document))


def run_search(words: str, *, picture: str | None, most: int, workspace: Path, json: str | None) -> None:
    """Find pictures by words, or like one picture."""
    if bool(words.strip()) == (picture is not None):
        raise WrongUse(
            expected="either words or --picture",
            seen="both" if picture else "neither",
            todo='Write, e.g.: advisor search "a hand", or: advisor search --picture photo.jpg',
        )
    out = Terminal(json)
    _, case = open_case(workspace, sample=True)
    from app.printing import search_blocks
    from tools.documents import search_document
    from tools.searching import search_picture, search_words

    with out.steps() as steps:
        options: dict[str, Any] = {"cache": workspace / "models", "threads": case.settings.threads, "on_step": steps}
        found = search_words(case, words, most, **options) if picture is None else search_picture(
            case, picture, most, **options
        )  # fmt: skip
    document = search_document(case, found)
    out.say(*search_blocks(document))
    out.deliver(document)


def run_status(*, workspace: Path, json: str | None) -> bool:
    """Show what the workspace holds; whether a weekly report is overdue."""
    out = Terminal(json)
    kept, settings = _opened(workspace)
    case = _case(kept, settings)
    from app.status import status_blocks, status_document

    document = status_document(kept, case, datetime.now().astimezone())
    out.say(*status_blocks(document))
    out.deliver(document)
    return bool(document["report"] and document["report"]["overdue"])


def run_demo_command(folder: Path, workspace: Path | None, seed: int, json: str | None) -> None:
    """Draw the demo, run the advisor on it, show found against planted."""
    prepare_libraries()
    out = Terminal(json)
    from app.demo.report import demo_blocks
    from app.demo.run import run_demo

    with out.steps() as steps:
        document = run_demo(folder, workspace, seed=seed, on_step=steps)
    out.say(heading("Demo"), *demo_blocks(document, styled=out.people.is_terminal))
    out.deliver(document)
