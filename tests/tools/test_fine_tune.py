"""Fine-tuning: a killed training goes on and ends where an undisturbed one does."""

import errno
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tests.tools.small_network import Killed, small_case
from tools.case import Case
from tools.errors import WorkspaceDamaged
from tools.registry import NotApplicable
from tools.retraining import NothingToResume, discard, retrain, to_resume, unfinished
from tools.training import checkpoints, fine_tune
from tools.training.job import prepare
from tools.training.recipe import Recipe
from tools.versions import Versions
from tools.workspace import Workspace

TUNED = Recipe("fine-tune", blocks=1, epochs=3, batch=16, patience=3, augment=("light", "cut"))


def killed_at(step: int):  # type: ignore[no-untyped-def]
    def on_step(what: str, done: int, total: int) -> None:
        if what == "fine-tuning" and done == step:
            raise Killed

    return on_step


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
