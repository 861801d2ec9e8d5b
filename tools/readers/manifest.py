"""Rekognition and SageMaker Ground Truth manifests (JSON lines): one class per picture, and evaluation snapshots."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from tools.dataset import Skipped, encode_id
from tools.errors import UnreadableInput
from tools.readers.json_text import Malformed, parsed, storable
from tools.readers.listing import SPLIT_WORDS, Listed, Listing, class_name, not_a_picture
from tools.readers.local_pictures import LocalPictures
from tools.readers.said import Said

ENDINGS = (".manifest", ".jsonl")
LONGEST_LINE, MOST_LINES, LARGEST = 1_000_000, 250_000, 1_000_000_000
"""Bytes of a line; lines and bytes of a manifest, which are Rekognition's own limits."""
MOST_BAD = 0.20
"""Rekognition refuses a manifest with more bad lines than this; so do we."""
SHOWN = 5
METADATA = "-metadata"
EVALUATION = "rekognition-custom-labels-evaluation"
DETAILS, BELOW = f"{EVALUATION}-details", ("is-false-negative", "is-true-negative")
"""How a snapshot says that a label stayed below its threshold."""
COLUMNS = ("confidence", "human-annotated", "creation-date", "job-name")
KIND = "groundtruth/image-classification"
EXAMPLE = 'JSON lines as {"source-ref": "s3://…", "LABEL-metadata": {"class-name": "…"}}'
MODEL = "rekognition"
WORKS = "Works: classification with one label per picture."


@dataclass(frozen=True)
class Line:
    """One line of a manifest.

    Attributes
    ----------
    where : str
        File and number, for messages.
    reference : str
        As the manifest names the picture.
    path : str
        The same without scheme.
    label : str or None
    metadata : mapping of str to str
    said : mapping of str to float
        Label → confidence, as an evaluation snapshot tells it; empty where no label reached its threshold.
    evaluated : bool
        Whether it is a line of such a snapshot.
    unused : tuple of str
        Kinds of annotation that are not read.
    """

    where: str
    reference: str
    path: str
    label: str | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, float] = field(default_factory=dict)
    evaluated: bool = False
    unused: tuple[str, ...] = ()


def manifests_in(path: Path) -> list[Path]:
    """Manifests that lie directly in a folder, sorted."""
    return sorted(p for p in path.iterdir() if p.suffix.lower() == ENDINGS[0] and p.is_file())


def read_manifest(path: Path, root: Path | None = None) -> Listing:
    """List the pictures of a manifest, or of all manifests in a folder; none is opened.

    ``s3://bucket/key`` is looked for below ``root`` as ``bucket/key``, ``key`` and its ends, then by file name. A
    manifest with ``test`` or ``val`` in its name, and every picture of an evaluation snapshot, is of that split.
    Bad lines join the skipped, each with its number and reason.

    Parameters
    ----------
    path : Path
        A file, or a folder that holds ``*.manifest``.
    root : Path, optional
        Where the pictures lie; the manifest's folder when left out.

    Raises
    ------
    UnreadableInput
        For boxes or several labels per picture, for more than 20 % bad lines, and where no picture is found.
    """
    files = manifests_in(path) if path.is_dir() else [path]
    base = root or (path if path.is_dir() else path.parent)
    bad: list[Skipped] = []
    lines, read = [], 0
    for file in files:
        for where, data in lines_of(file):
            read += 1
            found = _line(file, where, data) if isinstance(data, bytes) else data
            if isinstance(found, Line):
                lines.append((_split(file, found), found))
            else:
                bad.append(Skipped(where, f"a bad line: {found}"))
    pictures = LocalPictures(base)
    names = Counter(line.path.rpartition("/")[2] for line in {line.path: line for _, line in lines}.values())
    images, skipped, scores = _found(lines, pictures, names, bad)
    refuse_bad(path, bad, read)
    if not images:
        raise UnreadableInput(
            expected=f"the pictures of {path} below {base}",
            seen=f"{read} lines, {len(pictures)} pictures there, and none that a line names"
            + (f", e.g. {skipped[0].path}" if skipped else ""),
            todo="Copy them (aws s3 sync s3://BUCKET/PREFIX DIR) and add --root DIR."
            + (" To import class folders instead, move the manifests elsewhere." if path.is_dir() else ""),
        )
    said = (Said(MODEL, path.stem, _in_shares(scores)),) if scores else ()
    return Listing(pictures.root, tuple(sorted(images, key=lambda i: i.id)), (*bad, *skipped), said, _notes(lines, bad))


