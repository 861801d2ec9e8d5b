"""The second tier: the encoder's last blocks, or all of it, trained on the pictures themselves.

Starts from the head fitted on frozen vectors (linear probing, then fine-tuning: Kumar et al. 2022), so the first
epoch does not spoil the encoder to please a random head. The network stays in evaluation mode: batch statistics and
dropout of a few hundred pictures do more harm than good, and a resumed run then equals an uninterrupted one.
"""

import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.cores import usable_cores
from embeddings.progress import Progress
from tools.pixel_changes import cut_out, lit
from tools.registry import NotApplicable
from tools.training import head
from tools.training.checkpoints import load_checkpoint, save_checkpoint
from tools.training.classifier import classifier, probabilities, tower_of, weights_of
from tools.training.job import Job, Trained

CHECKPOINT_SECONDS = 30.0
HEAD_RATE = 5.0
"""The head may move so many times faster than the encoder: it is small, and already fitted."""
DECAY = 1e-2
SCORED_AT_ONCE = 64


@dataclass
class State:
    """Where a training stands.

    Attributes
    ----------
    epoch, step : int
        Epochs done, and steps done of the next one.
    spent : float
        Seconds of training, over all its runs.
    best : float
        Lowest loss on the pictures kept for stopping.
    since : int
        Epochs since then.
    losses : list of float
        Of the steps done of the next epoch.
    history : list of dict
    kept : dict of str to Tensor
        The weights of that epoch.
    """

    epoch: int = 0
    step: int = 0
    spent: float = 0.0
    best: float = math.inf
    since: int = 0
    losses: list[float] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)


def train(job: Job, on_step: Progress) -> Trained:
    """Train, stop early, and score the pictures that judge it with the best epoch's weights.

    Raises
    ------
    NotApplicable
        If the encoder that made the vectors, or its torch module, is not here.
    """
    return _Training(job, on_step).run()


