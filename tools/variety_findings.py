"""Findings and measurements that every check of variety gives, from partitions of its axis."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from tools.case import Case
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.statistics import benjamini_hochberg, wilson
from tools.strata import Difference, stratified_difference
from tools.told_by_cues import ONE_THING, PARTLY, SENTENCE, told_by_cues
from tools.variety import (
    FEWEST_TAKES,
    FEWEST_TOGETHER,
    LACKING,
    USUAL,
    Lacks,
    Partition,
    Takes,
    effective_modes,
    lacks_of,
    takes_of,
)
from tools.wording import listed, phrase

RATE = 0.05
MOST_MODES = 3
"""Modes that one finding speaks of; the rest stands in what was measured."""
SHOWN = 8
LISTED = 20
"""Classes whose coverage is listed; of more, the least varied ones."""
NARROW = 0.9
"""A whole data set is narrow where surely more than this share of its takes is of one mode."""
ONCE = "pictures of one class in one group (a burst, a video) count once"


@dataclass(frozen=True, eq=False)
class Gathered:
    """Errors of one class (or of all: None) on one mode against the same classes' other pictures."""

    partition: Partition
    takes: Takes
    mode: int
    number: int | None
    difference: Difference


def report(case: Case, scope: Scope, code: str, partitions: Sequence[Partition], *, note: str = "") -> Findings:
    """Yield where errors gather, what classes lack and whether all pictures are of one mode.

    Errors and lacks are two families (Benjamini-Hochberg each): the many sure lacks would else let doubtful errors in.

    Parameters
    ----------
    partitions : sequence of Partition
        At least one.
    note : str
        What could not be looked at, and why; stands behind the smallest detectable fault.

    Raises
    ------
    NotApplicable
        If no class has a picture that could be told.
    """
    inside = scoped_classes(case, scope)
    training = [takes_of(case, partition, case.fit) for partition in partitions]
    if not any(len(t.row) for t in training):
        raise NotApplicable("no labelled training picture could be told apart in this respect")
    tests = [test for partition in partitions for test in error_tests(case, partition)]
    yield from gathered_errors(case, scope, code, tests)
    lacking = [lacks_of(t, len(case.classes), len(p.modes)) for t, p in zip(training, partitions, strict=True)]
    missing = _rejected(lacking)
    for number in np.flatnonzero(inside).tolist():
        if any(found[number].any() for found in missing):
            yield _lack_finding(case, code, number, partitions, training, lacking, missing)
    if inside.all():
        for partition, taken in zip(partitions, training, strict=True):
            yield from _narrow_finding(case, code, partition, taken)
    return _measured(case, inside, partitions, lacking, tests, note)


def gathered_errors(case: Case, scope: Scope, code: str, tests: Sequence[Gathered]) -> Iterator[Finding]:
    """Findings of the tests that are rejected, all tests of one check being one family; scope only filters them."""
    inside = scoped_classes(case, scope)
    sure = benjamini_hochberg(np.array([t.difference.p for t in tests], dtype=np.float64), RATE)
    for test, rejected in zip(tests, sure, strict=True):
        here = inside.all() if test.number is None else inside[test.number]
        if rejected and test.difference.low > 0 and here:
            yield _errors_finding(case, code, test)


