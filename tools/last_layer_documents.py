"""A last layer before and after balancing, in sentences and as plain JSON."""

from pathlib import Path
from typing import Any

from tools.case import Case
from tools.documents import case_head, evidence_json, measure_json
from tools.effects import Measure
from tools.findings import number_text
from tools.last_layer import Mended

Json = dict[str, Any]
VERDICTS = {
    "helps": "it helps",
    "hurts": "it hurts",
    "no_effect": "no effect worth having",
    "cannot_tell": "cannot tell with these pictures",
}


def mended_document(case: Case, found: Mended, pair: tuple[str, str], file: Path, shapes: Json) -> Json:
    """``advisor model last-layer --json``."""
    primary = next(m for m in found.measures if m.primary)
    return {
        **case_head(case, f"{primary.metric[:1].upper()}{primary.metric[1:]}: {VERDICTS[primary.verdict]}"),
        "subject": "user",
        "pair": list(pair),
        "cue": found.cue.cue.name,
        "words": found.cue.words,
        "trained_on": found.trained_on,
        "judged_on": found.judged_on,
        "verdict": primary.verdict,
        "sentences": [measure_sentence(m) for m in found.measures],
        "measures": [measure_json(m) for m in found.measures],
        "against_unbalanced": [measure_json(m) for m in found.unbalanced],
        "unbalanced_sentence": measure_sentence(next(m for m in found.unbalanced if m.primary)),
        "worst_group": {
            "before": found.worst_before,
            "after": found.worst_after,
            "change": evidence_json(found.worst),
            "sentence": worst_sentence(found),
        },
        "groups": [
            {"group": words, "before": evidence_json(before), "after": evidence_json(after)}
            for words, before, after in found.groups
        ],
        "file": str(file),
        "shapes": {name: list(shape) for name, shape in shapes.items()},
    }


def measure_sentence(measure: Measure) -> str:
    """A metric before and after, with its interval and verdict."""
    before, after = (number_text(v, "share") for v in (measure.before, measure.after))
    return (
        f"{measure.metric[:1].upper()}{measure.metric[1:]}: {before} → {after} "
        f"(change {_range(measure.low, measure.high)}, {measure.n} pictures): {VERDICTS[measure.verdict]}"
    )


def worst_sentence(found: Mended) -> str:
    """The worst group before and after."""
    before, after = (number_text(v, "share") for v in (found.worst_before, found.worst_after))
    low, high = found.worst.low or 0.0, found.worst.high or 0.0
    return f"Worst group: {before} → {after} (change {_range(low, high)}, {found.worst.n} pictures)"


def _range(low: float, high: float) -> str:
    return f"{number_text(low, 'points').removesuffix(' points')} to {number_text(high, 'points')}"
