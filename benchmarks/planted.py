"""How much of each planted fault is found, at three strengths, and what else is then said: docs/accuracy.md's table.

Run ``python -m benchmarks.planted [FOLDER] [--seeds N] [--quick]``; FOLDER holds ``grocery/`` (left out, only cases
made of vectors are measured). One fault at a time is planted into a clean case. It counts as found where a finding of
its code names its classes and the unplanted twin of the same seed lacks that finding; a false alarm is a finding above
low that the twin lacks and that is neither the fault nor one of its listed consequences. Every check runs.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.planting.cue import cue_case
from benchmarks.planting.duplicates import plant_copies, with_hashes
from benchmarks.planting.hidden_kinds import kinds_case
from benchmarks.planting.imbalance import thin_out
from benchmarks.planting.off_class import plant_off_class
from benchmarks.planting.outside import outside_case
from benchmarks.planting.quality import spoil, with_properties
from benchmarks.planting.shifted_test import shifted_case
from benchmarks.planting.similar import halve
from benchmarks.planting.unrelated_labels import rename_at_random
from benchmarks.planting.vectors import vector_case
from benchmarks.planting.weak_slice import slice_case
from benchmarks.planting.wrong_labels import flip
from tools.audit import run_check, run_checks
from tools.case import Case, MemoryStore
from tools.findings import Finding, Scope
from tools.label_errors import case_suspects
from tools.registry import find_check
from tools.statistics import wilson

SIZES = {"cat": 160, "dog": 160, "hen": 160}
FEWEST_ADDED = 10
"""Errors a fault must add to one ordered pair before "ranked first" is asked of its cause."""
WORSE_MODEL = frozenset({"calibration", "thresholds", "learning-curve", "model-category", "negatives"})
"""What these say of a model may change with any fault that makes it worse."""
Twins = dict[str, Callable[[int], Case]]


@dataclass(frozen=True)
class Fault:
    """One kind of fault and how it is planted.

    Attributes
    ----------
    name : str
    twin : str
        Which clean case it is planted into, a key of ``twins()``.
    strengths : tuple of float
        Weak, medium, strong.
    plant : callable
        (clean case, strength, seed) → (case, ids of affected pictures or None).
    codes : frozenset of str
        Findings that name it.
    classes : frozenset of str
        Classes a finding must name; empty = any.
    consequences : frozenset of str
        What else may rightly be said then, beside ``WORSE_MODEL``.
    causes : frozenset of str
        Beside ``codes``, what may stand first among the causes of a confusion and be right: the same pictures in
        other words, or what a confusion can show of the fault.
    whole : bool
        Whether a finding lists all its pictures, so that recall of the pictures means something.
    """

    name: str
    twin: str
    strengths: tuple[float, float, float]
    plant: Callable[[Case, float, int], tuple[Case, frozenset[str] | None]]
    codes: frozenset[str]
    classes: frozenset[str] = frozenset()
    consequences: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()
    whole: bool = False


@dataclass
class Cell:
    """Counts of one fault at one strength over seeds."""

    seeds: int = 0
    found: int = 0
    named: int = 0
    affected: int = 0
    both: int = 0
    asked: int = 0
    first: int = 0
    seeds_with_alarm: int = 0
    alarms: Counter[str] = field(default_factory=Counter)


def base(seed: int, *, burst: int = 1, separation: float = 3.0) -> Case:
    """A clean case of three classes with ordinary properties and hashes."""
    clean = vector_case(SIZES, separation=separation, burst=burst, test_share=0.3, seed=seed)
    return with_hashes(with_properties(clean, seed=seed), seed=seed)


def untested(seed: int) -> Case:
    """As ``base``, without a test split: errors are counted out of fold, on the labels themselves."""
    return with_hashes(with_properties(vector_case(SIZES, separation=4.0, seed=seed), seed=seed), seed=seed)


TWINS: Twins = {
    "separable": base,
    "close": lambda seed: base(seed, separation=2.0),
    "bursts": lambda seed: base(seed, burst=4),
    "untested": untested,
    "setting": lambda seed: cue_case(agreement=0.5, seed=seed)[0],
    "one kind": lambda seed: kinds_case(distance=0.0, seed=seed)[0],
    "even": lambda seed: slice_case(pull=0.0, seed=seed)[0],
    "same": lambda seed: shifted_case(shift=0.0, harmful=0.0, seed=seed),
    "outside": lambda seed: outside_case(alike=0.0, labelled=False, seed=seed)[0],
}


def _ids(case: Case, rows: "np.typing.NDArray[np.bool_]") -> frozenset[str]:
    return frozenset(case.ids[rows].tolist())


def _kinds(_: Case, strength: float, seed: int) -> tuple[Case, frozenset[str] | None]:
    case, kind = kinds_case(distance=strength, seed=seed)
    return case, _ids(case, kind >= 0)


def _slice(_: Case, strength: float, seed: int) -> tuple[Case, frozenset[str] | None]:
    case, part = slice_case(pull=strength, seed=seed)
    return case, _ids(case, part)


def _outside(_: Case, strength: float, seed: int) -> tuple[Case, frozenset[str] | None]:
    case, outside = outside_case(alike=strength, seed=seed)
    return case, _ids(case, outside)


def _copied(into: str, *, exact: bool, relabel: bool = False):  # type: ignore[no-untyped-def]
    def plant(case: Case, strength: float, seed: int) -> tuple[Case, frozenset[str]]:
        found, truth = plant_copies(case, int(strength), into=into, exact=exact, relabel=relabel, seed=seed)
        return found, frozenset(truth) | (frozenset() if into == "test" else frozenset(truth.values()))

    return plant


def _spoilt(column: str, value: float):  # type: ignore[no-untyped-def]
    def plant(case: Case, strength: float, seed: int) -> tuple[Case, frozenset[str]]:
        return spoil(case, column, value, int(strength), harmful=True, seed=seed)

    return plant


def _of(*codes: str) -> frozenset[str]:
    return frozenset(codes)


POOR = _of("image-quality", "weak-slices", "variety-lighting", "outliers", "distribution-shift", "wrong-labels")
LABELS = _of("weak-slices", "similar-classes", "hidden-subclasses", "outliers", "not-visual", "grouped-images")
DOG = _of("dog", "wolf")
FAULTS: tuple[Fault, ...] = (
    Fault("wrong labels, random", "separable", (0.03, 0.08, 0.15),
          lambda c, s, seed: _flipped(c, s, seed), _of("wrong-labels"), consequences=LABELS, whole=True),
    Fault("wrong labels, to the nearest class", "separable", (0.03, 0.08, 0.15),
          lambda c, s, seed: _flipped(c, s, seed, alike=True), _of("wrong-labels"), consequences=LABELS, whole=True),
    Fault("wrong labels, nearest class, no test split", "untested", (0.03, 0.08, 0.15),
          lambda c, s, seed: _flipped(c, s, seed, alike=True), _of("wrong-labels"), consequences=LABELS, whole=True),
    Fault("wrong labels, whole bursts", "bursts", (0.04, 0.08, 0.2),
          lambda c, s, seed: _flipped(c, s, seed, bursts=True), _of("wrong-labels"), consequences=LABELS, whole=True),
    Fault("identical copies in training", "separable", (2, 10, 40), _copied("train", exact=True),
          _of("near-duplicates"), consequences=_of("grouped-images"), whole=True),
    Fault("edited copies in training (vectors)", "separable", (2, 10, 40), _copied("train", exact=False),
          _of("near-duplicates"), consequences=_of("grouped-images"), whole=True),
    Fault("edited copies in test (vectors)", "separable", (2, 10, 40), _copied("test", exact=False),
          _of("split-leakage"), consequences=_of("near-duplicates", "grouped-images"), whole=True),
    Fault("copies with another label", "separable", (2, 10, 40), _copied("train", exact=False, relabel=True),
          _of("contradicting-duplicates"), whole=True,
          consequences=_of("near-duplicates", "grouped-images", "wrong-labels") | LABELS),
    Fault("cue: a setting goes along with the label", "setting", (0.7, 0.8, 0.95),
          lambda _c, s, seed: cue_case(agreement=s, seed=seed), _of("spurious-cue"), _of("apples", "citrus"),
          _of("weak-slices", "variety-background", "hidden-subclasses", "distribution-shift", "grouped-images")),
    Fault("imbalance (training pictures left of a class)", "close", (40, 28, 10),
          lambda c, s, seed: (thin_out(c, "dog", int(s), seed=seed), None), _of("class-balance"), DOG,
          _of("image-quantity", "weak-slices", "wrong-labels", "distribution-shift", "similar-classes",
              "grouped-images")),
    Fault("dark pictures", "separable", (8, 25, 60), _spoilt("brightness", 0.04), _of("image-quality"),
          consequences=POOR),
    Fault("blurred pictures", "separable", (8, 25, 60), _spoilt("sharpness", 5.0), _of("image-quality"),
          consequences=POOR),
    Fault("tiny pictures", "separable", (8, 25, 60), _spoilt("side", 40), _of("image-quality"), consequences=POOR),
    Fault("two kinds under one label", "one kind", (3.0, 5.0, 7.0), _kinds, _of("hidden-subclasses"), _of("bad"),
          _of("weak-slices", "class-balance")),
    Fault("one class under two names (its pictures)", "separable", (40, 80, 160),
          lambda c, s, seed: (halve(thin_out(c, "dog", int(s), seed=seed), "dog", "wolf", seed=seed)[0], None),
          _of("similar-classes"), DOG,
          _of("class-balance", "image-quantity", "not-visual", "weak-slices", "distribution-shift")),
    Fault("test pictures taken otherwise", "same", (1.0, 2.0, 4.0),
          lambda _c, s, seed: (shifted_case(shift=s, harmful=s, seed=seed), None), _of("distribution-shift"),
          consequences=_of("weak-slices", "variety-lighting", "spurious-cue", "grouped-images", "outliers")),
    Fault("a group the model fails on", "even", (0.5, 1.0, 1.5), _slice, _of("weak-slices"), _of("cup"),
          _of("distribution-shift", "hidden-subclasses", "grouped-images", "spurious-cue"),
          _of("distribution-shift", "hidden-subclasses")),
    Fault("label unrelated to the pictures", "close", (0.1, 0.2, 0.3),
          lambda c, s, seed: rename_at_random(c, "in stock", s, seed=seed), _of("not-visual"), _of("in stock"),
          _of("wrong-labels", "similar-classes", "class-balance", "weak-slices", "image-quantity", "outliers")),
    Fault("pictures of no class, labelled", "separable", (5, 15, 40),
          lambda c, s, seed: plant_off_class(c, int(s), seed=seed), _of("outliers"),
          consequences=_of("wrong-labels", "weak-slices", "distribution-shift", "image-quality"), whole=True),
    Fault("pictures of no class in production", "outside", (0.5, 0.75, 1.0), _outside, _of("negatives"),
          consequences=_of("distribution-shift", "outliers")),
)  # fmt: skip


def _flipped(case: Case, share: float, seed: int, **how: bool) -> tuple[Case, frozenset[str]]:
    found, truth = flip(case, share, seed=seed, **how)
    return found, frozenset(truth)


Key = tuple[str, tuple[str, ...], tuple[str, str] | None, str | None]


def key_of(finding: Finding) -> Key:
    """What makes a finding new beside the twin's: code and scope."""
    return finding.code, tuple(sorted(finding.scope.classes)), finding.scope.pair, finding.scope.slice


