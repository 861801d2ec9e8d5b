"""Labelled boxes as pictures of their own, so that every check of classifiers works on what a detector is to tell.

A crop is called after its picture and its place, never after its class: a box that is labelled anew stays the same
crop, and two labels of one place are two crops that contradict each other.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.crops import cut
from embeddings.files import Unreadable
from embeddings.progress import Progress, silent
from tools.dataset import Skipped, decode_id
from tools.detection.boxes import Boxes, BoxSet
from tools.detection.conditions import conditions_of
from tools.detection.matching import overlaps
from tools.store import replace_file

CROPS = "crops"
TABLE, ANSWERS = "crops.csv", "answers.csv"
GROUP = "picture"
"""Column of the picture a box was cut out of: boxes of one picture stay together in held-out folds."""
SMALLEST = 4.0
"""Pixels of the shorter side: less cannot be told by a person either."""
FOUND_FROM = 0.5
"""Overlap from which a detection speaks of the thing, whatever it calls it."""
MARKED = ("truncated", "occluded")
"""Conditions that stand beside each crop; its size is a measured property already."""


@dataclass(frozen=True)
class Crops:
    """What was cut.

    Attributes
    ----------
    table : Path
        CSV of the crops, with their class, split and picture.
    answers : Path or None
        CSV of what the detector called each crop it found; None without a detector, or where it found none.
    count : int
    skipped : tuple of Skipped
        Boxes and pictures that could not be cut.
    """

    table: Path
    answers: Path | None
    count: int
    skipped: tuple[Skipped, ...]


def cut_crops(
    folder: Path, boxset: BoxSet, detected: Boxes | None = None, *, forgotten: Callable[[str], bool] = lambda _: False,
    on_step: Progress = silent,
) -> Crops:  # fmt: skip
    """Cut every labelled box that is no crowd, and write the tables that an import reads.

    Parameters
    ----------
    folder : Path
        Made if need be; crops of before stay, because older versions of the data set show them.
    boxset : BoxSet
    detected : Boxes, optional
        A detector's answers for these pictures.
    forgotten : callable, optional
        Whether a content (hexadecimal sha256) is to stay out: such a crop is neither written nor named.
    on_step : callable
    """
    labels = boxset.labels
    marks = {name: having for name, (_, having) in conditions_of(boxset, labels).items() if name in MARKED}
    names, skipped = crop_names(boxset)
    rows: list[list[str]] = []
    answers: list[list[str]] = []
    said = _said(boxset, detected)
    starts = np.searchsorted(labels.pictures, np.arange(len(boxset) + 1))
    for row, picture in enumerate(boxset.ids.tolist()):
        on_step("cutting boxes", row, len(boxset))
        mine = [at for at in range(int(starts[row]), int(starts[row + 1])) if names[at]]
        if not mine:
            continue
        try:
            source = boxset.root / decode_id(picture)
            pieces = cut(source, [tuple(labels.places[at].tolist()) for at in mine], root=boxset.root)
        except (Unreadable, ValueError) as reason:
            skipped.append(Skipped(picture, str(reason)))
            continue
        for at, piece in zip(mine, pieces, strict=True):
            if forgotten(sha256(piece).hexdigest()):
                continue
            _write(folder / names[at], piece)
            rows.append([
                names[at], boxset.classes[labels.classes[at]], str(boxset.splits[row]), picture,
                *("yes" if having[at] else "no" for having in marks.values()),
            ])  # fmt: skip
            if at in said:
                answers.append([names[at], boxset.classes[said[at][0]], repr(said[at][1])])
    on_step("cutting boxes", len(boxset), len(boxset))
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / TABLE, _csv(["filepath", "label", "split", GROUP, *marks], rows))
    replace_file(folder / ANSWERS, _csv(["id", "pred", "score"], answers))
    return Crops(folder / TABLE, folder / ANSWERS if answers else None, len(rows), tuple(skipped))


def crop_names(boxset: BoxSet) -> tuple[list[str], list[Skipped]]:
    """The id of each label's crop, empty for crowds and for what is too small, which is said."""
    labels = boxset.labels
    crowd, sides = labels.flag("crowd"), labels.places[:, 2:].min(axis=1) if len(labels) else np.zeros(0)
    seen: dict[str, int] = {}
    names: list[str] = []
    skipped: list[Skipped] = []
    for at in range(len(labels)):
        picture = str(boxset.ids[labels.pictures[at]]).replace("\\x", "%")  # a name that any archive can hold
        if crowd[at] or sides[at] < SMALLEST:
            names.append("")
            reason = (
                "a crowd is not one thing" if crowd[at] else f"a box below {SMALLEST:g} pixels, not looked at alone"
            )
            skipped.append(Skipped(picture, reason))
            continue
        place = "-".join(f"{value:.0f}" for value in labels.places[at].tolist())
        name = f"{picture}/{place}"
        seen[name] = seen.get(name, 0) + 1
        again = f" {seen[name]}" if seen[name] > 1 else ""
        names.append(f"{name}{again}.jpg")
    return names, skipped


def _said(boxset: BoxSet, detected: Boxes | None) -> dict[int, tuple[int, float]]:
    """For each label that a detection overlaps by half, the best scored one's class and score."""
    if detected is None:
        return {}
    labels = boxset.labels
    out: dict[int, tuple[int, float]] = {}
    first = np.searchsorted(detected.pictures, labels.pictures, side="left")
    last = np.searchsorted(detected.pictures, labels.pictures, side="right")
    for at in range(len(labels)):
        here: NDArray[np.int64] = np.arange(first[at], last[at])
        if not len(here):
            continue
        on_it = here[overlaps(detected.places[here], labels.places[[at]])[:, 0] >= FOUND_FROM]
        if len(on_it):
            best = on_it[detected.scores[on_it].argmax()]
            out[at] = int(detected.classes[best]), float(detected.scores[best])
    return out


def _write(path: Path, data: bytes) -> None:
    """Keep a crop; one that is there with the same bytes is left alone."""
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _csv(head: list[str], rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "surrogateescape")