def error_tests(case: Case, partition: Partition) -> list[Gathered]:
    """Every mode in every class with enough judged takes on both sides, and every mode over all classes together.

    A table that could not reach ``RATE`` whichever pictures were wrong is no hypothesis (Tarone 1990).
    """
    found = takes_of(case, partition, case.derived.judged)
    classes, modes = len(case.classes), len(partition.modes)
    cells = found.of_class * modes + found.mode
    n = np.bincount(cells, minlength=classes * modes).reshape(classes, modes)
    hits = np.bincount(cells[found.wrong], minlength=classes * modes).reshape(classes, modes)
    other, wrong_other = n.sum(axis=1, keepdims=True) - n, hits.sum(axis=1, keepdims=True) - hits
    out = []
    for mode in (m for m in range(modes) if m != partition.ordinary):
        for number in (None, *range(classes)):
            rows = slice(None) if number is None else slice(number, number + 1)
            columns = (hits[rows, mode], n[rows, mode], wrong_other[rows, mode], other[rows, mode])
            difference = stratified_difference(*columns, case.settings.confidence)
            several = number is not None or int(((columns[1] > 0) & (columns[3] > 0)).sum()) > 1
            few = difference is None or min(difference.n_here, difference.n_there) < FEWEST_TOGETHER
            if difference is None or few or not several or not found.wrong.any():
                continue
            if number is None or _least_p(*(int(column[0]) for column in columns)) <= RATE:
                out.append(Gathered(partition, found, mode, number, difference))
    return out


def _least_p(hits_here: int, here: int, hits_there: int, there: int) -> float:
    """Smallest p of a table with these margins: as many as possible of the hits here."""
    hits = hits_here + hits_there
    return float(hypergeom.sf(min(hits, here) - 1, here + there, hits, here))


def _rejected(lacking: Sequence[Lacks]) -> list[NDArray[np.bool_]]:
    """Which lacks are sure and large, per partition, shape (classes, modes)."""
    p = np.concatenate([lacks.p.ravel() for lacks in lacking])
    asked = ~np.isnan(p)
    sure = np.zeros(len(p), dtype=np.bool_)
    sure[asked] = benjamini_hochberg(p[asked], RATE)
    ends = np.cumsum([lacks.p.size for lacks in lacking])[:-1]
    return [
        part.reshape(lacks.p.shape) & lacks.large for part, lacks in zip(np.split(sure, ends), lacking, strict=True)
    ]


def _errors_finding(case: Case, code: str, test: Gathered) -> Finding:
    d, taken, words = test.difference, test.takes, test.partition.modes[test.mode]
    name = "" if test.number is None else case.classes[test.number]
    among = np.ones(len(taken.mode), dtype=np.bool_) if test.number is None else taken.of_class == test.number
    mine = among & (taken.mode == test.mode)
    wrong = taken.row[mine & taken.wrong]
    explained = max(0.0, d.excess) * d.n_here / max(1, int(taken.wrong.sum()))
    evidence: tuple[Evidence, ...] = (
        Evidence("error share there", d.here, "share", d.n_here, how=f"{case.subject}; {ONCE}; {test.partition.how}"),
        Evidence("error share elsewhere", d.there, "share", d.n_there, how="the same classes' other pictures"),
        Evidence("excess", d.excess, "points", d.n_here + d.n_there, d.low, d.high, "difference within classes"),
        Evidence("share of errors explained", explained, "share", int(taken.wrong.sum()),
                 how="excess errors there ÷ all errors among the pictures looked at"),
        Evidence("p", d.p, "p", d.n_here + d.n_there, how="one-sided, within classes"),
    )  # fmt: skip
    text = (
        "Pictures{of} that are {mode} are called something else in {error share there} of takes "
        "({error share there|n}, a burst counts once); other pictures of the same class{es} in "
        "{error share elsewhere}: {excess} ({excess|interval})."
    )
    told = told_by_cues(case, wrong, of_pixels=test.partition.of_pixels)
    cues, how_sure = (told.cues, told.how_sure) if told is not None else ("", "")
    verdict = ONE_THING if told is not None and told.one_thing else PARTLY
    if told is not None:
        evidence, text = (*evidence, *told.evidence), text + SENTENCE
    of, target = (f" of {name}", f"pictures of {name} that are {words}") if name else ("", f"pictures that are {words}")
    ids = _ids(case, wrong)
    right = _ids(case, taken.row[mine & ~taken.wrong])
    return Finding(
        code,
        f"Errors gather in pictures{of} that are {words}",
        severity(explained if told is None else told.left_of(explained)),
        phrase(text, evidence, of=of, mode=words, es="" if name else "es",
               cues=cues, how_sure=how_sure, verdict=verdict),
        evidence,
        Scope(classes=(name,) if name else (), slice=words),
        ids + right,
        (
            Recommendation(
                "collect", target, code,
                "the model errs more on them; more of them in training is the usual cure, which only new pictures can "
                "try. First look whether they can be told at all",
                Cost(images=max(FEWEST_TAKES, d.n_here)), images=ids,
            ),
        ),
        errors=frozenset(ids), correct=frozenset(right),
    )  # fmt: skip


