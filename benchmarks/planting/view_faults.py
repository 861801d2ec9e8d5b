"""Faults of how a class was photographed: backgrounds, views, cameras; and marks and backgrounds in drawn pictures."""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.planting.fault import Affected, Fault, Twin, fresh, of
from benchmarks.planting.fixed_camera import standing
from benchmarks.planting.mono_view import PlantedTowers, viewed_case, with_encoder
from benchmarks.planting.one_background import narrowed, varied_case
from benchmarks.planting.pasted_cue import Kind, pasted_case
from benchmarks.planting.scenery import seen
from benchmarks.planting.swapped_background import GridEncoder, swapped_case
from tools.case import Case

DRAWN_SEEDS = 5
"""Drawn pictures are opened again and changed, which costs tens of seconds an audit."""
VIEWS = {"from above": 0.4, "at eye level": 0.3, "from below": 0.3}


def _viewed(above: float, seed: int) -> Case:
    """``jug`` from above in this share of its pictures, the rest as evenly as in the other classes."""
    jug = {"from above": above, "at eye level": (1 - above) / 2, "from below": (1 - above) / 2}
    case, _ = viewed_case("camera_angle", {"cup": VIEWS, "jug": jug, "pot": VIEWS}, seed=seed)
    return with_encoder(fresh(case, seed), PlantedTowers("camera_angle"))


def _filmed(share: float, seed: int) -> Case:
    """A share of the pictures of ``hen`` by one camera that stands still, all others by hand."""
    case = fresh(varied_case(seed=seed), seed)
    hen = case.targets == case.number("hen")
    by_camera = hen & (np.random.default_rng(seed).random(len(hen)) < share)
    return seen(case, {"small": standing(np.where(by_camera, 0, -1), seed=seed)}, seed=seed)


def _drawn(case: Case, seed: int) -> Case:
    case = fresh(case, seed)
    vars(case.eyes)["encoder"] = GridEncoder()
    return case


def _pasted(agreement: float, seed: int, kind: Kind) -> Case:
    folder = Path(tempfile.mkdtemp())
    return _drawn(pasted_case(folder, agreement=agreement, seed=seed, kind=kind, overlap=False)[0], seed)


def _swapped(agreement: float, seed: int) -> Case:
    return _drawn(swapped_case(Path(tempfile.mkdtemp()), agreement=agreement, seed=seed, overlap=False), seed)


def _stamp(_: Case, strength: float, seed: int) -> tuple[Case, Affected]:
    return _pasted(strength, seed, "stamp"), None


def _border(_: Case, strength: float, seed: int) -> tuple[Case, Affected]:
    return _pasted(strength, seed, "border"), None


VARIED = Twin("varied lights and surrounds", lambda seed: varied_case(seed=seed))
VIEWED = Twin("varied views", lambda seed: _viewed(VIEWS["from above"], seed))
HANDHELD = Twin("hand-held", lambda seed: _filmed(0.0, seed))
# discs near the middle of the two colours are hard to place; backgrounds or marks come in two kinds
MARKED = Twin("marks in half of either class", lambda seed: _pasted(0.5, seed, "stamp"),
              of("similar-classes", "hidden-subclasses"), seeds=DRAWN_SEEDS)  # fmt: skip
FRAMED = Twin("borders in half of either class", lambda seed: _pasted(0.5, seed, "border"),
              of("similar-classes", "hidden-subclasses"), seeds=DRAWN_SEEDS)  # fmt: skip
GROUNDS = Twin("either background in half", lambda seed: _swapped(0.5, seed),
               of("similar-classes", "hidden-subclasses"), seeds=DRAWN_SEEDS)  # fmt: skip
BOTH_CLASSES = of("apples", "citrus")
# the pictures that contradict the cue are a group with most errors; the test split holds other shares of it, so its
# accuracy is lower; errors follow the background; with and without it are two kinds of a class
CUE = of(
    "weak-slices", "distribution-shift", "variety-background", "grouped-images", "similar-classes", "hidden-subclasses"
)
FAULTS: tuple[Fault, ...] = (
    Fault("one background (share of a class)", VARIED, (0.6, 0.85, 1.0),
          lambda c, s, _seed: (narrowed(c, "hen", "border_brightness", 0.5, share=s), None), of("variety-background"),
          of("hen")),
    Fault("one camera angle (share of a class)", VIEWED, (0.7, 0.85, 1.0),
          lambda _c, s, seed: (_viewed(s, seed), None), of("variety-angle"), of("jug")),
    Fault("a standing camera (share of a class)", HANDHELD, (0.75, 0.9, 1.0),
          lambda _c, s, seed: (_filmed(s, seed), None), of("fixed-camera"), of("hen"), of("variety-background")),
    Fault("a stamp pasted into one class (drawn)", MARKED, (0.7, 0.8, 0.95), _stamp,
          of("spurious-cue", "background-bias"), BOTH_CLASSES, CUE),
    Fault("a border round one class (drawn)", FRAMED, (0.7, 0.8, 0.95), _border,
          of("spurious-cue", "background-bias"), BOTH_CLASSES, CUE),
    Fault("backgrounds swapped by class (drawn)", GROUNDS, (0.7, 0.8, 0.95),
          lambda _c, s, seed: (_swapped(s, seed), None), of("spurious-cue", "background-bias"), BOTH_CLASSES, CUE),
)  # fmt: skip
