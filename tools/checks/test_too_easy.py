"""Test pictures that are easier than what they stand for: right beside training pictures, or plainer than others.

Two ways of being easy. *Near*: a test picture lies closer to a training picture than nineteen in twenty training
pictures lie to one of another group; pictures of one series that no column and no similarity tells apart count as
others, so series without a group column are seen only as far as they are near copies. *Plain*: fewer tones, white
ground, a neutral border, compared class by class with training and production pictures. Either matters as far as the
accuracy on the harder part of the test pictures is lower.
"""

from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.easiness import Gap, harder_half, simplicity_gap, traits_of
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.statistics import benjamini_hochberg, clustered_share
from tools.wording import phrase

CODE = "test-too-easy"
USUAL = 0.95
"""Quantile of the training pictures' nearness beyond which a test picture counts as near; 5 % are by chance."""
MANY = 0.15
"""Three times what chance gives, for sure: then the near pictures weigh in the accuracy."""
MEDIUM_EFFECT = 0.5
"""Cohen's "medium": half a deviation; smaller differences of plainness occur between any two sessions."""
WORTH = 0.02
"""A lower accuracy on the harder part by less changes nothing that anybody would do."""
FEWEST = 40
FEWEST_PART = 10
SHOWN = 24
RATE = 0.05


@dataclass(frozen=True, eq=False)
class Parts:
    """Accuracy on the easy and on the hard part of the test pictures.

    Attributes
    ----------
    easy, hard, all : tuple of float
        Value, low, high.
    difference : tuple of float
        Easy less hard, low, high (Newcombe, groups as units).
    n : tuple of int
        Pictures in the easy and in the hard part.
    """

    easy: tuple[float, float, float]
    hard: tuple[float, float, float]
    all: tuple[float, float, float]
    difference: tuple[float, float, float]
    n: tuple[int, int]

    @property
    def matters(self) -> bool:
        """Whether the accuracy falls on the harder part, for sure and by enough."""
        return self.difference[1] > 0 and self.all[0] - self.hard[0] >= WORTH


def check(case: Case, scope: Scope) -> Findings:
    """Report near test pictures, then each way in which test pictures are plainer."""
    if not case.has_test:
        raise NotApplicable("no test split was given, so no test picture can be too easy")
    judged = int(case.derived.judged.sum())
    if judged < FEWEST:
        raise NotApplicable(
            f"{judged} judged test pictures; fewer than {FEWEST} cannot be told apart into easy and hard"
        )
    near, usual = near_pictures(case)
    rows = np.flatnonzero(case.evaluation)
    share, low, high = clustered_share(near, case.derived.grouping.groups[rows], case.settings.confidence)
    limit = Evidence(
        "usual nearness", usual, "similarity", how="95 % of training pictures lie farther from other groups"
    )
    found = Evidence(
        "share near", share, "share", len(rows), low, high, "test pictures nearer than that to a training one"
    )
    if low >= MANY:
        yield _near(case, rows, near, (found, limit))
    gaps = plainness(case)
    plainer = benjamini_hochberg(np.array([g.p for _, g in gaps]), RATE)
    for (other, gap), holds in zip(gaps, plainer, strict=True):
        if holds and gap.effect >= MEDIUM_EFFECT:
            yield _plain(case, other, gap)
    table = tuple(
        Evidence(f"{g.trait.simpler} than {other}", g.effect, "score", judged, g.low, g.high, "standardised difference")
        for other, g in gaps
    )
    many = Evidence("many", MANY, "share")
    medium = Evidence("medium effect", MEDIUM_EFFECT, "score", how="standardised difference")
    text = "more than {many} of the test pictures nearer to training pictures than is usual ({share near} are)"
    text += (
        ", or test pictures plainer than others by {medium effect} deviations, would have been reported"
        if gaps
        else " would have been reported; how plain pictures are was not measured"
    )
    return Measured((found, limit, *table, many, medium), phrase(text, [found, many, medium]))


def near_pictures(case: Case) -> tuple[NDArray[np.bool_], float]:
    """Which test pictures lie nearer to a training picture than is usual, and the usual nearness."""
    graph, groups, fit = case.derived.graph, case.derived.grouping.groups, case.fit
    rows = np.flatnonzero(fit)
    neighbours = graph.neighbours[rows]
    other = fit[neighbours] & (groups[neighbours] != groups[rows][:, None])
    similarities = np.where(other, graph.similarities[rows], -1.0).max(axis=1)
    # none known of another group: at most as near as the last one known
    similarities = np.where(other.any(axis=1), similarities, graph.similarities[rows, -1])
    usual = float(np.quantile(similarities, USUAL))
    return np.asarray(case.derived.test_nearness > usual), usual


def plainness(case: Case) -> list[tuple[str, Gap]]:
    """Test pictures against training and production pictures, trait by trait."""
    production = case.dataset.splits == "production"
    sides = [("the training pictures", case.fit)]
    if production.sum() >= FEWEST:
        sides.append(("production pictures", production))
    return [(name, simplicity_gap(case, t, case.evaluation, side)) for t in traits_of(case) for name, side in sides]


