"""Pictures taken by cameras that stand still, and classes that come mostly from one camera.

A fixed camera shows one and the same frame whatever is put before it; the model may then learn the place instead of the
thing. Frames of a sample of pictures are compared cell by cell; a camera column, where there is one, is taken at its
word. Errors on pictures of one camera are compared with the same classes' errors elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from tools.case import Case
from tools.eyes import Looks
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.frames import PLAINEST, Cameras, fixed_cameras
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes
from tools.statistics import benjamini_hochberg, group_permutation_p, wilson
from tools.variety import FEWEST_TAKES, Partition, lacks_of, takes_of
from tools.variety_findings import ONCE, error_tests, gathered_errors
from tools.wording import listed, phrase

CODE = "fixed-camera"
COLUMN = "camera"
FEWEST, FEWEST_THINGS = 5, 4
"""Pictures, and different things before it, that make a camera; a burst shows one thing."""
MOSTLY = 0.8
"""Share of a class's takes from one camera from which on the class may be told by the camera."""
MOST_CAMERAS = 12
RATE = 0.05
LETTERS = "ABCDEFGHIJKL"
SHOWN = 12
ONE = (
    "{pictures with a shared frame} of {share of the sample|n} pictures looked at have one and the same frame, while "
    "{different middles of the first} clearly different things were before the camera; classes: {classes}."
)
SEVERAL = (
    "{pictures with a shared frame} of {share of the sample|n} pictures looked at have the frame of one of "
    "{fixed cameras} fixed cameras, while different things were before them (before the first, "
    "{different middles of the first}); classes: {classes}."
)


@dataclass(frozen=True, eq=False)
class Found:
    """Fixed cameras of the sample: what was compared, and the partition by camera with ``elsewhere`` last."""

    seen: Looks
    cameras: Cameras
    partition: Partition


@dataclass(frozen=True, eq=False)
class Tie:
    """One class and one camera.

    Attributes
    ----------
    number, mode : int
    count, size : int
        Takes of the class from this camera, and in all.
    elsewhere : float
        Share of the other classes' takes from this camera.
    others : int
        Takes of the other classes.
    p : float
        One-sided, that the class has no more of this camera than the others (Fisher's exact test).
    rows : ndarray of int64, shape (count,)
        A picture of each of the takes.
    """

    number: int
    mode: int
    count: int
    size: int
    elsewhere: float
    others: int
    p: float
    rows: NDArray[np.int64]


def check(case: Case, scope: Scope) -> Findings:
    """Report the fixed cameras, classes tied to one camera, and errors that gather on one."""
    found, why = None, ""
    try:
        found = cameras_by_frame(case)
    except NotApplicable as reason:
        why = f"Frames were not compared: {reason}."
    column = camera_column(case)
    if found is None and column is None:
        raise NotApplicable(f"{why.removesuffix('.')}; and there is no column named {COLUMN}")
    partitions = [p for p in (found.partition if found else None, column) if p is not None and len(p.modes) > 1]
    if found and found.cameras.things and scoped_classes(case, scope).all():
        yield _cameras_finding(case, found)
    yield from _tied(case, scope, partitions)
    yield from gathered_errors(case, scope, CODE, [t for p in partitions for t in error_tests(case, p)])
    return _measured(case, found, column, why)


def cameras_by_frame(case: Case) -> Found:
    """Fixed cameras among the pictures of the sample."""
    from embeddings.scenery import frame

    seen = case.derived.parts.looks
    centres = seen.small[:, 1:-1, 1:-1].reshape(len(seen.rows), -1, 3)
    cameras = fixed_cameras(frame(seen.small), centres, FEWEST, FEWEST_THINGS)
    of = np.where(cameras.of < MOST_CAMERAS, cameras.of, -1)
    count = min(len(cameras.things), MOST_CAMERAS)
    modes = (*(f"taken by fixed camera {letter}" for letter in LETTERS[:count]), "taken elsewhere")
    how = f"frames that match; {len(seen.rows)} pictures opened again"
    found = np.where(of < 0, count, of)
    partition = Partition("camera", seen.rows, modes, found, how, ordinary=count, of_pixels=True)
    return Found(seen, cameras, partition)