def all_findings(case: Case) -> tuple[list[Finding], set[str]]:
    """Findings of every check, and the checks that failed."""
    outcomes = run_checks(case)
    return [f for o in outcomes for f in o.findings], {o.code for o in outcomes if o.status == "failed"}


@cache
def twin_of(name: str, seed: int) -> tuple[Case, tuple[Finding, ...]]:
    """A clean case and its findings."""
    case = TWINS[name](seed)
    case = replace(case, settings=replace(case.settings, seed=seed), store=MemoryStore())
    return case, tuple(all_findings(case)[0])


def measure(fault: Fault, strength: float, seeds: Iterable[int]) -> Cell:
    """Plant one fault at one strength over seeds, and judge it beside the twins."""
    cell = Cell()
    for seed in seeds:
        clean, before = twin_of(fault.twin, seed)
        case, affected = fault.plant(clean, strength, seed)
        case = replace(case, settings=replace(case.settings, seed=seed), store=MemoryStore())
        found, failed = all_findings(case)
        known = {key_of(f) for f in before}
        loud_before = {key_of(f) for f in before if f.severity.level != "low"}
        hits = [f for f in found if f.code in fault.codes and _names(fault, f)]
        fresh = [
            f for f in hits if key_of(f) not in known or (f.severity.level != "low" and key_of(f) not in loud_before)
        ]
        cell.seeds += 1
        cell.found += bool(fresh) or (fault.codes == {"wrong-labels"} and bool(hits))
        if affected is not None and hits:
            _count_pictures(cell, fault, case, clean, hits, before, affected)
        elif affected is not None and fault.whole:
            cell.affected += len(affected)
        _count_rank(cell, fault, case, clean)
        allowed = fault.codes | fault.consequences | WORSE_MODEL
        alarms = {f.code for f in found if f.severity.level != "low" and key_of(f) not in known} - allowed
        alarms |= {f"{code} failed" for code in failed}
        cell.alarms.update(alarms)
        cell.seeds_with_alarm += bool(alarms)
    return cell


