"""Takes the user's network in: looked through, fed as it was trained, and asked about every picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.onnx_file import OnnxFile, UnusableModel, read_onnx
from embeddings.own_model import (
    Activation,
    OwnNetwork,
    as_probabilities,
    detected,
    guessed,
    picture_input,
    score_output,
)
from embeddings.preparation import (
    SCALINGS,
    Fit,
    Layout,
    Order,
    Preparation,
    other_fits,
    other_scalings,
    scaled_by,
)
from embeddings.progress import Progress, silent
from tools.case import Case
from tools.errors import UnreadableInput
from tools.model_labels import Matched, matched
from tools.model_scores import Scored, dataset_scores
from tools.own_model import OwnModel, onto_classes, put_model, raw_scores, store_network
from tools.preparations import Compared, compared, sampled
from tools.readers.labels_file import labels_beside, labels_inside, read_labels
from tools.readers.preparation_file import prepared_as
from tools.workspace import Workspace

NAMED = 6
TRIED = 40
"""Pictures that show what a network's scores are."""
GREY = 64
"""Pixels of the plain pictures that a network is tried on where there are no others."""
SAID: Mapping[Activation, str] = {
    "probabilities": "its scores sum to 1 and are taken as probabilities",
    "softmax": "its scores do not sum to 1: taken as logits, softmax applied",
    "shares": "its scores lie in 0–1 and do not sum to 1: divided by their sum",
    "percent": "its scores sum to 100: divided by that",
    "one": "its single score is taken as the probability of the second label",
    "one-logit": "its single score is a logit of the second label",
}


@dataclass(frozen=True)
class Asked:
    """What the user says of a network; None and empty = not said.

    Attributes
    ----------
    labels : Path or None
    same : mapping of str to str
        Label to class.
    size : int
    layout, scaling, order, fit : str or None
        ``scaling``: one of ``SCALINGS``.
    shorter : float or None
        For ``crop``: pixels of the shorter side before the network's size is cut out of its middle.
    mean, std : tuple of float or None
        On the scale 0–255, for red, green and blue.
    output : str or None
    """

    labels: Path | None = None
    same: Mapping[str, str] = field(default_factory=dict)
    size: int = 0
    layout: Layout | None = None
    scaling: str | None = None
    order: Order | None = None
    fit: Fit | None = None
    shorter: float | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    output: str | None = None

    @property
    def prepared(self) -> bool:
        """Whether anything is said of how pictures are prepared, beyond their size."""
        return any((self.scaling, self.order, self.mean, self.std, self.fit))


@dataclass(frozen=True, eq=False)
class Examined:
    """A network as it will be asked, before anything is kept.

    Attributes
    ----------
    model : OwnModel
    file : OnnxFile
    matched : Matched
    compared : Compared or None
        None where there are too few labelled pictures.
    adopted : bool
        Whether the preparation was chosen for its accuracy, since the user named none.
    """

    model: OwnModel
    file: OnnxFile
    matched: Matched
    compared: Compared | None
    adopted: bool


def add_model(
    workspace: Workspace, case: Case, path: Path, asked: Asked, *, name: str, version: str, on_step: Progress = silent
) -> tuple[Examined, Scored]:
    """Check a network, keep it, and keep what it says of every picture as the newest predictions.

    Nothing is kept before the network has passed every check.

    Raises
    ------
    UnreadableInput
        If the file, its labels or what was said of it do not fit.
    """
    try:
        found = examine(case, path, asked, name=name, version=version, on_step=on_step)
        with workspace.database.writing() as db:
            store_network(workspace.path, found.file.data, found.file.digest)
            put_model(db, found.model)
        scored = dataset_scores(case, found.model, on_step=on_step)
    except UnusableModel as fault:
        raise UnreadableInput(expected=fault.expected, seen=fault.seen, todo=fault.todo) from None
    workspace.save_predictions(case.dataset, scored.predictions, record={"model": str(path)})
    return found, scored


def compare_preparations(case: Case, model: OwnModel, *, on_step: Progress = silent) -> Compared | None:
    """A kept network on labelled pictures under every plausible preparation; None where there are too few.

    Raises
    ------
    UnusableModel
    """
    laid = Matched(model.classes, (), (), ())
    trial = _Trial(case, model.network, model.output, model.labels, laid, on_step)
    return compared(case, trial.rows, model.preparation, trial.answers)


def examine(case: Case, path: Path, asked: Asked, *, name: str, version: str, on_step: Progress = silent) -> Examined:
    """Everything that can be said of a network before it is kept.

    Raises
    ------
    UnusableModel
    UnreadableInput
    """
    file = read_onnx(path)
    network = OwnNetwork(lambda: file.data)
    port = picture_input(network)
    labels, whence = _labels(path, asked.labels, file.metadata)
    output = score_output(network, asked.output, len(labels)).name
    guess, notes = guessed(port, file.metadata, network.outputs, layout=asked.layout, size=asked.size)
    beside = prepared_as(path, guess)
    if beside is not None:
        guess, notes = beside, ("as preparation.json beside it says",)
    preparation = _as_asked(guess, asked)
    labels = _columns(network, preparation, output, labels, whence, asked.labels)
    laid = matched(labels, case.classes, asked.same)
    trial = _Trial(case, network, output, labels, laid, on_step)
    tried = compared(case, trial.rows, preparation, trial.answers)
    better = tried.better if tried is not None and not asked.prepared and beside is None else None
    chosen = better.preparation if better is not None else preparation
    activation = detected(trial.raw(chosen, trial.rows[:TRIED]))
    said = () if asked.prepared or better is not None else notes
    model = OwnModel(
        name=name or path.stem, version=version or "1", digest=file.digest, preparation=chosen, output=output,
        activation=activation, labels=labels, classes=laid.classes, notes=(*said, SAID[activation]), network=network,
    )  # fmt: skip
    return Examined(model, file, laid, tried, better is not None)


