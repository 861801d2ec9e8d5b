"""Goals on the command line, and a gate that lets models through or not."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from app.cli import app
from app.cli_goal import GATE_CLOSED
from app.goal import name_and_number
from app.terminal import WrongUse
from benchmarks.planting.vectors import vector_case
from tools.predictions import Predictions
from tools.workspace import Workspace

RUN = CliRunner()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Two versions of a model: 70 % and 95 % right on 200 test pictures."""
    kept = Workspace.open(tmp_path / "ws")
    case = vector_case({"cat": 200, "dog": 200}, separation=3, test_share=0.5)
    kept.save_dataset(case.dataset, case.space)
    rng, judged = np.random.default_rng(0), np.flatnonzero(case.evaluation)
    for version, accuracy in (("1", 0.7), ("2", 0.95)):
        said = case.targets.copy()
        wrong = rng.permutation(judged)[: round(len(judged) * (1 - accuracy))]
        said[wrong] = 1 - said[wrong]
        kept.save_predictions(case.dataset, Predictions("shop", version, np.eye(2)[said], said, True))
    return tmp_path / "ws"


def asked(workspace: Path, *words: str, code: int = 0) -> Mapping[str, Any]:
    done = RUN.invoke(app, [*words, "--workspace", str(workspace), "--json", "-"])
    assert done.exit_code == code, done.output
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def test_a_goal_is_set_shown_and_cleared(workspace: Path) -> None:
    assert asked(workspace, "goal", "show")["goal"] is None
    done = asked(workspace, "goal", "set", "--miss", "cat=1%", "--weekly", "1000")
    assert done["goal"]["limits"] == [{"name": "cat", "mistake": "miss", "most": 0.01}]
    assert done["reached"][0]["class"] == "cat"
    asked(workspace, "goal", "clear")
    assert asked(workspace, "goal", "show")["reached"] == []


def test_a_worse_model_is_not_let_through(workspace: Path) -> None:
    closed = asked(workspace, "gate", "--model", "shop@1", "--against", "shop@2", code=GATE_CLOSED)
    assert closed["closed"]
    assert "worse than shop@2" in closed["reasons"][0]
    assert not asked(workspace, "gate", "--model", "shop@2", "--against", "shop@1")["closed"]
    assert not asked(workspace, "gate", "--model", "shop@1", "--against", "shop@1")["closed"]


def test_a_missed_goal_closes_the_gate_only_where_asked(workspace: Path) -> None:
    asked(workspace, "goal", "set", "--miss", "cat=10%")
    closed = asked(workspace, "gate", "--model", "shop@1", code=GATE_CLOSED)
    assert "miss at most 10 % of cat" in closed["reasons"][0]
    assert not asked(workspace, "gate", "--model", "shop@2")["closed"]
    words = ("gate", "--model", "shop@1", "--against", "shop@1", "--fail-on", "worse")
    assert not asked(workspace, *words)["closed"]


def test_a_gate_needs_something_to_hold_a_model_against(workspace: Path) -> None:
    words = ("--model", "shop@1", "--against", "shop@2", "--fail-on", "goal-missed")
    for given in ((), words):  # without a goal nothing would be looked at, and the gate stand open
        done = RUN.invoke(app, ["gate", *given, "--workspace", str(workspace)])
        assert isinstance(done.exception, WrongUse)


@pytest.mark.parametrize("text", ["cat", "=2%", "cat=", "cat=two", "cat=2%%"])
def test_what_is_no_class_and_number(text: str) -> None:
    with pytest.raises(WrongUse, match="CLASS=NUMBER"):
        name_and_number(text)
