"""Frames that match: one camera whatever is before it, and neither bursts nor white walls."""

import numpy as np
import pytest

from benchmarks.planting.fixed_camera import standing
from embeddings.scenery import frame
from tools.frames import Cameras, different_things, fixed_cameras, frames_match


def cameras(small: np.ndarray) -> Cameras:
    return fixed_cameras(frame(small), small[:, 1:-1, 1:-1].reshape(len(small), -1, 3), 5, 4)


def test_the_frame_runs_round_the_picture_once() -> None:
    small = np.arange(16 * 16, dtype=np.float32).reshape(1, 16, 16, 1).repeat(3, axis=3)
    cells = frame(small)[0, :, 0]
    assert len(cells) == 60
    assert len(set(cells.tolist())) == 60
    assert cells[:2].tolist() == [0, 1]
    assert set(cells.tolist()) == {v for v in range(256) if v // 16 in (0, 15) or v % 16 in (0, 15)}


@pytest.mark.parametrize("seed", range(3))
def test_cameras_are_found_among_other_places(seed: int) -> None:
    truth = np.repeat([0, 1, -1], [12, 8, 40])
    order = np.random.default_rng(seed).permutation(60)
    found = cameras(standing(truth, seed=seed)[order])
    assert found.of.tolist() == truth[order].tolist()
    assert found.things[0] >= 4
    assert found.plain == 0


def test_a_thing_that_reaches_the_border_hides_no_camera() -> None:
    small = standing(np.zeros(10, dtype=np.int64))
    for i in range(10):
        small[i, :5, i : i + 5] = 240  # five to nine of sixty cells
    assert (cameras(small).of == 0).all()


def test_a_burst_shows_one_thing_and_is_no_camera() -> None:
    small = np.repeat(standing(np.array([-1])), 12, axis=0)
    assert (cameras(small + np.random.default_rng(0).normal(0, 2, small.shape).astype(np.float32)).of == -1).all()


def test_a_white_wall_tells_no_camera() -> None:
    small = standing(np.full(12, -1))
    edge = np.ones((16, 16), bool)
    edge[2:-2, 2:-2] = False
    small[:, edge] = 245 + np.random.default_rng(0).normal(0, 2, (12, int(edge.sum()), 3))
    found = cameras(small)
    assert (found.of == -1).all()
    assert found.plain == 12


def test_matching_by_hand() -> None:
    one = np.array([[[0.0] * 3, [100.0] * 3, [0.0] * 3, [100.0] * 3]], dtype=np.float32)  # variance 2,500
    brighter = one + 20
    within = one + np.array([[[20.0] * 3, [0.0] * 3, [0.0] * 3, [0.0] * 3]], dtype=np.float32)
    other = 100 - one
    match = frames_match(np.concatenate([one, brighter, within, other]))
    assert match[0].tolist() == [True, True, True, False]


def test_things_are_counted_by_what_is_unlike_all_before() -> None:
    centre = np.zeros((4, 1, 3), dtype=np.float32)
    centre[:, 0, :] = np.array([[0], [11], [13], [24]])
    assert different_things(centre) == 2  # 11 is like 0; 13 is not; 24 is like 13
