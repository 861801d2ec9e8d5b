"""Trains a new version by one of the tiers, and goes on where a killed run stopped."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.documents import evidence_json
from tools.errors import AdvisorError, WorkspaceDamaged
from tools.metrics import quality
from tools.store import replace_file, unwritable, writer
from tools.training.job import Job, Trained, Trainer, prepare
from tools.training.recipe import Recipe
from tools.versions import Version, Versions
from tools.workspace import Workspace

MODULES = {"head": "head", "fine-tune": "fine_tune", "command": "own_trainer"}
RUNS, RUN, LOCK = "runs", "run.json", ".lock"
SETTINGS = ("seed", "group_column", "folds")
"""Of the case: what else a training depends on, so that one can be resumed without naming them again."""


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
    folder = workspace.path / RUNS / run
    with _held(folder):
        # What a command does may have changed since: its scripts are not part of the digest.
        done = None if recipe.tier == "command" else versions.of_run(run)
        if done is not None:
            shutil.rmtree(folder, ignore_errors=True)  # a kill between keeping the version and tidying up left it
            return Retrained(versions.restore(done.number), before, True)
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
    """Digest of all that the result depends on; the user's predictions are not part of it."""
    said = {name: value for name, value in recipe.to_json().items() if name != "minutes" or recipe.minutes}
    settings = case.settings
    parts = (
        case.dataset.fingerprint,
        case.space.fingerprint,
        json.dumps(said, sort_keys=True),
        repr(tuple(getattr(settings, name) for name in SETTINGS)),
    )
    return sha256("\0".join(parts).encode()).hexdigest()[:16]


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """One process per training; the kernel lets go if it dies. The lock lies beside the folder, which goes."""
    with writer(folder.with_suffix(LOCK), wait=1.0):
        yield


def _describe(folder: Path, case: Case, recipe: Recipe) -> None:
    text = json.dumps(
        {
            "recipe": recipe.to_json(),
            "dataset": case.dataset.fingerprint,
            "encoder": case.space.fingerprint,
            "settings": {name: getattr(case.settings, name) for name in SETTINGS},
        }
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / RUN, text.encode())
    except OSError as error:
        raise unwritable(folder, error) from error


def unfinished(workspace: Workspace) -> list[tuple[Path, dict[str, Any]]]:
    """Folders of trainings that did not end, newest first, with what they were to do."""
    found = []
    for file in sorted((workspace.path / RUNS).glob(f"*/{RUN}"), key=lambda f: -f.stat().st_mtime):
        try:
            found.append((file.parent, json.loads(file.read_text(encoding="utf-8"))))
        except (OSError, ValueError):
            continue
    return found


def to_resume(workspace: Workspace, case: Case) -> tuple[Case, Recipe]:
    """The newest unfinished training: the case under the settings it was started with, and its recipe.

    Raises
    ------
    NothingToResume
        If there is none, or the data set or its vectors are others now.
    """
    left = unfinished(workspace)
    for folder, said in left:
        settings = said.get("settings", {})
        then = replace(case, settings=replace(case.settings, **{k: settings[k] for k in SETTINGS if k in settings}))
        recipe = Recipe.from_json(said["recipe"])
        if folder.name == _run_of(then, recipe):
            return then, recipe
    raise NothingToResume(
        expected="an unfinished training of this data set",
        seen="one of another data set or encoder" if left else "none",
        todo="Start anew: advisor retrain.",
    )


def discard(workspace: Workspace) -> tuple[int, int]:
    """Remove what unfinished trainings left; how many, and how many were kept because they run just now."""
    left, kept = unfinished(workspace), 0
    for folder, _ in left:
        try:
            with _held(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except WorkspaceDamaged:
            kept += 1
    return len(left) - kept, kept


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
        "notes": [*job.notes, *trained.notes],
        "seconds": round(seconds, 1),
        "has_weights": bool(trained.weights),
        "thresholds": None,
    }
