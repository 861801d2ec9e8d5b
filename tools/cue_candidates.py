"""Candidate cues that take more than a table: words about the setting, and what the backgrounds alone show."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import ClusterError, kmeans2

from tools.case import Arrays, Case
from tools.contrast import standardised
from tools.cues import FEWEST_GROUPS, Cue
from tools.eyes import Parts
from tools.registry import NotApplicable

MOST_PAIRS = 3
"""Pairs whose backgrounds are looked at, most errors first: each opens pictures again, 70 ms a picture."""
MOST_PER_CLASS = 60
"""Judged pictures of a class whose backgrounds are looked at, groups in turn."""
DIRECTIONS = 4
"""Main directions of two classes' backgrounds that are tried beside the line between two clusters."""
ENDS = 0.25
"""Share of the training pictures at either end of a direction that describe it."""
UNNAMED = "on one of two kinds of background that have no name here (see the pictures)"
WORDS = {
    "lightness": ("darker", "lighter"),
    "chroma": ("greyer", "more colourful"),
    "warmth": ("cooler", "warmer"),
    "spread": ("more even", "more mixed"),
    "edges": ("smoother", "busier"),
}
"""Measurements of a background and what little and much of each is called: three of colour, two of texture."""
KINDS_OF_WORD = (("lightness", "chroma", "warmth"), ("spread", "edges"))
"""At most one word of each kind, the stronger: "more even, busier" would puzzle anybody."""
NAMES_EACH = 2
"""ImageNet names tried per pair and direction."""
LARGE_EFFECT = 0.8
"""Cohen's "large": names that differ less between two classes' backgrounds are not tried."""
RIDGE = 1e-2
"""Of the map from unit vectors to names, in units of their mean squared length."""


@dataclass(frozen=True, eq=False)
class Backgrounds:
    """What some pictures look like without their foreground.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Of the case, ascending.
    vectors : ndarray of float32, shape (m, d)
        Unit vectors of the picture with the foreground erased.
    names : ndarray of float32, shape (m, 1000) or (m, 0)
        ImageNet logits of the background, as a linear map of its vector gives them.
    looks : ndarray of float32, shape (m, len(WORDS))
        Colour, evenness and edges of the background itself.
    """

    rows: NDArray[np.int64]
    vectors: NDArray[np.float32]
    names: NDArray[np.float32]
    looks: NDArray[np.float32]


def concept_cues(case: Case) -> list[Cue]:
    """Words of the shipped vocabularies as cues, where a text tower or given text vectors can score them.

    Without either there is none: the ImageNet names know things, not settings, and are tried on backgrounds alone.
    """
    from embeddings.concepts import concepts_for
    from embeddings.vocabulary_files import axes, shipped

    encoder = None
    if case.space.encoder.has_text:
        try:
            encoder = case.eyes.encoder
        except NotApplicable:
            return []
    elif not case.space.texts:
        return []
    cues: dict[str, Cue] = {}
    for axis in axes():
        for found in concepts_for(case.space, encoder, shipped(axis)).scored:
            words = (f"less like “{found.concept.label}” to the encoder", f"more like “{found.concept.label}” to it")
            name = f"concept {found.concept.label}"
            cues.setdefault(name, Cue(name, *words, found.score))
    return list(cues.values())


def background_cues(case: Case, pair: tuple[str, str], backgrounds: Backgrounds) -> list[Cue]:
    """Kinds of background in the training pictures of two classes, and ImageNet names that tell them apart.

    Kinds are found without labels. Names are picked by the labels of one half of the groups and tried on the other.
    """
    case_rows, vectors = backgrounds.rows, backgrounds.vectors
    of_pair = np.isin(case.targets[case_rows], [case.number(name) for name in pair])
    training = np.flatnonzero(of_pair & case.fit[case_rows])
    groups = case.derived.grouping.groups[case_rows]
    if len(np.unique(groups[training])) < 4 * FEWEST_GROUPS:
        return []
    first, second = sorted(pair)
    rng = case.rng(f"backgrounds-{first}|{second}")
    cues = []
    for number, direction in enumerate(_directions(vectors[training], rng), start=1):
        values = vectors @ direction
        low, high = np.quantile(values[training], [ENDS, 1 - ENDS])
        ends = training[values[training] <= low], training[values[training] >= high]
        words = [_described(backgrounds, *pair_of_ends) for pair_of_ends in (ends, ends[::-1])]
        name = f"background {number} of {first} and {second}"
        spread = _spread(case, case_rows, values)
        cues.append(Cue(name, words[0], words[1], spread, of_pair=(first, second), change="background"))
    return cues + _name_cues(case, pair, backgrounds, training, groups, rng)


