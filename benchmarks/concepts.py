"""What "present" is worth: rates and recall of the rules for concepts, on drawn scores and on photographs.

Run ``python -m benchmarks.concepts`` for drawn scores, ``python -m benchmarks.concepts FOLDER`` for a folder of
pictures as well, whose sub-folders one level below the split are the classes.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from scipy.stats import mannwhitneyu

from embeddings.cache import VectorCache
from embeddings.concepts import concepts_for
from embeddings.embedded import EmbeddedEncoder
from embeddings.images import ENDINGS
from embeddings.names import imagenet_names
from embeddings.pipeline import encode_files
from embeddings.presence import Presence, presence
from embeddings.space import EmbeddingSpace

N, NULL, REPEATS = 700, 200, 400
WORDS = ("lemon", "orange", "Granny Smith", "plate", "plastic bag", "shopping basket", "hand", "table")
Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
SHAPES: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "t, 3 degrees": lambda rng, n: rng.standard_t(3, size=n),
    "three clusters": lambda rng, n: rng.normal(size=n) + 2 * rng.integers(-1, 2, n),
    "gamma 4 (skewed)": lambda rng, n: rng.gamma(4, size=n),
}


def fixed(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mean plus 1.645 deviations: the rule that a mixture breaks."""
    return np.asarray(scores > scores.mean() + 1.645 * scores.std())


def robust(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Median plus 1.645 deviations by the median absolute deviation: assumes a normal distribution."""
    middle = np.median(scores)
    return np.asarray(scores > middle + 1.645 * 1.4826 * np.median(np.abs(scores - middle)))


def own(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The rule without a null set."""
    found = presence(scores)
    assert isinstance(found, Presence)
    return found.present


def drawn() -> None:
    """False alarms and recall of a shift by 3 deviations, by shape and share of pictures that show the concept."""
    print(f"{N} pictures, {NULL} null pictures, {REPEATS} repeats: false alarms / recall")
    for shape, draw in SHAPES.items():
        for share in (0.0, 0.1, 0.3, 0.5, 0.7):
            rows: dict[str, list[tuple[float, float]]] = {}
            rng = np.random.default_rng(0)
            for _ in range(REPEATS):
                scores, null, shown = draw(rng, N), draw(rng, NULL), np.arange(N) < share * N
                scores[shown] += 3 * scores.std()
                given = presence(scores, null)
                assert isinstance(given, Presence)
                rules = {"given": given.present, "own": own(scores), "mean": fixed(scores), "mad": robust(scores)}
                for rule, hit in rules.items():
                    rows.setdefault(rule, []).append((hit[~shown].mean(), hit[shown].mean() if shown.any() else np.nan))
            cells = [f"{rule} {np.mean(v, axis=0)[0]:.3f} / {np.mean(v, axis=0)[1]:.2f}" for rule, v in rows.items()]
            print(f"{shape:18} {share:.0%}: " + ", ".join(cells))


def photographs(folder: Path) -> None:
    """Presence of ImageNet names by class, with the own pictures as null and with one class as null."""
    root, place = folder.resolve(), Path(tempfile.mkdtemp())
    encoder = EmbeddedEncoder(place / "network")
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in ENDINGS)
    encoded = encode_files(encoder, paths, root=root, cache=VectorCache(place / "v", encoder.info.fingerprint))
    kept = [paths[i].relative_to(root) for i in encoded.kept]
    kind, ids = np.array([path.parts[1] for path in kept]), np.array([str(path) for path in kept])

    def part(rows: NDArray[np.bool_]) -> EmbeddingSpace:
        return EmbeddingSpace(encoder.info, ids[rows], encoded.vectors[rows], encoded.names[rows])

    every = np.ones(len(kind), dtype=np.bool_)
    print(f"\n{len(kind)} photographs, the own ones as null")
    report(part(every), None, kind)
    for name in np.unique(kind):
        null = (kind == name) & (np.arange(len(kind)) % 3 > 0)
        if null.sum() >= 59:
            print(f"\ntwo of three of {name} as null ({null.sum()}), the others in question")
            report(part(~null), part(null), kind[~null])


def report(space: EmbeddingSpace, null: EmbeddingSpace | None, kind: NDArray[np.str_]) -> None:
    """One line per word; and over all 1,000 names the shares of pictures called present."""
    result = concepts_for(space, None, WORDS, null=null)
    for score in result.scored:
        if isinstance(score.presence, Presence):
            shares = {str(k): round(float(score.presence.present[kind == k].mean()), 2) for k in np.unique(kind)}
            chance, least = score.presence.chance, score.presence.smallest_share
            print(f"{score.scored_as:16} chance {chance:.3f}, smallest share {least}, {shares}")
    print("unscored:", "; ".join(unscored.reason for unscored in result.unscored))
    if null is None:
        print(f"measured false alarms {result.measured_false_alarms}")
        spread(space)
        if {"Lemon", "Orange"} <= set(kind.tolist()):
            log_probabilities(space, kind)


def spread(space: EmbeddingSpace) -> None:
    """Share of pictures called present over all ImageNet names, most of which no picture shows."""
    scores = space.names - space.names.mean(axis=1, keepdims=True)
    shares = np.array([own(scores[:, i].astype(np.float64)).mean() for i in range(len(imagenet_names()))])
    low, middle, high = np.quantile(shares, [0.1, 0.5, 0.9])
    print(f"over 1,000 names: mean {shares.mean():.3f}, 10 % {low:.3f}, median {middle:.3f}, 90 % {high:.3f}")


def log_probabilities(space: EmbeddingSpace, kind: NDArray[np.str_]) -> None:
    """The score beside log-probabilities over the names: area under the curve, and share called present."""
    scores = {
        "contrast": space.names - space.names.mean(axis=1, keepdims=True),
        "log-probability": log_softmax(space.names, axis=1),
    }
    for word, of_kind in (("lemon", "Lemon"), ("orange", "Orange")):
        for name, values in scores.items():
            column, shown = values[:, imagenet_names().index(word)].astype(np.float64), kind == of_kind
            above = mannwhitneyu(column[shown], column[~shown]).statistic / (shown.sum() * (~shown).sum())
            print(f"{word} by {name}: area {above:.3f}, present in {own(column)[shown].mean():.2f} of {of_kind}")


if __name__ == "__main__":
    drawn()
    if len(sys.argv) > 1:
        photographs(Path(sys.argv[1]))