def _lack_finding(
    case: Case,
    code: str,
    number: int,
    partitions: Sequence[Partition],
    training: Sequence[Takes],
    lacking: Sequence[Lacks],
    missing: Sequence[NDArray[np.bool_]],
) -> Finding:
    name = case.classes[number]
    cells = [(part, mode) for part in range(len(missing)) for mode in np.flatnonzero(missing[part][number]).tolist()]
    cells.sort(key=lambda c: lacking[c[0]].shares[number, c[1]] - lacking[c[0]].elsewhere[number, c[1]])
    evidence: list[Evidence] = []
    names: dict[str, str] = {"class": name}
    sentences: list[str] = []
    examples: list[str] = []
    needed = 0
    for at, (part, mode) in enumerate(cells[:MOST_MODES]):
        lacks, words = lacking[part], partitions[part].modes[mode]
        size, count = int(lacks.sizes[number]), int(lacks.counts[number, mode])
        shares = np.where(lacks.sizes >= FEWEST_TAKES, lacks.shares[:, mode], -1.0)
        best = int(shares.argmax())
        here = Evidence(f"{name}: {words}", count / size, "share", size, *wilson(count, size, case.settings.confidence),
                        f"Wilson interval; {ONCE}; {partitions[part].how}")  # fmt: skip
        there = Evidence(f"other classes: {words}", float(lacks.elsewhere[number, mode]), "share",
                         int(lacks.sizes.sum()) - size, how=ONCE)  # fmt: skip
        most = Evidence(f"{case.classes[best]}, which has most: {words}", float(shares[best]), "share",
                        int(lacks.sizes[best]))  # fmt: skip
        evidence += [here, there, most]
        names |= {f"h{at}": here.text, f"t{at}": there.text, f"m{at}": most.text}
        names |= {f"w{at}": words, f"b{at}": case.classes[best]}
        subject = "Of the takes of {class} (a burst counts once), {h0}" if at == 0 else f"{{h{at}}}"
        sentences.append(
            f"{subject} are {{w{at}}}, but {{t{at}}} of the other classes' takes, most of all {{b{at}}} ({{m{at}}})"
        )
        taken = training[part]
        examples += _ids(case, taken.row[(taken.of_class == best) & (taken.mode == mode)])
        needed += ceil(float(lacks.elsewhere[number, mode]) * size) - count
    lacked = [partitions[part].modes[mode] for part, mode in cells[:MOST_MODES]]
    short = [words.partition(" (")[0] for words in lacked]
    shown = tuple(dict.fromkeys(examples))
    return Finding(
        code,
        f"{name} has hardly any pictures that are {listed(short, 'or')}",
        severity(None),
        phrase("; ".join(sentences) + ".", evidence, **names),
        tuple(evidence),
        Scope(classes=(name,)),
        shown,
        (
            Recommendation(
                "collect", f"pictures of {name} that are {listed(short, 'or')}", code,
                "other classes have such pictures (shown); whether the model needs them of this class cannot be tried "
                "before there are some",
                Cost(images=max(1, needed)), images=shown,
            ),
        ),
    )  # fmt: skip


