"""The process of one job: waits for its turn, runs one ``advisor`` command, and says how far it is and how it ended."""

import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from app.jobs import CANCEL, CANCELLED_CODE, END, LOCK, PROGRESS, SPEC, TURN
from tools.store import replace_file

EVERY_SECONDS = 0.3


class Told:
    """Writes progress to the job's file, not more often than anybody looks."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._began = time.time()
        self._last = 0.0
        self("starting", 0, 0)

    def __call__(self, what: str, done: int, total: int) -> None:
        """Note that ``done`` of ``total`` parts of ``what`` are done."""
        if time.monotonic() - self._last >= EVERY_SECONDS:
            self._last = time.monotonic()
            document = {"began": self._began, "text": what, "done": done, "total": total}
            replace_file(self._file, json.dumps(document).encode())


def main() -> None:
    """Run the job whose folder is the first argument."""
    folder = Path(sys.argv[1])
    signal.signal(signal.SIGTERM, _interrupt)
    code = CANCELLED_CODE
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.write(lock, str(os.getpid()).encode())
        turn = os.open(folder.parent / TURN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(turn, fcntl.LOCK_EX)  # one at a time: two trainings at once are both slower
        if not (folder / CANCEL).exists():
            code = _command(folder, json.loads((folder / SPEC).read_bytes())["argv"])
    except KeyboardInterrupt:
        code = CANCELLED_CODE
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        replace_file(folder / END, json.dumps({"code": code, "at": time.time()}).encode())


def _command(folder: Path, argv: list[str]) -> int:
    from app.cli import main as advisor
    from app.terminal import LISTENER

    LISTENER.set(Told(folder / PROGRESS))
    sys.argv = ["advisor", *argv]
    try:
        advisor()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
