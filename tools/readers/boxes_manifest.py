"""Rekognition and SageMaker Ground Truth manifests with boxes, and the predicted boxes of evaluation snapshots.

A line holds ``LABEL`` with ``image_size`` and ``annotations`` (``class_id``, ``left``, ``top``, ``width`` and
``height`` in pixels), and ``LABEL-metadata`` with ``class-map`` and ``objects``, one an annotation with ``confidence``.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tools.dataset import Skipped, encode_id
from tools.detection.boxes import BoxSet
from tools.readers.boxes_found import Found
from tools.readers.boxes_gathered import Gathered, Place, Size, number, split_of
from tools.readers.boxes_values import class_text, key_of, whole_size
from tools.readers.json_text import Malformed, parsed, storable
from tools.readers.listing import class_name
from tools.readers.local_pictures import LocalPictures
from tools.readers.manifest import ENDINGS, EVALUATION, METADATA, lines_of, manifests_in, path_of, refuse_bad

KIND = "groundtruth/object-detection"
TRAINING = "rekognition-custom-labels-training"
"""Of a snapshot: what the labels were when the model was trained."""
HEAD = 1_000_000
"""Bytes of a manifest that are looked at to learn its kind."""


class Job(NamedTuple):
    """What one labelling job, or a model, says of a picture."""

    key: str
    stated: tuple[int, int] | None
    annotations: list[Any]
    objects: list[Any]
    names: Mapping[str, Any]


class Line(NamedTuple):
    """One line: the picture's path without scheme, labels, predictions, and kinds of annotation that are not read."""

    path: str
    labels: tuple[Job, ...]
    said: tuple[Job, ...]
    unused: tuple[str, ...]


def is_box_manifest(path: Path) -> bool:
    """Whether a manifest, or one in a folder, holds boxes; only its beginning is looked at."""
    return any(_holds_boxes(file) for file in _files(path))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return manifests_in(path)
    return [path] if path.suffix.lower() in ENDINGS and path.is_file() else []


def _holds_boxes(file: Path) -> bool:
    try:
        with file.open("rb") as handle:
            return KIND.encode() in handle.read(HEAD).replace(b"\\/", b"/")
    except OSError:
        return False


def read_box_manifest(path: Path, root: Path | None = None) -> BoxSet:
    """Read the labelled boxes of a manifest, or of all in a folder.

    A manifest with ``test`` or ``val`` in its name, and every picture of an evaluation snapshot, is of that split.
    Snapshots hold the labels twice; those that the model was trained with are taken.

    Parameters
    ----------
    path : Path
    root : Path, optional
        Where the pictures lie; the manifest's folder when left out.

    Raises
    ------
    UnreadableInput
        For more than 20 % bad lines, a picture in two splits, and where no box of a picture is left.
    """
    gathered = Gathered((root or (path if path.is_dir() else path.parent)).resolve())
    lines = []
    bad: list[Skipped] = []
    for where, file, found in _read(path):
        if isinstance(found, str):
            bad.append(Skipped(where, f"a bad line: {found}"))
        else:
            lines.append((where, file, found))
    refuse_bad(path, bad, len(bad) + len(lines))
    gathered.skipped += bad
    pictures = LocalPictures(gathered.root)
    names = Counter(path.rpartition("/")[2] for path in {line.path for _, _, line in lines})
    for where, file, line in lines:
        gathered.unread.update(f"annotations of the kind {kind}, which are not read" for kind in line.unused)
        image, reason = pictures.at(line.path, names)
        if not image or not line.labels:
            gathered.skipped.append(Skipped(where, reason or "no boxes, and no word that it shows nothing"))
            continue
        split = "test" if line.said else split_of(file.name)
        for job in line.labels:
            size = gathered.picture(image, split, encode_id(file.name), job.stated)
            for position, item in enumerate(job.annotations if size is not None else []):
                place_at = f"{where}, box number {position + 1}"
                try:
                    gathered.box(image, _name(job, item), _place(item), place_at)
                except Malformed as fault:
                    gathered.bad_box(image, place_at, str(fault))
    for item in pictures:
        if item.id not in gathered:
            gathered.skipped.append(Skipped(item.id, "none of the manifests names it"))
    gathered.skipped += [Skipped(item.id, item.reason) for item in pictures.refused]
    return gathered.finish(path)


