"""One mistake of each kind, set by hand; and what mending it gains."""

from pathlib import Path

import numpy as np
import pytest

from tests.tools.detection.conftest import drawn
from tools.detection.boxes import BoxSet, boxes_of
from tools.detection.error_types import HALF, KINDS, mistakes, shares
from tools.detection.matching import Matches, match

THING = (10.0, 10.0, 20.0, 20.0)


def one_picture(found: list[tuple[int, tuple[float, float, float, float], float]]) -> Matches:
    """Two things of class a, one of b, far apart; and what was found."""
    labels = boxes_of([0, 0, 0], [0, 0, 1], [THING, (60, 60, 20, 20), (100, 10, 20, 20)])
    one = np.array([200], dtype=np.int64)
    boxset = BoxSet(Path("/p"), np.array(["p.jpg"]), one, one, np.array(["test"]), ("a", "b"), labels)
    rows = range(len(found))
    detected = boxes_of([0 for _ in rows], [f[0] for f in found], [f[1] for f in found], [f[2] for f in found])
    return match(boxset, detected, np.ones(1, dtype=bool))


@pytest.mark.parametrize(
    ("kind", "number", "place"),
    [
        ("classification", 1, THING),
        ("localisation", 0, (18.0, 10.0, 20.0, 20.0)),  # shares 12 of 28 columns: .43
        ("both", 1, (18.0, 10.0, 20.0, 20.0)),
        ("background", 0, (150.0, 150.0, 20.0, 20.0)),
        ("background", 0, (28.0, 10.0, 20.0, 20.0)),  # shares 2 of 38 columns: .05
    ],
)
def test_a_wrong_detection_is_of_its_kind(kind: str, number: int, place: tuple[float, float, float, float]) -> None:
    told = mistakes(one_picture([(number, place, 0.9)]))
    assert told.kind_of.tolist() == [kind]
    found_by_it = kind in ("classification", "localisation")
    assert told.missed.tolist() == [not found_by_it, True, True]


def test_a_second_detection_of_one_thing_is_a_duplicate() -> None:
    told = mistakes(one_picture([(0, THING, 0.9), (0, (11.0, 10.0, 20.0, 20.0), 0.8)]))
    assert told.kind_of.tolist() == ["", "duplicate"]
    assert told.nearest.tolist() == [-1, 0]


def test_gains_by_hand() -> None:
    """Right on one a; b called a on the second place, scored higher: mean 0.5 × (AP of a) + 0.5 × 0."""
    matches = one_picture([(0, (100.0, 10.0, 20.0, 20.0), 0.9), (0, THING, 0.8)])
    told = mistakes(matches)
    gains = {share.kind: (share.count, share.gain) for share in shares(matches, told)}
    # now: a has wrong, right of 2 labels: precision .5 up to recall .5 (51 of 101 recalls); b finds nothing
    now = (0.5 * 51 / 101) / 2
    # the b called a becomes b's only find: AP of b is 1, of a 51 of 101 recalls at precision 1
    assert gains["classification"][0] == 1
    assert gains["classification"][1] == pytest.approx((51 / 101 + 1) / 2 - now)
    # one a is missed (the b is touched by the misnamed find): asked for one a only, found at precision .5
    assert gains["missed"][0] == 1
    assert gains["missed"][1] == pytest.approx(0.5 / 2 - now)
    assert gains["background"] == (0, 0.0)


def test_a_gain_has_an_interval_that_holds_it() -> None:
    boxset, detected = drawn(7, n=80)
    matches = match(boxset, detected, np.ones(len(boxset), dtype=bool))
    for share in shares(matches, mistakes(matches)):
        assert share.low <= share.gain <= share.high


def test_every_wrong_detection_has_one_kind_and_every_right_one_none() -> None:
    boxset, detected = drawn(3)
    matches = match(boxset, detected, np.ones(len(boxset), dtype=bool))
    told = mistakes(matches)
    assert ((told.kind_of != "") == matches.wrong(HALF)).all()
    assert set(told.kind_of[matches.wrong(HALF)].tolist()) <= set(KINDS)
    assert not told.missed[~matches.counted].any()
    assert all(share.gain >= -1e-12 for share in shares(matches, told))


def test_a_faultless_detector_makes_no_mistake() -> None:
    boxset, _ = drawn(4, crowds=False)
    matches = match(boxset, boxset.labels, np.ones(len(boxset), dtype=bool))
    told = mistakes(matches)
    assert not told.missed.any()
    assert all(share.count == 0 and share.gain == 0 for share in shares(matches, told))
