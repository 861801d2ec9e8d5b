"""Cost of the neighbour graph beside FAISS, scikit-learn and the bare matrix product, and the recall of inverted lists.

Run as ``python -m benchmarks.neighbours --sizes 20000 50000``. All numbers of a size come from one run on one machine,
taken in turns, as medians, so that other load on the machine touches them alike. Processor time is that of all
threads.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from app.edge import prepare_libraries
from embeddings import exact
from embeddings.cores import usable_cores
from embeddings.device import faiss_gpus
from embeddings.exact import exact_graph
from embeddings.index import NeighbourGraph, neighbour_graph

CLASSES, KINDS, FACTORS = 20, 10, 32
SKLEARN_UP_TO = 20_000
"""scikit-learn is left out above; it takes minutes."""
JUDGED = 1000
"""Rows on which our graph and the inverted lists are compared with float64 brute force."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one table per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000])
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--k", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--block", type=int, default=exact.BLOCK, help="side of a block of products")
    parser.add_argument("--ours-only", action="store_true", help="leave FAISS, scikit-learn and bare products out")
    given = parser.parse_args(arguments)
    prepare_libraries()  # before FAISS and scikit-learn load OpenMP, whose idle threads would spin and count
    exact.BLOCK = given.block
    for size in given.sizes:
        report(clustered(size, given.dim), given.k, given.rounds, ours_only=given.ours_only)


def clustered(n: int, d: int, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors of 20 classes of 10 kinds each, spread along 32 directions shared by all, with a little noise."""
    rng = np.random.default_rng(seed)
    centres = (rng.normal(size=(CLASSES, 1, d)) + 0.7 * rng.normal(size=(CLASSES, KINDS, d))).reshape(-1, d)
    directions = rng.normal(size=(FACTORS, d)) / np.sqrt(np.arange(1, FACTORS + 1))[:, None]
    vectors = centres[rng.integers(0, len(centres), n)].astype(np.float32)
    vectors += 0.5 * rng.standard_normal((n, FACTORS), dtype=np.float32) @ directions.astype(np.float32)
    vectors += 0.2 * rng.standard_normal((n, d), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def report(vectors: NDArray[np.float32], k: int, rounds: int, *, ours_only: bool) -> None:
    """Measure everything in turns and print it."""
    n, d = vectors.shape
    neighbour_graph(vectors[:100], k, exact_up_to=0)  # loads FAISS before anything is timed
    graphs: dict[str, NeighbourGraph] = {}

    def ours(name: str, exact_up_to: int) -> None:
        graphs[name] = neighbour_graph(vectors, k, exact_up_to=exact_up_to)

    jobs: dict[str, Callable[[], object]] = {
        "ours, exact": lambda: ours("exact", n),
        "ours, inverted lists": lambda: ours("inverted lists", 0),
    }
    jobs |= {} if ours_only else peers(vectors, k)
    cpu: dict[str, list[float]] = {name: [] for name in jobs}
    wall: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            job()
            cpu[name].append(time.process_time() - start_cpu)
            wall[name].append(time.perf_counter() - start)
    print(f"{n} × {d}, k = {k}, {usable_cores()} cores, blocks of {exact.BLOCK}, medians of {rounds}")
    print("   CPU-s   range         wall s   ours/this (CPU)")
    exact_cpu = median(cpu["ours, exact"])
    for name, times in cpu.items():
        spread = f"{min(times):.1f}–{max(times):.1f}"
        ratio = exact_cpu / median(times)
        print(f"  {median(times):6.1f}   {spread:12}  {median(wall[name]):6.1f}   {ratio:6.2f}   {name}")
    judge(vectors, graphs, k)
    peak = f"{peak_memory(vectors, k) / 2**20:.0f} MiB"
    print(f"  arrays beside the vectors: {peak} at most; all pairs would be {4 * n * n / 2**20:.0f} MiB")
    print(on_gpu(vectors, k), flush=True)


def peers(vectors: NDArray[np.float32], k: int) -> dict[str, Callable[[], object]]:
    """What the graph is compared with."""
    jobs: dict[str, Callable[[], object]] = {
        "FAISS IndexFlatIP.search": lambda: faiss_flat(vectors, k),
        "bare matrix product": lambda: product(vectors),
        "matrix product and argpartition": lambda: product(vectors, k),
    }
    if len(vectors) <= SKLEARN_UP_TO:
        jobs["scikit-learn, brute"] = lambda: sklearn_brute(vectors, k)
    return jobs


def faiss_flat(vectors: NDArray[np.float32], k: int) -> object:
    """What one would write with FAISS."""
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index.search(vectors, k + 1)


def sklearn_brute(vectors: NDArray[np.float32], k: int) -> object:
    """What one would write with scikit-learn."""
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=k, algorithm="brute", metric="cosine").fit(vectors).kneighbors()


def product(vectors: NDArray[np.float32], k: int | None = None) -> None:
    """All n² products in strips by numpy, with the k best of each row where k is given."""
    for start in range(0, len(vectors), exact.BLOCK):
        scores = vectors[start : start + exact.BLOCK] @ vectors.T
        if k is not None:
            rows = np.argpartition(scores, len(vectors) - k - 1, axis=1)[:, -k - 1 :]
            order = np.argsort(-np.take_along_axis(scores, rows, 1), axis=1)
            np.take_along_axis(rows, order, 1)


def judge(vectors: NDArray[np.float32], graphs: dict[str, NeighbourGraph], k: int) -> None:
    """Print how far both graphs are from brute force in float64 on some rows."""
    rows = np.random.default_rng(1).choice(len(vectors), min(JUDGED, len(vectors)), replace=False)
    similarities = vectors[rows].astype(np.float64) @ vectors.T.astype(np.float64)
    similarities[np.arange(len(rows)), rows] = -np.inf
    last = np.partition(similarities, len(vectors) - k, axis=1)[:, [len(vectors) - k]]
    for name, graph in graphs.items():
        found = np.take_along_axis(similarities, graph.neighbours[rows], 1)
        share, missing = (found >= last).mean(), (last - found).max()
        print(f"  {name}: {share:.4%} of float64's neighbours, none nearer is missed by more than {missing:.1e}")
    recall = graphs["inverted lists"].recall
    print(f"  inverted lists: recall {recall:.4f} as built (1 where the search was exact instead)")


def peak_memory(vectors: NDArray[np.float32], k: int) -> int:
    """Bytes of arrays that the exact graph holds at most at one time, beyond its vectors and with its result."""
    tracemalloc.start()
    exact_graph(vectors, k)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def on_gpu(vectors: NDArray[np.float32], k: int) -> str:
    """One line on the GPU, timed after a warm-up where there is one."""
    if not faiss_gpus():
        return "  GPU: none at hand, so nothing was measured on one"
    neighbour_graph(vectors[:1000], k)
    start = time.perf_counter()
    neighbour_graph(vectors, k)
    return f"  GPU ({faiss_gpus()}): exact graph in {time.perf_counter() - start:.2f} s of wall time"


if __name__ == "__main__":
    main()
