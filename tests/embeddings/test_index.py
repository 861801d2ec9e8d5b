"""Neighbours against a brute-force search by numpy, on the CPU and, where there is one, a GPU."""

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings import exact, inverted
from embeddings.index import nearest, neighbour_graph, without_self
from embeddings.inverted import build_inverted


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


def brute_force(vectors: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    similarities = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    np.fill_diagonal(similarities, -np.inf)
    return np.argsort(-similarities, axis=1, kind="stable")[:, :k]


@pytest.mark.usefixtures("device")
def test_four_vectors_by_hand() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1], [-1, 0]], dtype=np.float32)
    graph = neighbour_graph(vectors, 3)
    assert graph.neighbours.tolist() == [[1, 2, 3], [0, 2, 3], [1, 0, 3], [2, 1, 0]]
    expected = [[0.8, 0, -1], [0.8, 0.6, -0.8], [0.6, 0, 0], [0, -0.8, -1]]
    np.testing.assert_allclose(graph.similarities, expected, atol=1e-6)
    assert graph.recall == 1


@pytest.mark.parametrize("n", [63, 64, 65, 129, 500, 1000])
@pytest.mark.parametrize("k", [1, 7, 62])
def test_blocks_give_the_neighbours_of_brute_force(n: int, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "BLOCK", 64)
    vectors = unit(n, seed=n)
    similarities, rows = exact.exact_graph(vectors, k)
    assert (rows == brute_force(vectors, k)).all()
    np.testing.assert_allclose(similarities, np.einsum("nd,nkd->nk", vectors, vectors[rows]), atol=1e-6)
    queries = unit(130, seed=9)
    expected = np.argsort(-(queries.astype(np.float64) @ vectors.T.astype(np.float64)), axis=1, kind="stable")[:, :k]
    assert (exact.exact_nearest(vectors, queries, k)[1] == expected).all()


def test_sorted_by_class_is_as_good_as_shuffled(monkeypatch: pytest.MonkeyPatch) -> None:
    # The first blocks hold nothing near the last rows, so every later block brings a crowd of better candidates.
    monkeypatch.setattr(exact, "BLOCK", 128)
    rng = np.random.default_rng(6)
    vectors = rng.normal(size=(30, 16)).repeat(30, axis=0) + 0.3 * rng.normal(size=(900, 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    assert (exact.exact_graph(vectors, 5)[1] == brute_force(vectors, 5)).all()
    assert (exact.exact_graph(vectors[::-1], 5)[1] == brute_force(vectors[::-1], 5)).all()


@pytest.mark.parametrize("d", [16, 37, 512])
def test_of_equal_similarities_the_lower_row_comes_first(d: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "BLOCK", 64)
    vectors = unit(50, d)[np.arange(333) % 50]  # each vector six or seven times, spread over six blocks
    rows = exact.exact_graph(vectors, 4)[1]
    copies = [[other for other in range(row % 50, 333, 50) if other != row][:4] for row in range(333)]
    assert rows.tolist() == copies
    found = exact.exact_nearest(vectors, vectors[:50], 3)[1]
    assert found.tolist() == [[row, row + 50, row + 100] for row in range(50)]


def test_all_vectors_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "BLOCK", 64)
    rows = exact.exact_graph(unit(1).repeat(200, axis=0), 3)[1]
    assert rows[:5].tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]
    assert (rows[4:] == [0, 1, 2]).all()


@pytest.mark.usefixtures("device")
def test_a_vector_with_nan_is_refused() -> None:
    vectors = unit(30)
    vectors[7, 3] = np.nan
    with pytest.raises(ValueError, match="a vector holds NaN"):
        neighbour_graph(vectors, 29)
    with pytest.raises(ValueError, match="a vector holds NaN"):
        nearest(unit(30), vectors, 2)


def test_memory_stays_far_below_all_pairs() -> None:
    import tracemalloc

    vectors = unit(6000, 8)
    tracemalloc.start()
    exact.exact_graph(vectors, 5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.7 * 4 * 6000**2


def clusters(n: int = 3000, d: int = 16) -> NDArray[np.float32]:
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(60, d))[rng.integers(0, 60, n)] + 0.4 * rng.normal(size=(n, d))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def true_recall(found: NDArray[np.int64], expected: NDArray[np.int64]) -> float:
    return float(
        np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.tolist(), expected.tolist(), strict=True)])
    )


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faiss.get_num_gpus", lambda: 0)


@pytest.mark.usefixtures("no_gpu")
def test_a_large_space_is_searched_by_inverted_lists_with_their_recall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverted, "FIRST_PROBES", 1)
    vectors = clusters()
    graph = neighbour_graph(vectors, 10, exact_up_to=2999)
    truth = true_recall(graph.neighbours, brute_force(vectors, 10))
    assert 0.98 <= truth < 1  # below 1, or the lists were not used
    assert graph.recall == pytest.approx(truth, abs=0.01)
    assert (graph.neighbours != np.arange(3000)[:, None]).all()
    assert (np.diff(graph.similarities, axis=1) <= 0).all()
    assert neighbour_graph(vectors, 10, exact_up_to=3000).recall == 1


@pytest.mark.usefixtures("no_gpu")
def test_where_lists_cannot_reach_the_recall_the_search_is_exact() -> None:
    vectors = unit(2000, 64)  # no clusters: the neighbours lie in any list
    assert build_inverted(vectors, 10) is None
    graph = neighbour_graph(vectors, 10, exact_up_to=0)
    assert graph.recall == 1
    assert (graph.neighbours == brute_force(vectors, 10)).all()


def test_more_lists_are_looked_into_until_the_recall_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverted, "FIRST_PROBES", 1)
    vectors = clusters()
    built = [build_inverted(vectors, 10, least_recall=least) for least in (0.1, 0.98)]
    assert [index is not None for index in built] == [True, True]
    assert built[0].index.nprobe < built[1].index.nprobe
    assert built[0].recall < 0.98 <= built[1].recall
    for index in built:
        rows = without_self(*index.search(vectors, 11))[1]
        assert index.recall == pytest.approx(true_recall(rows, brute_force(vectors, 10)), abs=0.03)


def test_lists_with_too_few_vectors_are_no_end_of_the_search() -> None:
    vectors = clusters()
    built = build_inverted(vectors, 10)
    assert built is not None
    built.index.nprobe = 1
    rows = built.search(vectors[:5], 2500)[1]
    assert (rows >= 0).all()
    assert all(len(set(row)) == 2500 for row in rows.tolist())


@pytest.mark.parametrize("queries", [1, 2, 7])
@pytest.mark.parametrize("n", [3, 17, 101, 2047])
def test_equal_vectors_are_equally_near_however_few_are_asked_for(queries: int, n: int) -> None:
    # With one query, or at the edge of a block, the matrix product sums in another order.
    asked = unit(queries, 512, seed=n)
    copies = unit(1, 512)[0][None].repeat(n, axis=0)
    similarities, rows = exact.exact_nearest(copies, asked, 3)
    assert (rows == [0, 1, 2]).all()
    assert (similarities == similarities[:, :1]).all()