def camera_column(case: Case) -> Partition | None:
    """Partition by the data set's camera column; None without one of a few values."""
    texts = next((v for name, v in case.dataset.metadata.items() if name.casefold() == COLUMN), None)
    if texts is None:
        return None
    names, of = np.unique(texts, return_inverse=True)
    if not 2 <= int((names != "").sum()) <= MOST_CAMERAS:
        return None
    of = np.where(texts == "", -1, of - int(names[0] == ""))
    modes = tuple(f"taken by the camera “{name}”" for name in names if name)
    return Partition("camera column", np.arange(len(case.ids)), modes, of.astype(np.int64), "the column's value")


def association_p(case: Case, partition: Partition) -> float:
    """That classes come from cameras as chance has it: chi-square over pictures, whole groups permuted."""
    chosen = case.fit[partition.rows] & (partition.of >= 0)
    rows, of = partition.rows[chosen], partition.of[chosen]
    modes, classes = len(partition.modes), len(case.classes)
    if len(np.unique(of)) < 2:
        return 1.0
    targets = case.targets[rows]
    expected = np.outer(np.bincount(targets, minlength=classes), np.bincount(of, minlength=modes)) / len(rows)

    def chi_square(source: NDArray[np.int64]) -> float:
        table = np.bincount(targets * modes + of[source], minlength=classes * modes).reshape(classes, modes)
        return float((np.square(table - expected) / np.maximum(expected, 1e-9)).sum())

    return group_permutation_p(chi_square, case.derived.grouping.groups[rows], case.rng(f"{CODE} {partition.name}"))


def ties(case: Case, partition: Partition) -> list[Tie]:
    """Every class with enough takes against every camera."""
    taken = takes_of(case, partition, case.fit)
    lacks = lacks_of(taken, len(case.classes), len(partition.modes))
    total, of_mode = len(taken.row), lacks.counts.sum(axis=0)
    out = []
    for number in np.flatnonzero((lacks.sizes >= FEWEST_TAKES) & (total - lacks.sizes >= FEWEST_TAKES)).tolist():
        for mode in (m for m in range(len(partition.modes)) if m != partition.ordinary):
            count, size = int(lacks.counts[number, mode]), int(lacks.sizes[number])
            p = float(hypergeom.sf(count - 1, total, int(of_mode[mode]), size))
            rows = taken.row[(taken.of_class == number) & (taken.mode == mode)]
            out.append(Tie(number, mode, count, size, float(lacks.elsewhere[number, mode]), total - size, p, rows))
    return out


def _tied(case: Case, scope: Scope, partitions: list[Partition]) -> Iterator[Finding]:
    """Classes mostly from one camera that other classes come from less; the family is all classes and cameras."""
    inside = scoped_classes(case, scope)
    found = [(partition, tie) for partition in partitions for tie in ties(case, partition)]
    sure = benjamini_hochberg(np.array([tie.p for _, tie in found], dtype=np.float64), RATE)
    together = {partition.name: association_p(case, partition) for partition in partitions}
    for (partition, tie), rejected in zip(found, sure, strict=True):
        mostly = tie.count >= MOSTLY * tie.size and tie.elsewhere < MOSTLY
        if rejected and mostly and inside[tie.number] and together[partition.name] <= RATE:
            yield _tie_finding(case, partition, tie, together[partition.name])


