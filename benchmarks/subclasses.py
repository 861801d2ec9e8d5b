"""Hidden kinds of a class against its true varieties, beside other clusterings on the same vectors.

Run ``python -m benchmarks.subclasses FOLDER`` on a folder whose classes hold folders of varieties. Agreement is
adjusted mutual information over training pictures, with a 95 % interval from drawing groups of pictures anew; what is
found stays as it was found. On equal terms: once nobody is told how many kinds there are (k-means and spectral
clustering then take the number of the largest mean silhouette, Gaussian mixtures that of the lowest BIC), once everyone
is.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans, SpectralClustering
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_mutual_info_score, silhouette_score
from sklearn.mixture import GaussianMixture

from benchmarks.baseline import load
from tools.case import Case
from tools.subclasses import DIRECTIONS, FEWEST, MOST_PARTS, find_parts, spectral_parts

COLUMN = "folder"
DRAWS = 500
SEEDS = 10


def peers(vectors: NDArray[np.float32], counts: range, seed: int) -> dict[str, NDArray[np.int64]]:
    """Labels by other clusterings; of several numbers of kinds each takes the one that its usual criterion prefers."""
    flat = PCA(min(32, len(vectors) - 1), random_state=0).fit_transform(vectors)
    found: dict[str, list[tuple[float, NDArray[np.int64]]]] = {"k-means": [], "spectral": [], "Gaussian mixture": []}
    for count in counts:
        labels = KMeans(count, n_init=10, random_state=seed).fit_predict(vectors)
        found["k-means"].append((silhouette_score(vectors, labels), labels))
        graph = SpectralClustering(count, affinity="nearest_neighbors", n_neighbors=10, random_state=seed)
        labels = graph.fit_predict(vectors)
        found["spectral"].append((silhouette_score(vectors, labels), labels))
        mixture = GaussianMixture(count, covariance_type="diag", n_init=5, random_state=seed).fit(flat)
        found["Gaussian mixture"].append((-mixture.bic(flat), mixture.predict(flat)))
    return {name: max(tried, key=lambda one: one[0])[1] for name, tried in found.items()}


def told(vectors: NDArray[np.float32], groups: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Our parts of the class, with the number of kinds given."""
    codes = np.unique(groups, return_inverse=True)[1]
    sums = np.zeros((codes.max() + 1, vectors.shape[1]))
    np.add.at(sums, codes, vectors)
    bursts = sums / np.bincount(codes)[:, None] - vectors.mean(axis=0)
    flat = PCA(DIRECTIONS, svd_solver="full").fit_transform(bursts).astype(np.float32)
    return spectral_parts(flat, count, np.random.default_rng(seed))[codes]


def agreement(truth: NDArray[np.str_], found: NDArray[np.int64]) -> float:
    """Adjusted mutual information."""
    return float(adjusted_mutual_info_score(truth, found))


def interval(
    truth: NDArray[np.str_], found: NDArray[np.int64], groups: NDArray[np.int64], rng: np.random.Generator
) -> tuple[float, float]:
    """95 % percentile interval over draws of whole groups."""
    names = np.unique(groups)
    members = [np.flatnonzero(groups == g) for g in names]
    drawn = []
    for _ in range(DRAWS):
        rows = np.concatenate([members[i] for i in rng.integers(len(names), size=len(names))])
        drawn.append(agreement(truth[rows], found[rows]))
    return float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))


def with_varieties(case: Case, name: str) -> None:
    """Print agreement of one class's kinds with its varieties: ours seed by seed, and the peers."""
    rows = np.flatnonzero(case.fit & (case.targets == case.number(name)))
    vectors, truth = case.space.vectors[rows], case.dataset.metadata[COLUMN][rows]
    groups, count = case.derived.grouping.groups[rows], len(np.unique(truth))
    rng = np.random.default_rng(0)
    print(f"{name}: {len(rows)} training pictures in {len(np.unique(groups))} groups, {count} varieties")
    ours = []
    for seed in range(SEEDS):
        parts, _ = find_parts(vectors, groups, np.random.default_rng(seed))
        ours.append(np.zeros(len(rows), dtype=np.int64) if parts is None else parts.labels)
    given = [told(vectors, groups, count, seed) for seed in range(SEEDS)]
    for words, mine, counts in (
        ("number unknown", ours, range(2, MOST_PARTS + 1)),
        (f"told {count}", given, range(count, count + 1)),
    ):
        scores = [agreement(truth, labels) for labels in mine]
        middle = mine[int(np.argsort(scores)[len(scores) // 2])]
        for name, labels in {"ours": middle, **peers(vectors, counts, 0)}.items():
            low, high = interval(truth, labels, groups, rng)
            print(f"  {words}, {name}: {agreement(truth, labels):.2f} ({low:.2f}–{high:.2f}), {labels.max() + 1} kinds")
    print(f"  ours, number unknown, finds in {SEEDS} seeds: {[int(labels.max()) + 1 for labels in ours]}")


def without_varieties(case: Case, name: str) -> None:
    """Print how often a class without varieties is split."""
    rows = np.flatnonzero(case.fit & (case.targets == case.number(name)))
    groups = case.derived.grouping.groups[rows]
    found = [find_parts(case.space.vectors[rows], groups, np.random.default_rng(s))[0] for s in range(SEEDS)]
    small = "" if len(rows) >= FEWEST else f" (never asked: fewer than {FEWEST} pictures)"
    print(
        f"{name}: {len(rows)} training pictures, split in {sum(f is not None for f in found)} of {SEEDS} seeds{small}"
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    measured = load(Path(sys.argv[1]))
    varieties = measured.dataset.metadata.get(COLUMN, np.full(len(measured.ids), ""))
    for number, title in enumerate(measured.classes):
        kinds = np.unique(varieties[measured.fit & (measured.targets == number)])
        (with_varieties if len(kinds) > 1 else without_varieties)(measured, title)
