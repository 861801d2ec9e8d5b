import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import cli
from app.demo.plan import CLASSES
from app.demo.run import questions, run_demo
from app.demo.truth import Truth
from tools.errors import UnreadableInput

WORDS = ("alpha", "bravo", "delta", "gamma", "kappa", "omega")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12, 13, 14, 15])
def test_planted_faults_are_found_at_other_seeds_under_other_names(seed: int, tmp_path: Path) -> None:
    names = dict(zip(CLASSES, np.random.default_rng(seed).permutation(WORDS)[:4].tolist(), strict=True))

    document = run_demo(tmp_path, seed=seed, names=names, scale=0.7)

    rows = {row["fault"]: row for row in document["planted"]}
    assert rows["copies of a picture"]["recall"] >= 0.9
    assert rows["copies of a picture"]["precision"] >= 0.9
    assert rows["test pictures with a copy in training"]["recall"] >= 0.9
    assert rows["wrong labels"]["recall"] >= 0.5
    assert rows["wrong labels"]["precision"] >= 0.4
    assert rows["imbalance"]["hits"] == 1
    assert [a["question"] for a in document["answers"]] == list(questions(Truth.load(Path(document["truth"]))))
    for answer in document["answers"]:
        assert answer["facts"]
    for effect in document["effects"]:
        assert effect["verdict"] in {"helps", "hurts", "no_effect", "cannot_tell"}
    assert not Path(document["truth"]).is_relative_to(document["workspace"])
    assert not Path(document["truth"]).is_relative_to(document["pictures"])


def test_the_command_prints_misses_and_how_to_open_the_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: dict[str, Any] = {}

    def drawn(folder: Path, workspace: Path | None, *, seed: int, on_step: object) -> dict[str, Any]:
        seen.update(folder=folder, workspace=workspace, seed=seed)
        return {
            "headline": "1 of 2 kinds of planted fault were found",
            "audit": {"headline": "Something"},
            "answers": [{"question": "why?", "answer": "because"}],
            "effects": [],
            "planted": [
                {"fault": "wrong labels", "planted": 3, "found": 2, "hits": 1, "precision": 0.5, "recall": 1 / 3,
                 "missed": ["train/a/1.jpg", "train/a/2.jpg"], "note": ""},
                {"fault": "imbalance", "planted": 1, "found": 0, "hits": 0, "precision": None, "recall": 0.0,
                 "missed": [], "note": "3 against 9"},
            ],
            "unplanted": [{"code": "x", "severity": "high", "title": "odd"}],
            "workspace": str(tmp_path / "a b"),
            "truth": "truth.json",
            "seconds": 12.0,
        }  # fmt: skip

    monkeypatch.setattr("app.demo.run.run_demo", drawn)
    monkeypatch.setattr(sys, "argv", ["advisor", "demo", "--folder", str(tmp_path), "--seed", "3"])
    with pytest.raises(SystemExit) as end:
        cli.main()

    assert end.value.code == 0
    assert seen == {"folder": tmp_path, "workspace": None, "seed": 3}
    printed = capsys.readouterr().out
    assert "wrong labels, missed: train/a/1.jpg, train/a/2.jpg" in printed
    assert "33 %" in printed
    assert "Not planted, yet found (high): odd" in printed
    assert printed.splitlines()[-1] == f"Open it: advisor app --workspace '{tmp_path}/a b'"


def test_a_former_demo_that_lost_pictures_is_not_compared(tmp_path: Path) -> None:
    home = tmp_path / "seed-0"
    (home / "pictures").mkdir(parents=True)
    truth = {
        "seed": 0, "names": {}, "counts": {}, "wrong_labels": {}, "duplicates": [], "setting": {},
        "kind": {"train/apples/img_0001.jpg": "apple"}, "dark": [],
    }  # fmt: skip
    (home / "truth.json").write_text(json.dumps(truth))

    with pytest.raises(UnreadableInput, match="some of its pictures are missing"):
        run_demo(tmp_path, seed=0)