def _tie_finding(case: Case, partition: Partition, tie: Tie, together: float) -> Finding:
    name, words = case.classes[tie.number], partition.modes[tie.mode]
    evidence = (
        Evidence("share of its takes", tie.count / tie.size, "share", tie.size,
                 *wilson(tie.count, tie.size, case.settings.confidence), f"Wilson interval; {ONCE}; {partition.how}"),
        Evidence("share of the others' takes", tie.elsewhere, "share", tie.others, how=ONCE),
        Evidence("p of this class and camera", tie.p, "p", tie.size, how="Fisher's exact test over takes"),
        Evidence("p of classes and cameras", together, "p", how="chi-square, whole groups permuted"),
    )  # fmt: skip
    ids = tuple(str(i) for i in case.ids[tie.rows[:SHOWN]])
    return Finding(
        CODE,
        f"{name} comes mostly from one camera",
        severity(None),
        phrase("Of the takes of {name}, {share of its takes} ({share of its takes|interval}) are {camera}, but "
               "{share of the others' takes} of the other classes' takes: the model may tell {name} by the place.",
               evidence, camera=words, name=name),
        evidence,
        Scope(classes=(name,), slice=words),
        ids,
        (
            Recommendation(
                "collect", f"pictures of {name} from other cameras, and of other classes from this one", CODE,
                "then the place no longer tells the class; only new pictures can try it",
                Cost(images=2 * FEWEST_TAKES), images=ids,
            ),
        ),
        rung="present",
    )  # fmt: skip


def _cameras_finding(case: Case, found: Found) -> Finding:
    rows, of, cameras = found.seen.rows, found.partition.of, found.cameras
    count = found.partition.ordinary or 0
    whose = np.bincount(case.targets[rows[of < count]], minlength=len(case.classes))
    classes = [case.classes[i] for i in np.argsort(-whose, kind="stable") if whose[i]]
    evidence = (
        Evidence("pictures with a shared frame", int((of < count).sum()), "images", len(rows),
                 how="of a sample over classes and splits, opened again"),
        Evidence("share of the sample", float((of < count).mean()), "share", len(rows)),
        Evidence("fixed cameras", count, "count"),
        Evidence("different middles of the first", cameras.things[0], "count", how="centres that differ"),
    )  # fmt: skip
    shown = [rows[of == camera][: SHOWN // min(count, 3)] for camera in range(min(count, 3))]
    ids = tuple(str(i) for i in case.ids[np.concatenate(shown)])
    return Finding(
        CODE,
        "Pictures from cameras that stand still",
        severity(None),
        phrase(ONE if count == 1 else SEVERAL, evidence, classes=listed(classes)),
        evidence,
        Scope(),
        ids,
        (
            Recommendation(
                "regroup", "a camera column, one value for each camera", CODE,
                "whatever always stands in a camera's view can become the key feature. Name the camera of each picture "
                "in a column and give it with --group, so that no camera is both learnt from and judged on, and the "
                "accuracy holds for a new place; or label what always stands there as things of their own",
                Cost(clicks=count, minutes=10), images=ids,
            ),
        ),
    )  # fmt: skip


def _measured(case: Case, found: Found | None, column: Partition | None, why: str) -> Measured:
    evidence: list[Evidence] = []
    text = []
    if found:
        size = len(found.seen.rows)
        evidence += [
            Evidence("pictures looked at", size, "images"),
            Evidence("of them with a frame too plain to tell", found.cameras.plain, "images",
                     how=f"deviation below {PLAINEST:g} of 255"),
            Evidence("fixed cameras", len(found.cameras.things), "count"),
            Evidence("pictures that make a camera", FEWEST, "images"),
            Evidence("different things that make a camera", FEWEST_THINGS, "count"),
        ]  # fmt: skip
        text.append(
            "A camera with {pictures that make a camera} of the {pictures looked at} pictures looked at and "
            "{different things that make a camera} different things before it would have been seen, unless its frame "
            "is plain ({of them with a frame too plain to tell} pictures)."
        )
    if column:
        evidence.append(Evidence("cameras in the column", len(column.modes), "count"))
        text.append("The camera column names {cameras in the column} cameras.")
    return Measured(tuple(evidence), phrase(" ".join(text), evidence) + (f" {why}" if why else ""))
