"""The training pictures behind one answer, in sentences made of numbers and as plain JSON."""

from typing import Any

from tools.case import Case
from tools.dataset import encode_id
from tools.documents import case_head, evidence_json
from tools.findings import Evidence
from tools.statistics import wilson
from tools.why import FEWEST_CONTROLS, MOST, Pushed
from tools.wording import phrase

Json = dict[str, Any]
WITHOUT = (
    "Without {pictures left out} of the training pictures, {bursts}, the margin of {said} over {other} goes from "
    "{margin} to {margin without them}"
)
OTHERS = (
    "Leaving out as many others of the same classes moves it by {moved without as many others} "
    "({moved without as many others|interval})"
)
CORRECTS = " and corrects the answer in {corrected by others} of {draws of others} draws"
CAUSE = "These pictures cause the mistake."
NO_SET = (
    "No set of at most {most left out} training pictures was found that corrects it: the answer rests on many, not on "
    "a few."
)
NOT_BEYOND = (
    "That is no proof that they cause it: the answer is so near the border that leaving out others corrects it too."
)
NO_CONTROLS = (
    "There are too few other pictures of these classes to compare with, so this is no proof that they cause it."
)


def why_document(case: Case, found: Pushed) -> Json:
    """``advisor why --json``."""
    names = {"said": case.classes[found.said], "other": case.classes[found.other]}
    evidence = evidence_of(case, found)
    similarity = case.space.vectors[found.rows] @ found.answer.vector
    return {
        **case_head(case, says(case, found)),
        "picture": encode_id(found.answer.picture),
        "in_dataset": found.answer.row is not None,
        "said": names["said"],
        "against": names["other"],
        "label": None if found.answer.true is None else case.classes[found.answer.true],
        "of": "baseline",
        "verdict": verdict(found),
        "summary": summary(evidence, found, names),
        "evidence": [evidence_json(e) for e in evidence],
        "left_out": [str(i) for i in case.ids[found.removed]],
        "pictures": [
            {
                "image": str(case.ids[row]),
                "class": case.classes[case.targets[row]],
                "push": round(float(push), 4),
                "similarity": round(float(like), 4),
                "left_out": bool(row in found.removed),
            }
            for row, push, like in zip(found.rows.tolist(), found.pushes.tolist(), similarity.tolist(), strict=True)
        ],
    }


def verdict(found: Pushed) -> str:
    """``cause``, ``not_shown``, ``no_small_set``, or where nothing is known to be wrong ``no_mistake``."""
    if not found.mistake:
        return "no_mistake"
    return "cause" if found.cause else "not_shown" if found.corrected else "no_small_set"


def says(case: Case, found: Pushed) -> str:
    """Who says what of the picture, and what its label says."""
    said, row = case.classes[found.said], found.answer.row
    who = f"The baseline says {said}"
    if case.subject == "user" and case.predictions is not None:
        theirs = -1 if row is None else int(case.predictions.predicted[row])
        if theirs == found.said:
            who = f"Your model says {said}, and so does the advisor's own baseline, of which the rest speaks"
        elif theirs >= 0:
            who = (
                f"Your model says {case.classes[theirs]}, the advisor's own baseline {said}: what follows explains the "
                "baseline, not your model"
            )
        else:
            who = f"The advisor's own baseline (not your model) says {said}"
    if found.answer.true is None:
        return f"{who}."
    label = "your word" if row is None or found.answer.true != case.targets[row] else "its label"
    return f"{who}. That is {'not ' if found.mistake else ''}what {label} says" + (
        f": {case.classes[found.answer.true]}." if found.mistake else "."
    )


def evidence_of(case: Case, found: Pushed) -> tuple[Evidence, ...]:
    """Every number of the summary."""
    out = [
        Evidence("margin", found.margin, "score", how="logit of the answer less that of the other class"),
        Evidence("margin without them", found.without, "score", how="head fitted again"),
        found.moved(),
        Evidence("pictures left out", len(found.removed), "images", how="whole bursts, those that push hardest first"),
        Evidence("bursts left out", found.bursts, "count"),
        Evidence("most left out", MOST, "images"),
    ]
    if len(found.controls) >= FEWEST_CONTROLS:
        draws = len(found.controls)
        low, high = wilson(found.control_corrected, draws, case.settings.confidence)
        out += [
            found.moved_by_controls(),
            Evidence("corrected by others", found.control_corrected, "count", draws, low * draws, high * draws),
            Evidence("draws of others", draws, "count"),
        ]
    return tuple(out)


def summary(evidence: tuple[Evidence, ...], found: Pushed, names: dict[str, str]) -> str:
    """What came of leaving the pictures out."""
    enough = len(found.controls) >= FEWEST_CONTROLS
    text = WITHOUT + (", and the answer is right. " if found.mistake and found.corrected else ". ")
    if enough:
        text += OTHERS + (CORRECTS if found.mistake else "") + ". "
    if found.cause:
        text += CAUSE
    elif found.mistake:
        text += NO_SET if not found.corrected else NOT_BEYOND if enough else NO_CONTROLS
    one, many = "all of one burst", phrase("of {bursts left out} bursts", evidence)
    return phrase(text, evidence, bursts=one if found.bursts == 1 else many, **names).strip()