def _names(fault: Fault, finding: Finding) -> bool:
    return not fault.classes or bool(fault.classes & (set(finding.scope.classes) | set(finding.scope.pair or ())))


def _count_pictures(
    cell: Cell, fault: Fault, case: Case, clean: Case, hits: list[Finding], before: tuple[Finding, ...],
    affected: frozenset[str],
) -> None:  # fmt: skip
    if fault.codes == {"wrong-labels"}:
        named = _suspected(case) - (_suspected(clean) - affected)
    else:
        named = {i for f in hits for i in (f.images if f.errors is None else f.errors)}
        named -= {i for f in before if f.code in fault.codes for i in f.images} - affected
    cell.named += len(named)
    cell.both += len(named & affected)
    if fault.whole:
        cell.affected += len(affected)


def _suspected(case: Case) -> set[str]:
    found = case_suspects(case)
    return set(case.ids[found.rows[found.flagged]].tolist())


def _count_rank(cell: Cell, fault: Fault, case: Case, clean: Case) -> None:
    """Where the fault added enough errors to one pair: is it the first of that pair's causes?"""
    gained = _errors(case)
    gained.subtract(_errors(clean))
    pair, count = max(gained.items(), key=lambda item: item[1], default=(("", ""), 0))
    if count < FEWEST_ADDED:
        return
    causes = run_check(case, find_check("confusion-causes"), Scope(pair=pair)).findings
    cell.asked += 1
    cell.first += bool(causes) and causes[0].code in fault.codes | fault.causes


