"""The twelve weeks lived through: the real scheduler, reports and outbox, and what each week's report says of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from agent.weekly import weekly_report
from app.schedule import Schedule, keep, once, parse, state
from benchmarks.planting.twelve_weeks import FIRST, ZONE, Week
from tools.outbox import Outbox, TryLater
from tools.reports import Report, Reports, week_of
from tools.settings import Settings
from tools.workspace import Workspace

READER = "anna@example.org"
Tells = Callable[[str, str], bool]
"""Whether a sentence, by text and tone, tells an event."""


class Killed(BaseException):
    """What a kill looks like from inside: nothing after it runs."""


class Life:
    """A workspace, its scheduler and its mail.

    Attributes
    ----------
    received : list of str
        Weeks whose letter arrived, in order.
    said : list of str
        What the scheduler said of each of its looks.
    overdue : list of str
        Weeks that were overdue after a kill.
    """

    def __init__(self, folder: Path) -> None:
        self.kept = Workspace.open(folder / "ws")
        self.schedule: Schedule = parse("mon 07:00", ZONE)
        keep(self.kept, self.schedule, FIRST)
        self.received: list[str] = []
        self.said: list[str] = []
        self.overdue: list[str] = []
        self.down = False

    def make(self, moment: datetime) -> None:
        """The week's report, queued and posted."""
        case = self.kept.case(Settings(workspace=self.kept.path, repeats=2))
        report = weekly_report(self.kept, case, moment, tries=2)
        Outbox(self.kept).queue(report.week, [READER])
        self.post()

    def post(self) -> None:
        """Try every waiting letter once."""
        outbox = Outbox(self.kept)
        for letter in outbox.waiting():
            outbox.send(letter, partial(self._hand_over, letter.week))

    def _hand_over(self, week: str) -> None:
        if self.down:
            raise TryLater("no connection")
        self.received.append(week)

    def tick(self, moment: datetime) -> str:
        """One look of the scheduler."""
        done = once(self.kept, self.schedule, moment, lambda due: self.make(moment))
        self.said.append(done)
        return done

    def live(self, week: Week) -> None:
        """One week: too early, on time, perhaps killed or without a mail server, and once more a day later."""
        if week.change is not None:
            week.change(self.kept)
        self.tick(week.moment - timedelta(minutes=35))  # five to seven on the wall clock, also after clocks went back
        if week.event == "missed":
            return
        if week.event == "killed":
            self._killed(week.moment)
        self.down = week.event == "mail down"
        self.tick(week.moment)
        if self.down:
            self.post()
            self.down = False
            self.post()
        self.tick(week.moment + timedelta(days=1))
        self.post()

    def _killed(self, moment: datetime) -> None:
        """The job ends just before its report is kept."""
        with patch.object(Reports, "keep", _die):
            try:
                self.tick(moment)
            except Killed:
                found = state(self.kept, moment)
                self.overdue += [found["week"]] if found and found["overdue"] else []

    def by_number(self, weeks: Sequence[Week]) -> dict[int, Report]:
        """Reports by their week's number in the story."""
        there = {r.week: r for r in Reports(self.kept).all()}
        return {w.number: there[week_of(w.moment)] for w in weeks if week_of(w.moment) in there}


def _die(*_: Any) -> None:
    raise Killed


def sentences(report: Report) -> list[tuple[str, str]]:
    """Text and tone of all that a report says, its headline first."""
    told = [(s["text"], s["tone"]) for part in report.document["sections"] for s in part["sentences"]]
    return [(report.document["headline"], "headline"), *told]


def _says(*words: str) -> Tells:
    return lambda text, tone: all(word in text for word in words) and tone != "headline"


def _better(words: str) -> Tells:
    return lambda text, tone: words in text and tone == "better"


def _worse(words: str) -> Tells:
    return lambda text, tone: words in text and tone == "worse"


def _headline(words: str) -> Tells:
    return lambda text, tone: words in text and tone == "headline"


@dataclass(frozen=True)
class Event:
    """Something planted, and how a report tells it.

    Attributes
    ----------
    what : str
    weeks : tuple of int
        Numbers of the weeks whose report must tell it, and no other may.
    tells : callable
    """

    what: str
    weeks: tuple[int, ...]
    tells: Tells = field(repr=False)


EVENTS = (
    Event("the first report", (0,), _headline("The first report")),
    Event("80 pictures come", (1,), _says("80 pictures added")),
    Event("27 labels are changed, wrongly, and later back", (2, 6), _says("27 pictures relabelled")),
    Event("the wrong ones are suspected", (2,), _says("wrong that were not named before")),
    Event("the model gets worse by them", (2,), _worse("balanced accuracy")),
    Event("the advice to mend them is ignored", (3, 4), _says("Not followed so far", "relabel")),
    Event("the labels are mended: the advice is followed", (6,), _says("Followed", ": relabel")),
    Event("its promise is kept", (6,), _says("Followed", ": relabel", "The promise: kept")),
    Event("the model is better for it", (6,), _better("balanced accuracy")),
    Event("20 test pictures are copied into training", (9,), _says("20 pictures added")),
    Event("the copies make the test untrustworthy", (9,), _says("New: ", "are also in the training data")),
    Event("the copies are removed", (10,), _says("20 pictures removed")),
    Event("the test can be trusted again", (10,), _says("Not found any more: ", "are also in the training data")),
    Event("weeks without any change", (3, 4, 7, 8, 11), _says("No picture and no label changed.")),
)


def told_in(reports: dict[int, Report], event: Event) -> tuple[int, ...]:
    """The weeks whose report tells an event."""
    return tuple(n for n, report in reports.items() if any(event.tells(*s) for s in sentences(report)))


def told_twice(life: Life) -> list[str]:
    """Weeks with more than one report or letter."""
    made = [done.rpartition(" ")[2] for done in life.said if done.startswith("Made")]
    return sorted({week for counts in (Counter(made), Counter(life.received)) for week, n in counts.items() if n > 1})


def changed_without_reason(reports: dict[int, Report]) -> list[str]:
    """What reports of weeks without any change tell as better or worse."""
    quiet = next(event for event in EVENTS if event.what == "weeks without any change").weeks
    return [text for n in quiet for text, tone in sentences(reports[n]) if tone in ("better", "worse")]
