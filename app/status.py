"""What a workspace holds and what an import did, as documents and as printed blocks."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.escaping import shown
from app.printing import case_lines, heading, table
from app.schedule import state
from app.views import Document, counted
from tools.change_documents import replay_json
from tools.changing import history
from tools.documents import case_head, dataset_json
from tools.inbox import Inbox

if TYPE_CHECKING:
    from tools.case import Case
    from tools.importing import Imported
    from tools.workspace import Workspace

SHOWN_CONFLICTS = 12


def import_document(case: "Case", done: "Imported") -> dict[str, Any]:
    """``import --json``: the dataset as kept, what changed, what the predictions cover."""
    version, images = done.dataset.version, len(done.dataset)
    if done.diff is None:
        headline = f"Imported {images} images as dataset version {version}"
    elif not done.changed:
        headline = f"Nothing changed: still dataset version {version} with {images} images"
    else:
        what = done.diff.text if any(done.diff.counts.values()) else "the same pictures and labels, measured anew"
        headline = f"Imported {images} images as dataset version {version}: {what}"
    return {
        **case_head(case, headline),
        "dataset": dataset_json(case),
        "changed": done.changed,
        "changes": None if done.diff is None else done.diff.to_json(),
        "replayed": replay_json(done.replay),
        "encoder_choice": done.encoder,
        "predictions": done.predictions or None,
        "notes": list(done.notes),
        "seconds": round(done.seconds, 3),
    }


def replay_lines(replayed: Document | None) -> Iterable[RenderableType]:
    """What the changes accepted earlier made of an import, and where the files say otherwise."""
    if replayed is None:
        return
    pieces = [counted(replayed["relabelled"], "label"), f"{counted(replayed['left_out'], 'picture')} left out"]
    if replayed["added"]:
        pieces.append(f"{counted(replayed['added'], 'picture')} from the inbox")
    if replayed["held"]:
        pieces.append(f"{counted(replayed['held'], 'locked test picture')} kept in test")
    if replayed["gone"]:
        pieces.append(f"{counted(replayed['gone'], 'picture')} no longer there")
    yield Text(f"Accepted changes made again on what the files say: {', '.join(pieces)} (advisor change list)")
    conflicts = replayed["conflicts"]
    if conflicts:
        yield Text(f"{counted(len(conflicts), 'file')} with a new label of its own, which stands:", style="bold")
        rows = [
            {
                "Picture": shown(c["id"]),
                "The file says": shown(c["seen"] or "unlabelled"),
                "Change": str(c["change"]),
                "Said": shown(c["wanted"] or "left out"),
            }
            for c in conflicts[:SHOWN_CONFLICTS]
        ]
        yield table(rows, tuple(rows[0]))
    if len(conflicts) > SHOWN_CONFLICTS:
        yield Text(f"and {len(conflicts) - SHOWN_CONFLICTS} more; --json lists all of them", style="dim")
    copies = replayed["copies"]
    if copies:
        first = copies[0]
        yield Text(
            f"{counted(len(copies), 'copy', 'copies')} of locked test pictures left out, so that no figure is "
            f"flattered, e.g. {shown(first['image'])}, a copy of {shown(first['of'])}"
        )
    for name, images in replayed["unassigned"].items():
        yield Text(
            f"{counted(len(images), 'picture')} of {shown(name)} came after the class was split and belong to none of "
            f"its kinds, e.g. {shown(images[0])}: advisor change relabel"
        )


def status_document(kept: "Workspace", case: "Case", now: datetime) -> dict[str, Any]:
    """``status --json``: versions, counts, predictions, choices."""
    given = case.predictions
    versions = kept.datasets()
    made = {c.after: c.number for c in history(kept).changes if c.after != c.before}
    headline = f"Dataset version {case.dataset.version} with {len(case.dataset)} images"
    return {
        **case_head(case, headline),
        "workspace": str(kept.path),
        "dataset": dataset_json(case),
        "versions": [
            {"version": v.version, "created": v.created, "images": v.images, "change": made.get(v.version)}
            for v in versions
        ],
        "predictions": None
        if given is None
        else {"model": given.model, "version": given.version, "covered": int(given.covered.sum())},
        "group_column": case.settings.group_column,
        "metadata": sorted(case.dataset.metadata),
        "report": state(kept, now),
        "inbox": len(Inbox(kept).pictures()),
    }


def status_blocks(document: Document) -> Iterable[RenderableType]:
    """A status as people read it."""
    yield Text(document["headline"], style="bold")
    yield Text(f"Workspace: {shown(document['workspace'])}")
    yield from case_lines(document)
    given = document["predictions"]
    if given:
        name = shown(f"{given['model']} {given['version']}".strip())
        yield Text(f"Predictions: {name}, for {given['covered']} of {document['dataset']['images']} images")
    else:
        yield Text("Predictions: none; add them with: advisor predictions add FILE --model NAME")
    if document["group_column"]:
        yield Text(f"Kept together in folds: pictures with the same {shown(document['group_column'])}")
    if document["metadata"]:
        yield Text(f"Metadata columns: {', '.join(map(shown, document['metadata']))}")
    if waiting := document["inbox"]:
        yield Text(f"Inbox: {counted(waiting, 'picture')} to be labelled (advisor inbox rank)")
    yield Text("")
    if report := document["report"]:
        due = report["due"][:16].replace("T", " ")
        late = f"is overdue, it was due {due}: advisor schedule --once or advisor report makes up for it"
        words = "is there" if report["there"] else late if report["overdue"] else f"is due {due}"
        style = "bold red" if report["overdue"] else ""
        yield Text(f"Weekly report, {shown(report['schedule'])}: that of {report['week']} {words}", style=style)
        yield Text("")
    yield heading("Images per class")
    counts = sorted(document["dataset"]["classes"].items(), key=lambda item: -item[1])
    yield table([{"Class": shown(name), "Pictures": str(n)} for name, n in counts], ("Class", "Pictures"))
    yield Text("")
    yield heading("Versions")
    rows = [
        {
            "Version": str(v["version"]),
            "Pictures": str(v["images"]),
            "Made (UTC)": v["created"],
            "By": f"change {v['change']}" if v["change"] else "import",
        }
        for v in document["versions"]
    ]
    yield table(rows, tuple(rows[0]))
