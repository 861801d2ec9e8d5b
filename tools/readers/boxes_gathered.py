"""Gathers pictures and boxes of any format: sizes checked, boxes clipped, and what is left out told with its reason."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import numpy as np

from embeddings.images import Unreadable, header_sizes
from tools.dataset import Skipped, decode_id
from tools.detection.boxes import BoxSet, Numbers, boxes_of
from tools.errors import UnreadableInput
from tools.readers.json_text import Malformed
from tools.readers.listing import SPLIT_NAMES

Place = tuple[float, float, float, float]
"""x, y of the upper left corner, width, height."""
NEAR = 1.0
"""Pixels by which a box may stick out of its picture as rounding and counting from 1 make it."""


class Size(NamedTuple):
    """Of an upright picture, in pixels."""

    width: int
    height: int


def number(value: object) -> float:
    """A finite number of JSON.

    Raises
    ------
    Malformed
        For text, true and false, and what is too large.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed("something else where a number belongs")
    return finite(value)


def finite(value: float | str) -> float:
    """The number that a value or a text stands for.

    Raises
    ------
    Malformed
    """
    try:
        out = float(value)
    except (ValueError, OverflowError):
        raise Malformed("something else where a number belongs") from None
    if not isfinite(out):
        raise Malformed("a number that is not finite")
    return out


def split_of(*texts: str) -> str:
    """The split that one of some paths names, the first that does and its last part first; else ``train``.

    >>> split_of("annotations/instances_val2017.json"), split_of("a.json", "test/images/1.jpg"), split_of("a.json")
    ('val', 'test', 'train')
    """
    for text in texts:
        for part in reversed(text.casefold().split("/")):
            for word in re.split(r"[^a-z]+", part):
                if word in SPLIT_NAMES:
                    return SPLIT_NAMES[word]
    return "train"


def clipped(place: Place, size: Size) -> tuple[Place, float]:
    """A box inside its picture, and by how many pixels it stuck out.

    Raises
    ------
    Malformed
        For a box without area, or wholly outside.
    """
    x, y, width, height = place
    right, bottom = x + width, y + height
    if not all(map(isfinite, (x, y, right, bottom))):
        raise Malformed("a number that is not finite")
    if width <= 0 or height <= 0:
        raise Malformed("a side of 0 or less")
    if x >= size.width or y >= size.height or right <= 0 or bottom <= 0:
        raise Malformed("wholly outside the picture")
    left, top = max(x, 0.0), max(y, 0.0)
    over = max(-x, -y, right - size.width, bottom - size.height, 0.0)
    if over > 0:
        width, height = min(right, size.width) - left, min(bottom, size.height) - top
    if left + width <= left or top + height <= top:
        raise Malformed("a side too small to be told from 0")
    return (left, top, width, height), over


@dataclass
class Clips:
    """Counts boxes that stuck out of their pictures."""

    near: int = 0
    far: int = 0

    def count(self, over: float) -> None:
        """Take note of one box."""
        self.near += 0 < over <= NEAR
        self.far += over > NEAR

    def notes(self) -> list[str]:
        """What was mended, for people."""
        out = [f"boxes that stuck out of their picture by at most a pixel, clipped: {self.near}"] if self.near else []
        return out + ([f"boxes that stuck out of their picture further, clipped: {self.far}"] if self.far else [])


