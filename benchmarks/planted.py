"""How much of each planted fault is found, at three strengths, and what else is then said: docs/accuracy.md's table.

Run ``python -m benchmarks.planted [FOLDER] [--seeds N] [--first N] [--medium] [--quick]``; FOLDER holds ``grocery/``
and ``cookies/`` (left out, no photographs take part). One fault at a time is planted into a case without it. It
counts as found where a finding of its code names its classes and the unplanted twin of the same seed lacks that
finding; a false alarm is a finding above low that the twin lacks and that is neither the fault nor one of its listed
consequences, nor a worse model's. The second table counts what is said of the twins themselves. Every check runs.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.planting import vector_faults, view_faults
from benchmarks.planting.fault import Fault
from benchmarks.planting.judging import Cell, measure, quiet
from benchmarks.planting.photo_faults import photo_faults
from tools.statistics import wilson


def share(hits: int, of: int) -> str:
    """``86 of 100, 78–92 %`` by Wilson; a dash where nothing was counted."""
    if not of:
        return "–"
    low, high = wilson(hits, of)
    return f"{hits}/{of} ({100 * low:.0f}–{100 * high:.0f} %)"


def line(fault: Fault, strength: float, cell: Cell) -> str:
    """One row of the table."""
    return (
        f"| {fault.name} | {strength:g} | {share(cell.found, cell.seeds)} | "
        f"{share(cell.both, cell.affected) if fault.whole else '–'} | {share(cell.both, cell.named)} | "
        f"{share(cell.first, cell.asked)} | {share(cell.seeds_with_alarm, cell.seeds)} {listed(cell.alarms)} |"
    )


def listed(alarms: Counter[str]) -> str:
    """``outliers 2, weak-slices 1``."""
    return ", ".join(f"{code} {count}" for code, count in sorted(alarms.items()))


HEADER = (
    "| fault | strength | found | affected pictures named | named pictures affected | true cause first "
    "| false alarms |\n"
    "|---|---|---|---|---|---|---|"
)


def photographs(folder: Path, count: int) -> None:
    """Copies of real photographs: light edits by name, each found or not."""
    from PIL import Image

    from benchmarks.baseline import load
    from benchmarks.planting.photographs import EDITS
    from tools.duplicates import duplicates

    place = Path(tempfile.mkdtemp())
    files = sorted(folder.rglob("*.jpg"))[:: max(1, 1442 // (2 * count))]
    for number, file in enumerate(files):
        image = Image.open(file).convert("RGB")
        target = place / "train" / ("a" if number % 2 else "b")
        target.mkdir(parents=True, exist_ok=True)
        image.save(target / f"{number:04d}.jpg", quality=95)
        for name, edit in EDITS.items():
            if number < count:
                edit(image).save(target / f"{number:04d}-{name}.png")
    case = load(place)
    found = duplicates(case)
    of = np.array([Path(str(i)).name[:4] for i in case.ids])
    wrong = int((of[found.pairs[:, 0]] != of[found.pairs[:, 1]]).sum())
    print(f"\n{count} photographs, each copied by every edit, among {len(files)}; {wrong} pairs of unlike pictures\n")
    print("| edit | found |\n|---|---|")
    for name in EDITS:
        copies = [i for i, image in enumerate(case.ids) if str(image).endswith(f"-{name}.png")]
        print(f"| {name} | {share(int(found.copied[copies].sum()), len(copies))} |")


def tables(faults: Sequence[Fault], seeds: range, *, medium: bool) -> None:
    """Print a row per fault and strength, the sums, and a row per twin."""
    first, asked, most, mostly, alarm, judged = 0, 0, 0, 0, 0, 0
    print(HEADER)
    for fault in faults:
        for strength in fault.strengths[1:2] if medium else fault.strengths:
            cell = measure(fault, strength, seeds[: fault.twin.seeds])
            print(line(fault, strength, cell), flush=True)
            alarm, judged = alarm + cell.seeds_with_alarm, judged + cell.seeds
            if strength == fault.strengths[1]:
                first, asked = first + cell.first, asked + cell.asked
                most, mostly = most + cell.first_mostly, mostly + cell.mostly
    print(f"\ntrue cause first at medium strength: {share(first, asked)}")
    print(f"where the fault made more than half of the pair's errors: {share(most, mostly)}")
    print(f"cases with a false alarm: {share(alarm, judged)}")
    print("\n| twin | seeds with anything above low that is not true of it |\n|---|---|")
    loud, of = 0, 0
    for twin in dict.fromkeys(fault.twin for fault in faults if fault.twin.clean):
        count, false, alarms = quiet(twin, seeds[: twin.seeds])
        loud, of = loud + false, of + count
        print(f"| {twin.name} | {share(false, count)} {listed(alarms)} |")
    print(f"\nclean twins with a false alarm: {share(loud, of)}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--quick", action="store_true", help="medium strength, two seeds")
    parser.add_argument("--medium", action="store_true", help="medium strength only")
    parser.add_argument("--only", default="", help="faults whose name holds this")
    given = parser.parse_args(arguments)
    seeds = range(given.first, given.first + (2 if given.quick else given.seeds))
    started = time.process_time()
    faults = vector_faults.FAULTS + view_faults.FAULTS
    if given.folder is not None:
        faults += photo_faults(given.folder)
    tables([fault for fault in faults if given.only in fault.name], seeds, medium=given.quick or given.medium)
    if given.folder is not None and not given.only:
        photographs(given.folder / "grocery", 12 if given.quick else 60)
    print(f"\n{len(seeds)} seeds from {given.first}, {time.process_time() - started:.0f} CPU-seconds")


if __name__ == "__main__":
    main()
