"""The terminal's two streams: what people read, what programs read, and how far long work is."""

import json
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from app.escaping import shown, shown_lines
from embeddings.progress import Progress as Listener
from tools.errors import AdvisorError

PATIENCE = 2.0
"""Seconds of silence after which long work shows itself."""
REMINDER = 10.0
"""Seconds between lines about the same work where no bar can be drawn."""
LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)
"""Who else is told how far work is: a job of the app writes it to its file."""


class WrongUse(AdvisorError):
    """The command line asks for something that cannot be done as written."""


def console(*, stderr: bool = False) -> Console:
    """A console that takes every text literally: no markup, emoji codes or guessed colours in what data says."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


@dataclass
class Terminal:
    """Where one command writes.

    Attributes
    ----------
    json_to : str or None
        File for the machine-readable result; ``-`` = standard output, with all else on standard error.
    """

    json_to: str | None = None
    people: Console = field(init=False)
    notes: Console = field(init=False)

    def __post_init__(self) -> None:
        if self.json_to not in (None, "-") and Path(self.json_to or "").is_dir():
            raise WrongUse(
                expected="a file to write JSON into, or -",
                seen=f"the folder {shown(self.json_to)}",
                todo="Name a file.",
            )
        self.notes = console(stderr=True)
        self.people = self.notes if self.json_to == "-" else console()

    def say(self, *parts: RenderableType) -> None:
        """Show people something; a plain string stays one line, so that a command in it can be copied."""
        for part in parts:
            self.people.print(part, soft_wrap=isinstance(part, str))

    def deliver(self, document: Mapping[str, object]) -> None:
        """Write the machine-readable result where the user asked for it, whole or not at all.

        Raises
        ------
        WrongUse
            If the file cannot be written.
        """
        if self.json_to is None:
            return
        text = json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
        if self.json_to == "-":
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        try:
            write_whole(Path(self.json_to), text)
        except OSError as error:
            raise WrongUse(
                expected="a file that can be written after --json",
                seen=f"{shown(self.json_to)} ({error.strerror})",
                todo="Name a file in a folder that exists and that you may write to, or '-' for standard output.",
            ) from None

    @contextmanager
    def steps(self) -> Generator["Steps", None, None]:
        """A progress callback for long work; its bars vanish when the work is done."""
        with Steps(self.notes) as steps:
            yield steps


def write_whole(path: Path, text: str) -> None:
    """Write a file atomically: a reader sees the old text or the new one, never half."""
    from tools.store import replace_file

    replace_file(path, text.encode("utf-8"))


class Steps:
    """Shows steps as bars on a terminal and as occasional lines elsewhere; silent in the first two seconds."""

    def __init__(self, notes: Console) -> None:
        self._notes = notes
        self._listener = LISTENER.get()
        self._started = self._spoke = time.monotonic()
        self._what = ""
        self._first = 0, self._started
        self._bars: Progress | None = None
        if notes.is_terminal:
            self._bars = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=notes,
                transient=True,
            )
            self._tasks = {"": self._bars.add_task("starting", total=None)}

    def __enter__(self) -> "Steps":
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, t: TracebackType | None) -> None:
        if self._bars is not None:
            self._bars.stop()

    @contextmanager
    def paused(self) -> Generator[None, None, None]:
        """No bars while somebody is asked something."""
        if self._bars is not None:
            self._bars.stop()
        yield
        if self._bars is not None:
            self._bars.start()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Note that ``done`` of ``total`` parts of ``what`` are done."""
        if self._listener is not None:
            self._listener(what, done, total)
        if self._bars is not None:
            self._draw(self._bars, what, done, total)
            return
        now = time.monotonic()
        if _work(what) != _work(self._what):
            self._first = done, now
        fresh = what != self._what and now - self._spoke >= PATIENCE
        if fresh or now - self._spoke >= REMINDER:
            left = self._left(done, total, now)
            line = f"… {shown(what)} {done}/{total} ({now - self._started:.0f} s{left})"
            self._notes.print(line, soft_wrap=True)
            self._spoke = now
        self._what = what

    def _left(self, done: int, total: int, now: float) -> str:
        """How long the rest takes at the pace since this work was first heard of."""
        first, since = self._first
        if done <= first or total <= done or now - since < PATIENCE:
            return ""
        return f", about {(total - done) * (now - since) / (done - first):.0f} s left"

    def _draw(self, bars: Progress, what: str, done: int, total: int) -> None:
        if "" in self._tasks:
            bars.remove_task(self._tasks.pop(""))
        name = _work(what)
        if name not in self._tasks:
            for task in self._tasks.values():
                bars.update(task, visible=False)
            self._tasks = {name: bars.add_task(shown(what), total=total)}
        bars.update(self._tasks[name], description=shown(what), completed=done, total=total)


def _work(what: str) -> str:
    """``check x`` and ``check y`` are steps of one work."""
    return what.split(" ", maxsplit=1)[0]


def report_error(error: AdvisorError) -> None:
    """Say what was expected, what was seen and what to do, on standard error."""
    notes = console(stderr=True)
    notes.print(f"Expected: {shown_lines(error.expected)}", soft_wrap=True)
    notes.print(f"Saw:      {shown_lines(error.seen)}", soft_wrap=True)
    notes.print(f"To do:    {shown_lines(error.todo)}", soft_wrap=True)


def report_fault(fault: Exception, log: str) -> None:
    """One line about a fault of ours, on standard error."""
    words = f"{type(fault).__name__}: {shown(fault)}"[:300]
    console(stderr=True).print(
        f"Internal failure: {words}. The traceback is in {log}; please report it.", soft_wrap=True
    )
