"""Boxes in a workspace: labels and one detector's answers as documents, so that forgetting a picture reaches them."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from embeddings.files import Unreadable
from embeddings.images import header_sizes
from tools.dataset import Skipped, decode_id, encode_id
from tools.detection.boxes import Boxes, BoxSet, boxes_of
from tools.workspace import Workspace

if TYPE_CHECKING:
    from tools.detection.measuring import Measured

LABELS, FOUND, STAMP = "boxes", "boxes found", "boxes"
Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Detector:
    """A detector's answers.

    Attributes
    ----------
    model, version : str
    boxes : Boxes
    """

    model: str
    version: str
    boxes: Boxes

    @property
    def name(self) -> str:
        """Model and version as people write them."""
        return f"{self.model} {self.version}".strip()


def keep_boxes(workspace: Workspace, boxset: BoxSet) -> None:
    """Keep labelled boxes in place of those of before."""
    pictures: list[Json] = []
    starts = np.searchsorted(boxset.labels.pictures, np.arange(len(boxset) + 1))
    flags = sorted(boxset.labels.flags)
    for row, name in enumerate(boxset.ids.tolist()):
        mine = range(int(starts[row]), int(starts[row + 1]))
        pictures.append({
            "id": name, "width": int(boxset.widths[row]), "height": int(boxset.heights[row]),
            "split": str(boxset.splits[row]),
            "boxes": [
                {
                    "class": int(boxset.labels.classes[at]), "place": boxset.labels.places[at].tolist(),
                    "flags": [flag for flag in flags if boxset.labels.flags[flag][at]],
                }
                for at in mine
            ],
        })  # fmt: skip
    skipped = [{"path": item.path, "reason": item.reason} for item in boxset.skipped]
    document = {
        "root": str(boxset.root), "classes": list(boxset.classes), "told": flags, "pictures": pictures,
        "skipped": skipped, "notes": list(boxset.notes),
    }  # fmt: skip
    workspace.remember(LABELS, json.dumps(document))
    workspace.choose(STAMP, uuid4().hex)


def keep_detector(workspace: Workspace, boxset: BoxSet, detector: Detector) -> None:
    """Keep a detector's answers in place of those of before."""
    by_picture: dict[str, list[list[float]]] = {}
    boxes = detector.boxes
    for at in range(len(boxes)):
        answer = [int(boxes.classes[at]), *boxes.places[at].tolist(), float(boxes.scores[at])]
        by_picture.setdefault(str(boxset.ids[boxes.pictures[at]]), []).append(answer)
    pictures = [{"id": name, "boxes": answers} for name, answers in by_picture.items()]
    document = {
        "model": detector.model, "version": detector.version, "classes": list(boxset.classes), "pictures": pictures
    }  # fmt: skip
    workspace.remember(FOUND, json.dumps(document))
    workspace.choose(STAMP, uuid4().hex)


def drop_detector(workspace: Workspace) -> None:
    """Drop a detector's answers, which were for other pictures."""
    with workspace.database.writing() as db:
        db.execute("DELETE FROM documents WHERE key = ?", (FOUND,))


def drop_boxes(workspace: Workspace) -> bool:
    """Drop labels and answers, after an import of pictures without boxes; False if there were none."""
    if not stamp(workspace):
        return False
    with workspace.database.writing() as db:
        db.execute("DELETE FROM documents WHERE key IN (?, ?)", (LABELS, FOUND))
        db.execute("DELETE FROM choices WHERE name = ?", (STAMP,))
    return True


def relink_boxes(workspace: Workspace, root: Path) -> int:
    """Look for the pictures that boxes were cut out of below another folder; returns how many they are.

    All or nothing: each must be there with its width and height; 0, and nothing changes, where one is not.
    """
    text, new = workspace.recall(LABELS), root.resolve()
    if text is None or not new.is_dir():
        return 0
    document: Json = json.loads(text)
    for picture in document["pictures"]:
        try:
            _, upright = header_sizes(new / decode_id(picture["id"]), root=new)
        except Unreadable:
            return 0
        if upright != (picture["width"], picture["height"]):
            return 0
    workspace.remember(LABELS, json.dumps({**document, "root": str(new)}))
    workspace.choose(STAMP, uuid4().hex, record={"relinked": encode_id(str(new)), "missing": 0, "changed": 0})
    return len(document["pictures"])


def stamp(workspace: Workspace) -> str:
    """What changes whenever the boxes do; empty where there are none."""
    return str(workspace.choice(STAMP) or "")


def kept_boxes(workspace: Workspace) -> BoxSet | None:
    """The labelled boxes; None if this workspace was not made from boxes."""
    text = workspace.recall(LABELS)
    if text is None:
        return None
    document: Json = json.loads(text)
    pictures: list[Json] = document["pictures"]
    rows = [(row, box) for row, picture in enumerate(pictures) for box in picture["boxes"]]
    labels = boxes_of(
        [row for row, _ in rows], [box["class"] for _, box in rows], [tuple(box["place"]) for _, box in rows],
        flags={flag: [flag in box["flags"] for _, box in rows] for flag in document["told"]},
    )  # fmt: skip
    return BoxSet(
        Path(document["root"]),
        np.array([picture["id"] for picture in pictures], dtype=np.str_),
        np.array([picture["width"] for picture in pictures], dtype=np.int64),
        np.array([picture["height"] for picture in pictures], dtype=np.int64),
        np.array([picture["split"] for picture in pictures], dtype=np.str_),
        tuple(document["classes"]),
        labels,
        tuple(Skipped(item["path"], item["reason"]) for item in document["skipped"]),
        tuple(document["notes"]),
    )


def kept_detector(workspace: Workspace, boxset: BoxSet) -> Detector | None:
    """The detector's answers for pictures and classes that are still there; None if none were given."""
    text = workspace.recall(FOUND)
    if text is None:
        return None
    document: Json = json.loads(text)
    row_of = {name: row for row, name in enumerate(boxset.ids.tolist())}
    number_of = {name: number for number, name in enumerate(boxset.classes)}
    numbers = [number_of.get(name, -1) for name in document["classes"]]
    rows = [
        (row_of[picture["id"]], numbers[int(answer[0])], answer)
        for picture in document["pictures"]
        if picture["id"] in row_of
        for answer in picture["boxes"]
        if numbers[int(answer[0])] >= 0
    ]
    boxes = boxes_of(
        [row for row, _, _ in rows], [number for _, number, _ in rows], [tuple(a[1:5]) for _, _, a in rows],
        [float(a[5]) for _, _, a in rows],
    )  # fmt: skip
    return Detector(str(document["model"]), str(document["version"]), boxes)


class KeptBoxes:
    """A workspace's boxes as ``tools.case.Case`` carries them: read and matched when a check first asks.

    Attributes
    ----------
    stamp : str
        Changes whenever the boxes do.
    """

    def __init__(self, workspace: Workspace, stamp: str) -> None:
        self._workspace, self.stamp = workspace, stamp

    @cached_property
    def measured(self) -> "Measured | None":
        """The detector on the pictures it is judged on; None where there are labelled boxes only."""
        from tools.detection.measuring import measure

        boxset = kept_boxes(self._workspace)
        detector = None if boxset is None else kept_detector(self._workspace, boxset)
        if boxset is None or detector is None or not len(detector.boxes):
            return None
        return measure(boxset, detector)
