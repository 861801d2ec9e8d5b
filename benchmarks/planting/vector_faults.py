"""Faults planted into cases made of vectors, each beside its clean twin."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.cue import cue_case
from benchmarks.planting.duplicates import plant_copies, with_hashes
from benchmarks.planting.fault import Affected, Fault, Twin, of
from benchmarks.planting.hidden_kinds import kinds_case
from benchmarks.planting.imbalance import thin_out
from benchmarks.planting.off_class import plant_off_class
from benchmarks.planting.outside import outside_case
from benchmarks.planting.quality import spoil, with_properties
from benchmarks.planting.shifted_test import shifted_case
from benchmarks.planting.similar import halve
from benchmarks.planting.unrelated_labels import rename_at_random
from benchmarks.planting.vectors import vector_case
from benchmarks.planting.weak_slice import slice_case
from benchmarks.planting.wrong_labels import flip
from tools.case import Case

SIZES = {"cat": 160, "dog": 160, "hen": 160}
DOG = of("dog", "wolf")


def base(seed: int, *, burst: int = 1, separation: float = 3.0, test_share: float = 0.3) -> Case:
    """A clean case of three classes with ordinary properties and hashes."""
    clean = vector_case(SIZES, separation=separation, burst=burst, test_share=test_share, seed=seed)
    return with_hashes(with_properties(clean, seed=seed), seed=seed)


SEPARABLE = Twin("separable", base)
CLOSE = Twin("close", lambda seed: base(seed, separation=2.0))
BURSTS = Twin("in bursts", lambda seed: base(seed, burst=4))
UNTESTED = Twin("no test split", lambda seed: base(seed, separation=4.0, test_share=0.0))
# two settings in each class are two kinds of picture, and no head can place more than 89.4 % of them: less than the
# 90 % below which two classes count as hard to tell apart
SETTING = Twin("two settings", lambda s: cue_case(agreement=0.5, seed=s)[0], of("hidden-subclasses", "similar-classes"))
HARD = Twin("hard, no bursts", lambda seed: base(seed, separation=1.6))
ONE_KIND = Twin("one kind", lambda seed: kinds_case(distance=0.0, seed=seed)[0])
# a part of each class stands six deviations apart, no harder than the rest
EVEN = Twin("a part, no harder", lambda seed: slice_case(pull=0.0, seed=seed)[0], of("hidden-subclasses"))
SAME = Twin("test as training", lambda seed: shifted_case(shift=0.0, harmful=0.0, seed=seed))
# the foreign pictures are in its production split too, only nearer to no class
OUTSIDE = Twin(
    "foreign, like no class",
    lambda seed: outside_case(alike=0.0, labelled=False, seed=seed)[0],
    of("distribution-shift", "negatives"),
)


def _ids(case: Case, rows: NDArray[np.bool_]) -> frozenset[str]:
    return frozenset(case.ids[rows].tolist())


def _flipped(case: Case, share: float, seed: int, **how: bool) -> tuple[Case, Affected]:
    found, truth = flip(case, share, seed=seed, **how)
    return found, frozenset(truth)


def _copied(into: str, *, exact: bool, relabel: bool = False):  # type: ignore[no-untyped-def]
    def plant(case: Case, strength: float, seed: int) -> tuple[Case, Affected]:
        found, truth = plant_copies(case, int(strength), into=into, exact=exact, relabel=relabel, seed=seed)
        return found, frozenset(truth) | (frozenset() if into == "test" else frozenset(truth.values()))

    return plant


def _spoilt(column: str, value: float):  # type: ignore[no-untyped-def]
    def plant(case: Case, strength: float, seed: int) -> tuple[Case, Affected]:
        return spoil(case, column, value, int(strength), harmful=True, seed=seed)

    return plant


def _kinds(_: Case, strength: float, seed: int) -> tuple[Case, Affected]:
    case, kind = kinds_case(distance=strength, seed=seed)
    return case, _ids(case, kind >= 0)


def _slice(_: Case, strength: float, seed: int) -> tuple[Case, Affected]:
    case, part = slice_case(pull=strength, seed=seed)
    return case, _ids(case, part)


def _outside(_: Case, strength: float, seed: int) -> tuple[Case, Affected]:
    case, outside = outside_case(alike=strength, seed=seed)
    return case, _ids(case, outside)


def _two_names(case: Case, strength: float, seed: int) -> tuple[Case, Affected]:
    return halve(thin_out(case, "dog", int(strength), seed=seed), "dog", "wolf", seed=seed)[0], None


def _bursts(_: Case, strength: float, seed: int) -> tuple[Case, Affected]:
    return base(seed, burst=int(strength), separation=1.6), None


# the spoilt pictures are noise to any head: they are errors, unlike all others, and placed in another class
POOR = of("weak-slices", "variety-lighting", "outliers", "wrong-labels", "distribution-shift as a cause")
# pictures of one class under the label of another are a kind of their own there
LABELS = of("hidden-subclasses")
FAULTS: tuple[Fault, ...] = (
    Fault("wrong labels, random", SEPARABLE, (0.03, 0.08, 0.15),
          lambda c, s, seed: _flipped(c, s, seed), of("wrong-labels"), consequences=LABELS, whole=True),
    Fault("wrong labels, to the nearest class", SEPARABLE, (0.03, 0.08, 0.15),
          lambda c, s, seed: _flipped(c, s, seed, alike=True), of("wrong-labels"), consequences=LABELS, whole=True),
    # without a test split the wrong labels are errors too, and gather where those pictures lie
    Fault("wrong labels, nearest class, no test split", UNTESTED, (0.03, 0.08, 0.15),
          lambda c, s, seed: _flipped(c, s, seed, alike=True), of("wrong-labels"),
          consequences=LABELS | of("weak-slices"), whole=True),
    # random folds get the wrong label of a burst right from its other pictures
    Fault("wrong labels, whole bursts", BURSTS, (0.04, 0.08, 0.2),
          lambda c, s, seed: _flipped(c, s, seed, bursts=True), of("wrong-labels"),
          consequences=LABELS | of("grouped-images"), whole=True),
    Fault("identical copies in training", SEPARABLE, (2, 10, 40), _copied("train", exact=True),
          of("near-duplicates"), whole=True),
    Fault("edited copies in training (vectors)", SEPARABLE, (2, 10, 40), _copied("train", exact=False),
          of("near-duplicates"), whole=True),
    # a copy across splits is a copy
    Fault("edited copies in test (vectors)", SEPARABLE, (2, 10, 40), _copied("test", exact=False),
          of("split-leakage"), consequences=of("near-duplicates"), whole=True),
    # one of the two labels is wrong, and the two are copies
    Fault("copies with another label", SEPARABLE, (2, 10, 40), _copied("train", exact=False, relabel=True),
          of("contradicting-duplicates"), whole=True, consequences=of("near-duplicates", "wrong-labels") | LABELS),
    # the pictures that contradict the cue are a group with most errors, the background is the cue, and the test split
    # holds other shares of it, so its accuracy is lower
    Fault("cue: a setting goes along with the label", SETTING, (0.7, 0.8, 0.95),
          lambda _c, s, seed: cue_case(agreement=s, seed=seed), of("spurious-cue"), of("apples", "citrus"),
          of("weak-slices", "variety-background", "distribution-shift", "grouped-images")),
    # the class has too few pictures, and the head says its neighbours instead
    Fault("imbalance (training pictures left of a class)", CLOSE, (40, 28, 10),
          lambda c, s, seed: (thin_out(c, "dog", int(s), seed=seed), None), of("class-balance"), DOG,
          of("image-quantity")),
    Fault("dark pictures", SEPARABLE, (8, 25, 60), _spoilt("brightness", 0.04), of("image-quality"),
          consequences=POOR),
    Fault("blurred pictures", SEPARABLE, (8, 25, 60), _spoilt("sharpness", 5.0), of("image-quality"),
          consequences=POOR),
    Fault("tiny pictures", SEPARABLE, (8, 25, 60), _spoilt("side", 40), of("image-quality"), consequences=POOR),
    Fault("two kinds under one label", ONE_KIND, (3.0, 5.0, 7.0), _kinds, of("hidden-subclasses"), of("bad")),
    # thinned out first, so it also is small
    Fault("one class under two names (its pictures)", SEPARABLE, (40, 80, 160), _two_names, of("similar-classes"), DOG,
          of("class-balance", "image-quantity")),
    # the shifted pictures are a group with more errors, darker than the training pictures, and their accuracy is lower
    Fault("test pictures taken otherwise", SAME, (1.0, 2.0, 4.0),
          lambda _c, s, seed: (shifted_case(shift=s, harmful=s, seed=seed), None), of("distribution-shift"),
          consequences=of("weak-slices", "variety-lighting", "spurious-cue", "grouped-images", "image-quality")),
    # the group differs between training and test, it is a kind of its own, and the accuracy on test is lower for it
    Fault("a group the model fails on", EVEN, (0.5, 1.0, 1.5), _slice, of("weak-slices"), of("cup"),
          of("distribution-shift", "hidden-subclasses", "grouped-images"),
          of("distribution-shift", "hidden-subclasses")),
    # its labels cannot be told from wrong ones, it is a small class, it is confused with each of the others, and it
    # holds all of their kinds
    Fault("label unrelated to the pictures", CLOSE, (0.1, 0.2, 0.3),
          lambda c, s, seed: rename_at_random(c, "in stock", s, seed=seed), of("not-visual"), of("in stock"),
          of("wrong-labels", "similar-classes", "class-balance", "image-quantity", "hidden-subclasses")),
    # a picture of none of the classes has a wrong label, whichever it is, and in the test split is an error unlike all
    # training pictures
    Fault("pictures of no class, labelled", SEPARABLE, (5, 15, 40),
          lambda c, s, seed: plant_off_class(c, int(s), seed=seed), of("outliers"),
          consequences=of("wrong-labels", "weak-slices", "distribution-shift as a cause"), whole=True),
    # the production split holds what training does not
    Fault("pictures of no class in production", OUTSIDE, (0.5, 0.75, 1.0), _outside, of("negatives"),
          consequences=of("distribution-shift", "outliers")),
    # near pictures of one object on both sides of a random fold
    Fault("bursts of one object (pictures each)", HARD, (2, 4, 8), _bursts, of("grouped-images")),
)  # fmt: skip