def _narrow_finding(case: Case, code: str, partition: Partition, taken: Takes) -> Iterator[Finding]:
    counts = np.bincount(taken.mode, minlength=len(partition.modes))
    size, mode = int(counts.sum()), int(counts.argmax())
    low, high = wilson(int(counts[mode]), size, case.settings.confidence)
    if not partition.narrow or size < FEWEST_TAKES or low < NARROW:
        return
    words = partition.modes[mode]
    share = Evidence(
        f"takes that are {words}", counts[mode] / size, "share", size, low, high, f"Wilson interval; {ONCE}"
    )
    rows = _ids(case, taken.row[taken.mode == mode])
    others = [partition.modes[m] for m in range(len(partition.modes)) if m != mode]
    yield Finding(
        code,
        f"Nearly all pictures are {words}",
        severity(None),
        phrase("Nearly all pictures are {mode}: {share} of {n} takes. Nothing here says how the model fares on others.",
               (share,), mode=words, share=share.text, n=str(size)),
        (share, Evidence("share from which this is said", NARROW, "share", how=partition.how)),
        Scope(slice=words),
        rows,
        (
            Recommendation(
                "collect", f"pictures that are {listed(others, 'or')}", code,
                "if such pictures occur in use, the model has never been tried on them; if they do not, all is well",
                Cost(images=2 * FEWEST_TAKES), images=rows,
            ),
        ),
    )  # fmt: skip


def _measured(
    case: Case,
    inside: NDArray[np.bool_],
    partitions: Sequence[Partition],
    lacking: Sequence[Lacks],
    tests: Sequence[Gathered],
    note: str,
) -> Measured:
    evidence: list[Evidence] = []
    for partition, lacks in zip(partitions, lacking, strict=True):
        varied, shares = effective_modes(lacks.shares), lacks.shares
        rows = np.flatnonzero(inside & (lacks.sizes > 0))
        for number in rows[np.argsort(varied[rows], kind="stable")][:LISTED].tolist():
            size = int(lacks.sizes[number])
            mode = 0 if len(partition.modes) == 2 else int(shares[number].argmax())
            low, high = wilson(int(lacks.counts[number, mode]), size, case.settings.confidence)
            name = f"{partition.name} of {case.classes[number]}"
            evidence += [
                Evidence(f"{name}: effective modes", float(varied[number]), "ratio", size, how="exp of the entropy"),
                Evidence(f"{name}: {partition.modes[0] if len(partition.modes) == 2 else 'largest mode'}",
                         float(shares[number, mode]), "share", size, low, high,
                         f"“{partition.modes[mode]}”; {ONCE}; {partition.how}"),
            ]  # fmt: skip
    size = int(np.median([s for lacks in lacking for s in lacks.sizes[lacks.sizes >= FEWEST_TAKES]] or [0]))
    found = [
        Evidence("takes of a usual class", size, "count", how=f"median of classes with enough; {ONCE}"),
        Evidence("takes a class needs", FEWEST_TAKES, "count"),
        Evidence("share that others must show", max(USUAL, 1 - RATE ** (1 / max(1, size))), "share",
                 how="a class without any would then lack it by chance in one case of twenty"),
        Evidence("part of it that is lacking", LACKING, "share"),
    ]  # fmt: skip
    text = (
        "A class with {takes a class needs} takes or more that has none of what {share that others must show} of the "
        "others' takes show would have been seen"
        if size
        else "No class has the {takes a class needs} takes that a comparison needs"
    )
    if not tests:
        text += "; there are too few judged pictures to compare errors"
    else:
        narrowest = min(t.difference.high - t.difference.excess for t in tests)
        found.append(
            Evidence(
                "half width of the surest comparison of errors", narrowest, "points", how="at the case's confidence"
            )
        )
        text += "; errors were compared to {half width of the surest comparison of errors} at best"
    return Measured((*found, *evidence), phrase(text + ".{note}", found, note=f" {note}" if note else ""))


def _ids(case: Case, rows: NDArray[np.int64]) -> tuple[str, ...]:
    """The first few, spread over what is there."""
    if len(rows) > SHOWN:
        rows = rows[np.linspace(0, len(rows) - 1, SHOWN).astype(np.int64)]
    return tuple(str(i) for i in case.ids[rows])
