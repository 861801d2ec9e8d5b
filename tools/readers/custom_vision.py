"""Azure Custom Vision: a folder of the service's JSON answers (images, tags, performances, predictions) and pictures.

What a file holds is told from its objects, not from its name; pages of one answer may lie in several files. The
iteration of ``GetImagePerformances``, which the answer itself does not name, is the end of the file's name:
``performances-ITERATION.json``. A picture is the file called like its id, with any ending or none.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from tools.dataset import Skipped
from tools.errors import UnreadableInput
from tools.readers.json_text import Malformed, read_json, storable
from tools.readers.listing import Listed, Listing, class_name
from tools.readers.local_pictures import LocalPictures
from tools.readers.said import Said

MODEL = "custom-vision"
NEGATIVE = "Negative"
WORKS = "Works: a Multiclass project, with one tag per picture."
SIGNS: Mapping[str, frozenset[str]] = {
    "stored": frozenset({"predictions", "iteration"}),
    "performances": frozenset({"predictions", "id"}),
    "images": frozenset({"id", "originalImageUri"}),
    "iterations": frozenset({"id", "trainedAt"}),
    "tags": frozenset({"id", "name", "imageCount"}),
}
"""Which keys give a kind of answer away, the most telling first."""


@dataclass
class Dump:
    """What the files of a folder hold, page after page.

    Attributes
    ----------
    images, tags, iterations, stored : dict of str to mapping
        By id.
    performances : dict of str to dict of str to mapping
        By iteration as the file's name tells it, then by picture.
    """

    images: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    tags: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    iterations: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    stored: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    performances: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)


def is_dump(path: Path) -> bool:
    """Whether a folder holds an answer of ``GetTaggedImages`` or ``GetImages``; only the first bytes are looked at."""
    return any(b'"originalImageUri"' in _head(file) for file in path.glob("*.json") if file.is_file())


def _head(file: Path) -> bytes:
    """Enough for a PowerShell file in UTF-16 too."""
    try:
        with file.open("rb") as handle:
            return handle.read(4096).replace(b"\0", b"")
    except OSError:
        return b""


def read_custom_vision(path: Path, root: Path | None = None) -> Listing:
    """List the pictures of a dump; none is opened.

    A picture without tag is unlabelled. The one tag of type Negative is a class as well: checks know it by its name.
    Pictures of ``QueryPredictions`` are of the split ``production``. Performances and predictions become those of
    their iteration.

    Parameters
    ----------
    path : Path
        The folder.
    root : Path, optional
        Where the pictures lie, if not there.

    Raises
    ------
    UnreadableInput
        For boxes or several tags per picture, files that are damaged, and where no picture is found.
    """
    dump = read_dump(path)
    pictures = LocalPictures(root or path, any_ending=True)
    images: dict[str, Listed] = {}
    places: dict[str, str] = {}
    skipped: list[Skipped] = []
    for key, document in [*dump.images.items(), *dump.stored.items()]:
        production = "iteration" in document
        label = None if production else _label(path, document, dump.tags)
        place, reason = pictures.called(key)
        if not place and not production:
            place, reason = by_metadata(document, pictures) or ("", reason)
        if not place:
            skipped.append(Skipped(key, reason))
        elif place in images:
            skipped.append(Skipped(key, f"the same file as {place}; taken once"))
        else:
            places[key] = place
            created = str(document.get("created") or "")[:40]
            split = "production" if production else "train"
            images[place] = Listed(place, label, split, {"created": created} if created.isprintable() else {})
    if not images:
        raise UnreadableInput(
            expected=f"files below {pictures.root} called like the pictures' ids",
            seen=f"{len(dump.images)} pictures in the answers, none of them there",
            todo="Fetch them: advisor fetch custom-vision DIR. Or add --root DIR.",
        )
    said, notes = _said(path, dump, places)
    return Listing(pictures.root, tuple(sorted(images.values(), key=lambda i: i.id)), tuple(skipped), said, notes)


def read_dump(path: Path) -> Dump:
    """All answers of a folder, page after page.

    Raises
    ------
    UnreadableInput
        For files that are damaged, or that contradict each other.
    """
    dump = Dump()
    for file in sorted(path.glob("*.json")):
        for kind, document in _objects(file):
            if kind == "performances":
                found = dump.performances.setdefault(_iteration_in(file), {})
            else:
                found = getattr(dump, kind)
            key = _id(file, document)
            before = found.setdefault(key, document)
            if before is not document and _gist(before) != _gist(document):
                raise UnreadableInput(
                    expected="each picture, tag and iteration once",
                    seen=f"{key} with two contents, one of them in {file}",
                    todo="Remove the pages of an older answer from the folder.",
                )
    return dump


def _gist(document: Mapping[str, Any]) -> object:
    """What of an object may not differ between pages: signed addresses may."""
    return [document.get(name) for name in ("tags", "regions", "predictions", "name", "iteration")]


def _objects(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of one answer with their kind; files of another kind give none."""
    document = read_json(file)
    if isinstance(document, dict):
        document = document.get("results", document.get("value", []))
    for item in document if isinstance(document, list) else []:
        kind = next((k for k, keys in SIGNS.items() if isinstance(item, dict) and keys <= item.keys()), "")
        if kind:
            yield kind, item