def accuracy_parts(case: Case, hard: NDArray[np.bool_]) -> Parts | None:
    """Accuracy on judged pictures in ``hard`` (shape (n,)) and on the others; None with too few of either."""
    judged, groups, confidence = case.derived.judged, case.derived.grouping.groups, case.settings.confidence
    easy_rows, hard_rows = judged & ~hard, judged & hard
    if min(int(easy_rows.sum()), int(hard_rows.sum())) < FEWEST_PART:
        return None
    right = ~case.derived.errors

    def share(rows: NDArray[np.bool_]) -> tuple[float, float, float]:
        return clustered_share(right[rows], groups[rows], confidence)

    easy, harder = share(easy_rows), share(hard_rows)
    value = easy[0] - harder[0]
    low = value - hypot(easy[0] - easy[1], harder[2] - harder[0])
    high = value + hypot(easy[2] - easy[0], harder[0] - harder[1])
    return Parts(easy, harder, share(judged), (value, low, high), (int(easy_rows.sum()), int(hard_rows.sum())))


def accuracy_evidence(case: Case, parts: Parts) -> tuple[Evidence, ...]:
    """The accuracies as evidence: all, easy part, hard part, difference."""
    how = f"{case.subject}; groups as units"
    return (
        Evidence("accuracy reported", parts.all[0], "share", sum(parts.n), *parts.all[1:], how),
        Evidence("accuracy on the easy part", parts.easy[0], "share", parts.n[0], *parts.easy[1:], how),
        Evidence("accuracy on the hard part", parts.hard[0], "share", parts.n[1], *parts.hard[1:], how),
        Evidence("difference", parts.difference[0], "points", sum(parts.n), *parts.difference[1:], "Newcombe, groups"),
    )


def _near(case: Case, rows: NDArray[np.int64], near: NDArray[np.bool_], shared: tuple[Evidence, ...]) -> Finding:
    hard = np.ones(len(case.ids), dtype=np.bool_)
    hard[rows[near]] = False
    parts = accuracy_parts(case, hard)
    text = (
        "{share near} ({share near|interval}) of the test pictures lie closer to a training picture than training "
        "pictures of different groups usually do; chance would give {by chance}."
    )
    evidence = (*shared, Evidence("by chance", 1 - USUAL, "share"))
    first = rows[near][np.argsort(-case.derived.test_nearness[near], kind="stable")]
    return _finding(case, "Test pictures right beside training pictures", text, evidence, parts, first, "without them")


def _plain(case: Case, other: str, gap: Gap) -> Finding:
    values = gap.trait.sign * case.dataset.properties[gap.trait.column].astype(np.float64)
    rows = np.flatnonzero(case.derived.judged)
    hard = np.zeros(len(case.ids), dtype=np.bool_)
    hard[rows[harder_half(values, rows, case.targets)]] = True
    parts = accuracy_parts(case, hard)
    evidence = (
        Evidence("mean of test", gap.mean, "score", int(case.evaluation.sum()), how=f"{gap.trait.column}, by class"),
        Evidence("mean of the others", gap.other, "score", how=f"{gap.trait.column}, by class"),
        Evidence("effect", gap.effect, "score", None, gap.low, gap.high, "standardised difference, groups as units"),
        Evidence("p", gap.p, "p", how="no plainer; before Benjamini–Hochberg over traits and sets"),
    )
    text = (
        "Test pictures are {words} than {other}: {column} {mean of test} against {mean of the others}, a difference of "
        "{effect} ({effect|interval}) deviations."
    )
    easiest = rows[~hard[rows]]
    easiest = easiest[np.argsort(-values[easiest], kind="stable")]
    words = {"words": gap.trait.simpler, "other": other, "column": gap.trait.column.replace("_", " ")}
    title = f"Test pictures are {gap.trait.simpler} than {other}"
    return _finding(case, title, text, evidence, parts, easiest, "on the harder half", words)


def _finding(
    case: Case,
    title: str,
    text: str,
    evidence: tuple[Evidence, ...],
    parts: Parts | None,
    first: NDArray[np.int64],
    where: str,
    words: dict[str, str] | None = None,
) -> Finding:
    if parts is not None:
        evidence = (*evidence, *accuracy_evidence(case, parts))
        text += (
            " The reported accuracy of {accuracy reported} would be {accuracy on the hard part} "
            "({accuracy on the hard part|interval}) {where}"
        )
        text += "." if parts.matters else "; that is no difference beyond chance." if parts.difference[1] <= 0 else "."
    ids = tuple(case.ids[first[:SHOWN]].tolist())
    return Finding(
        CODE,
        title,
        severity(None, blocks_trust=parts is not None and parts.matters),
        phrase(text, evidence, where=where, **(words or {})),
        evidence,
        images=ids,
        recommendations=(
            Recommendation(
                "collect",
                "test pictures like those the model will meet",
                CODE,
                "Test with pictures taken as the model will be used: other objects, places and days than in training, "
                "no tidier than production. Until then quote the figure of the harder part. Pictures that do not exist "
                "yet cannot be tried out.",
                Cost(images=FEWEST),
                images=ids,
            ),
        ),
    )
