"""Documents to what is shown: tables, galleries, plots. Pure: nothing here draws or reads files."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from app.escaping import shown
from tools.documents import TRUST
from tools.findings import LEVELS, Evidence, number_text

if TYPE_CHECKING:
    from tools.case import Case

Document = Mapping[str, Any]
"""A JSON object as ``audit --json`` and ``ask --json`` write it."""

VERDICTS = {
    "helps": "helps",
    "hurts": "hurts",
    "no_effect": "no effect worth having",
    "cannot_tell": "cannot tell with this many pictures",
}
BY_RULER = {
    "helps": "higher by this ruler",
    "hurts": "lower by this ruler",
    "no_effect": "the same by both rulers",
    "cannot_tell": "cannot tell whether the rulers differ",
}
"""Verdicts where the measuring is changed and not the model."""
RUNGS = {
    "none": "not seen",
    "present": "present in the data",
    "used": "used by the model",
    "causal": "shown to cause errors",
    "fixable": "shown to be fixable",
    "not_measurable": "not measurable here",
}
STATUSES = {"found": "Found", "passed": "Passed", "not_applicable": "Not applicable", "failed": "Failed"}


def evidence_of(piece: Document) -> Evidence:
    """Evidence back from its JSON, so that it is worded the same way everywhere."""
    known = {key: piece.get(key) for key in ("name", "value", "unit", "n", "low", "high")}
    return Evidence(**known, how=piece.get("how", ""))  # type: ignore[arg-type]


def evidence_rows(pieces: Iterable[Document]) -> list[dict[str, str]]:
    """One row per number: what was measured, its value, interval and how many pictures stand behind it."""
    return [
        {
            "Measured": shown(piece.name),
            "Value": piece.text,
            "Interval": piece.interval,
            "Pictures": "" if piece.n is None else str(piece.n),
            "How": shown(piece.how),
        }
        for piece in map(evidence_of, pieces)
    ]


def fact_rows(facts: Iterable[Document]) -> list[dict[str, str]]:
    """Numbers of all facts, each under its fact's id."""
    return [{"Fact": str(fact["id"]), **row} for fact in facts for row in evidence_rows(fact["evidence"])]


def ranked_findings(audit: Document) -> list[tuple[str, Document]]:
    """All open findings with their check's code: the most severe first, what decides trust before what rests on it."""
    order = {code: number for number, code in enumerate(TRUST)}

    def rank(pair: tuple[str, Document]) -> tuple[int, int, float]:
        code, severity = pair[0], pair[1]["severity"]
        return -LEVELS.index(severity["level"]), order.get(code, len(order)), -(severity["errors_explained"] or 0.0)

    found = ((str(o["code"]), f) for o in audit["outcomes"] for f in o["findings"])
    return sorted((pair for pair in found if not pair[1].get("settled")), key=rank)


def settled_findings(audit: Document) -> list[tuple[str, str]]:
    """Title and what was decided of every finding that is not put forward."""
    return [
        (f"{shown(f['title'])} ({f['id']})", shown(f["settled"]))
        for o in audit["outcomes"]
        for f in o["findings"]
        if f.get("settled")
    ]


def severity_text(severity: Document) -> str:
    """``explains 23.1 % of the errors, +3.0 points when fixed``; empty where neither is known."""
    parts = []
    if severity.get("errors_explained") is not None:
        parts.append(f"explains {number_text(severity['errors_explained'], 'share')} of the errors")
    if severity.get("gain") is not None:
        parts.append(f"{number_text(severity['gain'], 'points')} when fixed")
    return ", ".join(parts)


def quiet_outcomes(audit: Document, status: str) -> list[tuple[str, str]]:
    """Code and reason of every outcome with one status."""
    return [(str(o["code"]), shown(o.get("reason") or "")) for o in audit["outcomes"] if o["status"] == status]


@dataclass(frozen=True)
class Point:
    """One effect as a plot draws it; all numbers in points (100 × share).

    Attributes
    ----------
    label : str
    delta, low, high : float
        After − before, with its interval.
    noise : float
        How far the metric moves with nothing changed.
    verdict : str
    """

    label: str
    delta: float
    low: float
    high: float
    noise: float
    verdict: str


def primary(effect: Document | Sequence[Document]) -> Document:
    """The measure that decides: of a list of measures, or of an effect that holds one."""
    measures = effect if isinstance(effect, Sequence) else effect.get("measures", [effect])
    return next((m for m in measures if m.get("primary")), measures[0])


def effect_point(label: str, effect: Document) -> Point:
    """What to draw of one measure."""
    delta = float(effect["after"]) - float(effect["before"])
    return Point(
        shown(label),
        100 * delta,
        100 * float(effect["low"]),
        100 * float(effect["high"]),
        100 * float(effect["noise"]),
        str(effect["verdict"]),
    )


def effect_sentence(effect: Document, about: str = "model") -> str:
    """A measure in one line: metric, before, after, interval, noise floor, verdict."""
    verdicts = BY_RULER if about == "ruler" else VERDICTS
    low, high = number_text(effect["low"], "points"), number_text(effect["high"], "points")
    delta = number_text(float(effect["after"]) - float(effect["before"]), "points")
    line = (
        f"{verdicts[effect['verdict']]}: {shown(effect['metric'])} {number_text(effect['before'], 'share')} → "
        f"{number_text(effect['after'], 'share')} ({delta}, interval {low.removesuffix(' points')} to {high}; "
        f"noise floor {number_text(effect['noise'], 'points').removeprefix('+')})"
    )
    if effect.get("needed"):
        line += f"; about {effect['needed']} evaluation pictures would settle it"
    return line


