"""A probe and what came of it, in sentences made of numbers and as plain JSON."""

from typing import Any

from tools.case import Case
from tools.documents import case_head, evidence_json
from tools.findings import Evidence
from tools.ladder import CAUSAL, NOT_CAUSAL, TRIED, of_effect
from tools.probe import Probe, counted
from tools.probe_scores import Probed
from tools.statistics import wilson
from tools.wording import phrase

Json = dict[str, Any]
SPEAKER = "your service"
GAP = (
    "Put on backgrounds of other classes, your service gets {right on other classes' backgrounds} of "
    "{pictures swapped} pictures right, on other backgrounds of their own class "
    "{right on own class's backgrounds}: the own class's are worth {background gap} ({background gap|interval}). "
    "As they are it gets {right as they are} right, on a plain background {right on a plain background}."
)
LOST = (
    " On backgrounds of other classes the right class loses {probability lost} of probability "
    "({probability lost|interval}) against those of its own."
)
GOES = " It goes by the background."
DOUBTFUL = " That proves little: {doubtful}."
NOT_SHOWN = " That it goes by the background is not shown."
CUE = "Asked: is {a} called {b} for being {words}?"
IS_CAUSE = " So this causes answers of {b}."


def written_document(case: Case, probe: Probe, folder: str) -> Json:
    """``advisor model probe DIR --json``."""
    parts = counted(probe.entries)
    count = len(probe.entries)
    return {
        **case_head(case, f"{count} pictures for your service are in {folder}"),
        "folder": folder,
        "pictures": count,
        "parts": parts,
        "pair": list(probe.pair) or None,
        "cue": probe.words or None,
        "not_asked": probe.not_asked or None,
    }


def probed_document(case: Case, found: Probed, folder: str) -> Json:
    """``advisor model probe DIR --scores FILE --json``."""
    sentences: list[str] = []
    evidence: list[Evidence] = []
    if found.gap is not None:
        told = gap_evidence(case, found)
        evidence += told
        sentences.append(_gap_sentence(found, told))
    if found.effect is not None:
        told = tuple(of_effect(found.effect, case.settings.confidence))
        evidence += told
        sentences.append(_cue_sentence(found, told))
    causal = [name for name, yes in (("background", found.by_background), ("cue", _cue_causes(found))) if yes]
    return {
        **case_head(case, _headline(found, causal)),
        "subject": "service",
        "folder": folder,
        "scored": found.scored,
        "pictures": len(found.probe.entries),
        "measured_on": "scores" if found.full_vectors else "answers alone",
        "causal": causal,
        "pair": list(found.probe.pair) or None,
        "cue": found.probe.words or None,
        "sentences": sentences,
        "not_judged": list(found.reasons),
        "evidence": [evidence_json(e) for e in evidence],
    }


def gap_evidence(case: Case, found: Probed) -> tuple[Evidence, ...]:
    """Every number of the sentence on backgrounds."""
    gap = found.gap
    assert gap is not None
    level, n = case.settings.confidence, gap.pictures
    return (
        Evidence("right on own class's backgrounds", gap.same, "share", n, *wilson(gap.same * n, n, level), "Wilson"),
        Evidence(
            "right on other classes' backgrounds", gap.other, "share", n, *wilson(gap.other * n, n, level), "Wilson"
        ),
        Evidence("pictures swapped", n, "images"),
        Evidence("background gap", gap.gap, "points", n, gap.low, gap.high, "Xiao et al. 2020; by groups"),
        *found.rights,
    )


def _gap_sentence(found: Probed, evidence: tuple[Evidence, ...]) -> str:
    text = GAP + (LOST if any(e.name == "probability lost" for e in evidence) else "")
    if found.by_background:
        text += GOES
    elif found.gap is not None and found.gap.low > 0 and found.doubtful:
        text += DOUBTFUL
    else:
        text += NOT_SHOWN
    return phrase(text, evidence, doubtful=found.doubtful)


def _cue_causes(found: Probed) -> bool:
    return found.effect is not None and found.effect.causal


def _cue_sentence(found: Probed, evidence: tuple[Evidence, ...]) -> str:
    text = CUE + (CAUSAL + IS_CAUSE if _cue_causes(found) else NOT_CAUSAL)
    text = text.replace("{tried}", TRIED.get(found.probe.change, TRIED[""])).replace("{speaker}", SPEAKER)
    a, b = found.probe.pair
    return phrase(text, evidence, a=a, b=b, words=found.probe.words)


def _headline(found: Probed, causal: list[str]) -> str:
    a, b = found.probe.pair or ("", "")
    words = {
        "background": "the background",
        "cue": f"whether a picture of {a} is {found.probe.words}, as those of {b} mostly are",
    }
    if causal:
        return f"Your service goes by {' and by '.join(words[name] for name in causal)}"
    if found.gap is None and found.effect is None:
        return "Nothing could be judged: " + "; ".join(found.reasons)
    return "Nothing that was asked about is shown to decide what your service says"
