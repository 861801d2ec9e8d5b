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
    "search",
    "versions",
    "progress",
    "retrain",
    "change",
    "picture",
    "show",
    "why",
    "do",
    "undo",
    "next",
]
INTENTS: tuple[Intent, ...] = get_args(Intent)
OF_THE_LAST: frozenset[Intent] = frozenset({"show", "why", "do"})
"""Follow-ups about the last answer: its pictures, its reasons, its advice."""
ACTS: frozenset[Intent] = frozenset({"retrain", "change", "do", "undo"})
"""What changes the workspace or runs long: only with a person's consent."""

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
}
"""Codes by intent, none for the others; ``overview`` runs every check there is, else those that this version has."""

BOXES: Mapping[Intent, tuple[str, ...]] = {
    "worst": ("box-mistakes", "missed-things"),
    "slices": ("missed-things",),
    "collect": ("missed-things",),
}
"""Further codes by intent where the pictures were cut out of larger ones and a detector's boxes are there."""

TRUST = ("grouped-images", "split-leakage")
"""Checks that say whether the error counts themselves can be trusted; asked beside any question about errors."""

ABOUT_ERRORS: frozenset[Intent] = frozenset({"confusion", "worst", "cue", "slices"})


ABOUT_CLASSES: frozenset[Intent] = frozenset({"confusion", "split", "merge", "labels", "collect", "balance", "change"})
"""Intents whose answer is another one for each class: asked back where it is not clear which class is meant."""


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
    goal : mapping
        Of a threshold: ``kind`` (precision, recall, f-beta, cost), ``value`` (a share, β, or the cost of a miss) and
        ``false_alarm`` (its cost); empty if the question names none.
    versions : tuple of int
        Trained versions that are named.
    words : str
        What pictures are looked for.
    which : int
        The piece of advice that is meant, from 1 on; negative = the number of an entry of the history.
    second : str
        A second question that came with this one; empty for none.
    language : str
        Of a question that is not English: its name in English; empty else.
    readings : tuple of str
        What the question may mean instead; of one that is not understood, two that it is most like.
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
    goal: Mapping[str, Any] = field(default_factory=dict)
    versions: tuple[int, ...] = ()
    words: str = ""
    which: int = 0
    second: str = ""
    language: str = ""
    readings: tuple[str, ...] = ()
    planner: Literal["rules", "model"] = "rules"
    fallback: str = ""

    @property
    def pair(self) -> tuple[str, str] | None:
        """The two classes of a confusion or a merger, in the question's order."""
        return (self.classes[0], self.classes[1]) if len(self.classes) >= 2 else None

    @property
    def needs_clarifying(self) -> bool:
        """Whether the question cannot be answered before the user says which classes are meant."""
        needed = {"confusion": 2, "merge": 2}.get(self.intent, 1)
        open_to = ABOUT_CLASSES | ({"threshold"} if self.unknown else {"experiment", "retrain"})
        return bool(self.choices or self.unknown) and self.intent in open_to and len(self.classes) < needed

    def checks(self, available: Collection[str], *, boxes: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Codes to run, and codes that would belong here but that this version lacks.

        Parameters
        ----------
        available : collection of str
        boxes : bool
            Whether a detector's boxes are there.
        """
        of_boxes = {code for codes in BOXES.values() for code in codes}
        if self.intent == "overview":
            return tuple(code for code in available if boxes or code not in of_boxes), ()
        wanted = CHECKS.get(self.intent, ()) + (BOXES.get(self.intent, ()) if boxes else ())
        wanted += TRUST if self.intent in ABOUT_ERRORS else ()
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
