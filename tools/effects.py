"""What experiments report: metrics before and after on the same images, with an interval and a verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tools.findings import Cost, Evidence


def rare_recall(pair: tuple[str, str]) -> str:
    """Name of the recall of the pictures of two classes that a cue misleads: what training against it is to raise."""
    first, second = sorted(pair)
    return f"recall of {first} and {second} in the rare setting"


Verdict = Literal["helps", "hurts", "no_effect", "cannot_tell"]


@dataclass(frozen=True)
class Measure:
    """One metric before and after a change.

    Attributes
    ----------
    metric : str
        ``balanced accuracy``, ``accuracy``, ``recall of Lime`` …
    before, after : float
        In 0–1, averaged over repeats, on the same images.
    low, high : float
        Interval of after − before at ``confidence``.
    noise : float
        How far the metric moves between repeats with nothing changed (95 % of the moves are smaller).
    verdict : Verdict
    n : int
        Images it was measured on.
    needed : int or None
        For ``cannot_tell``: roughly how many evaluation images would settle it.
    primary : bool
    """

    metric: str
    before: float
    after: float
    low: float
    high: float
    noise: float
    verdict: Verdict
    n: int
    needed: int | None = None
    primary: bool = False

    @property
    def delta(self) -> float:
        """After − before."""
        return self.after - self.before


Resemblance = Literal["closely", "partly", "hardly"]


@dataclass(frozen=True)
class Fidelity:
    """How far the baseline, which a what-if is tried on, resembles the user's model, which it is asked for.

    Attributes
    ----------
    model : str
        The user's.
    n : int
        Judged pictures.
    resembles : {"closely", "partly", "hardly"}
        By the agreement of errors beyond chance.
    sentence : str
        In plain words, with what follows for every what-if.
    details : str
        Where the two are furthest apart.
    evidence : tuple of Evidence
        Every number of the sentences.
    """

    model: str
    n: int
    resembles: Resemblance
    sentence: str
    details: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Effect:
    """An experiment's result.

    Attributes
    ----------
    kind : str
        The experiment.
    target : str
        What was changed, in words.
    arguments : mapping of str to str
    measures : tuple of Measure
        Exactly one primary.
    repeats, folds : int
    confidence : float
        Of the intervals, after correction for the kinds eligible in this case.
    changed : int
        Training images (or labels) that the change touched, averaged over fits.
    evaluated_on : str
        ``the given test split`` or ``held-out folds, groups kept together``.
    cost : Cost
    notes : tuple of str
        What else a careful reader must know.
    fidelity : Fidelity or None
        How far it may speak for the user's model; None where the baseline itself is the subject.
    about : {"model", "ruler"}
        What differs between before and after. Where it is the ruler, "helps" and "hurts" mean that the figure is
        higher or lower by the second ruler, not that anything got better or worse.
    """

    kind: str
    target: str
    arguments: Mapping[str, str]
    measures: tuple[Measure, ...]
    repeats: int
    folds: int
    confidence: float
    changed: float
    evaluated_on: str
    cost: Cost = field(default_factory=Cost)
    notes: tuple[str, ...] = ()
    fidelity: Fidelity | None = None
    about: Literal["model", "ruler"] = "model"

    def __post_init__(self) -> None:
        if sum(m.primary for m in self.measures) != 1:
            raise ValueError("an effect has exactly one primary measure")

    @property
    def primary(self) -> Measure:
        """The measure that decides."""
        return next(m for m in self.measures if m.primary)

    def raises_the_rare(self, pair: tuple[str, str]) -> bool:
        """Whether it was shown to help the pictures of two classes that a cue misleads."""
        return any(m.metric == rare_recall(pair) and m.verdict == "helps" for m in self.measures)
