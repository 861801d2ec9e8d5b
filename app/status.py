"""What a workspace holds and what an import did, as documents and as printed blocks."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.escaping import shown
from app.printing import case_lines, heading, table
from app.views import Document
from tools.documents import case_head, dataset_json

if TYPE_CHECKING:
    from tools.case import Case
    from tools.importing import Imported
    from tools.workspace import Workspace


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
        "encoder_choice": done.encoder,
        "predictions": done.predictions or None,
        "seconds": round(done.seconds, 3),
    }


def status_document(kept: "Workspace", case: "Case") -> dict[str, Any]:
    """``status --json``: versions, counts, predictions, choices."""
    given = case.predictions
    versions = kept.datasets()
    headline = f"Dataset version {case.dataset.version} with {len(case.dataset)} images"
    return {
        **case_head(case, headline),
        "workspace": str(kept.path),
        "dataset": dataset_json(case),
        "versions": [{"version": v.version, "created": v.created, "images": v.images} for v in versions],
        "predictions": None
        if given is None
        else {"model": given.model, "version": given.version, "covered": int(given.covered.sum())},
        "group_column": case.settings.group_column,
        "metadata": sorted(case.dataset.metadata),
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
    yield Text("")
    yield heading("Images per class")
    counts = sorted(document["dataset"]["classes"].items(), key=lambda item: -item[1])
    yield table([{"Class": shown(name), "Pictures": str(n)} for name, n in counts], ("Class", "Pictures"))
    yield Text("")
    yield heading("Versions")
    rows = [
        {"Version": str(v["version"]), "Pictures": str(v["images"]), "Imported (UTC)": v["created"]}
        for v in document["versions"]
    ]
    yield table(rows, ("Version", "Pictures", "Imported (UTC)"))
