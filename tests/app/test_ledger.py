"""A replay is told by the moments it was made at: the numbers of their versions would say nothing to people."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from app.cli import app
from benchmarks.planting.vectors import vector_case
from tools.workspace import Workspace


def test_a_replay_names_days(tmp_path: Path) -> None:
    case = vector_case({"cat": 80, "dog": 80}, separation=2, test_share=0.5)
    taken = np.array([f"2026-0{1 + row % 4}-15" for row in range(len(case.ids))])
    kept = Workspace.open(tmp_path / "ws")
    kept.save_dataset(replace(case.dataset, metadata={"photographed": taken}), case.space)
    words = ["backtest", "--dates", "photographed", "--try", "0", "--workspace", str(kept.path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "Replayed by the pictures' dates in photographed" in done.output
    assert "What changed between moments" in done.output
    assert "2026-02-15 →" in done.output
    assert "given for version" not in done.output
    assert "1 →" not in done.output
