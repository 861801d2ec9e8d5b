"""Six rounds of a model's life, undisturbed and with every command killed at random moments: do both end alike?

Run ``python -m benchmarks.rounds [FOLDER] [--kills N] [--seed S]``; FOLDER holds the grocery photographs. Every command
is started as a user would, killed by SIGKILL after a random part of the time it took undisturbed, and started again. A
command that was killed after it had done its work may say on the second start that nothing is left to do.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.planting.six_rounds import live, prepare, standing

PROGRAM = [sys.executable, "-c", "import sys; sys.argv[0] = 'advisor'; from app.cli import main; sys.exit(main())"]
NOTHING_LEFT = 2


class Runner:
    """Runs commands on one workspace, each killed so many times before it may end."""

    def __init__(self, home: Path, rng: np.random.Generator, times: dict[str, float] | None = None) -> None:
        self.home, self.rng, self.times = home, rng, times
        self.took: dict[str, float] = {}
        self.killed = 0

    def __call__(self, *words: object) -> dict[str, Any]:
        """Run one command to its end and return its JSON."""
        line = [*PROGRAM, *map(str, words), "--workspace", str(self.home), "--json", "-"]
        name = f"{len(self.took)} {words[0]}"
        done = None if self.times is None else self._killed(line, self.times[name])
        start = time.monotonic()
        done = done or subprocess.run(line, capture_output=True, text=True, check=False)
        self.took[name] = time.monotonic() - start
        if done.returncode and not (self.times is not None and done.returncode == NOTHING_LEFT):
            raise RuntimeError(f"{name}: exit code {done.returncode}: {done.stderr[-2000:]}")
        return dict(json.loads(done.stdout)) if done.stdout else {}

    def _killed(self, line: list[str], usual: float) -> subprocess.CompletedProcess[str] | None:
        """Start and kill a command; what it said where it was quicker than the kill."""
        running = subprocess.Popen(
            line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            out, err = running.communicate(timeout=float(self.rng.uniform(0.1, 0.95)) * usual)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()
            self.killed += 1
            return None
        return subprocess.CompletedProcess(line, running.returncode, out, err)


def main() -> None:
    """Live twice, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/data/grocery"))
    parser.add_argument("--lives", type=int, default=2, help="lives with kills")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    with tempfile.TemporaryDirectory() as root:
        calm = Path(root) / "calm"
        truth = prepare(given.folder, calm)
        runner = Runner(calm / "ws", rng)
        told = live(calm, truth, runner)
        wanted = standing(calm / "ws")
        print(f"undisturbed: {len(runner.took)} commands, {sum(runner.took.values()):.0f} s")
        for name in ("undone exactly", "brought again exactly", "labels undone exactly", "labels brought again exactly",
                     "import changed nothing"):  # fmt: skip
            print(f"  {name}: {told[name]}")
        for life in range(given.lives):
            place = Path(root) / f"life{life}"
            prepare(given.folder, place)
            rough = Runner(place / "ws", rng, runner.took)
            live(place, truth, rough)
            found = standing(place / "ws")
            differ = [name for name in wanted if found[name] != wanted[name]]
            print(f"life {life}: {rough.killed} of {len(rough.took)} commands killed; differs in {differ or 'nothing'}")


if __name__ == "__main__":
    main()
