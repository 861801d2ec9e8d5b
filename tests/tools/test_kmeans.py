"""K-means of many sets at once and the adjusted Rand index, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from tools.kmeans import adjusted_rand, kmeans, kmeans_each, nearest


def test_adjusted_rand_equals_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        a, b = rng.integers(0, 4, 50), rng.integers(0, 3, 50)
        assert adjusted_rand(a, b) == pytest.approx(adjusted_rand_score(a, b))


def test_adjusted_rand_of_one_part_each_is_one() -> None:
    assert adjusted_rand(np.zeros(5, dtype=int), np.zeros(5, dtype=int)) == 1.0


def test_four_points_on_a_line_by_hand() -> None:
    points = np.array([[0.0], [1.0], [10.0], [12.0]], dtype=np.float32)
    labels, centres = kmeans(points, 2, np.random.default_rng(0))
    assert sorted(centres[:, 0].tolist()) == [0.5, 11.0]
    assert labels[0] == labels[1] != labels[2] == labels[3]
    assert nearest(np.array([[4.0], [7.0]], dtype=np.float32), centres).tolist() == [labels[0], labels[2]]


def test_each_set_is_as_tight_as_scikit_learn_makes_it() -> None:
    rng = np.random.default_rng(1)
    middles = rng.normal(size=(6, 3, 8)) * 3
    sets = (middles[:, np.arange(120) % 3] + rng.normal(size=(6, 120, 8))).astype(np.float32)
    labels, centres = kmeans_each(sets, 3, rng)
    for points, found, middle in zip(sets, labels, centres, strict=True):
        library = KMeans(3, n_init=10, random_state=0).fit(points)
        spread = ((points - middle[found]) ** 2).sum()
        assert spread <= library.inertia_ * 1.001
        np.testing.assert_allclose(middle, [points[found == part].mean(axis=0) for part in range(3)], atol=1e-4)


def test_points_that_are_all_one_are_no_error() -> None:
    labels, centres = kmeans(np.ones((10, 4), dtype=np.float32), 3, np.random.default_rng(0))
    assert set(labels.tolist()) == {0}
    assert np.isfinite(centres).all()