@dataclass
class Gathered:
    """Pictures and labelled boxes as a reader meets them, in any order.

    Attributes
    ----------
    root : Path
        Absolute; ids are relative to it.
    tells : tuple of str
        Which of ``tools.detection.boxes.FLAGS`` the format tells.
    skipped : list of Skipped
        Readers add to it.
    unread : Counter of str
        What the format holds and is not read, by kind; readers add to it.
    """

    root: Path
    tells: tuple[str, ...] = ()
    skipped: list[Skipped] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)
    _sizes: dict[str, Size] = field(default_factory=dict)
    _splits: dict[str, tuple[str, str]] = field(default_factory=dict)
    _boxes: dict[tuple[str, str, Place], frozenset[str]] = field(default_factory=dict)
    _clips: Clips = field(default_factory=Clips)
    _repeated: int = 0
    _bad: list[Skipped] = field(default_factory=list)

    def __contains__(self, image: object) -> bool:
        """Whether a picture was met, taken or not."""
        return image in self._splits

    def picture(
        self, image: str, split: str, where: str, stated: tuple[int, int] | None = None, *, scaled: bool = False
    ) -> Size | None:  # fmt: skip
        """Take in a picture; None, with the reason among ``skipped``, if it cannot be used.

        Parameters
        ----------
        image : str
            Its id.
        split : str
        where : str
            The file that says so, for messages.
        stated : tuple of int, optional
            Width and height that the format tells.
        scaled : bool
            Whether boxes are in fractions, so that a copy of another size does as well.

        Raises
        ------
        UnreadableInput
            If the picture stands in another split as well.
        """
        known = image in self._splits
        before = self._splits.setdefault(image, (split, where))
        if before[0] != split:
            raise UnreadableInput(
                expected="each picture in one split",
                seen=f"{image} in {before[0]} (by {before[1]}) and in {split} (by {where})",
                todo="Leave it in one of them: a model is not to be tested on what it learned.",
            )
        if known and image not in self._sizes:
            return None  # it was left out, and told so
        try:
            stored, upright = header_sizes(self.root / decode_id(image), root=self.root)
            alike = scaled and stated is not None and _same_shape(stated, upright)
            _must_agree(None if alike else stated, stored, upright)
        except (Unreadable, Malformed) as fault:
            self.skipped.append(Skipped(image, str(fault)))
            self._sizes.pop(image, None)
            return None
        return self._sizes.setdefault(image, Size(*upright))

    def box(self, image: str, name: str, place: Place, where: str, flags: Iterable[str] = ()) -> None:
        """Take in one box of a picture that was taken in; a bad one joins the skipped."""
        try:
            inside, over = clipped(place, self._sizes[image])
        except Malformed as reason:
            self.bad_box(image, where, str(reason))
            return
        self._clips.count(over)
        if (image, name, inside) in self._boxes:
            self._repeated += 1
            self.skipped.append(Skipped(image, f"{where}: the same box of {name} as one before; kept once"))
        self._boxes.setdefault((image, name, inside), frozenset(flags))

    def bad_box(self, image: str, where: str, reason: str) -> None:
        """Take note of a box that cannot be used."""
        self._bad.append(Skipped(image, f"{where}: {reason}"))

    def finish(
        self, source: Path, classes: Iterable[str] = (), *, pictures: Mapping[str, str] | None = None,
        categories: Mapping[str, str] | None = None, positions: Iterable[str] = (),
    ) -> BoxSet:  # fmt: skip
        """All that was gathered.

        Parameters
        ----------
        source : Path
            For messages.
        classes : iterable of str
            Names that the format lists; those of boxes join them.
        pictures, categories : mapping of str to str, optional
            COCO's numbers → id of the picture, name of the class.
        positions : iterable of str
            YOLO's classes by number.

        Raises
        ------
        UnreadableInput
            If no picture or no box is left.
        """
        boxes = [(key, flags) for key, flags in self._boxes.items() if key[0] in self._sizes]
        if not boxes:
            raise self._nothing(source)
        ids = sorted(self._sizes)
        names = tuple(sorted({*classes, *(key[1] for key, _ in boxes)}))
        row, column = {image: i for i, image in enumerate(ids)}, {name: i for i, name in enumerate(names)}
        labels = boxes_of(
            [row[image] for (image, _, _), _ in boxes],
            [column[name] for (_, name, _), _ in boxes],
            [place for (_, _, place), _ in boxes],
            flags={flag: [flag in flags for _, flags in boxes] for flag in self.tells},
        )
        return BoxSet(
            self.root,
            np.array(ids, dtype=np.str_),
            np.array([self._sizes[image].width for image in ids], dtype=np.int64),
            np.array([self._sizes[image].height for image in ids], dtype=np.int64),
            np.array([self._splits[image][0] for image in ids], dtype=np.str_),
            names,
            labels,
            (*self.skipped, *self._bad),
            tuple(self._notes()),
            Numbers(
                {key: row[image] for key, image in (pictures or {}).items() if image in row},
                {key: column[name] for key, name in (categories or {}).items()},
                tuple(column[name] for name in positions),
            ),
        )

    def _notes(self) -> list[str]:
        notes = [f"{kind}: {count}" for kind, count in sorted(self.unread.items())]
        if self._bad:
            notes.append(f"boxes left out, listed with their reasons: {len(self._bad)}")
        if self._repeated:
            notes.append(f"boxes given twice for one picture and class, kept once: {self._repeated}")
        return notes + self._clips.notes()

    def _nothing(self, source: Path) -> UnreadableInput:
        example = next(iter((*self._bad, *self.skipped)), None)
        return UnreadableInput(
            expected=f"pictures with labelled boxes in {source}, below {self.root}",
            seen=f"{len(self._sizes)} pictures that can be used, and no box in them"
            + (
                f"; {len(self.skipped) + len(self._bad)} left out, e.g. {example.path}: {example.reason}"
                if example
                else ""
            ),
            todo="Check that the pictures lie there, or name the folder that they lie in: --root DIR.",
        )


def _must_agree(stated: tuple[int, int] | None, stored: tuple[int, int], upright: tuple[int, int]) -> None:
    if stated is None or stated == upright:
        return
    says = f"the labels say {stated[0]} × {stated[1]} pixels"
    if stated == stored:
        raise Malformed(
            f"{says}, which is the file before its EXIF rotation; upright it is {upright[0]} × {upright[1]}, "
            "so its boxes lie elsewhere"
        )
    raise Malformed(f"{says}, the picture has {upright[0]} × {upright[1]}")


def _same_shape(stated: tuple[int, int], upright: tuple[int, int]) -> bool:
    """Whether one size is the other enlarged or reduced, but for the rounding of its sides."""
    across, down = stated[0] * upright[1], stated[1] * upright[0]
    return abs(across - down) <= max(*stated, *upright)
