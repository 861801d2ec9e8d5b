"""Neighbours against a brute-force search by numpy, on the CPU and, where there is one, a GPU."""

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.index import nearest, neighbour_graph


@pytest.fixture(params=["cpu", "gpu"])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    import faiss

    if request.param == "gpu" and not faiss.get_num_gpus():
        pytest.skip("faiss sees no GPU on this machine")
    if request.param == "cpu":
        monkeypatch.setattr(faiss, "get_num_gpus", lambda: 0)
    return str(request.param)


def unit(n: int, d: int = 16, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(n, d))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


@pytest.mark.usefixtures("device")
def test_neighbours_are_those_of_brute_force() -> None:
    vectors = unit(500)
    graph = neighbour_graph(vectors, 10)
    similarities = (vectors @ vectors.T).astype(np.float64)
    np.fill_diagonal(similarities, -np.inf)
    expected = np.argsort(-similarities, axis=1, kind="stable")[:, :10]
    assert graph.neighbours.dtype == np.int64
    assert (graph.neighbours == expected).all()
    np.testing.assert_allclose(graph.similarities, np.take_along_axis(similarities, expected, 1), atol=1e-5)


@pytest.mark.usefixtures("device")
def test_queries_against_another_base() -> None:
    base, queries = unit(300, seed=1), unit(7, seed=2)
    similarities, rows = nearest(base, queries, 5)
    expected = np.argsort(-(queries @ base.T), axis=1)[:, :5]
    assert (rows == expected).all()
    np.testing.assert_allclose(similarities, np.take_along_axis(queries @ base.T, expected, 1), atol=1e-5)


@pytest.mark.usefixtures("device")
def test_an_image_is_never_its_own_neighbour_even_among_many_copies() -> None:
    # Forty identical vectors: with k = 5 a search returns six of them, for most images without the image itself.
    vectors = np.concatenate([unit(1).repeat(40, axis=0), unit(30, seed=3)])
    graph = neighbour_graph(vectors, 5)
    assert graph.neighbours.shape == (70, 5)
    assert (graph.neighbours != np.arange(70)[:, None]).all()
    assert all(len(set(row)) == 5 for row in graph.neighbours.tolist())
    assert (graph.neighbours[:40] < 40).all()
    np.testing.assert_allclose(graph.similarities[:40], 1, atol=1e-5)
    assert (np.diff(graph.similarities, axis=1) <= 1e-6).all()


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize(("n", "width"), [(0, 0), (1, 0), (2, 1), (4, 3)])
def test_few_images_have_fewer_neighbours(n: int, width: int) -> None:
    graph = neighbour_graph(unit(n), 10)
    assert graph.neighbours.shape == graph.similarities.shape == (n, width)


@pytest.mark.usefixtures("device")
def test_nothing_to_search_in_or_for() -> None:
    assert nearest(unit(0), unit(3), 5)[1].shape == (3, 0)
    assert nearest(unit(3), unit(0), 5)[1].shape == (0, 3)