def _id(file: Path, document: Mapping[str, Any]) -> str:
    try:
        return storable(document["id"])
    except Malformed as reason:
        raise UnreadableInput(expected=f"ids in {file}", seen=str(reason), todo="Save the answer again.") from None


def _iteration_in(file: Path) -> str:
    """``performances-Iteration 3.json`` → ``Iteration 3``; pages end in ``.0``, ``.1`` …

    >>> _iteration_in(Path("performances-Iteration 3.0.json")), _iteration_in(Path("performances.json"))
    ('Iteration 3', '')
    """
    stem = file.stem.partition("-")[2]
    head, dot, page = stem.rpartition(".")
    return head if dot and page.isdecimal() else stem


def _label(path: Path, document: Mapping[str, Any], tags: Mapping[str, Mapping[str, Any]]) -> str | None:
    given = document.get("tags") or []
    if document.get("regions"):
        raise _refused(path, document, "boxes")
    names = {tag_name(path, tag, tags) for tag in given if isinstance(tag, dict)}
    if len(names) > 1:
        raise _refused(path, document, f"{len(names)} tags")
    return next(iter(names), None)


def _refused(path: Path, document: Mapping[str, Any], seen: str) -> UnreadableInput:
    return UnreadableInput(
        expected="one tag per picture",
        seen=f"{seen} on the picture {str(document['id'])[:60]!a} in {path}",
        todo=f"{WORKS} Boxes mixed with tags of whole pictures, and several tags a picture, are not taken yet.",
    )


def tag_name(path: Path, tag: Mapping[str, Any], tags: Mapping[str, Mapping[str, Any]]) -> str:
    """The tag's name of today, where the tags were fetched; else the one beside the picture."""
    known = tags.get(str(tag.get("tagId")), {})
    if known.get("type") == NEGATIVE or tag.get("tagType") == NEGATIVE:
        return NEGATIVE
    try:
        return class_name(storable(known.get("name") or tag.get("tagName")))
    except Malformed as reason:
        raise UnreadableInput(expected=f"names of tags in {path}", seen=str(reason), todo="Save them again.") from None


def by_metadata(document: Mapping[str, Any], pictures: LocalPictures) -> tuple[str, str] | None:
    """By the file name that was uploaded as metadata; None where there is none, or no such file."""
    metadata = document.get("metadata")
    for value in metadata.values() if isinstance(metadata, dict) else ():
        if isinstance(value, str) and "." in value:
            place, reason = pictures.at(value, Counter())
            if place:
                return place, reason
    return None


# -- what iterations said


def _said(path: Path, dump: Dump, places: Mapping[str, str]) -> tuple[tuple[Said, ...], tuple[str, ...]]:
    by_name = {str(i.get("name")): key for key, i in dump.iterations.items()}
    trained = [key for key, i in dump.iterations.items() if i.get("trainedAt")]
    gathered: dict[str, dict[str, Mapping[str, float]]] = {}
    for called, found in dump.performances.items():
        key = by_name.get(called, called) or (trained[0] if len(trained) == 1 else "")
        for image, document in found.items():
            _gather(path, gathered.setdefault(key, {}), places.get(image, image), document, dump.tags)
    for image, document in dump.stored.items():
        _gather(
            path, gathered.setdefault(str(document["iteration"]), {}), places.get(image, image), document, dump.tags
        )

    def when(key: str) -> tuple[str, str]:
        return str(dump.iterations.get(key, {}).get("trainedAt") or ""), key

    said = [
        Said(MODEL, class_name(str(dump.iterations.get(key, {}).get("name") or key or "1")), gathered[key])
        for key in sorted(gathered, key=when)
        if gathered[key]
    ]
    silent = sum(not i.get("predictions") for found in dump.performances.values() for i in found.values())
    return tuple(said), (f"performances that name no prediction: {silent}",) if silent else ()


def _gather(
    path: Path, scores: dict[str, Mapping[str, float]], place: str, document: Mapping[str, Any],
    tags: Mapping[str, Mapping[str, Any]],
) -> None:  # fmt: skip
    given: Sequence[Any] = document.get("predictions") or []
    row: dict[str, float] = {}
    for item in given:
        if not isinstance(item, dict):
            continue
        if item.get("boundingBox"):
            raise _refused(path, document, "predicted boxes")
        value = item.get("probability")
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or not 0 <= value <= 1:
            raise UnreadableInput(
                expected="probabilities from 0 to 1", seen=f"{str(value)[:40]} for {place} in {path}",
                todo="Save the answer of the service again.",
            )  # fmt: skip
        row[tag_name(path, item, tags)] = float(value)
    if row:
        scores[place] = row
