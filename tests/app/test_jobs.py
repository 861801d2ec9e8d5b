"""Work in processes of its own: real processes, killed for real."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app import jobs
from app.jobs import Job, cancel, holder, job, result, start
from tools.errors import AdvisorError, UnknownName


def until(workspace: Path, id_: str, wanted: Callable[[Job], bool], seconds: float = 90.0) -> Job:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = job(workspace, id_)
        if wanted(found):
            return found
        time.sleep(0.05)
    pytest.fail(f"the job stayed {job(workspace, id_)}")


def test_a_job_runs_a_command_and_hands_back_what_it_wrote(own_workspace: Path) -> None:
    id_ = start(own_workspace, ["status"], "Look", who="Ada")
    done = until(own_workspace, id_, lambda j: not j.active)

    assert (done.state, done.title, done.who, done.kind) == ("done", "Look", "Ada", "status")
    found = result(own_workspace, id_)
    assert found is not None
    assert found["dataset"]["images"] == 90
    assert [j.id for j in jobs.jobs(own_workspace)] == [id_]


def test_a_wrong_command_fails_with_its_three_lines(own_workspace: Path) -> None:
    id_ = start(own_workspace, ["import"], "Import", operands=["/no/such/folder"])
    done = until(own_workspace, id_, lambda j: not j.active)

    assert done.state == "failed"
    assert done.told.startswith("Expected:")
    assert "To do:" in done.told
    assert result(own_workspace, id_) is None


def test_what_follows_the_command_is_never_read_as_an_option(own_workspace: Path) -> None:
    id_ = start(own_workspace, ["import"], "Import", operands=["--help"])

    assert until(own_workspace, id_, lambda j: not j.active).state == "failed"


def test_one_at_a_time_and_a_waiting_job_is_cancelled_before_it_begins(own_workspace: Path) -> None:
    import fcntl

    (own_workspace / "jobs").mkdir()
    turn = os.open(own_workspace / "jobs" / "turn", os.O_RDWR | os.O_CREAT)
    fcntl.flock(turn, fcntl.LOCK_EX)
    try:
        id_ = start(own_workspace, ["status"], "Look")
        assert until(own_workspace, id_, lambda j: j.state == "waiting").seconds == 0
        cancel(own_workspace, id_)
        ended = until(own_workspace, id_, lambda j: not j.active)
    finally:
        os.close(turn)
    assert ended.state == "cancelled"
    assert result(own_workspace, id_) is None


def test_a_killed_job_is_said_to_be_lost_and_the_next_one_gets_its_turn(own_workspace: Path) -> None:
    id_ = start(own_workspace, ["audit"], "Run every check")
    until(own_workspace, id_, lambda j: j.state == "running")
    os.killpg(holder(own_workspace / "jobs" / id_ / "lock"), signal.SIGKILL)

    assert until(own_workspace, id_, lambda j: not j.active).state == "lost"
    after = start(own_workspace, ["status"], "Look")
    assert until(own_workspace, after, lambda j: not j.active).state == "done"


def test_a_running_job_is_cancelled(own_workspace: Path) -> None:
    id_ = start(own_workspace, ["audit"], "Run every check")
    until(own_workspace, id_, lambda j: j.state == "running")
    cancel(own_workspace, id_)

    assert until(own_workspace, id_, lambda j: not j.active).state in ("cancelled", "done")


def test_commands_that_never_end_and_ids_that_climb_are_refused(own_workspace: Path) -> None:
    with pytest.raises(AdvisorError, match="command that ends"):
        start(own_workspace, ["schedule"], "For ever")
    for name in ("../..", "20260101T000000-00000000/../x", ""):
        with pytest.raises(UnknownName):
            job(own_workspace, name)


def test_a_stale_number_in_a_lock_is_nobody(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(str(os.getpid()))

    assert holder(tmp_path / "lock") == 0
    assert holder(tmp_path / "none") == 0


def test_old_jobs_are_forgotten(own_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT", 2)
    folder = own_workspace / "jobs"
    for second in range(4):
        made = folder / f"20260101T00000{second}-00000000"
        made.mkdir(parents=True)
        spec = {"argv": [], "title": "t", "kind": "status", "who": "", "started": ""}
        (made / "job.json").write_text(json.dumps(spec))
    id_ = start(own_workspace, ["status"], "Look")

    assert [j.id for j in jobs.jobs(own_workspace)] == [id_, "20260101T000003-00000000"]
    until(own_workspace, id_, lambda j: not j.active)
