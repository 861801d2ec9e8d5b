"""The flat layout keeps neighbours, on data whose groups are known."""

import numpy as np
import pytest

from embeddings.index import neighbour_graph
from embeddings.layout import edges, layout, start


def groups(count: int = 6, each: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(count, 32))
    labels = np.repeat(np.arange(count), each)
    vectors = centres[labels] + rng.normal(size=(len(labels), 32)) * 0.5
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def test_pictures_of_one_group_are_next_to_each_other() -> None:
    vectors, labels = groups()
    graph = neighbour_graph(vectors, 15)
    told: list[tuple[int, int]] = []
    flat = layout(
        vectors, graph.neighbours, graph.similarities, np.random.default_rng(0),
        on_step=lambda what, done, total: told.append((done, total)),
    )  # fmt: skip

    apart = ((flat[:, None] - flat[None]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (labels[apart.argmin(axis=1)] == labels).mean() > 0.98
    assert flat.shape == (360, 2)
    assert np.isfinite(flat).all()
    assert told[-1][0] == told[-1][1]


def test_one_seed_gives_one_map() -> None:
    vectors, _ = groups(3, 20)
    graph = neighbour_graph(vectors, 10)
    one, two = (layout(vectors, graph.neighbours, graph.similarities, np.random.default_rng(4)) for _ in range(2))

    assert np.array_equal(one, two)


def test_weights_of_a_point_sum_to_log2_of_their_number() -> None:
    neighbours = np.array([[1, 2], [0, 2], [3, 1], [2, 1]])
    distances = np.array([[0.1, 0.3], [0.1, 0.2], [0.05, 0.2], [0.05, 0.4]])
    heads, tails, weights = edges(neighbours, distances)

    # log2(2) = 1: the nearest weighs 1, so the other weighs next to nothing; united, an edge of 1 stays 1
    found = {(h, t): w for h, t, w in zip(heads.tolist(), tails.tolist(), weights.tolist(), strict=True)}
    assert found[0, 1] == pytest.approx(1.0, abs=1e-3)
    assert found[2, 3] == pytest.approx(1.0, abs=1e-3)
    assert all(found[h, t] == pytest.approx(found[t, h]) for h, t in found)
    assert not any(h == t for h, t in found)


def test_few_and_identical_pictures_are_laid_out_too() -> None:
    assert layout(np.ones((2, 4), np.float32), np.zeros((2, 1), int), np.ones((2, 1), np.float32),
                  np.random.default_rng(0)).shape == (2, 2)  # fmt: skip
    same = np.ones((30, 8), dtype=np.float32) / np.sqrt(8).astype(np.float32)
    neighbours = np.array([[(i + 1 + j) % 30 for j in range(5)] for i in range(30)])
    flat = layout(same, neighbours, np.ones((30, 5), np.float32), np.random.default_rng(0))
    assert np.isfinite(flat).all()
    assert len(np.unique(start(same, np.random.default_rng(0)), axis=0)) == 30
