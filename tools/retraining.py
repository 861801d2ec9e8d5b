"""Trains a new version by one of the tiers, and goes on where a killed run stopped."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.documents import evidence_json
from tools.errors import AdvisorError
from tools.metrics import quality
from tools.store import writer
from tools.training.job import Job, Trained, Trainer, prepare
from tools.training.recipe import Recipe
from tools.versions import Version, Versions
from tools.workspace import Workspace

MODULES = {"head": "head", "fine-tune": "fine_tune", "command": "own_trainer"}
RUNS, RUN = "runs", "run.json"


class NothingToResume(AdvisorError):
    """There is no unfinished training, or it belongs to other data."""


@dataclass(frozen=True)
class Retrained:
    """What a training ended in.

    Attributes
    ----------
    version : Version
    before : Version or None
        The one in use until then.
    already : bool
        The same training had been done before; nothing was trained.
    """

    version: Version
    before: Version | None
    already: bool


def retrain(workspace: Workspace, case: Case, recipe: Recipe, *, on_step: Progress = silent) -> Retrained:
    """Train a version, or go on with a training of the same data and settings that was killed.

    Raises
    ------
    WrongRecipe
        For settings or changes that do not fit.
    NotApplicable
        If there are too few pictures, or the encoder is not here.
    TrainerFailed
        By the user's own trainer.
    """
    versions = Versions(workspace)
    before, run = versions.in_use(), _run_of(case, recipe)
    done, folder = versions.of_run(run), workspace.path / RUNS / run
    if done is not None:
        shutil.rmtree(folder, ignore_errors=True)  # a kill between keeping the version and tidying up left it
        return Retrained(versions.restore(done.number), before, True)
    with _held(folder):
        done = versions.of_run(run)
        if done is not None:  # another process has just ended it
            return Retrained(done, before, True)
        job = prepare(case, recipe, folder)
        _describe(folder, case, recipe)
        began = time.monotonic()
        trainer: Trainer = import_module(f"tools.training.{MODULES[recipe.tier]}").train
        trained = trainer(job, on_step)
        document = _document(job, trained, run, time.monotonic() - began)
        version = versions.add(case, job.judge, trained.scores, document, trained.weights)
    shutil.rmtree(folder, ignore_errors=True)
    return Retrained(version, before, False)


def _run_of(case: Case, recipe: Recipe) -> str:
    """Digest of all that the result depends on; the time allowed and the user's predictions are not part of it."""
    said = {name: value for name, value in recipe.to_json().items() if name != "minutes" or recipe.minutes}
    settings = case.settings
    parts = (
        case.dataset.fingerprint,
        case.space.fingerprint,
        json.dumps(said, sort_keys=True),
        repr((settings.seed, settings.group_column, settings.folds)),
    )
    return sha256("\0".join(parts).encode()).hexdigest()[:16]


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """One process per training; the kernel lets go if it dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with writer(folder / "lock", wait=1.0):
        yield


def _describe(folder: Path, case: Case, recipe: Recipe) -> None:
    text = json.dumps(
        {"recipe": recipe.to_json(), "dataset": case.dataset.fingerprint, "encoder": case.space.fingerprint}
    )
    temporary = folder / f"{RUN}.unfinished"
    with temporary.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(folder / RUN)


def unfinished(workspace: Workspace) -> list[tuple[Path, dict[str, Any]]]:
    """Folders of trainings that did not end, newest first, with what they were to do."""
    found = []
    for file in sorted((workspace.path / RUNS).glob(f"*/{RUN}"), key=lambda f: -f.stat().st_mtime):
        try:
            found.append((file.parent, json.loads(file.read_text(encoding="utf-8"))))
        except (OSError, ValueError):
            continue
    return found


def recipe_to_resume(workspace: Workspace, case: Case) -> Recipe:
    """The recipe of the newest unfinished training.

    Raises
    ------
    NothingToResume
        If there is none, or the data set or its vectors are others now.
    """
    left = unfinished(workspace)
    fitting = [said for _, said in left if said["dataset"] == case.dataset.fingerprint]
    fitting = [said for said in fitting if said["encoder"] == case.space.fingerprint]
    if not fitting:
        raise NothingToResume(
            expected="an unfinished training of this data set",
            seen="one of another data set or encoder" if left else "none",
            todo="Start anew: advisor retrain.",
        )
    return Recipe.from_json(fitting[0]["recipe"])


def discard(workspace: Workspace) -> int:
    """Remove what unfinished trainings left; how many."""
    left = unfinished(workspace)
    for folder, _ in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def _document(job: Job, trained: Trained, run: str, seconds: float) -> dict[str, Any]:
    case, recipe = job.case, job.recipe
    predicted = np.full(len(case.ids), -1, dtype=np.int64)
    predicted[job.judge] = trained.scores.argmax(axis=1)
    judged = np.zeros(len(case.ids), dtype=np.bool_)
    judged[job.judge] = True
    found = quality(case, predicted, judged, f"of {len(job.judge)} pictures: {job.ruler}")
    return {
        "run": run,
        "text": recipe.text,
        "recipe": recipe.to_json(),
        "seed": case.settings.seed,
        "dataset": {"version": case.dataset.version, "fingerprint": case.dataset.fingerprint},
        "encoder": {"name": case.space.encoder.name, "fingerprint": case.space.encoder.fingerprint},
        "classes": list(case.classes),
        "trained_on": len(np.unique(job.training.rows)),
        "stopped_on": len(job.stop),
        "judged_on": len(job.judge),
        "ruler": job.ruler,
        "metrics": [
            evidence_json(e) for e in (found.accuracy, found.balanced_accuracy, *found.recall, *found.precision)
        ],
        "history": [dict(entry) for entry in trained.history],
        "notes": list(trained.notes),
        "seconds": round(seconds, 1),
        "has_weights": bool(trained.weights),
        "thresholds": None,
    }
