"""Versions are trained by three tiers; a killed training goes on and ends where an undisturbed one does."""

import errno
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tests.tools.small_network import small_case
from tools.case import Case
from tools.dataset import Label
from tools.errors import UnreadableInput, WorkspaceDamaged
from tools.registry import NotApplicable
from tools.retraining import NothingToResume, discard, retrain, to_resume, unfinished
from tools.training import checkpoints, fine_tune
from tools.training.job import prepare
from tools.training.own_trainer import TrainerFailed
from tools.training.recipe import Recipe, WrongRecipe
from tools.versions import Versions
from tools.workspace import Workspace

TUNED = Recipe("fine-tune", blocks=1, epochs=3, batch=16, patience=3, augment=("light", "cut"))


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Workspace, Case]:
    return small_case(tmp_path, monkeypatch)


class Killed(BaseException):
    """Not caught by anything, as little as SIGKILL is."""


def killed_at(step: int):  # type: ignore[no-untyped-def]
    def on_step(what: str, done: int, total: int) -> None:
        if what == "fine-tuning" and done == step:
            raise Killed

    return on_step


# -- the head


def test_a_head_is_the_baseline_and_is_judged_on_the_test_split(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    done = retrain(kept, case, Recipe())
    found = done.version.document
    rows = np.flatnonzero(case.evaluation)
    expected = (case.derived.baseline[rows].argmax(axis=1) == case.targets[rows]).mean()
    accuracy = next(m for m in found["metrics"] if m["name"] == "accuracy")
    assert accuracy["value"] == pytest.approx(expected, abs=0.02)
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
    assert found["judged_on"] == len(rows)
    assert (done.version.number, done.already, done.before) == (1, False, None)


def test_weights_give_the_scores_that_were_kept(small: tuple[Workspace, Case]) -> None:
    from tools.training.head import scores_of

    kept, case = small
    version = retrain(kept, case, Recipe()).version
    versions = Versions(kept)
    said = versions.predictions(version, case.dataset)
    scores = scores_of(versions.weights(version), case.space.vectors[said.covered], 2)
    assert np.allclose(scores, said.probabilities[said.covered])


def test_without_a_test_split_groups_are_set_apart(tmp_path: Path) -> None:
    case = vector_case({"cat": 60, "dog": 60}, separation=3)
    job = prepare(case, Recipe(), tmp_path)
    groups = case.derived.grouping.groups
    assert not set(groups[job.judge].tolist()) & set(groups[job.training.rows].tolist())
    assert "set apart by whole groups" in job.ruler
    assert len(job.judge) + len(job.training.rows) == 120


def test_changes_that_were_tried_are_done(small: tuple[Workspace, Case], tmp_path: Path) -> None:
    case = vector_case({"cat": 60, "dog": 60}, separation=5, test_share=0.5)
    plain = prepare(case, Recipe(), tmp_path).training
    wrong = case.targets.copy()
    wrong[plain.rows[:2]] = 1 - wrong[plain.rows[:2]]
    labels = tuple(Label(str(i), case.classes[number]) for i, number in zip(case.ids, wrong, strict=True))
    mislabelled = replace(case, dataset=replace(case.dataset, labels=labels))
    job = prepare(mislabelled, Recipe(changes=(("relabel", ()),)), tmp_path)
    mended, count = job.training, int((job.training.labels != wrong[plain.rows]).sum())
    assert job.notes == (f"relabel: {count} pictures with another label",)
    assert count >= 2
    assert mended.rows.tolist() == plain.rows.tolist()
    assert mended.labels[:2].tolist() == plain.labels[:2].tolist()
    changed = prepare(small[1], Recipe(changes=(("augment", (("how", "light"),)),)), tmp_path)
    assert len(changed.more) > 0
    assert (changed.training.rows >= len(small[1].ids)).sum() == len(changed.more)


def test_a_recipe_is_read_back() -> None:
    recipe = replace(TUNED, changes=(("split-class", (("class", "a"),)), ("relabel", ())))
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("drop-class", "a change of the training"),
        ("nothing", "a change"),
        ("split-class", "something to work on"),
    ],
)
def test_changes_that_do_not_fit_are_refused(
    small: tuple[Workspace, Case], tmp_path: Path, change: str, match: str
) -> None:
    with pytest.raises(WrongRecipe, match=match):
        prepare(small[1], Recipe(changes=((change, (("class", "x"),)),)), tmp_path)


