"""Twelve weeks with planted events, and how often a week without any change is told as improved or worse.

Run: python -m benchmarks.weekly [--weeks 200] [--seeds 3] [--first 0]; with --weeks 0 the lives alone
"""

import argparse
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np

from agent.weekly import weekly_report
from benchmarks.planting.twelve_lived import EVENTS, Life, changed_without_reason, sentences, told_in, told_twice
from benchmarks.planting.twelve_weeks import FIRST, story
from benchmarks.planting.vectors import vector_case
from tools.comparing import compare_models
from tools.predictions import Predictions
from tools.reports import week_of
from tools.settings import Settings
from tools.statistics import wilson
from tools.workspace import Workspace


def twelve_weeks(seed: int) -> None:
    """Live through them, and print every event, the week of its report, and the weeks whose reports tell it."""
    weeks = list(story(seed))
    with tempfile.TemporaryDirectory(prefix="advisor-") as folder:
        life = Life(Path(folder))
        for week in weeks:
            life.live(week)
        reports = life.by_number(weeks)
    name = {week.number: week_of(week.moment) for week in weeks}
    print(f"\nSeed {seed}\n\n| event | belongs into | told in | |\n|---|---|---|---|")
    right = 0
    for event in EVENTS:
        told = told_in(reports, event)
        right += told == event.weeks
        print(f"| {event.what} | {_names(event.weeks, name)} | {_names(told, name)} | {_yes(told == event.weeks)} |")
    down = next(week for week in weeks if week.event == "mail down")
    missed = next(week for week in weeks if week.event == "missed")
    lived = {
        "a week is missed: no report, the next compares with the one before": missed.number not in reports
        and reports[missed.number + 1].document["since"]["week"] == name[missed.number - 1],
        "the job is killed half-way: overdue, then made": life.overdue == [name[7]] and 7 in reports,
        "mail server down for a day: its letter arrives afterwards": name[down.number] in life.received,
        "clocks go back, and the year has a week 53: five to seven is early, seven on time": _on_time(life, len(weeks)),
    }
    for what, held in lived.items():
        print(f"| {what} | | | {_yes(held)} |")
    twice, quiet = told_twice(life), changed_without_reason(reports)
    print(f"\n{right} of {len(EVENTS)} events told in their weeks' reports and in no other.")
    print(f"Reports: {len(reports)}, letters: {len(life.received)}; twice: {', '.join(twice) or 'none'}.")
    print(f"Told as better or worse in the weeks without change: {'; '.join(quiet) or 'nothing'}.")


def _on_time(life: Life, weeks: int) -> bool:
    """Each week's first look, five to seven by the wall clock, comes before the report is due."""
    return sum(done.startswith("Not due") for done in life.said) == weeks


def _names(numbers: Sequence[int], name: dict[int, str]) -> str:
    return ", ".join(name[n].partition("-")[2] for n in numbers) or "none"


def _yes(held: bool) -> str:
    return "yes" if held else "**no**"


def null_weeks(weeks: int, classes: int, pictures: int, skill: float) -> tuple[int, int, int, int]:
    """Of so many null weeks, how many are told as improved, or changed: by balanced accuracy, and by any measure."""
    case = vector_case({f"class {i}": 2 * pictures // classes for i in range(classes)}, separation=3, test_share=0.5)
    rng, counts = np.random.default_rng(0), np.zeros(4, dtype=np.int64)
    n, k = len(case.ids), len(case.classes)
    for _ in range(weeks):
        sides = []
        for _ in range(2):
            wrong = rng.random(n) >= skill
            said = np.where(wrong, (case.targets + rng.integers(1, k, n)) % k, case.targets)
            sides.append(Predictions("m", "1", np.eye(k)[said], said, True))
        found = compare_models(case, *sides, unasked=True)
        better = [m.verdict == "helps" for m in found.measures]
        changed = [m.verdict in ("helps", "hurts") for m in found.measures]
        counts += (better[0], any(better), changed[0], any(changed))
    return tuple(counts.tolist())  # type: ignore[return-value]


def null_reports(weeks: int) -> tuple[int, int]:
    """Of so many whole reports on new models of the same skill, how many say better of anything, and worse."""
    case = vector_case({"cat": 160, "dog": 160, "owl": 160}, separation=3, test_share=0.5)
    rng, counts = np.random.default_rng(0), np.zeros(2, dtype=np.int64)
    n, k = len(case.ids), len(case.classes)
    with tempfile.TemporaryDirectory(prefix="advisor-") as folder:
        kept = Workspace.open(Path(folder) / "ws")
        kept.save_dataset(case.dataset, case.space)
        for week in range(weeks + 1):
            wrong = rng.random(n) >= 0.8
            said = np.where(wrong, (case.targets + rng.integers(1, k, n)) % k, case.targets)
            kept.save_predictions(case.dataset, Predictions("shop", str(week), np.eye(k)[said], said, True))
            moment = FIRST + timedelta(weeks=week)
            report = weekly_report(kept, kept.case(Settings(workspace=kept.path, repeats=2)), moment, tries=0)
            tones = {tone for _, tone in sentences(report)}
            counts += (week > 0) * np.array(["better" in tones, "worse" in tones])
    return int(counts[0]), int(counts[1])


def _share(count: int, weeks: int) -> str:
    low, high = wilson(count, weeks)
    return f"{count} of {weeks} ({100 * low:.1f}–{100 * high:.1f} %)"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=200, help="null weeks a row")
    parser.add_argument("--seeds", type=int, default=3, help="lives of twelve weeks")
    parser.add_argument("--first", type=int, default=0, help="seed of the first life")
    given = parser.parse_args()
    for seed in range(given.first, given.first + given.seeds):
        twelve_weeks(seed)
    weeks = given.weeks
    if not weeks:
        return
    print("\n| classes | pictures | skill | balanced accuracy told as improved | anything told as improved ", end="")
    print("| balanced accuracy told as changed | anything told as changed |\n|---|---|---|---|---|---|---|")
    for classes, pictures in ((2, 200), (9, 684), (20, 2000)):
        for skill in (0.7, 0.9):
            counts = null_weeks(weeks, classes, pictures, skill)
            words = " | ".join(_share(count, weeks) for count in counts)
            print(f"| {classes} | {pictures} | {skill} | {words} |")
    better, worse = null_reports(weeks)
    print("\nWhole reports, a new model of the same skill each week (three classes, 240 test pictures, skill 0.8):")
    print(f"anything told as improved {_share(better, weeks)}, anything told as worse {_share(worse, weeks)}.")


if __name__ == "__main__":
    main()
