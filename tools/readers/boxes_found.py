"""Boxes of a detector as a reader meets them, laid onto labelled pictures; what does not fit is counted."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools.dataset import Skipped, encode_id
from tools.detection.boxes import Boxes, BoxSet, boxes_of
from tools.errors import UnreadableInput
from tools.readers.boxes_gathered import Clips, Place, Size, clipped
from tools.readers.json_text import Malformed
from tools.readers.match_ids import Places

ROUNDING = 1e-6
"""By which a score may pass 1 without being one of 100."""
AGAIN = "Export the detector's results again."


@dataclass(frozen=True, eq=False)
class Detections:
    """A detector's boxes on labelled pictures.

    Attributes
    ----------
    boxes : Boxes
        Rows and classes are those of the ``BoxSet``.
    skipped : tuple of Skipped
        Boxes that cannot be used, each with its reason.
    notes : tuple of str
        What was left out or mended, counted.
    """

    boxes: Boxes
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class Found:
    """Boxes as they are met; unknown pictures and classes are counted."""

    path: Path
    boxset: BoxSet
    seen: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    strangers: Counter[str] = field(default_factory=Counter)
    foreign: Counter[str] = field(default_factory=Counter)
    rows: list[tuple[int, int, Place, float, str]] = field(default_factory=list)
    clips: Clips = field(default_factory=Clips)

    def __post_init__(self) -> None:
        ids = [str(image) for image in self.boxset.ids]
        self.places = Places({image: row for row, image in enumerate(ids)}, self.boxset.root)
        self.classes = {name: number for number, name in enumerate(self.boxset.classes)}
        self._stems: dict[str, list[int]] = defaultdict(list)
        for row, image in enumerate(ids):
            whole = image.rpartition(".")[0] or image
            stem = whole.rpartition("/")[2]
            for way in {whole, stem, *([str(int(stem))] if stem.isascii() and stem.isdecimal() else [])}:
                self._stems[way].append(row)

    def named(self, text: str) -> int | None:
        """Row of the picture that a path or a name, with or without its ending, stands for."""
        row = self.places.find([text])[0]
        if row is not None:
            return row
        found = (self._stems[way] for way in (text, encode_id(text)) if way in self._stems)
        rows = next(found, [])
        return rows[0] if len(rows) == 1 else None

    def size(self, row: int) -> Size:
        """Of a picture."""
        return Size(int(self.boxset.widths[row]), int(self.boxset.heights[row]))

    def add(
        self, where: str, picture: int | None, picture_text: str, label: int | None, label_text: str,
        place: Callable[[Size], Place], score: Callable[[], float],
    ) -> None:  # fmt: skip
        """Take in one box; what is wrong with it becomes a reason."""
        self.seen += 1
        if picture is None:
            self.strangers[picture_text] += 1
            return
        if label is None:
            self.foreign[label_text] += 1
            return
        image = str(self.boxset.ids[picture])
        try:
            size = self.size(picture)
            inside, over = clipped(place(size), size)
            self.rows.append((picture, label, inside, score(), where))
            self.clips.count(over)
        except Malformed as reason:
            self.skipped.append(Skipped(image, f"{where}: {reason}"))

    def bad(self, where: str, reason: str) -> None:
        """Take note of what cannot even be said to belong to a picture."""
        self.seen += 1
        self.skipped.append(Skipped(encode_id(self.path.name), f"{where}: {reason}"))

    def finish(self) -> Detections:
        """All that was found."""
        if not self.rows:
            raise self._nothing()
        scores = self._scores()
        boxes = boxes_of(
            [row for row, *_ in self.rows], [label for _, label, *_ in self.rows],
            [place for _, _, place, *_ in self.rows], scores,
        )  # fmt: skip
        notes = list(self.notes)
        if self.strangers:
            total, first = self.strangers.total(), next(iter(self.strangers))
            notes.append(f"boxes in {len(self.strangers)} pictures that the labels lack, e.g. {first}: {total}")
        notes += [
            f"boxes of {label}, which is none of the labelled classes: {count}"
            for label, count in self.foreign.most_common(5)
        ]
        if len(self.foreign) > 5:
            notes.append(f"boxes of further classes that are not labelled: {len(self.foreign) - 5} classes")
        if self.skipped:
            notes.append(f"boxes left out, listed with their reasons: {len(self.skipped)}")
        return Detections(boxes, tuple(self.skipped), (*notes, *self.clips.notes()))

    def _scores(self) -> list[float]:
        for *_, score, where in self.rows:
            if not 0 <= score <= 100:
                raise UnreadableInput(
                    expected="scores from 0 to 1, or from 0 to 100", seen=f"{score:g} in {where} of {self.path}",
                    todo="Export the detector's confidences, not logits.",
                )  # fmt: skip
        scores = [score for *_, score, _ in self.rows]
        if max(scores) <= 1 + ROUNDING:
            return [min(score, 1.0) for score in scores]
        self.notes.append(f"scores taken as percentages, because the highest is {max(scores):g}: {len(scores)}")
        return [score / 100 for score in scores]

    def _nothing(self) -> UnreadableInput:
        seen, todo = f"{self.seen} boxes", AGAIN
        if self.strangers:
            first = next(iter(self.strangers))
            seen += f", {self.strangers.total()} of them in pictures that the labels lack, e.g. {first!r}"
            todo = (
                "Run the detector on the same pictures and name them by file_name, or by COCO's image_id where the "
                "label files of the splits do not number alike."
            )
        if self.foreign:
            seen += f", {self.foreign.total()} of classes that are not labelled, e.g. {next(iter(self.foreign))!r}"
            todo = "Name the classes as the labels do."
        if self.skipped:
            seen += f", {len(self.skipped)} that cannot be used, e.g. {self.skipped[0].reason}"
        return UnreadableInput(
            expected=f"boxes in pictures such as {self.boxset.ids[0]}, "
            f"of the classes {', '.join(self.boxset.classes[:20])}",
            seen=f"{seen}, in {self.path}",
            todo=todo,
        )
