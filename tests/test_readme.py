"""README tells the truth about what is on disk."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_generated_blocks_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_row_of_the_guides_has_a_state() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    rows = {int(line.split("|")[1].strip()[1:]): line for line in text.splitlines() if line.startswith("| G")}
    assert sorted(rows) == list(range(1, 38))
    assert all(line.rsplit("|", 2)[1].strip().split(":")[0] in {"works", "partly", "not yet"} for line in rows.values())
