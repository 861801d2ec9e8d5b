"""From annotated boxes to a workspace: boxes kept, each cut out as a picture, and the crops' tables for the import."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from embeddings.progress import Progress, silent
from tools import forgotten
from tools.dataset import Skipped
from tools.detection.boxes import BoxSet
from tools.detection.cropping import CROPS, Crops, cut_crops
from tools.detection.keeping import Detector, drop_detector, keep_boxes, keep_detector, kept_detector
from tools.errors import UnreadableInput
from tools.readers.boxes_choosing import read_boxes, read_detections
from tools.readers.csv_table import AMBIGUOUS
from tools.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Prepared:
    """What was read of a set of boxes, before its crops are imported.

    Attributes
    ----------
    boxset : BoxSet
    detector : Detector or None
        Of this import, else of an earlier one.
    crops : Crops
    skipped : tuple of Skipped
        Pictures, labelled boxes and detections that were left out.
    notes : tuple of str
    """

    boxset: BoxSet
    detector: Detector | None
    crops: Crops
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]


def prepare(
    workspace: Workspace, path: Path, *, root: Path | None = None, predictions: Path | None = None, model: str = "",
    version: str = "", on_step: Progress = silent,
) -> Prepared:  # fmt: skip
    """Read boxes (and a detector's), and cut the labelled ones out; nothing is kept but the crops' files.

    Parameters
    ----------
    workspace : Workspace
    path : Path
        See ``tools.readers.boxes_choosing.read_boxes``.
    root : Path, optional
        Where the pictures lie, if not beside the annotations.
    predictions : Path, optional
        The detector's boxes: COCO results, YOLO text files, or a table.
    model, version : str
        The detector's; the file's name without its ending where left out.

    Raises
    ------
    UnreadableInput
        Naming the file, what was expected and what to do; also where no box is labelled.
    """
    boxset = read_boxes(path, root)
    if not len(boxset.labels):
        raise UnreadableInput(
            expected="labelled boxes", seen=f"{len(boxset)} pictures without any in {path}",
            todo="Name the annotations of pictures that show something.",
        )  # fmt: skip
    if unclear := [name for name in boxset.classes if name.casefold() in AMBIGUOUS]:
        raise UnreadableInput(
            expected="class names that cannot be taken for a missing label",
            seen=f"the class {unclear[0]!a} in {path}",
            todo="Give it a name of its own, such as background.",
        )
    skipped, notes, detector = list(boxset.skipped), list(boxset.notes), None
    if predictions is not None:
        read = read_detections(predictions, boxset)
        detector = Detector(model or predictions.stem, version, read.boxes)
        skipped += read.skipped
        notes += read.notes
    elif (before := kept_detector(workspace, boxset)) is not None and len(before.boxes):
        detector = before
        notes.append(f"detections of an import before that stand, by {before.name}: {len(before.boxes)}")
    known = workspace.database.read(forgotten.known_in) or (lambda _: False)
    boxes = detector.boxes if detector else None
    crops = cut_crops(workspace.path / CROPS, boxset, boxes, forgotten=known, on_step=on_step)
    if not crops.count:
        left_out = Counter(item.reason for item in crops.skipped)
        raise UnreadableInput(
            expected=f"labelled boxes in {path} that can be looked at one by one",
            seen="; ".join(f"{reason}: {count}" for reason, count in left_out.most_common(3)),
            todo="Name annotations with a box around each thing.",
        )
    return Prepared(boxset, detector, crops, (*skipped, *crops.skipped), tuple(notes))


def keep(workspace: Workspace, prepared: Prepared) -> None:
    """Keep the boxes, once the import of their crops has succeeded."""
    keep_boxes(workspace, prepared.boxset)
    if prepared.detector is None:
        drop_detector(workspace)
    else:
        keep_detector(workspace, prepared.boxset, prepared.detector)
