"""Six rounds on real photographs: decisions stand, what is undone is as before, what comes twice is there once."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from app import cli
from benchmarks.planting.six_rounds import LABELLED, live, prepare, standing
from tools.decisions import Decisions
from tools.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.real]


@pytest.fixture(scope="module")
def story(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], dict[str, str]]:
    place = tmp_path_factory.mktemp("rounds")
    truth = prepare(shared_data / "grocery", place)
    with pytest.MonkeyPatch.context() as patch:

        def run(*words: object) -> dict[str, Any]:
            file = place / "said.json"
            file.unlink(missing_ok=True)
            line = ["advisor", *map(str, words), "--workspace", str(place / "ws"), "--json", str(file)]
            patch.setattr(sys, "argv", line)
            with pytest.raises(SystemExit) as end:
                cli.main()
            assert not end.value.code, line
            return dict(json.loads(file.read_text()))

        return place, live(place, truth, run), truth


Story = tuple[Path, dict[str, Any], dict[str, str]]


def test_undo_gives_back_the_exact_state_and_undoing_that_brings_the_change_again(story: Story) -> None:
    _, told, _ = story
    assert told["undone exactly"]
    assert told["brought again exactly"]
    assert told["labels undone exactly"]
    assert told["labels brought again exactly"]


def test_the_same_files_twice_change_nothing(story: Story) -> None:
    _, told, truth = story
    assert told["import changed nothing"]
    assert told["added"]["arrived"]["new"] == len(truth)
    assert told["added again"]["arrived"]["new"] == 0


def test_labelled_pictures_leave_the_inbox_for_training(story: Story) -> None:
    place, _, truth = story
    end = standing(place / "ws")
    assert len(end["waiting"]) == len(truth) - LABELLED
    data = Workspace.open(place / "ws").dataset()
    came = [str(i) for i in data.ids if str(i).split("/")[-1].startswith("new-") or not str(i).startswith("t")]
    assert len(came) == LABELLED


def test_every_decision_stands_at_the_end(story: Story) -> None:
    place, told, _ = story
    (dismissed,) = [d for d in Decisions(Workspace.open(place / "ws")).standing() if d.kind == "dismiss"]
    assert dismissed.about == told["dismissed"]
    assert dismissed.who == "Ada"
    assert dismissed.why == "known since spring"
    assert "Lime" in standing(place / "ws")["goals"]
    findings = [f for o in told["report again"]["audit"]["outcomes"] for f in o["findings"]]
    again = [f for f in findings if f["id"] == told["dismissed"]]
    assert all(f["settled"] or "grew" in json.dumps(f) for f in again)


def test_the_better_model_is_told_as_better_and_the_report_follows(story: Story) -> None:
    _, told, _ = story
    primary = told["compared"]["comparison"]["measures"][0]
    assert primary["verdict"] == "helps"
    assert primary["delta"] > 0.1
    assert told["report again"]["week"] == told["report"]["week"]
    assert told["report again"]["standing"]["name"] == "shop 8"
    assert told["ledger"]["entries"]
    assert len(told["history"]["events"]) >= 8