def untried_words(action: Document) -> str:
    """Why an action has no measured effect, and when it gets one."""
    if action.get("experiment"):
        return "Not tried yet; it can be tried before anything is changed."
    return "Cannot be tried beforehand: what it brings is measured once it is done."


def begun(text: str) -> str:
    """A text with a capital letter in front, as a sentence or a heading begins.

    >>> begun("collect Lime"), begun("")
    ('Collect Lime', '')
    """
    return text[:1].upper() + text[1:]


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "file"), counted(2, "class", "classes")
    ('1 file', '2 classes')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


def merged_advice(recommendations: Iterable[Document]) -> list[Document]:
    """Recommendations that differ only in their target, as one with all targets."""
    merged: dict[tuple[str, str], list[Document]] = {}
    for one in recommendations:
        alone = str(one["target"]) if one.get("experiment") else ""
        merged.setdefault((f"{one['action']} {alone}", one["why"]), []).append(one)
    return [{**same[0], "target": ", ".join(str(o["target"]) for o in same)} for same in merged.values()]


def cause_badges(cause: Document) -> list[tuple[str, Literal["red", "gray", "blue"]]]:
    """What a cause's card says at a glance, each with a colour; counts, because shares of few errors mislead."""
    badges: list[tuple[str, Literal["red", "gray", "blue"]]] = []
    if cause.get("count") is not None:
        badges.append((f"in {cause['count']} of {cause['of']} errors", "red"))
    elif cause.get("share_of_errors") is not None:
        badges.append((f"in {number_text(cause['share_of_errors'], 'share')} of the errors", "red"))
    if cause.get("share_of_correct") is not None:
        badges.append((f"in {number_text(cause['share_of_correct'], 'share')} of the correct pictures", "gray"))
    if cause.get("rung") not in (None, "none"):
        badges.append((RUNGS[cause["rung"]], "blue"))
    return badges


def first_images(answer: Document) -> list[str]:
    """Ids to look at first: those of the causes in turn, else those of the facts."""
    lists = [c["images"] for c in answer["causes"] if c["images"]] or [f["images"] for f in answer["facts"]]
    turns = itertools.zip_longest(*lists)
    return list(dict.fromkeys(str(image) for turn in turns for image in turn if image is not None))


def action_title(action: Document) -> str:
    """``relabel 12 images of Lime``."""
    return shown(f"{action['action']} {action['target']}")


@dataclass(frozen=True)
class Tile:
    """One picture of a gallery.

    Attributes
    ----------
    id : str
    label, predicted : str
        Empty where there is none.
    score : float or None
        The subject's score of the predicted class.
    split : str
    """

    id: str
    label: str
    predicted: str
    score: float | None
    split: str

    @property
    def wrong(self) -> bool:
        """Whether label and prediction differ."""
        return bool(self.label and self.predicted and self.label != self.predicted)

    @property
    def alt(self) -> str:
        """In words, for who cannot see it."""
        label = f"labelled {self.label}" if self.label else "without a label"
        return shown(f"{self.id.rpartition('/')[2]}: {label}, the model says {self.said}")

    @property
    def said(self) -> str:
        """What the subject said, with its score."""
        if not self.predicted:
            return "says nothing"
        return self.predicted if self.score is None else f"{self.predicted} {100 * self.score:.0f}\N{NO-BREAK SPACE}%"


def tiles(case: "Case", image_ids: Sequence[str], limit: int = 12) -> list[Tile]:
    """Gallery of some images: label, the subject's prediction, its score; unknown ids are left out."""
    dataset, derived = case.dataset, case.derived
    out: list[Tile] = []
    for image_id in dict.fromkeys(image_ids):
        row = dataset.index.get(image_id)
        if row is None or len(out) == limit:
            continue
        target, said = int(case.targets[row]), int(derived.predicted[row])
        score = float(derived.scores[row, said]) if said >= 0 else float("nan")
        out.append(
            Tile(
                id=image_id,
                label=case.classes[target] if target >= 0 else "",
                predicted=case.classes[said] if said >= 0 else "",
                score=score if score == score else None,
                split=str(dataset.splits[row]),
            )
        )
    return out


def score_rows(case: "Case", row: int) -> list[dict[str, Any]]:
    """Every class with the subject's score of one picture, the highest first; empty where it was not judged."""
    scores = case.derived.scores[row]
    known = [(name, float(s)) for name, s in zip(case.classes, scores, strict=True) if s == s]
    return [{"Class": shown(name), "Score": s} for name, s in sorted(known, key=lambda pair: -pair[1])]


def worst_pairs(case: "Case", limit: int = 3) -> list[tuple[str, str, int]]:
    """The class pairs most often confused, true class first, with the number of errors."""
    errors = case.derived.errors
    counts: dict[tuple[int, int], int] = {}
    for a, b in zip(case.targets[errors].tolist(), case.derived.predicted[errors].tolist(), strict=True):
        counts[a, b] = counts.get((a, b), 0) + 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return [(case.classes[a], case.classes[b], n) for (a, b), n in ranked]


def suggested_questions(case: "Case") -> list[str]:
    """Questions worth asking of this data first; an answer covers both directions of a pair."""
    pairs = worst_pairs(case, 2 * len(case.classes))
    apart = list(dict.fromkeys(tuple(sorted(pair[:2])) for pair in pairs))[:2]
    questions = [f"Why is my model confusing {a} and {b}?" for a, b in apart]
    questions.append("Which labels are wrong?")
    if pairs:
        questions.append(f"Should I split {pairs[0][0]}?")
    return [*questions, "Can I trust the accuracy?", "What should I improve first?"]
