"""A user's network, what was found out about it, and how steady it is, as plain JSON; later versions only add keys."""

from collections.abc import Mapping
from typing import Any

from tools.adding_model import Examined
from tools.case import Case
from tools.consistency import MIRRORED, SHIFTED
from tools.documents import evidence_json
from tools.findings import Evidence
from tools.metrics import quality
from tools.model_labels import Matched
from tools.model_scores import Scored
from tools.own_model import OwnModel
from tools.preparations import FEWEST, Compared, Tried
from tools.wording import listed

Json = dict[str, Any]
MOST_NAMED = 8


def own_model_json(model: OwnModel) -> Json:
    """Everything kept of a network but its weights."""
    return {**model.to_json(), "reference": model.title, "prepared": model.preparation.text}


def compared_json(found: Compared | None, *, adopted: bool = False, named: bool = True) -> Json:
    """Preparations with their accuracy, best first, and what follows."""
    if found is None:
        text = f"Too few labelled pictures of its classes (fewer than {FEWEST}) to check how it wants them prepared."
        return {"sentence": text, "warning": False, "tried": []}
    tried = sorted((found.chosen, *found.others), key=lambda t: -t.accuracy.value)
    used = found.better if adopted and found.better is not None else found.chosen
    return {
        "sentence": _sentence(found, adopted=adopted, named=named),
        "warning": found.better is not None and not adopted,
        "tried": [
            {
                "prepared": one.preparation.text,
                "preparation": one.preparation.to_json(),
                "accuracy": evidence_json(one.accuracy),
                "chosen": one is used,
                "clearly_better": one is found.better,
            }
            for one in tried
        ],
    }


def _sentence(found: Compared, *, adopted: bool, named: bool) -> str:
    count, how = found.chosen.accuracy.n, found.chosen.accuracy.how
    mine = "the preparation you named" if named else "the preparation that was guessed"
    if found.better is None:
        return f"{_share(found.chosen)} of {count} {how} are right; no other preparation is clearly better."
    fed = found.chosen.preparation.text
    both = (
        f"Your network gets {_share(found.chosen)} of {count} {how} right with {mine} ({fed}) "
        f"and {_share(found.better)} with this one: {found.better.preparation.text}."
    )
    return f"{both} The latter is used." if adopted else f"{both} Check how it was trained."


def _share(tried: Tried) -> str:
    return f"{tried.accuracy.text} ({tried.accuracy.interval})"


def added_json(case: Case, found: Examined, scored: Scored, *, named: bool) -> Json:
    """``advisor model add --json``: the network, how it is fed, its labels, and how good it is."""
    return {
        "model": own_model_json(found.model),
        "preparations": compared_json(found.compared, adopted=found.adopted, named=named),
        "labels": matched_json(found.matched, scored),
        **said_json(case, scored),
    }


def matched_json(laid: Matched, scored: Scored) -> Json:
    """Which labels mean which classes, and what that costs."""
    notes = []
    if laid.respelt:
        notes.append("read as " + listed([f"{label} = {name}" for label, name in laid.respelt[:MOST_NAMED]]))
    if laid.strange:
        more = len(laid.strange) - MOST_NAMED
        names = ", ".join(laid.strange[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        notes.append(
            f"not among the data set's classes: {names}; on {scored.strange} pictures one of them is its first answer, "
            "and its best class of the data set counts instead"
        )
    if laid.missing:
        notes.append(f"classes it has no label for, so that it is never right on them: {', '.join(laid.missing)}")
    return {
        "respelt": [list(pair) for pair in laid.respelt],
        "strange": list(laid.strange),
        "missing": list(laid.missing),
        "first_answers_among_strange": scored.strange,
        "notes": notes,
    }


def said_json(case: Case, scored: Scored) -> Json:
    """Accuracy on the pictures that judge, and what could not be scored.

    Parameters
    ----------
    case : Case
        With these predictions.
    """
    covered = int(scored.predictions.covered.sum())
    out: Json = {
        "scored": covered,
        "images": len(case.ids),
        "skipped": [{"image": image, "reason": reason} for image, reason in scored.skipped],
        "metrics": [],
    }
    judged = case.derived.judged
    if case.subject == "user" and judged.any():
        where = "the given test split" if case.has_test else "all labelled pictures, those it was trained on included"
        found = quality(case, case.derived.predicted, judged, f"your own network, on {where}")
        out["metrics"] = [evidence_json(e) for e in (found.accuracy, found.balanced_accuracy)]
        out["judged_on"] = where
    return out


def consistency_json(found: Mapping[str, tuple[Evidence, ...]]) -> Json:
    """Shares by who was asked, and one sentence each."""
    sentences = []
    for who, evidence in found.items():
        by_name = {e.name: e for e in evidence}
        mirrored, shifted = by_name[MIRRORED], by_name[SHIFTED]
        sentences.append(
            f"{who[:1].upper()}{who[1:]}: {mirrored.text} of answers change when a picture is mirrored "
            f"({mirrored.interval}), {shifted.text} when it is shifted {shifted.how.partition(';')[0]} "
            f"({shifted.interval}; {mirrored.n} pictures)."
        )
    return {
        "sentences": sentences,
        "asked": {who: [evidence_json(e) for e in evidence] for who, evidence in found.items()},
    }