def test_changes_in_an_order_that_makes_no_sense_are_refused(small: tuple[Workspace, Case], tmp_path: Path) -> None:
    light = ("augment", (("how", "light"),))
    with pytest.raises(WrongRecipe, match="relabel before what makes pictures"):
        prepare(small[1], Recipe(changes=(light, ("relabel", ()))), tmp_path)
    assert len(prepare(small[1], Recipe(changes=(("relabel", ()), light)), tmp_path).more)
    with pytest.raises(WrongRecipe, match="one change that makes pictures"):
        prepare(small[1], Recipe(changes=(light, light)), tmp_path)


def test_settings_of_another_tier_are_refused() -> None:
    with pytest.raises(WrongRecipe, match="--tier fine-tune with blocks"):
        Recipe("head", blocks=2)
    with pytest.raises(WrongRecipe, match="predictions"):
        Recipe("command", command="python train.py")
    with pytest.raises(WrongRecipe, match="epochs of at least 1"):
        Recipe("fine-tune", epochs=0)


# -- fine-tuning


def test_fine_tuning_learns_what_a_frozen_network_misses(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    before = retrain(kept, case, Recipe()).version.document
    done = retrain(kept, case, Recipe("fine-tune", blocks=0, epochs=25, patience=25, batch=16, rate=0.02))
    losses = [entry["stopping loss"] for entry in done.version.document["history"]]
    assert min(losses) < losses[0]
    first, second = (
        next(m["value"] for m in d["metrics"] if m["name"] == "accuracy") for d in (before, done.version.document)
    )
    assert second >= first
    assert {name.split(".")[0] for name in Versions(kept).weights(done.version)} == {"head", "tower"}
    assert done.before is not None


def test_a_killed_training_ends_as_an_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: tuple[Workspace, Case]
) -> None:
    kept, case = small
    monkeypatch.setattr(fine_tune, "CHECKPOINT_SECONDS", 0.0)
    other, same = small_case(tmp_path / "other", monkeypatch)
    expected = Versions(other).weights(retrain(other, same, TUNED).version)
    for step in (1, 3, 3, 6):  # the third time it is killed before it has done anything new
        with pytest.raises(Killed):
            retrain(kept, case, TUNED, on_step=killed_at(step))
        assert Versions(kept).all() == ()
    assert len(unfinished(kept)) == 1
    done = retrain(kept, *to_resume(kept, case))
    found = Versions(kept).weights(done.version)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    assert any("resumed after" in note for note in done.version.document["notes"])
    assert not unfinished(kept)


