"""Stable kinds: how many, none in one cloud, curved ones."""

import numpy as np
import pytest

from tools import subclasses
from tools.kmeans import adjusted_rand, kmeans
from tools.subclasses import find_parts, spectral_parts


def unit(x: np.ndarray) -> np.ndarray:
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), dtype=np.float32)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_the_number_of_kinds_is_found(count: int) -> None:
    rng = np.random.default_rng(1)
    truth = np.repeat(np.arange(count), 40)
    vectors = unit(rng.normal(size=(40 * count, 64)) + 9 * np.eye(64)[truth] + 20 * np.eye(64)[63])
    parts, best = find_parts(vectors, np.arange(len(truth)), rng)
    assert parts is not None
    assert adjusted_rand(parts.labels, truth) > 0.95
    assert best >= parts.stability > 0.9
    np.testing.assert_array_equal(parts.assign(vectors), parts.labels)


@pytest.mark.parametrize("dimension", [32, 256, 1280])
@pytest.mark.parametrize("size", [60, 300])
def test_one_gaussian_is_one_kind(dimension: int, size: int) -> None:
    rng = np.random.default_rng(dimension + size)
    parts, best = find_parts(unit(rng.normal(size=(size, dimension)) + 1), np.arange(size), rng)
    assert parts is None
    assert best < 0.2


def test_copies_in_bursts_do_not_make_kinds() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 6)
    vectors = unit(rng.normal(size=(12, 64))[groups] + 0.05 * rng.normal(size=(72, 64)))
    parts, _ = find_parts(vectors, groups, rng)
    assert parts is None


def test_spectral_parts_follow_curved_kinds_that_k_means_cuts() -> None:
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 200)
    truth = np.repeat([0, 1], 100)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.where(truth, 3.0, 1.0)[:, None]
    points = (ring + 0.05 * rng.normal(size=(200, 2))).astype(np.float32)
    assert adjusted_rand(spectral_parts(points, 2, rng), truth) == 1.0
    assert adjusted_rand(kmeans(points, 2, rng)[0], truth) < 0.2


@pytest.mark.parametrize("shape", [(40, 90), (90, 40)])
def test_main_directions_are_those_of_a_singular_value_decomposition(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    left, scale, right = subclasses._main_directions(x)
    expected = np.linalg.svd(x, full_matrices=False)
    count = len(scale)
    np.testing.assert_allclose(scale, expected[1][:count], rtol=1e-4)
    best = (expected[0][:, :count] * expected[1][:count]) @ expected[2][:count]
    np.testing.assert_allclose((left * scale) @ right, best, atol=1e-3)
