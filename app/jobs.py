"""Long work in processes of their own, one at a time, whose state lies in the workspace: no tab needs to stay open.

A job runs one ``advisor`` command. Whether it still runs is known by a lock that the kernel takes from a dead process,
never by a number that another process may have by now.
"""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from app.edge import child_environment
from tools.errors import AdvisorError, UnknownName
from tools.records import now
from tools.store import replace_file

State = Literal["starting", "waiting", "running", "done", "failed", "cancelled", "lost"]
FOLDER, TURN = "jobs", "turn"
SPEC, PROGRESS, END, LOG, RESULT, LOCK, CANCEL = (
    "job.json", "progress.json", "end.json", "log.txt", "result.json", "lock", "cancel"
)  # fmt: skip
NAME = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{8}")
START_SECONDS = 20.0
"""A process that has not taken its lock by then died before it began."""
GRACE_SECONDS = 10.0
"""After so long a cancelled job is ended the hard way."""
KEPT = 40
CANCELLED_CODE = 130
DESTRUCTIVE = frozenset({"app", "schedule", "demo", "mail"})
"""Commands that are no jobs: they never end, or they reach outside the workspace."""


@dataclass(frozen=True)
class Job:
    """One piece of long work.

    Attributes
    ----------
    id : str
    title : str
        For people.
    kind : str
        The command.
    who : str
    started : str
        UTC, ISO 8601.
    state : str
        Waiting = another job has its turn; lost = its process was killed.
    text : str
        What is being done.
    done, total : int
    seconds : float
        Since the work was begun, or until it ended.
    told : str
        What it said last to people: the error, if it failed.
    """

    id: str
    title: str
    kind: str
    who: str
    started: str
    state: State
    text: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    told: str = ""

    @property
    def active(self) -> bool:
        """Whether it is still to end."""
        return self.state in ("starting", "waiting", "running")

    @property
    def share(self) -> float:
        """How far the present step is, 0–1."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0


def start(workspace: Path, command: Sequence[str], title: str, *, operands: Sequence[str] = (), who: str = "") -> str:
    """Start a command in a process of its own; returns the job's id.

    Parameters
    ----------
    command : sequence of str
        As after ``advisor``, without ``--workspace`` and ``--json``.
    operands : sequence of str
        Paths and other words that must not be read as options.
    """
    if not command or command[0] in DESTRUCTIVE:
        raise AdvisorError(expected="a command that ends", seen=" ".join(command[:1]), todo="Run it in a terminal.")
    id_ = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{uuid4().hex[:8]}"
    folder = workspace.absolute() / FOLDER / id_
    folder.mkdir(parents=True)
    _sweep(folder.parent)
    options = ["--workspace", str(workspace.absolute()), "--json", str(folder / RESULT)]
    argv = [*command, *options, *(["--", *operands] if operands else [])]
    _write(folder / SPEC, {"argv": argv, "title": title, "kind": command[0], "who": who, "started": now()})
    root = str(Path(__file__).resolve().parents[1])
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.run_job", str(folder)], env=child_environment(root), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    threading.Thread(target=process.wait, daemon=True).start()  # so that an ended job is no zombie of the server
    return id_


def jobs(workspace: Path) -> list[Job]:
    """All jobs, newest first; ends those that were cancelled and do not stop."""
    folder = workspace / FOLDER
    names = (
        sorted((p.name for p in folder.iterdir() if NAME.fullmatch(p.name)), reverse=True) if folder.is_dir() else []
    )
    return [job for name in names if (job := _read(folder / name)) is not None]


def job(workspace: Path, id_: str) -> Job:
    """One job.

    Raises
    ------
    UnknownName
    """
    found = _read(_folder(workspace, id_))
    if found is None:
        raise UnknownName(expected="a job of this workspace", seen=id_, todo="See the list of jobs.")
    return found


def result(workspace: Path, id_: str) -> dict[str, Any] | None:
    """What a job's command wrote for machines; None if it did not end well."""
    return _json(_folder(workspace, id_) / RESULT)


def cancel(workspace: Path, id_: str) -> None:
    """Ask a job to stop; one that waits never begins."""
    folder = _folder(workspace, id_)
    if not folder.is_dir() or (folder / END).exists():
        return
    (folder / CANCEL).touch()
    _signal(folder, signal.SIGTERM)


def _folder(workspace: Path, id_: str) -> Path:
    if not NAME.fullmatch(id_):
        raise UnknownName(expected="the id of a job", seen=id_, todo="See the list of jobs.")
    return workspace / FOLDER / id_


def _read(folder: Path) -> Job | None:
    spec = _json(folder / SPEC)
    if spec is None:
        return None
    progress = _json(folder / PROGRESS) or {}
    held, end = holder(folder / LOCK), _json(folder / END)
    begun = float(progress.get("began", 0.0))
    told = _told(folder / LOG)
    if end is not None:
        code = int(end["code"])
        state: State = "done" if code in (0, 3, 4, 5) else "cancelled" if code == CANCELLED_CODE else "failed"
    elif held:
        _end_the_stubborn(folder)
        state = "running" if begun else "waiting"
    elif (folder / CANCEL).exists():
        state = "cancelled"
    else:
        fresh = time.time() - (folder / SPEC).stat().st_mtime < START_SECONDS and not (folder / LOCK).exists()
        state = "starting" if fresh else "lost"
    until = float(end["at"]) if end else time.time()
    return Job(
        folder.name, spec["title"], spec["kind"], spec["who"], spec["started"], state, progress.get("text", ""),
        int(progress.get("done", 0)), int(progress.get("total", 0)), max(0.0, until - begun) if begun else 0.0, told,
    )  # fmt: skip


def holder(lock: Path) -> int:
    """Number of the live process that holds a job's lock; 0 if none does."""
    try:
        handle = os.open(lock, os.O_RDONLY)
    except OSError:
        return 0
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.read(handle, 20).decode("ascii", "replace")
        return int(text) if text.isdigit() else 0
    finally:
        os.close(handle)
    return 0


def _signal(folder: Path, number: signal.Signals) -> None:
    pid = holder(folder / LOCK)
    if pid:
        with suppress(ProcessLookupError):
            os.killpg(pid, number)


def _end_the_stubborn(folder: Path) -> None:
    asked = folder / CANCEL
    if asked.exists() and time.time() - asked.stat().st_mtime > GRACE_SECONDS:
        _signal(folder, signal.SIGKILL)


def _told(log: Path) -> str:
    """The last lines for people: an error's three where there are any; paths of internal faults stay in the log."""
    try:
        lines = log.read_text("utf-8", "replace").splitlines()[-60:]
    except OSError:
        return ""
    wrong = [line for line in lines if line.startswith(("Expected:", "Saw:", "To do:"))]
    if wrong:
        return "\n".join(wrong[-3:])
    if any(line.startswith("Internal failure") for line in lines):
        return "An internal failure: the traceback is kept on the machine that serves this page."
    return ""


def _sweep(folder: Path) -> None:
    """Forget the oldest jobs that have ended."""
    names = sorted(p.name for p in folder.iterdir() if NAME.fullmatch(p.name))
    for name in names[:-KEPT]:
        if not holder(folder / name / LOCK):
            shutil.rmtree(folder / name, ignore_errors=True)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    replace_file(path, json.dumps(document).encode())


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found