def _found(
    lines: list[tuple[str, Line]], pictures: LocalPictures, names: Counter[str], bad: list[Skipped]
) -> tuple[list[Listed], list[Skipped], dict[str, Mapping[str, float]]]:
    """Lines as listed images; those whose picture is not here; and scores. Contradicting lines join the bad ones."""
    taken: dict[str, tuple[Listed, Line]] = {}
    skipped: list[Skipped] = []
    scores: dict[str, Mapping[str, float]] = {}
    columns = [name for name in COLUMNS if any(name in line.metadata for _, line in lines)]
    for split, line in lines:
        image, reason = pictures.at(line.path, names)
        reason = reason or not_a_picture(line.path.rpartition("/")[2])
        if reason:
            skipped.append(Skipped(encode_id(line.reference), reason))
            continue
        listed = Listed(image, line.label, split, {name: line.metadata.get(name, "") for name in columns})
        if image not in taken:
            taken[image] = listed, line
            if line.said:
                scores[image] = line.said
            continue
        before, first = taken[image]
        if (before.label, before.split, first.said) == (listed.label, listed.split, line.said):
            skipped.append(Skipped(line.where, f"the same picture as {first.where}, which says the same; taken once"))
        else:
            what = "class" if before.label != listed.label else "split" if before.split != split else "prediction"
            bad.append(Skipped(line.where, f"a bad line: the same picture as {first.where} with another {what}"))
    return [listed for listed, _ in taken.values()], skipped, scores


