"""What checks report: evidence, findings, recommendations, outcomes. Frozen, validated, JSON-able."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import isfinite
from typing import Literal, get_args

Level = Literal["low", "medium", "high"]
Status = Literal["found", "passed", "not_applicable", "failed"]
Rung = Literal["none", "present", "used", "causal", "fixable", "not_measurable"]
Unit = Literal["share", "images", "points", "ratio", "similarity", "pixels", "score", "count", "p", "distance"]
LEVELS: tuple[Level, ...] = get_args(Level)

Change = tuple[str, tuple[tuple[str, str], ...]]
"""An experiment's kind and sorted arguments: recommendations of one change share its effect."""

HIGH_SHARE = 0.20  # DECISIONS: a finding that explains a fifth of the errors is high
MEDIUM_SHARE = 0.05


@dataclass(frozen=True)
class Evidence:
    """One measured number.

    Attributes
    ----------
    name : str
        Short words, unique within its finding: ``images of Lime``.
    value : float
        The number. Shares and accuracies lie in 0–1; ``points`` are differences of shares (0.031 = 3.1 points).
    unit : Unit
    n : int or None
        How many pictures stand behind it.
    low, high : float or None
        Interval at the case's confidence.
    how : str
        How it was computed, in one line.
    """

    name: str
    value: float
    unit: Unit
    n: int | None = None
    low: float | None = None
    high: float | None = None
    how: str = ""

    def __post_init__(self) -> None:
        for name, kind in (("value", float), ("n", int), ("low", float), ("high", float)):
            given = getattr(self, name)
            object.__setattr__(self, name, None if given is None else kind(given))  # numpy numbers are no JSON
        if not isfinite(self.value):
            raise ValueError(f"evidence {self.name!r} must be finite, got {self.value}")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"evidence {self.name!r} has half an interval")

    @property
    def text(self) -> str:
        """The value as people read it: ``77.8 %``, ``684``, ``+3.1 points``."""
        return number_text(self.value, self.unit)

    @property
    def interval(self) -> str:
        """``72.1–80.9 %``; empty where there is none."""
        if self.low is None or self.high is None:
            return ""
        low, high = number_text(self.low, self.unit), number_text(self.high, self.unit)
        unit = " %" if self.unit == "share" else " points" if self.unit == "points" else ""
        joiner = " to " if self.unit == "points" else "–"
        return f"{low.removesuffix(unit)}{joiner}{high}"


def number_text(value: float, unit: Unit) -> str:
    """Format a number for people.

    >>> number_text(0.7778, "share"), number_text(-0.031, "points"), number_text(720, "images")
    ('77.8 %', '-3.1 points', '720')
    """
    match unit:
        case "share":
            return f"{100 * value:.1f} %"
        case "points":
            return f"{round(100 * value, 1) + 0.0:+.1f} points"  # no "-0.0"
        case "images" | "count" | "pixels":
            return f"{value:.0f}"
        case "ratio":
            return f"{value:.1f}"
        case "p":
            return f"{value:.3f}" if value >= 0.001 else "<0.001"
        case _:
            return f"{round(value, 2) + 0.0:.2f}"


@dataclass(frozen=True)
class Scope:
    """What a check or finding speaks of; all empty = the whole data set."""

    classes: tuple[str, ...] = ()
    pair: tuple[str, str] | None = None
    slice: str | None = None


@dataclass(frozen=True)
class Severity:
    """How much it matters.

    Attributes
    ----------
    level : {"low", "medium", "high"}
    errors_explained : float or None
        Share of the subject's errors, 0–1.
    gain : float or None
        Measured or estimated gain of the primary metric, 0–1.
    """

    level: Level
    errors_explained: float | None = None
    gain: float | None = None


