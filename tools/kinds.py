"""What a kind of what-if consists of: what each file of ``tools/experiments`` must define, and what it may."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.errors import UnknownName
from tools.findings import Cost
from tools.registry import discover, sentence_of
from tools.training.baseline import Training

if TYPE_CHECKING:
    from tools.measures import Metric
    from tools.sides import Tried

Arguments = Mapping[str, str]
Change = Callable[[Case, Training, Arguments, np.random.Generator], Training]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Kind:
    """An experiment as found on disk.

    Attributes
    ----------
    kind, sentence : str
    eligible : callable
        Case → the argument sets this kind could be tried with there; empty = not eligible.
    change : callable
        (case, training, arguments, rng) → the changed training set; sees training rows only.
    describe : callable
        (case, arguments) → target in words.
    cost : callable
        (case, arguments) → Cost of doing it for real.
    counted_as : callable or None
        (case, arguments) → the class each class is judged as, before and after alike; None = as itself.
    meant_for : callable or None
        (case, arguments) → evaluation images (bool, shape (n,)) that the change is to help, by a metric's name.
    start : callable or None
        (case, training, arguments, rng) → what before is trained on, where that is not the training set as it is; the
        same generator as ``change`` gets.
    more : callable or None
        (case, arguments) → vectors, shape (m, d), of pictures made for the trial; ``change`` and ``start`` may train on
        them as rows from the number of images of the case on.
    judged_on : callable or None
        (case, arguments) → evaluation images that count, bool, shape (n,); None = all.
    adjust : callable or None
        (case, training, arguments, rng) → what after's scores of each class are multiplied by before the highest is
        taken, shape (classes,); decided on the training set alone.
    vectors : callable or None
        (case, arguments) → vectors, shape (n, d), that after is trained on and asked about instead of the case's.
    folds : callable or None
        (case, repeat) → folds of the training images, shape (n,), that before is measured with; after is measured with
        those of the case. The ruler changes, not the model, and both are held against the training images.
    truth : callable or None
        (case, arguments) → what each image is, shape (n,), where some are of one class more than the case has: its
        number is the number of classes of the case.
    asked : callable or None
        (case, arguments) → images (bool, shape (n,)) that count besides the evaluation images.
    deciding : callable or None
        (case, arguments, before, after) → the metric that decides, where that is not balanced accuracy.
    about : {"model", "ruler"}
    needs : str
        What a case must have for it, in words; empty = nothing special.
    note : str
        What else a careful reader must know.
    """

    kind: str
    sentence: str
    eligible: Callable[[Case], tuple[dict[str, str], ...]]
    change: Change
    describe: Callable[[Case, Arguments], str]
    cost: Callable[[Case, Arguments], Cost]
    counted_as: Callable[[Case, Arguments], NDArray[np.int64]] | None = None
    meant_for: Callable[[Case, Arguments], dict[str, Mask]] | None = None
    start: Change | None = None
    more: Callable[[Case, Arguments], NDArray[np.float32]] | None = None
    judged_on: Callable[[Case, Arguments], Mask] | None = None
    adjust: Callable[[Case, Training, Arguments, np.random.Generator], NDArray[np.float64]] | None = None
    vectors: Callable[[Case, Arguments], NDArray[np.float32]] | None = None
    folds: Callable[[Case, int], NDArray[np.int64]] | None = None
    truth: Callable[[Case, Arguments], NDArray[np.int64]] | None = None
    asked: Callable[[Case, Arguments], Mask] | None = None
    deciding: "Callable[[Case, Arguments, Tried, Tried], Metric] | None" = None
    about: Literal["model", "ruler"] = "model"
    needs: str = ""
    note: str = ""

    @property
    def trains(self) -> bool:
        """Whether doing it for real means no more than changing the training set."""
        other = (
            "start", "counted_as", "judged_on", "adjust", "vectors", "folds", "truth"
        )  # fmt: skip
        return all(getattr(self, name) is None for name in other)


OPTIONAL = (
    "counted_as", "meant_for", "start", "more", "judged_on", "adjust", "vectors", "folds", "truth", "asked", "deciding"
)  # fmt: skip


@cache
def kinds() -> dict[str, Kind]:
    """All experiments by kind."""
    import tools.experiments

    return {
        kind: Kind(
            kind,
            sentence_of(m),
            m.eligible,
            m.change,
            m.describe,
            m.cost,
            about="model" if getattr(m, "folds", None) is None else "ruler",
            needs=getattr(m, "NEEDS", ""),
            note=getattr(m, "NOTE", ""),
            **{name: getattr(m, name, None) for name in OPTIONAL},
        )
        for kind, m in discover(tools.experiments).items()
    }


def pair_of(case: Case, arguments: Arguments) -> tuple[str, str]:
    """The two classes of an argument ``pair=A|B``; names may themselves hold a bar.

    Raises
    ------
    UnknownName
        If no way to cut the text gives two classes of the case.
    """
    pieces = arguments["pair"].split("|")
    for cut in range(1, len(pieces)):
        a, b = "|".join(pieces[:cut]), "|".join(pieces[cut:])
        if a in case.classes and b in case.classes:
            return a, b
    raise UnknownName(
        expected="pair=A|B with two class names", seen=arguments["pair"], todo=f"Classes: {', '.join(case.classes)}."
    )