def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(
    small: tuple[Workspace, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, case = small
    monkeypatch.setattr(fine_tune, "CHECKPOINT_SECONDS", 0.0)
    with pytest.raises(Killed):
        retrain(kept, case, TUNED, on_step=killed_at(3))
    (folder, _), written = unfinished(kept)[0], checkpoints.save_checkpoint

    def torn(to: Path, state: object) -> None:
        (to / f"{checkpoints.FILE}.unfinished").write_bytes(b"half")
        raise Killed

    before = (folder / checkpoints.FILE).read_bytes()
    monkeypatch.setattr(fine_tune, "save_checkpoint", torn)
    with pytest.raises(Killed):
        retrain(kept, case, TUNED)
    assert (folder / checkpoints.FILE).read_bytes() == before
    monkeypatch.setattr(fine_tune, "save_checkpoint", written)
    assert retrain(kept, case, TUNED).version.number == 1


def test_a_damaged_checkpoint_is_not_used(small: tuple[Workspace, Case], monkeypatch: pytest.MonkeyPatch) -> None:
    kept, case = small
    monkeypatch.setattr(fine_tune, "CHECKPOINT_SECONDS", 0.0)
    with pytest.raises(Killed):
        retrain(kept, case, TUNED, on_step=killed_at(3))
    file = unfinished(kept)[0][0] / checkpoints.FILE
    for damage in (b"", b"garbage", file.read_bytes()[:-40]):
        file.write_bytes(damage)
        assert checkpoints.load_checkpoint(file.parent, "x") is None
    done = retrain(kept, case, TUNED)
    assert not any("resumed" in note for note in done.version.document["notes"])


def test_time_that_is_up_keeps_the_best_so_far(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    done = retrain(kept, case, replace(TUNED, minutes=1e-6))
    assert any("as asked" in note for note in done.version.document["notes"])
    assert done.version.document["history"][0]["epoch"] == 0


def test_the_same_training_is_not_done_twice(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    first = retrain(kept, case, Recipe())
    retrain(kept, case, Recipe(changes=(("relabel", ()),)))
    again = retrain(kept, case, Recipe())
    assert (again.already, again.version.number) == (True, first.version.number)
    assert Versions(kept).in_use() is not None
    assert Versions(kept).in_use().number == first.version.number  # type: ignore[union-attr]
    assert len(Versions(kept).all()) == 2


def test_nothing_to_resume_is_said(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    with pytest.raises(NothingToResume, match="none"):
        to_resume(kept, case)
    with pytest.raises(Killed):
        retrain(kept, case, TUNED, on_step=killed_at(0))
    other = replace(case, dataset=replace(case.dataset, splits=case.dataset.splits[::-1]))
    with pytest.raises(NothingToResume, match="another data set"):
        to_resume(kept, other)
    assert discard(kept) == (1, 0)
    assert not unfinished(kept)


def test_vectors_from_a_file_cannot_be_fine_tuned(tmp_path: Path) -> None:
    case = vector_case({"cat": 60, "dog": 60}, separation=3)
    with pytest.raises(NotApplicable):
        retrain(Workspace.open(tmp_path / "ws"), case, Recipe("fine-tune"))


@pytest.mark.parametrize("what", ["checking when to stop", "fine-tuning"])
def test_a_kill_at_any_step_ends_as_an_undisturbed_training(
    small: tuple[Workspace, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    kept, case = small
    monkeypatch.setattr(fine_tune, "CHECKPOINT_SECONDS", 0.0)
    other, same = small_case(tmp_path / "other", monkeypatch)
    expected = retrain(other, same, TUNED).version.document["history"]
    calls = 0

    def at_every_second(now: str, done: int, total: int) -> None:
        nonlocal calls
        calls += now == what
        if now == what and calls % 2 == 0:
            raise Killed

    for _ in range(30):
        try:
            done = retrain(kept, case, TUNED, on_step=at_every_second)
            break
        except Killed:
            continue
    assert calls > 4
    assert list(done.version.document["history"]) == expected  # the mean loss of an epoch counts all of its steps


def test_a_training_that_runs_away_keeps_what_was_good(
    small: tuple[Workspace, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, case = small
    step = fine_tune._Training._step

    def spoiled(training: fine_tune._Training, *given: object) -> float:
        found = step(training, *given)  # type: ignore[arg-type]
        if training.state.epoch == 1:
            training.model.bias.data[:] = float("nan")  # a step too long
        return found

    monkeypatch.setattr(fine_tune._Training, "_step", spoiled)
    done = retrain(kept, case, TUNED)
    assert [entry["epoch"] for entry in done.version.document["history"]] == [0, 1]
    json.dumps(dict(done.version.document), allow_nan=False)
    assert any("ran away" in note for note in done.version.document["notes"])
    assert np.isfinite(Versions(kept).weights(done.version)["head.weight"]).all()


def test_a_training_is_resumed_with_the_settings_it_was_started_with(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    seeded = replace(case, settings=replace(case.settings, seed=5))
    with pytest.raises(Killed):
        retrain(kept, seeded, replace(TUNED, seed=5), on_step=killed_at(3))
    then, recipe = to_resume(kept, case)
    assert (then.settings.seed, recipe.seed) == (5, 5)
    retrain(kept, then, recipe)
    assert not unfinished(kept)


def test_what_runs_is_not_discarded(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    found = []

    def look(what: str, done: int, total: int) -> None:
        if what == "fine-tuning" and not found:
            found.append(discard(kept))

    assert retrain(kept, case, TUNED, on_step=look).version.number == 1
    assert found == [(0, 1)]


def test_a_full_disk_is_said_and_leaves_nothing_half(small: tuple[Workspace, Case], tmp_path: Path) -> None:
    checkpoints.save_checkpoint(tmp_path, {"identity": "x", "n": 1})
    before = (tmp_path / checkpoints.FILE).read_bytes()
    with pytest.MonkeyPatch.context() as patch:

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr("os.fsync", full)
        with pytest.raises(WorkspaceDamaged, match="No space left"):
            checkpoints.save_checkpoint(tmp_path, {"identity": "x", "n": 2})
    assert [file.name for file in tmp_path.glob("checkpoint*")] == [checkpoints.FILE]
    assert (tmp_path / checkpoints.FILE).read_bytes() == before


def test_stopping_never_takes_all_of_a_class(small: tuple[Workspace, Case], tmp_path: Path) -> None:
    names = {"cat": 40, "dog": 40, **{f"rare {n}": 1 for n in range(8)}}
    case = vector_case(names, separation=5, test_share=0.5)
    job = prepare(case, Recipe("fine-tune"), tmp_path)
    fit = np.flatnonzero(case.fit)
    assert set(case.targets[fit]) == set(job.training.labels)
    assert len(job.stop) > 0
    assert not set(job.stop) & set(job.training.rows)
    assert set(job.stop) | set(job.training.rows) == set(fit)


# -- the user's own trainer

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