def severity(errors_explained: float | None, *, blocks_trust: bool = False, below_floor: bool = False) -> Severity:
    """Judge by the fixed rule: high = explains ≥ 20 % of errors or blocks trust in the metric;
    medium = ≥ 5 % or a guide's floor is broken; else low.
    """
    share = errors_explained or 0.0
    if blocks_trust or share >= HIGH_SHARE:
        return Severity("high", errors_explained)
    if below_floor or share >= MEDIUM_SHARE:
        return Severity("medium", errors_explained)
    return Severity("low", errors_explained)


@dataclass(frozen=True)
class Cost:
    """Work an action takes: pictures to take, clicks to make, minutes to wait."""

    images: int = 0
    clicks: int = 0
    minutes: float = 0.0


@dataclass(frozen=True)
class Recommendation:
    """An action the user can take.

    Attributes
    ----------
    action : str
        Verb of the vocabulary: collect, relabel, remove, split, merge, reweight, deduplicate, regroup …
    target : str
        What it is done to, in words: a class, a pair, a list of images.
    code : str
        The check that gave it.
    why : str
        One sentence.
    cost : Cost
    experiment : str or None
        Kind that tries it; None = it cannot be tried on the data at hand (say why in ``why``).
    arguments : mapping of str to str
        For the experiment.
    images : tuple of str
        Ids to look at first.
    """

    action: str
    target: str
    code: str
    why: str
    cost: Cost = Cost()
    experiment: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    images: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Stable over versions: digest of action, target and code."""
        return sha256("\0".join((self.action, self.target, self.code)).encode()).hexdigest()[:12]

    @property
    def change(self) -> "Change | None":
        """The experiment that tries it; None where the data at hand cannot."""
        return None if self.experiment is None else (self.experiment, tuple(sorted(self.arguments.items())))


@dataclass(frozen=True)
class Finding:
    """A diagnosed fault.

    Attributes
    ----------
    code : str
        The check's code.
    title : str
        A few words, with the classes' names.
    severity : Severity
    scope : Scope
    summary : str
        One or two sentences whose every number stands in ``evidence``.
    evidence : tuple of Evidence
    images : tuple of str
        Ids, the most telling first.
    recommendations : tuple of Recommendation
    rung : Rung or None
        How far up the evidence ladder a cue got.
    errors, correct : frozenset of str or None
        For a cause of an A → B confusion: which error images, and which correct images of A, show it.
    settled : str
        What a person decided about it, so that it is not put forward; empty = open.
    assigned : str
        Who sees to it, and until when; empty = nobody was named.
    """

    code: str
    title: str
    severity: Severity
    summary: str
    evidence: tuple[Evidence, ...]
    scope: Scope = Scope()
    images: tuple[str, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    rung: Rung | None = None
    errors: frozenset[str] | None = None
    correct: frozenset[str] | None = None
    settled: str = ""
    assigned: str = ""

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"finding {self.title!r} has no evidence")
        names = [e.name for e in self.evidence]
        if len(set(names)) != len(names):
            raise ValueError(f"finding {self.title!r} names two pieces of evidence alike")

    def value(self, name: str) -> float:
        """Value of the evidence called ``name``."""
        return next(e.value for e in self.evidence if e.name == name)


@dataclass(frozen=True)
class Measured:
    """What a check measured even when it found nothing.

    Attributes
    ----------
    evidence : tuple of Evidence
    smallest_detectable : str
        The smallest fault this data could have shown, in words, numbers included.
    """

    evidence: tuple[Evidence, ...] = ()
    smallest_detectable: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of one check; every check of a run ends in exactly one.

    Attributes
    ----------
    code : str
    status : Status
    reason : str
        Why it is not applicable, how it failed, or what passing means.
    seconds : float
        Wall-clock.
    findings : tuple of Finding
    measured : Measured
    """

    code: str
    status: Status
    reason: str
    seconds: float
    findings: tuple[Finding, ...] = ()
    measured: Measured = Measured()


def worst(levels: Iterable[Level]) -> Level | None:
    """The most severe of some levels; None for none.

    >>> worst(["low", "high"])
    'high'
    """
    return max(levels, key=LEVELS.index, default=None)
