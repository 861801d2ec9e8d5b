"""Which reader reads a data set with boxes, and a detector's boxes: COCO, YOLO, Pascal VOC or a cloud service.

A new format is a file beside this one that returns a ``BoxSet``, and a line here that knows it.
"""

from collections.abc import Callable
from pathlib import Path

from tools.detection.boxes import BoxSet
from tools.errors import UnreadableInput
from tools.readers.boxes_coco import read_coco
from tools.readers.boxes_coco_files import coco_files, is_coco
from tools.readers.boxes_custom_vision import is_box_dump, read_box_dump, results_from_dump
from tools.readers.boxes_found import Detections as Detections
from tools.readers.boxes_found import Found
from tools.readers.boxes_manifest import is_box_manifest, read_box_manifest, results_from_manifest
from tools.readers.boxes_results_json import results_from_json
from tools.readers.boxes_results_table import results_from_table
from tools.readers.boxes_results_txt import results_from_folder
from tools.readers.boxes_voc import is_voc, read_voc
from tools.readers.boxes_yolo import read_yolo
from tools.readers.boxes_yolo_plan import is_yolo
from tools.readers.custom_vision import is_dump
from tools.readers.tables import read_table

LAYOUT = (
    "a COCO .json or a folder with such files, a YOLO folder or its data.yaml, a Pascal VOC folder with "
    "Annotations/ and JPEGImages/, a .manifest with boxes, or a folder of Custom Vision's answers"
)
FORMS = (
    "COCO results (.json), a folder of YOLO text files with rows class xc yc w h conf, or a .csv with image, class, "
    "score and x, y, w, h or xmin, ymin, xmax, ymax, a Rekognition evaluation snapshot (.manifest), "
    "or a folder of Custom Vision's answers with performances"
)


def is_boxes(path: Path) -> bool:
    """Whether a path names labels with boxes in a format that ``read_boxes`` reads; no picture is opened."""
    return _reader(path) is not None


def read_boxes(path: Path, root: Path | None = None) -> BoxSet:
    """Read the labelled boxes that ``path`` names, by the reader for its format.

    Parameters
    ----------
    path : Path
    root : Path, optional
        Where the pictures lie, if not there; ids become relative to it.

    Raises
    ------
    UnreadableInput
    """
    reader = _reader(path)
    if reader is None:
        seen = "is none of these" if path.exists() else "does not exist"
        raise UnreadableInput(expected=LAYOUT, seen=f"{path}, which {seen}", todo="Name the file or the folder.")
    if root is not None and not root.is_dir():
        raise UnreadableInput(
            expected="a folder after --root", seen=str(root), todo="Name the folder that holds the pictures."
        )
    return reader(path, root)


def read_detections(path: Path, boxset: BoxSet) -> Detections:
    """Read a detector's boxes and lay them onto labelled pictures.

    Pictures are known by COCO's ``image_id``, by their path or by a file name that only one has; classes by COCO's or
    YOLO's number or by name. Where any score is above 1, all are taken as of 100.

    Raises
    ------
    UnreadableInput
        For another format, scores outside 0 to 1 and 0 to 100, a class number that no class has in a text file, and
        where no box belongs to a picture and class of ``boxset``.
    """
    found = Found(path, boxset)
    suffix = path.suffix.lower()
    if path.is_dir() and is_dump(path):
        results_from_dump(path, found)
    elif is_box_manifest(path):
        results_from_manifest(path, found)
    elif path.is_dir():
        results_from_folder(path, found)
    elif suffix == ".json" and path.is_file():
        results_from_json(path, found)
    elif suffix in (".csv", ".tsv") and path.is_file():
        results_from_table(read_table(path), found)
    else:
        seen = "is none of these" if path.exists() else "does not exist"
        raise UnreadableInput(expected=FORMS, seen=f"{path}, which {seen}", todo="Name such a file or folder.")
    return found.finish()


def _reader(path: Path) -> Callable[[Path, Path | None], BoxSet] | None:
    if path.is_file():
        ways = ((is_coco, read_coco), (is_yolo, read_yolo), (is_box_manifest, read_box_manifest))
        return next((read for knows, read in ways if knows(path)), None)
    if not path.is_dir():
        return None
    if is_box_dump(path):
        return read_box_dump
    if is_voc(path):
        return read_voc
    if is_yolo(path):
        return read_yolo
    if coco_files(path):
        return read_coco
    return read_box_manifest if is_box_manifest(path) else None