def _labels(path: Path, given: Path | None, metadata: Mapping[str, str]) -> tuple[tuple[str, ...], Path | None]:
    """Labels as named, else inside the network, else beside it; and the file that they came from."""
    if given is not None:
        return read_labels(given), given
    inside = labels_inside(metadata)
    if inside:
        return inside, None
    beside = labels_beside(path)
    return ((), None) if beside is None else (read_labels(beside), beside)


def _columns(
    network: OwnNetwork,
    preparation: Preparation,
    output: str,
    labels: tuple[str, ...],
    whence: Path | None,
    given: Path | None,
) -> tuple[str, ...]:
    """Labels of the network's scores, as many as there are scores.

    Where the network itself names its classes, these count.
    """
    plain = np.full((GREY, GREY, 3), 127, dtype=np.uint8)
    raw, names = network.run(preparation(plain)[None], output)
    wide = 2 if raw.shape[1] == 1 else raw.shape[1]
    if names and given is not None and set(labels) != set(names):
        raise UnreadableInput(
            expected=f"the labels that the network itself names: {', '.join(names[:NAMED])} …",
            seen=f"others in {given}", todo="Leave out --labels; --same LABEL=CLASS says what a label means.",
        )  # fmt: skip
    if names:
        return names
    if len(labels) != wide:
        seen = f"{len(labels)} labels" + (f" in {whence}" if whence is not None else "") if labels else "no labels"
        raise UnreadableInput(
            expected=f"{wide} labels for the scores of the output {output}",
            seen=seen, todo="Give them in the order of the scores: --labels FILE (one a line, or JSON).",
        )  # fmt: skip
    return labels


def _as_asked(guess: Preparation, asked: Asked) -> Preparation:
    """The guess with what the user said in its place."""
    out = scaled_by(guess, asked.scaling) if asked.scaling else guess
    changes: dict[str, Any] = {
        name: value for name in ("order", "fit", "mean", "std") if (value := getattr(asked, name)) is not None
    }
    if asked.shorter is not None:
        changes["kept"] = min(1.0, min(out.width, out.height) / asked.shorter)
    out = replace(out, **changes)
    if out.dtype == "uint8" and (out.mean, out.std) != SCALINGS["0-255"]:
        raise UnreadableInput(
            expected="no scaling for a network that takes bytes",
            seen="one",
            todo="Leave out --scaling, --mean and --std.",
        )
    if min(out.std) <= 0:
        raise UnreadableInput(
            expected="deviations above 0 after --std", seen="/".join(f"{v:g}" for v in out.std), todo="Mend them."
        )
    return out


class _Trial:
    """The network on labelled pictures, under one preparation after the other."""

    def __init__(
        self,
        case: Case,
        network: OwnNetwork,
        output: str,
        labels: Sequence[str],
        laid: Matched,
        on_step: Progress,
    ) -> None:
        self._case, self._network, self._output, self._labels, self._laid = case, network, output, labels, laid
        self._on_step = on_step
        known = np.array([name in laid.classes for name in case.classes])
        self.rows = sampled(case, known)
        self._opened: tuple[NDArray[np.int64], list[NDArray[np.uint8]]] = (np.zeros(0, np.int64), [])
        self._done = 0

    def raw(self, preparation: Preparation, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Scores as the network gives them; of a plain picture where there is no row."""
        if not np.array_equal(rows, self._opened[0]):
            self._opened = rows, self._case.eyes.pixels(rows.tolist())
        pictures = self._opened[1] or [np.full((GREY, GREY, 3), 127, dtype=np.uint8)]

        def one(at: int, end: int) -> NDArray[np.float64]:
            return raw_scores(self._network, preparation, self._output, pictures[at:end], self._labels)

        found = np.concatenate(self._case.eyes.in_slices(len(pictures), one, side_by_side=True))
        if not np.isfinite(found).all():
            raise UnusableModel(
                expected="finite scores", seen=f"NaN or infinite ones with pictures prepared so: {preparation.text}",
                todo="Name the scaling it was trained with: --scaling, --mean and --std.",
            )  # fmt: skip
        return found

    def answers(self, preparation: Preparation, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Class said of each picture; -1 where the network goes mad under this preparation."""
        self._done += 1
        usual = 1 + len(other_scalings(preparation)) + len(other_fits(preparation))
        self._on_step("trying preparations of pictures", self._done, max(self._done, usual))
        try:
            raw = self.raw(preparation, rows)
        except UnusableModel:
            return np.full(len(rows), -1, dtype=np.int64)
        scores = onto_classes(as_probabilities(raw, detected(raw)), self._laid.classes, self._case.classes)
        return np.asarray(scores.argmax(axis=1), dtype=np.int64)
