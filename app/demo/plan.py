"""Which pictures the demo consists of and which faults they carry, before anything is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.demo.cookies import COOKIES
from app.demo.fruit import APPLES, CITRUS
from app.demo.noise import Rng

GOOD, BAD, APPLE, CITRUS_FRUIT = CLASSES = ("good cookies", "bad cookies", "apples", "citrus")
SIZES = {
    "train": {GOOD: 180, BAD: 60, APPLE: 110, CITRUS_FRUIT: 110},
    "test": {GOOD: 60, BAD: 36, APPLE: 50, CITRUS_FRUIT: 50},
}
KINDS = {GOOD: COOKIES[:1], BAD: COOKIES[1:], APPLE: APPLES, CITRUS_FRUIT: CITRUS}
USUAL = {APPLE: "hand", CITRUS_FRUIT: "plate"}
SETTINGS = {  # shares of the usual setting, of the other class's setting, of a bare table
    "train": (0.88, 0.06, 0.06),
    "test": (0.5, 0.4, 0.1),
}
WRONG = {  # true class, label it is given: train pictures at full size
    (GOOD, BAD): 5,
    (BAD, GOOD): 9,
    (APPLE, CITRUS_FRUIT): 6,
    (CITRUS_FRUIT, APPLE): 5,
}
DARK_CLASS, DARK = APPLE, {"train": 2, "test": 14}
COPIES = {"train": 6, "test": 14}
EDITS = ("re-encoded", "cropped", "brightness shifted")


@dataclass(frozen=True)
class Slot:
    """One picture to come.

    Attributes
    ----------
    label, true : str
        Class it is filed under and class it shows, both of ``CLASSES``.
    kind : str
    setting : str or None
        None for cookies.
    dark : bool
    """

    label: str
    true: str
    kind: str
    setting: str | None
    dark: bool


@dataclass(frozen=True)
class Copy:
    """A slot filled with an edited copy of a train picture.

    Attributes
    ----------
    split : str
        Of the copy.
    original, copy : int
        Positions in ``train`` and in ``split``.
    edit : str
        One of ``EDITS``.
    """

    split: str
    original: int
    copy: int
    edit: str


@dataclass(frozen=True)
class Plan:
    """The slots of each split, grouped by label, and the copies among them."""

    slots: Mapping[str, tuple[Slot, ...]]
    copies: tuple[Copy, ...]


def draw_plan(rng: Rng, scale: float) -> Plan:
    """Decide on every picture of the data set.

    Parameters
    ----------
    rng : Generator
    scale : float
        Multiplies all numbers of pictures and of faults; a fault never vanishes.
    """
    slots = {split: _slots(rng, split, scale) for split in SIZES}
    return Plan(slots, _copies(rng, slots, scale))


def scaled(number: int, scale: float, least: int = 1) -> int:
    """A number of pictures at another size of the data set."""
    return max(least, round(number * scale))


def _slots(rng: Rng, split: str, scale: float) -> tuple[Slot, ...]:
    labels: dict[str, list[str]] = {true: [] for true in CLASSES}
    for label, size in SIZES[split].items():
        left = scaled(size, scale, least=6)
        for (true, given), number in WRONG.items():
            if given == label and split == "train":
                labels[true] += [label] * scaled(number, scale)
                left -= scaled(number, scale)
        labels[label] += [label] * left
    found = [slot for true in CLASSES for slot in _class(rng, split, true, labels[true], scale)]
    # stable, so that within a label the true class and the kind stay shuffled
    order = rng.permutation(len(found))
    return tuple(sorted((found[k] for k in order), key=lambda slot: CLASSES.index(slot.label)))


def _class(rng: Rng, split: str, true: str, labels: list[str], scale: float) -> list[Slot]:
    """Slots of one true class: kinds and settings dealt in exact shares, then shuffled apart."""
    count = len(labels)
    kinds = [KINDS[true][k % len(KINDS[true])] for k in range(count)]
    settings: list[str | None] = [None] * count
    if true in USUAL:
        other = next(setting for name, setting in USUAL.items() if name != true)
        bounds = np.round(np.cumsum(SETTINGS[split]) * count).astype(int)
        settings = [USUAL[true] if k < bounds[0] else other if k < bounds[1] else "table" for k in range(count)]
    order = rng.permutation(count)
    settings = [settings[k] for k in rng.permutation(count)]
    dark = scaled(DARK[split], scale) if true == DARK_CLASS else 0
    right = [k for k in order if labels[k] == true][:dark]
    return [Slot(labels[k], true, kinds[n], settings[n], dark=k in right) for n, k in enumerate(order)]


def _copies(rng: Rng, slots: Mapping[str, tuple[Slot, ...]], scale: float) -> tuple[Copy, ...]:
    """Pair a slot with a train slot that shows the same, so that copying leaves all shares as they are."""
    found: list[Copy] = []
    taken: set[tuple[str, int]] = set()
    for split, number in COPIES.items():
        wanted = scaled(number, scale)
        for copy in rng.permutation(len(slots[split])):
            slot = slots[split][copy]
            if wanted == 0:
                break
            if slot.dark or slot.label != slot.true or (split, int(copy)) in taken:
                continue
            fitting = [
                k
                for k, other in enumerate(slots["train"])
                if other == slot and ("train", k) not in taken and (split, int(copy)) != ("train", k)
            ]
            if not fitting:
                continue
            original = int(rng.choice(fitting))
            taken |= {("train", original), (split, int(copy))}
            found.append(Copy(split, original, int(copy), EDITS[len(found) % len(EDITS)]))
            wanted -= 1
    return tuple(found)
