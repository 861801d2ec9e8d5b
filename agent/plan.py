"""What a question asks for, and which checks and what-ifs answer it."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

Intent = Literal[
    "confusion",
    "split",
    "merge",
    "labels",
    "collect",
    "balance",
    "duplicates",
    "comparable",
    "cue",
    "quality",
    "slices",
    "worst",
    "overview",
    "experiment",
    "threshold",
    "help",
    "picture",
]
INTENTS: tuple[Intent, ...] = get_args(Intent)[:-1]
"""What a planner chooses among; ``picture`` is not chosen: a question is about one when it names one."""

VARIETY = ("variety-background", "variety-lighting", "variety-size", "variety-angle", "variety-style")

CHECKS: Mapping[Intent, tuple[str, ...]] = {
    "confusion": ("confusion-causes",),
    "split": ("hidden-subclasses",),
    "merge": ("similar-classes", "not-visual"),
    "labels": ("wrong-labels", "contradicting-duplicates"),
    "collect": (
        "image-quantity",
        "learning-curve",
        "class-balance",
        *VARIETY,
        "typicality",
        "weak-slices",
        "negatives",
    ),
    "balance": ("class-balance", "image-quantity"),
    "duplicates": ("near-duplicates", "contradicting-duplicates", "split-leakage"),
    "comparable": ("grouped-images", "split-leakage", "distribution-shift", "test-too-easy", "training-too-easy"),
    "cue": ("spurious-cue", "background-bias", "fixed-camera"),
    "quality": ("image-quality", "clutter", "outliers"),
    "slices": ("weak-slices", "hidden-subclasses"),
    "worst": ("model-category",),
    "experiment": (),
    "threshold": ("thresholds", "calibration"),
    "help": (),
    "picture": (),
}
"""Codes by intent; ``overview`` runs every check there is, the others those of theirs that this version has."""

TRUST = ("grouped-images", "split-leakage")
"""Checks that say whether the error counts themselves can be trusted; asked beside any question about errors."""

ABOUT_ERRORS: frozenset[Intent] = frozenset({"confusion", "worst", "cue", "slices"})


@dataclass(frozen=True)
class Trial:
    """A what-if to try: its kind and arguments."""

    kind: str
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """How a question was understood.

    Attributes
    ----------
    intent : Intent
    classes : tuple of str
        Classes named, in the question's order. For ``confusion`` one class means: with whatever it is confused.
    trials : tuple of Trial
        What-ifs the question itself asks for; others come from what the checks recommend.
    unknown : tuple of str
        Words that may be meant as classes but are none.
    choices : tuple of str
        Classes between which the question does not decide.
    slice : str or None
        Words for a part of the pictures, as the question has them.
    picture : str
        Id of the one picture that the question is about; empty for none.
    planner : {"rules", "model"}
    fallback : str
        Why the language model's plan was not used.
    """

    intent: Intent
    classes: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = ()
    unknown: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    slice: str | None = None
    picture: str = ""
    planner: Literal["rules", "model"] = "rules"
    fallback: str = ""

    @property
    def pair(self) -> tuple[str, str] | None:
        """The two classes of a confusion or a merger, in the question's order."""
        return (self.classes[0], self.classes[1]) if len(self.classes) >= 2 else None

    @property
    def needs_clarifying(self) -> bool:
        """Whether the question cannot be answered before the user says which classes are meant."""
        if self.choices:
            return True
        lacks = {"confusion": 2, "merge": 2, "split": 1}.get(self.intent, 0) > len(self.classes)
        return bool(self.unknown) and lacks

    def checks(self, available: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Codes to run, and codes that would belong here but that this version lacks."""
        if self.intent == "overview":
            return tuple(available), ()
        wanted = CHECKS[self.intent] + (TRUST if self.intent in ABOUT_ERRORS else ())
        return tuple(c for c in wanted if c in available), tuple(c for c in wanted if c not in available)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Plan":
        """Undo ``to_json``."""
        trials = tuple(Trial(t["kind"], dict(t["arguments"])) for t in kept["trials"])
        rest: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in kept.items() if k != "trials"}
        return cls(trials=trials, **rest)