def _errors(case: Case) -> "Counter[tuple[str, str]]":
    rows = np.flatnonzero(case.derived.errors)
    said = case.derived.predicted
    return Counter((case.classes[case.targets[r]], case.classes[said[r]]) for r in rows.tolist())


def share(hits: int, of: int) -> str:
    """``86 of 100, 78–92 %`` by Wilson; a dash where nothing was counted."""
    if not of:
        return "–"
    low, high = wilson(hits, of)
    return f"{hits}/{of} ({100 * low:.0f}–{100 * high:.0f} %)"


def line(fault: Fault, strength: float, cell: Cell) -> str:
    """One row of the table."""
    alarms = ", ".join(f"{code} {count}" for code, count in sorted(cell.alarms.items()))
    return (
        f"| {fault.name} | {strength:g} | {share(cell.found, cell.seeds)} | "
        f"{share(cell.both, cell.affected) if fault.whole else '–'} | {share(cell.both, cell.named)} | "
        f"{share(cell.first, cell.asked)} | {share(cell.seeds_with_alarm, cell.seeds)} {alarms} |"
    )


HEADER = (
    "| fault | strength | found | affected pictures named | named pictures affected | true cause first "
    "| false alarms |\n"
    "|---|---|---|---|---|---|---|"
)


def photographs(folder: Path, count: int) -> None:
    """Copies of real photographs: light edits by name, each found or not, and mirrored ones (out of scope)."""
    from PIL import Image, ImageOps

    from benchmarks.baseline import load
    from benchmarks.planting.photographs import EDITS
    from tools.duplicates import duplicates

    edits = {**EDITS, "mirrored": ImageOps.mirror}
    place = Path(tempfile.mkdtemp())
    files = sorted(folder.rglob("*.jpg"))[:: max(1, 1442 // (2 * count))]
    for number, file in enumerate(files):
        image = Image.open(file).convert("RGB")
        target = place / "train" / ("a" if number % 2 else "b")
        target.mkdir(parents=True, exist_ok=True)
        image.save(target / f"{number:04d}.jpg", quality=95)
        for name, edit in edits.items():
            if number < count:
                edit(image).save(target / f"{number:04d}-{name}.png")
    case = load(place)
    found = duplicates(case)
    of = np.array([Path(str(i)).name[:4] for i in case.ids])
    wrong = int((of[found.pairs[:, 0]] != of[found.pairs[:, 1]]).sum())
    print(f"\n{count} photographs, each copied by every edit, among {len(files)}; {wrong} pairs of unlike pictures\n")
    print("| edit | found |\n|---|---|")
    for name in edits:
        copies = [i for i, image in enumerate(case.ids) if str(image).endswith(f"-{name}.png")]
        print(f"| {name} | {share(int(found.copied[copies].sum()), len(copies))} |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="medium strength, three seeds")
    given = parser.parse_args()
    seeds = range(3) if given.quick else range(given.seeds)
    started, totals = time.process_time(), [0, 0]
    print(HEADER)
    for fault in FAULTS:
        for strength in fault.strengths[1:2] if given.quick else fault.strengths:
            cell = measure(fault, strength, seeds)
            print(line(fault, strength, cell), flush=True)
            if strength == fault.strengths[1]:
                totals = [totals[0] + cell.first, totals[1] + cell.asked]
    print(f"\ntrue cause first at medium strength: {share(*totals)}")
    if given.folder is not None:
        photographs(given.folder / "grocery", 12 if given.quick else 60)
    print(f"\n{len(seeds)} seeds, {time.process_time() - started:.0f} CPU-seconds")


if __name__ == "__main__":
    main()
