"""The user's own trainer: a manifest in, predictions out, and nothing left running."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.tools.small_network import Killed
from tools.case import Case
from tools.errors import UnreadableInput
from tools.retraining import retrain
from tools.training.own_trainer import TrainerFailed
from tools.training.recipe import Recipe, WrongRecipe
from tools.versions import Versions
from tools.workspace import Workspace

TRAINER = """
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", errors="surrogateescape", newline="")))
assert {r["role"] for r in rows} == {"train", "score"}
assert all(not r["label"] for r in rows if r["role"] == "score"), "labels of judged pictures were given away"
names = sorted({r["label"] for r in rows if r["role"] == "train"})
with open(sys.argv[2], "w", encoding="utf-8", errors="surrogateescape", newline="") as out:
    table = csv.writer(out)
    table.writerow(["id", *(f"p_{name}" for name in names)])
    for r in rows:
        if r["role"] == "score":
            first = 0.9 if int(r["id"][:4]) % 3 else 0.2
            table.writerow([r["id"], first, 1 - first])
print("seed", sys.argv[3])
"""


def own(tmp_path: Path, text: str = TRAINER, **more: float) -> Recipe:
    script = tmp_path / "their trainer.py"
    script.write_text(text, encoding="utf-8")
    return Recipe(
        "command",
        command=f'"{sys.executable}" "{script}" {{manifest}} {{predictions}} {{seed}}',
        **more,  # type: ignore[arg-type]
    )


def test_an_own_trainer_gets_a_manifest_and_is_judged(small: tuple[Workspace, Case], tmp_path: Path) -> None:
    kept, case = small
    done = retrain(kept, case, own(tmp_path))
    assert not done.version.document["has_weights"]
    said = Versions(kept).predictions(done.version, case.dataset)
    first = np.array([int(str(i)[:4]) % 3 > 0 for i in case.ids])
    assert np.array_equal(said.predicted[case.evaluation] == 0, first[case.evaluation])


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("import sys; print('no memory left'); sys.exit(3)", "exit code 3.*no memory left"),
        ("pass", "no such file"),
        ("import sys; open(sys.argv[2], 'w').write('id,p_a\\n')", "at least one prediction"),
        ("import sys; open(sys.argv[2], 'w').write('id,pred,score\\n')", "at least one prediction"),
    ],
)
def test_an_own_trainer_that_fails_is_said_and_nothing_is_kept(
    small: tuple[Workspace, Case], tmp_path: Path, text: str, match: str
) -> None:
    kept, case = small
    with pytest.raises((TrainerFailed, UnreadableInput), match=match):
        retrain(kept, case, own(tmp_path, text))
    assert Versions(kept).all() == ()


def test_an_own_trainer_that_hangs_is_stopped_with_its_children(small: tuple[Workspace, Case], tmp_path: Path) -> None:
    kept, case = small
    mark = tmp_path / "child"
    text = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', \"import time; time.sleep(2); open({str(mark)!r}, 'w')\"])\n"
        "time.sleep(60)\n"
    )
    with pytest.raises(TrainerFailed, match="an end within"):
        retrain(kept, case, own(tmp_path, text, minutes=0.01))
    import time

    time.sleep(2.5)
    assert not mark.exists()


def test_an_own_trainer_is_run_again_when_asked_again(small: tuple[Workspace, Case], tmp_path: Path) -> None:
    kept, case = small
    recipe = own(tmp_path)
    retrain(kept, case, recipe)
    own(tmp_path, TRAINER.replace("0.9", "0.1"))  # the same line, another script
    again = retrain(kept, case, recipe)
    assert (again.already, again.version.number) == (False, 2)
    said = Versions(kept).predictions(again.version, case.dataset)
    assert (said.predicted[case.evaluation] == 1).all()


def test_a_trainer_that_outlived_a_kill_is_not_joined_by_a_second(
    small: tuple[Workspace, Case], tmp_path: Path
) -> None:
    kept, case = small
    recipe = own(tmp_path, "import time; time.sleep(60)")
    with pytest.MonkeyPatch.context() as patch:
        left = []
        patch.setattr("tools.training.own_trainer._end", left.append)  # SIGKILL ends nothing in order

        def kill(what: str, done: int, total: int) -> None:
            if what.startswith("your trainer"):
                raise Killed

        with pytest.raises(Killed):
            retrain(kept, case, recipe, on_step=kill)
    with pytest.raises(TrainerFailed, match="still works"):
        retrain(kept, case, recipe)
    left[0].kill()
    left[0].wait()
    own(tmp_path)
    assert retrain(kept, case, recipe).version.number == 1


def test_braces_of_a_path_are_data_and_open_quotes_are_said(small: tuple[Workspace, Case]) -> None:
    from tools.training.own_trainer import _filled

    assert _filled("{manifest} {x}", {"manifest": "/w/{seed}/m", "seed": 3}) == "/w/{seed}/m {x}"
    with pytest.raises(WrongRecipe, match="quotation"):
        retrain(*small, Recipe("command", command="train 'x {manifest} {predictions}"))


def test_a_command_that_is_not_there(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    with pytest.raises(TrainerFailed, match="can be started"):
        retrain(kept, case, Recipe("command", command="/nowhere/trainer {manifest} {predictions}"))