class _Training:
    def __init__(self, job: Job, on_step: Progress) -> None:
        import torch

        from embeddings.device import torch_device
        from embeddings.trainable import late_parameters

        self.job, self.recipe, self.on_step = job, job.recipe, on_step
        self.encoder = job.case.eyes.load_encoder()  # its weights are about to move
        self.pool = ThreadPoolExecutor(job.case.settings.threads or usable_cores())
        self.device = torch_device()
        start = head.fit(job.vectors, job.training)
        tower = tower_of(self.encoder)
        example = np.stack([self.encoder.prepare(np.zeros((64, 64, 3), np.uint8))])
        try:
            self.moved = late_parameters(tower, example, self.recipe.blocks)
        except ValueError as reason:
            raise NotApplicable(str(reason)) from None
        self.model = classifier(tower, start).to(self.device)
        for name, weight in tower.named_parameters():
            weight.requires_grad_(name in self.moved)
        late = [w for w in tower.parameters() if w.requires_grad]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": late, "lr": self.recipe.rate, "weight_decay": DECAY},
                {"params": [self.model.weight, self.model.bias], "lr": self.recipe.rate * HEAD_RATE, "weight_decay": 0},
            ]
        )
        self.rates = [group["lr"] for group in self.optimiser.param_groups]
        self.scaler = torch.amp.GradScaler(self.device, enabled=self.device == "cuda")
        self.steps = math.ceil(len(job.training.rows) / self.recipe.batch)
        self.state = State()
        self.identity = _identity(job)
        self.notes: list[str] = []

    def run(self) -> Trained:
        with self.pool:
            return self._run()

    def _run(self) -> Trained:
        self._resume()
        if not self.state.history:
            self._judge_epoch(0.0)
        while self.state.epoch < self.recipe.epochs and self.state.since < self.recipe.patience:
            loss = self._epoch()
            if loss is None:
                self.notes.append(f"stopped after {self.recipe.minutes:g} minutes, as asked")
                break
            if not self._judge_epoch(loss):
                self.notes.append(
                    f"epoch {self.state.epoch} ran away (no finite loss) and was dropped; try a lower rate"
                )
                break
            self._save()
        self._load(self.state.kept)
        scores = self._scores(self.job.judge, "scoring the judged pictures")
        best = min(self.state.history, key=lambda entry: entry["stopping loss"])
        if not best["epoch"]:
            self.notes.append("no epoch was better on the pictures kept for stopping than the head on frozen vectors")
        weights = weights_of(self.model, self.moved, self.job.training.parents)
        return Trained(scores, weights, tuple(self.state.history), tuple(self.notes))

    def _epoch(self) -> float | None:
        """One pass; its mean loss, or None when the time is up."""
        training, recipe = self.job.training, self.recipe
        order = np.random.default_rng([recipe.seed, self.state.epoch]).permutation(len(training.rows))
        batches = [order[at : at + recipe.batch] for at in range(0, len(order), recipe.batch)]
        began = saved = time.monotonic()
        # A run that was killed between its last step and the judging of the epoch has no step left to do.
        asked = self._ask(training.rows[batches[self.state.step]]) if self.state.step < self.steps else []
        for step in range(self.state.step, self.steps):
            if recipe.minutes and self.state.spent + time.monotonic() - began > recipe.minutes * 60:
                self.state.spent += time.monotonic() - began
                return None
            done = self.state.epoch * self.steps + step
            self.on_step("fine-tuning", done, recipe.epochs * self.steps)
            now = asked  # the next batch is read while this one is trained on
            asked = self._ask(training.rows[batches[step + 1]]) if step + 1 < self.steps else []
            self.state.losses.append(self._step(batches[step], self._batch(now), done))
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                self.state.spent += time.monotonic() - began
                began = saved = time.monotonic()
                self.state.step = step + 1
                self._save()
        self.state.spent += time.monotonic() - began
        loss, self.state.losses = float(np.mean(self.state.losses)), []
        self.state.step, self.state.epoch = 0, self.state.epoch + 1
        return loss

    def _step(self, positions: NDArray[np.int64], pictures: Any, done: int) -> float:
        import torch

        training = self.job.training
        share = 0.5 * (1 + math.cos(math.pi * done / (self.recipe.epochs * self.steps)))
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * share
        labels = torch.from_numpy(training.labels[positions]).to(self.device)
        weights = torch.from_numpy(training.weights[positions]).to(self.device)
        with torch.autocast(self.device, dtype=torch.float16, enabled=self.device == "cuda"):
            logits = self.model(pictures)
        loss = torch.nn.functional.cross_entropy(logits.float(), labels, reduction="none")
        mean = (loss * weights).sum() / weights.sum().clamp_min(1e-9)
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(mean).backward()  # type: ignore[no-untyped-call]
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return float(mean.detach())

    def _ask(self, rows: NDArray[np.int64], *, plain: bool = False) -> list[Future[NDArray[np.generic]]]:
        """Prepared pictures to come.

        Each is changed anew in every epoch by a generator of its own, so that a resumed run sees the same ones.
        """
        epoch = self.state.epoch

        def one(row: int) -> NDArray[np.generic]:
            (pixels,), rng = self.job.case.eyes.pixels([row]), np.random.default_rng([self.recipe.seed, epoch, row])
            for name in () if plain else self.recipe.augment:
                pixels = lit(pixels, rng) if name == "light" else cut_out(pixels, rng)
            return self.encoder.prepare(pixels)

        return [self.pool.submit(one, row) for row in rows.tolist()]

    def _batch(self, pictures: Sequence[Future[NDArray[np.generic]]]) -> Any:
        import torch

        return torch.from_numpy(np.stack([picture.result() for picture in pictures])).to(self.device)

    def _scores(self, rows: NDArray[np.int64], what: str) -> NDArray[np.float64]:
        import torch

        module = probabilities(self.model, self.job.training.parents, len(self.job.case.classes)).to(self.device)
        starts, out = range(0, len(rows), SCORED_AT_ONCE), []
        asked = self._ask(rows[:SCORED_AT_ONCE], plain=True)
        with torch.inference_mode(), torch.autocast(self.device, dtype=torch.float16, enabled=self.device == "cuda"):
            for at in starts:
                self.on_step(what, at, len(rows))
                now, end = asked, at + SCORED_AT_ONCE
                asked = self._ask(rows[end : end + SCORED_AT_ONCE], plain=True)
                out.append(module(self._batch(now))[0].double().cpu().numpy())
        found = np.concatenate(out)
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    def _judge_epoch(self, loss: float) -> bool:
        """Loss and accuracy on the pictures kept for stopping; the best epoch's weights are kept.

        False for an epoch after which there is no finite loss; it is no part of the history.
        """
        began = time.monotonic()
        scores, targets = self._scores(self.job.stop, "checking when to stop"), self.job.case.targets[self.job.stop]
        found = float(-np.log(np.maximum(scores[np.arange(len(targets)), targets], 1e-12)).mean())
        self.state.spent += time.monotonic() - began
        if not (math.isfinite(loss) and math.isfinite(found)):
            return False
        right = float((scores.argmax(axis=1) == targets).mean())
        self.state.history.append(
            {"epoch": self.state.epoch, "loss": loss, "stopping loss": found, "stopping accuracy": right}
        )
        self.state.since += 1
        if found < self.state.best:
            self.state.best, self.state.since = found, 0
            self.state.kept = {name: values.clone() for name, values in self._trainable().items()}
        return True

    def _trainable(self) -> dict[str, Any]:
        return {name: w.detach() for name, w in self.model.named_parameters() if w.requires_grad}

    def _load(self, values: Mapping[str, Any]) -> None:
        import torch

        own = dict(self.model.named_parameters())
        with torch.no_grad():
            for name, tensor in values.items():
                own[name].copy_(tensor)

    def _save(self) -> None:
        save_checkpoint(
            self.job.folder,
            {
                "identity": self.identity,
                "state": dict(vars(self.state)),
                "model": self._trainable(),
                "optimiser": self.optimiser.state_dict(),
                "scaler": self.scaler.state_dict(),
            },
        )

    def _resume(self) -> None:
        found = load_checkpoint(self.job.folder, self.identity)
        if found is None:
            return
        self._load(found["model"])
        self.optimiser.load_state_dict(found["optimiser"])
        if found["scaler"]:  # empty where the run before had no GPU
            self.scaler.load_state_dict(found["scaler"])
        self.state = State(**found["state"])
        self.notes.append(f"resumed after {self.state.epoch} epochs and {self.state.step} steps")


def _identity(job: Job) -> str:
    """What a checkpoint must share with a training to be its own: data, changes, settings, but not the time allowed."""
    recipe = {name: value for name, value in job.recipe.to_json().items() if name != "minutes"}
    digest = sha256(repr((job.case.dataset.fingerprint, job.case.space.fingerprint, recipe)).encode())
    for array in (job.training.rows, job.training.labels, job.training.weights, job.stop):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
