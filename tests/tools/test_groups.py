"""Clustering inside components equals clustering everything; nearness is measured against the other folds only."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

import tools.groups
from embeddings.index import neighbour_graph
from tools.groups import nearness_in_graph, similarity_groups


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def bursts(seed: int, count: int = 40, size: int = 5, spread: float = 0.35) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return unit(np.repeat(rng.normal(size=(count, 16)), size, axis=0) + spread * rng.normal(size=(count * size, 16)))


def partition_of(groups: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(groups == g).tolist()) for g in np.unique(groups)}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("similarity", [0.97, 0.9, 0.8, 0.6])
def test_components_give_what_average_linkage_on_everything_gives(seed: int, similarity: float) -> None:
    vectors = bursts(seed)
    distance = np.maximum(1 - vectors @ vectors.T, 0)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance.astype(np.float64), checks=False), "average")
    expected = fcluster(tree, 1 - similarity, "distance")
    graph = neighbour_graph(vectors, len(vectors) - 1)
    assert partition_of(similarity_groups(vectors, graph, similarity)) == partition_of(expected)


def test_a_short_graph_is_enough_where_bursts_are_shorter() -> None:
    vectors = bursts(0, spread=0.1)
    groups = similarity_groups(vectors, neighbour_graph(vectors, 8), 0.9)
    assert partition_of(groups) == {frozenset(range(5 * b, 5 * b + 5)) for b in range(40)}


def test_strangers_are_alone() -> None:
    vectors = np.eye(6, dtype=np.float32)
    groups = similarity_groups(vectors, neighbour_graph(vectors, 3), 0.5)
    assert sorted(groups.tolist()) == list(range(6))


def test_average_not_single_linkage() -> None:
    # a chain in steps of 20°: neighbours are .94 alike, the ends .17; average linkage at .9 joins pairs only
    angles = np.deg2rad(np.arange(5) * 20)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    groups = similarity_groups(vectors, neighbour_graph(vectors, 4), 0.9)
    assert np.bincount(groups).max() == 2


def test_a_component_too_large_is_cut_tighter_and_then_clustered(monkeypatch: pytest.MonkeyPatch) -> None:
    # two arcs of 31 pictures in 1° steps, 9° apart: one component at 10°, two at the next tighter one (8.7°), and
    # each arc is too long for one average-linkage cluster
    degrees = np.concatenate([np.arange(0.0, 31.0), np.arange(39.0, 70.0)])
    vectors = np.stack([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))], axis=1).astype(np.float32)
    graph = neighbour_graph(vectors, 61)
    similarity = float(np.cos(np.deg2rad(10)))
    monkeypatch.setattr(tools.groups, "LARGEST_COMPONENT", 31)
    groups = similarity_groups(vectors, graph, similarity)
    assert not set(groups[:31]) & set(groups[31:])
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        assert (vectors[rows] @ vectors[rows].T).mean() >= similarity
    arc = vectors[:31]
    assert (arc @ arc.T).mean() < similarity


def test_more_copies_than_average_linkage_can_take_are_one_group(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.concatenate([np.repeat(np.eye(4)[:1], 9, axis=0), np.eye(4)[1:]]).astype(np.float32)
    monkeypatch.setattr(tools.groups, "LARGEST_COMPONENT", 3)
    groups = similarity_groups(vectors, neighbour_graph(vectors, 8), 0.9)
    assert partition_of(groups) == {frozenset(range(9)), frozenset([9]), frozenset([10]), frozenset([11])}


def test_held_out_nearness_by_hand() -> None:
    degrees = np.array([0, 60, 10, 90])
    vectors = np.stack([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))], axis=1).astype(np.float32)
    # fold 0 holds 0° and 60°, fold 1 holds 10° and 90°
    nearness = nearness_in_graph(vectors, neighbour_graph(vectors, 3), np.array([0, 0, 1, 1]), np.arange(4))
    assert nearness == pytest.approx(np.cos(np.deg2rad([10, 30, 10, 30])), abs=1e-6)


def test_nearness_in_the_graph_is_that_of_a_search_and_skips_images_of_no_part() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[:12] = vectors[0]  # more than the graph holds, all of one part: the others must be searched for
    parts = rng.integers(0, 3, 60)
    parts[:12] = 0
    graph = neighbour_graph(vectors, 5)
    found = nearness_in_graph(vectors, graph, parts, np.arange(60))
    other = np.where(parts[:, None] != parts, vectors @ vectors.T, -1).max(axis=1)
    np.testing.assert_allclose(found, other, atol=1e-6)
    parts[40:] = -1
    outside = nearness_in_graph(vectors, graph, parts, np.arange(40, 60))
    np.testing.assert_allclose(outside, (vectors[40:] @ vectors[:40].T).max(axis=1), atol=1e-6)