def _directions(vectors: NDArray[np.float32], rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Line between two clusters, and main directions, of some backgrounds; none of them knows a label."""
    away = vectors.astype(np.float64) - vectors.mean(axis=0)
    found = list(np.linalg.svd(away, full_matrices=False)[2][:DIRECTIONS])
    try:
        centres, _ = kmeans2(away, 2, iter=30, minit="++", missing="raise", rng=rng)
    except ClusterError:  # all backgrounds are one
        return found
    return [centres[1] - centres[0], *found]


def _described(backgrounds: Backgrounds, these: NDArray[np.int64], others: NDArray[np.int64]) -> str:
    """What is measured on the backgrounds first; the encoder's own names only where that says nothing."""
    effects = dict(zip(WORDS, standardised(backgrounds.looks, these, others).tolist(), strict=True))
    strongest = [max(kind, key=lambda name: abs(effects[name])) for kind in KINDS_OF_WORD]
    told = sorted((n for n in strongest if abs(effects[n]) >= LARGE_EFFECT), key=lambda name: -abs(effects[name]))
    if told:
        return "on a " + ", ".join(WORDS[name][int(effects[name] > 0)] for name in told) + " background"
    from embeddings.names import imagenet_names

    likeness = standardised(backgrounds.names, these, others)
    if len(likeness) and likeness.max() >= LARGE_EFFECT:
        return f"on a background more like “{imagenet_names()[int(likeness.argmax())]}” to the encoder"
    return UNNAMED


def _name_cues(
    case: Case,
    pair: tuple[str, str],
    backgrounds: Backgrounds,
    training: NDArray[np.int64],
    groups: NDArray[np.int64],
    rng: np.random.Generator,
) -> list[Cue]:
    if not backgrounds.names.shape[1]:
        return []
    from embeddings.names import imagenet_names

    present = np.unique(groups[training])
    chosen = rng.permutation(present)[: len(present) // 2]
    half = training[np.isin(groups[training], chosen)]
    targets = case.targets[backgrounds.rows]
    sides = [half[targets[half] == case.number(name)] for name in sorted(pair)]
    if min(map(len, sides)) < FEWEST_GROUPS:
        return []
    effects = standardised(backgrounds.names, sides[1], sides[0])
    order = np.argsort(effects)
    picked = [int(i) for i in (*order[:NAMES_EACH], *order[::-1][:NAMES_EACH]) if abs(effects[i]) >= LARGE_EFFECT]
    return [
        Cue(
            f"background like {imagenet_names()[i]}",
            f"on a background less like “{imagenet_names()[i]}” to the encoder",
            f"on a background more like “{imagenet_names()[i]}” to the encoder",
            _spread(case, backgrounds.rows, backgrounds.names[:, i]),
            of_pair=tuple(sorted(pair)),
            change="background",
            chosen_on=backgrounds.rows[half],
        )
        for i in dict.fromkeys(picked)
    ]


def _spread(case: Case, rows: NDArray[np.int64], values: NDArray[np.floating]) -> NDArray[np.float64]:
    out = np.full(len(case.ids), np.nan)
    out[rows] = values
    return out


def backgrounds_of(case: Case, pairs: Sequence[tuple[str, str]]) -> Backgrounds:
    """Backgrounds of the sample that every check shares, and of more judged pictures of some pairs.

    Raises
    ------
    NotApplicable
        If pictures or encoder are not here.
    """
    parts = case.derived.parts
    more = _more_rows(case, parts.rows, sorted({name for pair in pairs for name in pair}))
    rows, vectors, looks = parts.rows, parts.background, _looks(parts)
    if len(more):

        def compute() -> Arrays:
            found = case.eyes.take_apart(more)
            return {"rows": found.rows, "background": found.background, "looks": _looks(found)}

        kept_rows = "-".join(str(row) for row in more)
        extra = case.derived.kept(f"backgrounds-{kept_rows}", compute)
        rows = np.concatenate([rows, extra["rows"].astype(np.int64)])
        vectors = np.concatenate([vectors, extra["background"].astype(np.float32)])
        looks = np.concatenate([looks, extra["looks"].astype(np.float32)])
    order = np.argsort(rows)
    return Backgrounds(rows[order], vectors[order], linear_names(case, vectors[order]), looks[order])


def _looks(parts: Parts) -> NDArray[np.float32]:
    """Measurements of the pictures that could be parted, in the order of ``WORDS``."""
    these = np.searchsorted(parts.looks.rows, parts.rows)
    found = np.stack([getattr(parts.looks, name)[these] for name in WORDS], axis=1)
    # a map whose coarse form leaves no background has no colour there; the usual one then says nothing about it
    usual = np.nanmedian(found, axis=0) if len(found) else np.zeros(len(WORDS))
    return np.where(np.isfinite(found), found, usual).astype(np.float32)


def _more_rows(case: Case, known: NDArray[np.int64], names: Sequence[str]) -> NDArray[np.int64]:
    rng = case.rng("more-backgrounds")
    groups, out = case.derived.grouping.groups, []
    for name in names:
        rows = rng.permutation(np.flatnonzero(case.derived.judged & (case.targets == case.number(name))))
        there = np.isin(rows, known)
        first = np.zeros(len(rows), dtype=np.bool_)
        first[np.unique(groups[rows], return_index=True)[1]] = True
        order = np.lexsort((~first, ~there))
        wanted = rows[order][:MOST_PER_CLASS]
        out += wanted[~np.isin(wanted, known)].tolist()
    return np.array(sorted(out), dtype=np.int64)


def linear_names(case: Case, vectors: NDArray[np.float32], most: int = 2000) -> NDArray[np.float32]:
    """ImageNet logits of other vectors of the case's encoder, by ridge regression on the case's own pictures.

    Parameters
    ----------
    vectors : ndarray of float32, shape (m, d)

    Returns
    -------
    ndarray of float32, shape (m, 1000) or (m, 0)
    """
    names = case.space.names
    if not names.shape[1]:
        return np.zeros((len(vectors), 0), dtype=np.float32)
    rows = case.rng("linear-names").permutation(len(case.ids))[:most]
    own, known = case.space.vectors[rows].astype(np.float64), names[rows].astype(np.float64)
    centre, middle = own.mean(axis=0), known.mean(axis=0)
    own -= centre
    gram = own @ own.T
    gram[np.diag_indices(len(gram))] += RIDGE * np.trace(gram) / len(gram)
    return np.asarray((vectors - centre) @ own.T @ np.linalg.solve(gram, known - middle) + middle, dtype=np.float32)
