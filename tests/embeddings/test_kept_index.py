"""A kept graph or index comes back as it was, or is refused: never wrong neighbours."""

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings import kept_index
from embeddings.encoder import EncoderInfo
from embeddings.index import NeighbourGraph, neighbour_graph
from embeddings.inverted import build_inverted
from embeddings.kept_index import DamagedIndex, load_graph, load_inverted, save_graph, save_inverted
from embeddings.mismatch import Mismatch
from embeddings.space import EmbeddingSpace


def unit(n: int, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(n, 8))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def space_of(vectors: NDArray[np.float32]) -> EmbeddingSpace:
    ids = np.array([str(row) for row in range(len(vectors))])
    return EmbeddingSpace(EncoderInfo("test", "f" * 64, 8, False), ids, vectors, np.zeros((len(ids), 0), np.float32))


@pytest.fixture(scope="module")
def space() -> EmbeddingSpace:
    return space_of(unit(60))


@pytest.fixture(scope="module")
def graph(space: EmbeddingSpace) -> NeighbourGraph:
    return neighbour_graph(space.vectors, 4)


@pytest.fixture
def kept(tmp_path: Path, graph: NeighbourGraph, space: EmbeddingSpace) -> Path:
    path = tmp_path / "deep" / "graph"
    save_graph(path, graph, space)
    return path


def test_a_graph_comes_back_as_it_was(kept: Path, graph: NeighbourGraph, space: EmbeddingSpace) -> None:
    loaded = load_graph(kept, space)
    assert (loaded.neighbours == graph.neighbours).all()
    assert loaded.similarities.tobytes() == graph.similarities.tobytes()
    assert loaded.neighbours.dtype == np.int64
    assert loaded.recall == 1
    assert os.listdir(kept.parent) == ["graph"]


def test_inverted_lists_come_back_as_they_were(tmp_path: Path) -> None:
    vectors = unit(1500)
    space, built = space_of(vectors), build_inverted(vectors, 5, least_recall=0.1)
    assert built is not None
    save_inverted(tmp_path / "lists", built, space)
    loaded = load_inverted(tmp_path / "lists", space)
    assert (loaded.recall, loaded.k, loaded.index.nprobe) == (built.recall, 5, built.index.nprobe)
    assert (loaded.search(vectors[:50], 5)[1] == built.search(vectors[:50], 5)[1]).all()


@pytest.mark.parametrize("share", [0, 0.003, 0.01, 0.2, 0.5, 0.8, 0.99, 1])
@pytest.mark.parametrize("bit", [0, 7])
def test_a_flipped_bit_is_noticed(kept: Path, space: EmbeddingSpace, share: float, bit: int) -> None:
    data = bytearray(kept.read_bytes())
    data[round(share * (len(data) - 1))] ^= 1 << bit
    kept.write_bytes(data)
    with pytest.raises(DamagedIndex, match=r"do not match their checksum; delete the file and compute it again"):
        load_graph(kept, space)


@pytest.mark.parametrize("left", [0, 1, 31, 32, 33, 500, -1])
def test_a_truncated_file_is_noticed(kept: Path, space: EmbeddingSpace, left: int) -> None:
    kept.write_bytes(kept.read_bytes()[:left])
    with pytest.raises(DamagedIndex, match="checksum"):
        load_graph(kept, space)


def test_bytes_behind_the_end_are_noticed(kept: Path, space: EmbeddingSpace) -> None:
    kept.write_bytes(kept.read_bytes() + b"\0")
    with pytest.raises(DamagedIndex, match="checksum"):
        load_graph(kept, space)


def test_faiss_never_sees_damaged_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import faiss

    vectors = unit(1500)
    built = build_inverted(vectors, 5, least_recall=0.1)
    assert built is not None
    save_inverted(tmp_path / "lists", built, space_of(vectors))
    data = bytearray((tmp_path / "lists").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "lists").write_bytes(data)
    monkeypatch.setattr(faiss, "deserialize_index", lambda _: pytest.fail("damaged bytes reached FAISS"))
    with pytest.raises(DamagedIndex):
        load_inverted(tmp_path / "lists", space_of(vectors))


def test_another_space_is_refused_and_both_are_named(kept: Path, space: EmbeddingSpace) -> None:
    other = space_of(unit(60, seed=1))
    with pytest.raises(Mismatch, match=f"{other.fingerprint[:16]}.*{space.fingerprint[:16]}.*compute it again"):
        load_graph(kept, other)


def test_a_graph_is_no_index(kept: Path, space: EmbeddingSpace) -> None:
    with pytest.raises(DamagedIndex, match="saw neighbour graph, layout 1, where inverted index, layout 1, belongs"):
        load_inverted(kept, space)


def test_a_graph_of_another_size_is_not_kept(tmp_path: Path, graph: NeighbourGraph) -> None:
    with pytest.raises(Mismatch, match="expected a graph of 10 images, saw one of 60"):
        save_graph(tmp_path / "graph", graph, space_of(unit(10)))


def test_no_file_is_not_a_damaged_file(tmp_path: Path, space: EmbeddingSpace) -> None:
    with pytest.raises(FileNotFoundError):
        load_graph(tmp_path / "graph", space)


def test_a_part_left_behind_by_a_kill_is_passed_over(kept: Path, graph: NeighbourGraph, space: EmbeddingSpace) -> None:
    (kept.parent / "graph-abc.part").write_bytes(kept.read_bytes()[:100])
    assert (load_graph(kept, space).neighbours == graph.neighbours).all()
    save_graph(kept, graph, space)
    assert (load_graph(kept, space).neighbours == graph.neighbours).all()


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_fault_while_writing_leaves_the_old_file_and_no_part(
    kept: Path, space: EmbeddingSpace, graph: NeighbourGraph, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_index.os, step, full)
    with pytest.raises(OSError, match="No space left"):
        save_graph(kept, NeighbourGraph(graph.neighbours[:, :1], graph.similarities[:, :1]), space)
    assert load_graph(kept, space).neighbours.shape == (60, 4)
    assert os.listdir(kept.parent) == ["graph"]
