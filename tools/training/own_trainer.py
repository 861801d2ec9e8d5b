"""The third tier: the user's own trainer, run by a command with a manifest in and a predictions file out."""

import csv
import fcntl
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from embeddings.progress import Progress
from tools.errors import AdvisorError
from tools.readers.align_predictions import align
from tools.readers.predictions_file import read_predictions
from tools.store import unwritable
from tools.training.job import Job, Trained
from tools.training.recipe import WrongRecipe

MANIFEST, PREDICTIONS, LOG = "manifest.csv", "predictions.csv", "trainer.log"
COLUMNS = ("id", "path", "role", "label", "weight")
LAST_CHARACTERS = 1500
PATIENCE = 5.0
"""Seconds that a trainer has to end after it was told to."""
RUNS = "trainer.lock"
"""Held by the trainer itself, so that one which outlived a killed advisor is not joined by a second."""
LOOK_EVERY = 0.2


class TrainerFailed(AdvisorError):
    """The user's own trainer ended with a fault, was stopped, or wrote nothing that can be read."""


def train(job: Job, on_step: Progress) -> Trained:
    """Write the manifest, run the command, read the predictions.

    The command is split as a shell would, but no shell runs it: words in pictures' names stay data. ``{manifest}``,
    ``{predictions}``, ``{folder}`` (for its own checkpoints; it survives a kill) and ``{seed}`` are replaced.

    Raises
    ------
    TrainerFailed
    UnreadableInput
        If the predictions do not fit.
    WrongRecipe
        For changes that a manifest cannot express.
    """
    _check(job)
    said = _split(job.recipe.command)
    manifest, predictions, log = (job.folder / name for name in (MANIFEST, PREDICTIONS, LOG))
    words = {"manifest": manifest, "predictions": predictions, "folder": job.folder, "seed": job.recipe.seed}
    with _alone(job.folder) as held:
        try:
            write_manifest(job, manifest)
        except OSError as error:
            raise unwritable(manifest, error) from error
        predictions.unlink(missing_ok=True)
        _run(job, [_filled(word, words) for word in said], log, held, on_step)
    if not predictions.is_file():
        raise TrainerFailed(
            expected=f"predictions in {predictions}", seen="no such file after the command ended",
            todo=f"Let it write one row per picture of role score. Its output is in {log}.",
        )  # fmt: skip
    found, _ = align(read_predictions(predictions), job.case.dataset, ("", ""))
    if not found.full_vectors:
        raise TrainerFailed(
            expected="one probability column per class", seen="predicted classes with one score each",
            todo="Write id and p_<class> for every class.",
        )  # fmt: skip
    missing = np.flatnonzero(~found.covered[job.judge])
    if len(missing):
        raise TrainerFailed(
            expected=f"a prediction for each of the {len(job.judge)} pictures of role score",
            seen=f"none for {len(missing)}, e.g. {job.case.ids[job.judge[missing[0]]]}", todo="Write all of them.",
        )  # fmt: skip
    return Trained(found.probabilities[job.judge], {})


def _check(job: Job) -> None:
    training = job.training
    if len(training.parents) != len(job.case.classes):
        raise WrongRecipe(
            expected="changes that keep the classes as they are", seen="a class split into kinds",
            todo="Split it in the data set itself, and train on that.",
        )  # fmt: skip
    if (training.rows >= len(job.case.ids)).any():
        raise WrongRecipe(
            expected="changes of the given pictures", seen="pictures made for the training",
            todo="Let your trainer make them.",
        )  # fmt: skip


def write_manifest(job: Job, file: Path) -> None:
    """One row per picture: id, path, role (train or score), label and weight; labels of score rows stay empty."""
    dataset, training = job.case.dataset, job.training
    # Surrogates stand for undecodable bytes of file names; they are written as those bytes.
    with file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as handle:
        rows = csv.writer(handle)
        rows.writerow(COLUMNS)
        for row, label, weight in zip(
            training.rows.tolist(), training.labels.tolist(), training.weights.tolist(), strict=True
        ):
            image = str(dataset.ids[row])
            rows.writerow([image, dataset.path(image), "train", dataset.classes[label], f"{weight:g}"])
        for image in dataset.ids[job.judge].tolist():
            rows.writerow([image, dataset.path(image), "score", "", ""])


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as fault:
        raise WrongRecipe(
            expected="a command with every quotation closed", seen=f"{command} ({fault})", todo="Mend it."
        ) from None


def _filled(word: str, values: dict[str, object]) -> str:
    """Names in braces replaced, once: braces in what takes their place stay."""
    return re.sub("{(" + "|".join(values) + ")}", lambda found: str(values[found[1]]), word)


@contextmanager
def _alone(folder: Path) -> Iterator[int]:
    """A lock for the trainer to inherit; it is free again when the last process that has it ends.

    Raises
    ------
    TrainerFailed
        If a trainer of this run still works.
    """
    handle = os.open(folder / RUNS, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TrainerFailed(
                expected="the trainer of the run that was killed to have ended", seen="it still works",
                todo=f"Wait for it, or stop it; what it prints is in {folder / LOG}. Then run the same line again.",
            ) from None  # fmt: skip
        yield handle
    finally:
        os.close(handle)


def _run(job: Job, words: list[str], log: Path, held: int, on_step: Progress) -> None:
    began, limit = time.monotonic(), job.recipe.minutes * 60
    with log.open("ab") as out:
        try:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
                pass_fds=(held,),
            )  # fmt: skip
        except OSError as fault:
            raise TrainerFailed(
                expected="a command that can be started", seen=f"{words[0]} ({fault.strerror})",
                todo="Give its path, or the interpreter before it.",
            ) from None  # fmt: skip
        try:
            while process.poll() is None:
                spent = time.monotonic() - began
                if limit and spent > limit:
                    raise TrainerFailed(
                        expected=f"an end within {job.recipe.minutes:g} minutes",
                        seen="none",
                        todo="Allow more minutes.",
                    )
                on_step("your trainer runs (seconds)", int(spent), int(limit))
                time.sleep(LOOK_EVERY)
        finally:
            _end(process)
    if process.returncode:
        raise TrainerFailed(
            expected="a command that ends with exit code 0", seen=f"exit code {process.returncode}; {_last_of(log)}",
            todo=f"Mend it and run the same line again. Its whole output is in {log}.",
        )  # fmt: skip


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Stop it and what it started: politely, then at once."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, sign)
            process.wait(PATIENCE)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def _last_of(log: Path) -> str:
    text = log.read_bytes()[-LAST_CHARACTERS:].decode("utf-8", "replace").strip()
    return f"it ended with: {text}" if text else "it printed nothing"
