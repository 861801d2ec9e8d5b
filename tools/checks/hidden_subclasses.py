"""One class that holds several kinds of thing, and whether errors fall on one of them."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tools.case import Case
from tools.contrast import contrast
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.statistics import benjamini_hochberg, clustered_mean, clustered_share
from tools.subclasses import FEWEST, STABLE, Parts, find_parts
from tools.wording import phrase

SHOWN_PER_PART = 8


@dataclass(frozen=True, eq=False)
class Kinds:
    """Stable kinds of one class and how the subject fares on them.

    Attributes
    ----------
    name : str
    parts : Parts
        Of the training images in ``rows``.
    rows : ndarray of int64
    judged, part_of : ndarray of int64
        Evaluation rows of the class and the part of each.
    """

    name: str
    parts: Parts
    rows: NDArray[np.int64]
    judged: NDArray[np.int64]
    part_of: NDArray[np.int64]


def check(case: Case, scope: Scope) -> Findings:
    """Yield one finding per class in scope that has stable kinds; the family of tests is all classes."""
    sizes = np.bincount(case.targets[case.fit], minlength=len(case.classes))
    large = [name for name in case.classes if sizes[case.number(name)] >= FEWEST]
    wanted = set(scope.pair or scope.classes or large)
    if not wanted & set(large):
        raise NotApplicable(
            f"no class asked about has {FEWEST} training pictures, too few to find kinds in halves of it"
        )
    found: list[Kinds] = []
    best = 0.0
    for name in large:
        kinds, stability = class_kinds(case, name)
        best = max(best, stability)
        if kinds is not None:
            found.append(kinds)
    tests = [(kinds, *_weakest(case, kinds)) for kinds in found]
    rejected = benjamini_hochberg(np.array([p for *_, p in tests]))
    for (kinds, weak, _), significant in zip(tests, rejected, strict=True):
        if kinds.name in wanted:
            yield _finding(case, kinds, weak if significant else None)
    measured = (
        Evidence(
            "highest stability seen", best, "score", how="adjusted Rand index between halves, best number of kinds"
        ),
        Evidence("stability asked for", STABLE, "score"),
    )
    return Measured(
        measured,
        phrase("No class fell into kinds that two halves of it agree on (stability at most {highest stability seen}, "
               "{stability asked for} asked for) and that are tighter than one cloud of pictures would give. Kinds "
               "that look alike to the encoder cannot be seen.", measured),
    )  # fmt: skip


def class_kinds(case: Case, name: str) -> tuple[Kinds | None, float]:
    """Stable kinds of a class's training images, None if there are none; and the best stability seen."""
    return case.derived.once(f"kinds of {name}", lambda: _class_kinds(case, name))


def _class_kinds(case: Case, name: str) -> tuple[Kinds | None, float]:
    number = case.number(name)
    rows = np.flatnonzero(case.fit & (case.targets == number))
    parts, best = find_parts(case.space.vectors[rows], case.derived.grouping.groups[rows], case.rng(f"kinds-{name}"))
    if parts is None:
        return None, best
    judged = np.flatnonzero(case.derived.judged & (case.targets == number))
    return Kinds(name, parts, rows, judged, parts.assign(case.space.vectors[judged])), best


def _weakest(case: Case, kinds: Kinds) -> tuple[int | None, float]:
    """The part with the lowest recall and the p-value of its distance from the rest (groups drawn whole)."""
    wrong = case.derived.errors[kinds.judged].astype(np.float64)
    clusters = case.derived.grouping.groups[kinds.judged]
    rates = {}
    for part in np.unique(kinds.part_of):
        here = kinds.part_of == part
        if min(here.sum(), (~here).sum()) >= 10:
            rates[int(part)] = wrong[here].mean() - wrong[~here].mean()
    if not rates:
        return None, 1.0
    part = max(rates, key=lambda p: rates[p])
    here = kinds.part_of == part
    errors = [clustered_mean(wrong[s], clusters[s], np.full(int(s.sum()), 1 / s.sum()))[1] for s in (here, ~here)]
    spread = sqrt(errors[0] ** 2 + errors[1] ** 2)
    p = float(norm.sf(rates[part] / spread)) if spread > 0 else float(rates[part] <= 0)
    return part, min(1.0, p * len(rates))


def _finding(case: Case, kinds: Kinds, weak: int | None) -> Finding:
    count = int(kinds.parts.labels.max()) + 1
    evidence = [
        Evidence(
            "kinds found",
            count,
            "count",
            len(kinds.rows),
            how="parts tighter than one cloud, on which two halves agree",
        ),
        Evidence("stability", kinds.parts.stability, "score", how="adjusted Rand index between halves; one = the same"),
    ]
    texts, images = [], []
    for part in range(count):
        rows = kinds.rows[kinds.parts.labels == part]
        words = contrast(case, rows, kinds.rows[kinds.parts.labels != part])
        size = Evidence(f"pictures of kind {_letter(part)}", len(rows), "images")
        evidence.append(size)
        texts.append(f"kind {_letter(part)} ({size.text} pictures) is {words.text}")
        centre = np.argsort(-(case.space.vectors[rows] - kinds.parts.mean) @ kinds.parts.centres[part])
        images += [str(i) for i in case.ids[rows[centre[:SHOWN_PER_PART]]]]
    explained: float | None = None
    template = "{class_} holds {kinds found} kinds of picture that two halves of it agree on: {texts}."
    if weak is not None:
        here = kinds.part_of == weak
        wrong, clusters = case.derived.errors[kinds.judged], case.derived.grouping.groups[kinds.judged]
        for label, side in ((f"errors on kind {_letter(weak)}", here), ("errors on the rest of the class", ~here)):
            share, low, high = clustered_share(wrong[side], clusters[side], case.settings.confidence)
            evidence.append(Evidence(label, share, "share", int(side.sum()), low, high, "of the judged pictures"))
        explained = float(wrong[here].sum() / max(1, case.derived.errors.sum()))
        evidence.append(Evidence("share of all errors", explained, "share", int(case.derived.errors.sum())))
        template += (
            f" Kind {_letter(weak)} is wrong in {{errors on kind {_letter(weak)}}} of its pictures, the rest in "
            "{errors on the rest of the class}."
        )
    return Finding(
        code="hidden-subclasses",
        title=f"{kinds.name} is more than one kind of thing",
        severity=severity(explained),
        scope=Scope(classes=(kinds.name,), slice=None if weak is None else f"kind {_letter(weak)}"),
        summary=phrase(template, evidence, class_=kinds.name, texts="; ".join(texts)),
        evidence=tuple(evidence),
        images=tuple(images),
        recommendations=(
            Recommendation(
                "split", kinds.name, "hidden-subclasses",
                "one label for each kind lets the model learn each; their scores are added up again",
                Cost(clicks=count, minutes=5), "split-class", {"class": kinds.name}, tuple(images),
            ),
        ),
    )  # fmt: skip


def _letter(part: int) -> str:
    return "ABCDEFGH"[part]
