"""Faults planted into real photographs, encoded once: copies, imbalance, merged kinds, marks, burnt cookies."""

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.baseline import load
from benchmarks.planting.bad_cookies import bad_cookies_case
from benchmarks.planting.duplicates import plant_copies
from benchmarks.planting.fault import Affected, Fault, Twin, fresh, of
from benchmarks.planting.imbalance import subset, thin_out
from benchmarks.planting.pasted_cue import Kind, marked
from embeddings.embedded import EmbeddedEncoder
from embeddings.images import open_picture
from embeddings.properties import describe
from tools.case import Case
from tools.checks.hidden_subclasses import class_kinds

SEEDS = 3
PAIR = ("Orange", "Satsumas")
"""Two classes of about equal size that are confused, so that a mark is worth going by."""
STAMP = 160
"""Pixels of about 512."""
ALIKE = 0.8
"""Share of the burnt cookies in one kind, and of that kind that is burnt, from which they count as a kind found."""


class Photographs:
    """The grocery photographs and the cookies under one folder; every vector is computed once.

    Pictures are not opened again by the checks: only what vectors and measured properties say is judged here.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._cache = folder, Path(tempfile.mkdtemp())
        self.cookies = cache(self._cookies)
        self.grocery = cache(self._grocery)
        self._changed = cache(self._marked)

    def _grocery(self) -> Case:
        case = load(self._folder / "grocery")
        return replace(case, dataset=replace(case.dataset, root=Path(), metadata={}))

    def _cookies(self, share: float, amount: float, seed: int) -> tuple[Case, NDArray[np.str_]]:
        return bad_cookies_case(self._folder / "cookies", self._cache, share=share, amount=amount, seed=seed)

    def apples(self, varieties: int, seed: int) -> Case:
        """Grocery with this many varieties of Apple, drawn at random; which is which is hidden."""
        case, rng = self.grocery(), np.random.default_rng(seed)
        kind = np.array([str(i).split("/")[2] if str(i).split("/")[1] == "Apple" else "" for i in case.ids])
        chosen = rng.choice(np.unique(kind[kind != ""]), varieties, replace=False)
        return fresh(subset(case, (kind == "") | np.isin(kind, chosen)), seed)

    def _marked(self, kind: Kind) -> tuple[Case, NDArray[np.float32], dict[str, NDArray[np.float32]]]:
        """The pair's pictures, their vectors with the mark, and their properties with it."""
        whole = self.grocery()
        case = subset(whole, np.isin(whole.targets, [whole.number(name) for name in PAIR]))
        encoder, vectors, columns = EmbeddedEncoder(self._cache), [], []
        for image in case.ids.tolist():
            pixels = marked(open_picture(self._folder / "grocery" / image, smallest_side=512).pixels, STAMP, kind=kind)
            vectors.append(encoder.encode(encoder.prepare(pixels)[None]).vectors[0])
            columns.append(describe(pixels)[0])
        properties = {n: np.array([c[n] for c in columns], dtype=np.float32) for n in case.dataset.properties}
        return case, np.stack(vectors), properties

    def marked(self, kind: Kind, agreement: float, seed: int) -> tuple[Case, Affected]:
        """Satsumas mostly bear the mark in training, oranges mostly not; in test half of either do.

        The affected pictures are those of the test split that contradict that.
        """
        case, vectors, properties = self._changed(kind)
        rng = np.random.default_rng(seed)
        agrees = rng.random(len(case.ids)) < np.where(case.dataset.splits == "test", 0.5, agreement)
        bears = agrees == (case.targets == case.number(PAIR[1]))
        mixed = {n: np.where(bears, properties[n], old) for n, old in case.dataset.properties.items()}
        space = replace(case.space, vectors=np.where(bears[:, None], vectors, case.space.vectors))
        against = frozenset(case.ids[~agrees & (case.dataset.splits == "test")].tolist())
        return fresh(replace(case, dataset=replace(case.dataset, properties=mixed), space=space), seed), against


def _two_kinds(case: Case, burnt: Affected) -> bool:
    """Whether one kind of ``bad`` is mostly burnt and holds most of the burnt ones."""
    kinds, _ = class_kinds(case, "bad")
    if kinds is None or burnt is None:
        return False
    truth = np.isin(case.ids[kinds.rows], list(burnt))
    parts = [kinds.parts.labels == part for part in np.unique(kinds.parts.labels)]
    return any(truth[part].mean() >= ALIKE and part[truth].mean() >= ALIKE for part in parts)


def photo_faults(folder: Path) -> tuple[Fault, ...]:
    """The faults, with the photographs under ``folder``."""
    photographs = Photographs(folder)
    grocery = Twin("grocery", lambda seed: fresh(photographs.grocery(), seed), clean=False, seeds=SEEDS)
    apple = Twin("grocery, one variety of Apple", lambda seed: photographs.apples(1, seed), clean=False, seeds=SEEDS)
    broken = Twin("cookies, bad = broken", lambda seed: fresh(photographs.cookies(0.0, 1.0, seed)[0], seed),
                  clean=False, seeds=SEEDS)  # fmt: skip

    def copied(case: Case, strength: float, seed: int) -> tuple[Case, Affected]:
        found, truth = plant_copies(case, int(strength), exact=False, seed=seed)
        return found, frozenset(truth) | frozenset(truth.values())

    def burnt(_: Case, strength: float, seed: int) -> tuple[Case, Affected]:
        case, kind = photographs.cookies(0.5, strength, seed)
        return fresh(case, seed), frozenset(case.ids[kind == "burnt"].tolist())

    def pasted(kind: Kind, name: str) -> Fault:
        twin = Twin(f"{name} in half of either class", lambda seed: photographs.marked(kind, 0.5, seed)[0],
                    of("hidden-subclasses"), clean=False, seeds=SEEDS)  # fmt: skip
        # the pictures that contradict the cue are a group with most errors, and the test split holds other shares of
        # it, so its accuracy is lower
        return Fault(f"{name} in one class (photographs)", twin, (0.7, 0.8, 0.95),
                     lambda _c, s, seed: photographs.marked(kind, s, seed), of("spurious-cue"),
                     frozenset(PAIR), of("weak-slices", "distribution-shift", "grouped-images"))  # fmt: skip

    return (
        Fault("copies in training (photographs)", grocery, (2, 10, 40), copied, of("near-duplicates"), whole=True),
        Fault("imbalance (photographs of Pear left)", grocery, (50, 30, 10),
              lambda c, s, seed: (thin_out(c, "Pear", int(s), seed=seed), None), of("class-balance"), of("Pear"),
              of("image-quantity")),
        # the more varieties, the larger the class beside all others
        Fault("varieties under one label (photographs)", apple, (2, 3, 5),
              lambda _c, s, seed: (photographs.apples(int(s), seed), None), of("hidden-subclasses"), of("Apple"),
              of("class-balance")),
        # what is burnt was good, so good is the smaller class then
        Fault("burnt and broken cookies, one label", broken, (0.5, 0.85, 1.0), burnt, of("hidden-subclasses"),
              of("bad"), of("class-balance"), confirm=_two_kinds),
        pasted("stamp", "a stamp"),
        pasted("border", "a border"),
        pasted("jpeg", "strong compression"),
    )  # fmt: skip