def _in_shares(scores: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Confidences in 0–1; one above 1 says that all are of 100."""
    of = 100.0 if any(value > 1 for row in scores.values() for value in row.values()) else 1.0
    return {image: {name: value / of for name, value in row.items()} for image, row in scores.items()}


def _split(file: Path, line: Line) -> str:
    if line.evaluated:
        return "test"
    words = file.stem.casefold().replace("_", "-").replace(".", "-").split("-")
    return next((SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS), "train")


def refuse_bad(path: Path, bad: list[Skipped], read: int) -> None:
    """Refuse a manifest with too many bad lines, or none at all.

    Raises
    ------
    UnreadableInput
    """
    if len(bad) > MOST_BAD * read or not read:
        first = "; ".join(f"{item.path}: {item.reason.removeprefix('a bad line: ')}" for item in bad[:SHOWN])
        raise UnreadableInput(
            expected=f"{EXAMPLE} in {path}",
            seen=f"{len(bad)} bad lines of {read}, more than {MOST_BAD:.0%}" + (f" ({first})" if first else ""),
            todo="Export the manifest again, or mend these lines.",
        )


def _notes(lines: list[tuple[str, Line]], bad: list[Skipped]) -> tuple[str, ...]:
    unused = Counter(kind for _, line in lines for kind in line.unused)
    notes = [f"annotations of the kind {kind}, which are not read: {count}" for kind, count in sorted(unused.items())]
    silent = sum(line.evaluated and not line.said for _, line in lines)
    if silent:
        notes.append(f"pictures without a prediction, because no label reached its threshold: {silent}")
    if bad:
        notes.append(f"bad lines, left out and listed with their reasons: {len(bad)}")
    return tuple(notes)


# -- one line


def lines_of(path: Path) -> Iterator[tuple[str, bytes | str]]:
    """Every line that is not blank, with its place for messages: its bytes, or the reason why it is bad.

    Raises
    ------
    UnreadableInput
    """
    try:
        if path.stat().st_size > LARGEST:
            raise _whole(path, f"more than {LARGEST // 1_000_000} MB")
        with path.open("rb") as handle:
            number = 0
            while data := handle.readline(LONGEST_LINE + 1):
                number += 1
                long = len(data) > LONGEST_LINE
                while long and not data.endswith(b"\n") and (data := handle.readline(LONGEST_LINE)):
                    pass
                if number == 1:
                    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
                        raise _whole(path, "UTF-16")
                    data = data.removeprefix(b"\xef\xbb\xbf")
                if number > MOST_LINES:
                    raise _whole(path, f"more than {MOST_LINES} lines")
                where = f"{encode_id(path.name)}:{number}"
                if long:
                    yield where, f"longer than {LONGEST_LINE} bytes"
                elif data.strip():
                    yield where, data
    except OSError as error:
        raise _whole(path, error.strerror or str(error)) from None


def _whole(path: Path, seen: str) -> UnreadableInput:
    return UnreadableInput(
        expected=f"a manifest of JSON lines in UTF-8 at {path}", seen=seen, todo="Save it so, or give it in parts."
    )


def _line(path: Path, where: str, data: bytes) -> "Line | str":
    try:
        return _read(path, where, parsed(data.decode("utf-8")))
    except UnicodeDecodeError:
        return "not text in UTF-8"
    except Malformed as reason:
        return str(reason)


def _read(path: Path, where: str, document: Any) -> Line:
    if not isinstance(document, dict) or "source-ref" not in document:
        raise Malformed('no JSON object with "source-ref"')
    reference = storable(document["source-ref"])
    labels: dict[str, Mapping[str, Any]] = {}
    said: dict[str, float] = {}
    above: dict[str, float] = {}
    unused = []
    for key, metadata in document.items():
        if not key.endswith(METADATA):
            continue
        if not isinstance(metadata, dict):
            raise Malformed("metadata that is no JSON object")
        kind = metadata.get("type", KIND)
        _refuse_kind(path, where, kind)
        if kind != KIND:
            unused.append(str(kind)[:80])
        elif key.startswith(EVALUATION):
            said[_class(metadata)] = confidence = _confidence(metadata)
            details = metadata.get(DETAILS)
            if not isinstance(details, dict) or not any(details.get(name) is True for name in BELOW):
                above[_class(metadata)] = confidence
        else:
            labels[_class(metadata)] = metadata
    if len(labels) > 1:
        raise _several(path, where, f"{len(labels)} labels ({', '.join(sorted(labels)[:3])})")
    label, metadata = next(iter(labels.items()), (None, {}))
    answered = said if above and max(said, key=lambda name: said[name]) in above else above
    return Line(
        where, reference, path_of(reference), label, _columns(metadata), answered, bool(said), tuple(unused)
    )  # fmt: skip


def _refuse_kind(path: Path, where: str, kind: object) -> None:
    if kind in ("groundtruth/object-detection", "groundtruth/image-classification-multilabel"):
        raise _several(path, where, "boxes" if "object" in str(kind) else "several labels per picture")


def _several(path: Path, where: str, seen: str) -> UnreadableInput:
    return UnreadableInput(
        expected="one label per picture",
        seen=f"{seen} in {where} of {path.parent}",
        todo=f"{WORKS} Boxes mixed with labels of whole pictures, and several labels a picture, are not taken yet.",
    )


def _class(metadata: Mapping[str, Any]) -> str:
    if "class-name" not in metadata:
        raise Malformed('no "class-name", which is the label (the number beside it is not)')
    return class_name(storable(metadata["class-name"]))


def _confidence(metadata: Mapping[str, Any]) -> float:
    """As written: 0–1, or 0–100 as the service's own answers have it."""
    value = metadata.get("confidence", 1.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or not 0 <= value <= 100:
        raise Malformed("a confidence that is no number from 0 to 1 or from 0 to 100")
    return float(value)


def _columns(metadata: Mapping[str, Any]) -> dict[str, str]:
    out = {}
    for name in COLUMNS:
        value = metadata.get(name)
        if isinstance(value, str | int | float) and str(value).strip():
            out[name] = storable(str(value))[:200]
    return out


def path_of(reference: str) -> str:
    """The path below bucket and scheme: ``bucket/key``.

    Raises
    ------
    Malformed
        If it climbs, or names another place than S3 or a folder.
    """
    scheme, there, rest = reference.partition("://")
    if there and scheme != "s3":
        raise Malformed("a source-ref that is neither s3:// nor a path")
    path = rest if there else reference
    if ".." in path.replace("\\", "/").split("/"):
        raise Malformed("a source-ref that climbs with '..'")
    return path