def results_from_manifest(path: Path, found: Found) -> None:
    """Lay the predicted boxes of an evaluation snapshot onto pictures, those below the model's threshold as well.

    Raises
    ------
    UnreadableInput
    """
    bad, read = [], 0
    for where, _, line in _read(path):
        read += 1
        if isinstance(line, str):
            bad.append(Skipped(where, line))
            found.bad(where, f"a bad line: {line}")
            continue
        ends = line.path.split("/")
        row = next((r for i in range(len(ends)) if (r := found.named("/".join(ends[i:]))) is not None), None)
        for job in line.said:
            for position, item in enumerate(job.annotations):
                place_at = f"{where}, box number {position + 1}"
                try:
                    name, place = _name(job, item), _place(item)
                except Malformed as fault:
                    found.bad(place_at, str(fault))
                    continue
                given = job.objects[position] if position < len(job.objects) else None
                confidence = given.get("confidence") if isinstance(given, dict) else None
                found.add(
                    place_at, row, class_text(line.path), found.classes.get(name), name,
                    partial(_same, place), partial(number, confidence),
                )  # fmt: skip
    refuse_bad(path, bad, read)


def _same(place: Place, _: Size) -> Place:
    return place


def _read(path: Path) -> Iterator[tuple[str, Path, "Line | str"]]:
    for file in _files(path):
        for where, data in lines_of(file):
            try:
                yield where, file, _line(parsed(data.decode("utf-8"))) if isinstance(data, bytes) else data
            except UnicodeDecodeError:
                yield where, file, "not text in UTF-8"
            except Malformed as reason:
                yield where, file, str(reason)


def _line(document: Any) -> Line:
    if not isinstance(document, dict) or "source-ref" not in document:
        raise Malformed('no JSON object with "source-ref"')
    path = path_of(storable(document["source-ref"]))
    jobs, unused = [], []
    for key, metadata in document.items():
        if key.endswith(METADATA):
            if not isinstance(metadata, dict):
                raise Malformed("metadata that is no JSON object")
            if metadata.get("type") == KIND:
                jobs.append(_job(key.removesuffix(METADATA), document, metadata))
            else:
                unused.append(class_text(str(metadata.get("type"))))
    said = tuple(job for job in jobs if job.key.startswith(EVALUATION))
    labels = [job for job in jobs if job not in said]
    trained = tuple(job for job in labels if job.key.startswith(TRAINING))
    return Line(path, trained or tuple(labels), said, tuple(unused))


def _job(key: str, document: Mapping[str, Any], metadata: Mapping[str, Any]) -> Job:
    value, names, objects = document.get(key), metadata.get("class-map", {}), metadata.get("objects", [])
    if not isinstance(value, dict) or not isinstance(value.get("annotations"), list):
        raise Malformed('boxes without the list "annotations"')
    if not isinstance(names, dict) or not isinstance(objects, list):
        raise Malformed('a "class-map" or "objects" of another kind')
    sizes = value.get("image_size")
    stated = sizes[0] if isinstance(sizes, list) and sizes else {}
    if not isinstance(stated, dict):
        raise Malformed('an "image_size" of another kind')
    return Job(key, whole_size(stated), value["annotations"], objects, names)


def _name(job: Job, item: Any) -> str:
    if not isinstance(item, dict):
        raise Malformed("something else than an object")
    key = key_of(item.get("class_id"))
    if key not in job.names:
        raise Malformed(f"class {encode_id(key[:40])}, which the class-map does not list")
    return class_name(storable(job.names[key]))


def _place(item: Mapping[str, Any]) -> Place:
    x, y, width, height = (number(item.get(key)) for key in ("left", "top", "width", "height"))
    return x, y, width, height
