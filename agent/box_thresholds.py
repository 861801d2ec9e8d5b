"""States score thresholds of a detector for a goal: chosen on one half of its pictures, measured on the other."""

from agent.gathered import Gathered
from agent.plan import Plan
from agent.prompts import sentence
from tools.case import Case
from tools.detection.sweep import Reached, reach
from tools.documents import evidence_json
from tools.findings import Evidence, number_text
from tools.registry import NotApplicable
from tools.tuning import Goal

CODE = "thresholds"
OVERLAP = 0.5
MOST_CLASSES = 8


def box_threshold_facts(case: Case, plan: Plan, out: Gathered) -> None:
    """State a score threshold for all classes together and for each, or for those named; without a goal the best F1."""
    measured = None if case.boxes is None else case.boxes.measured
    if measured is None:
        return
    goal = Goal(**plan.goal) if plan.goal else Goal("f-beta", 1.0)
    matches = measured.matches
    named = [matches.classes.index(name) for name in plan.classes if name in matches.classes]
    numbers: list[int | None] = [*named] if named else [None, *range(len(matches.classes))]
    for number in numbers[:MOST_CLASSES]:
        name = "" if number is None else matches.classes[number]
        try:
            found = reach(matches, number, OVERLAP, goal, case.settings.seed)
        except NotApplicable as reason:
            out.skip(CODE, f"{name or sentence('box_threshold.all')}: {reason}")
            continue
        out.group("findings", name, _state(goal, found, out))
    if len(numbers) > MOST_CLASSES:
        out.skip(CODE, sentence("threshold.more", count=str(len(numbers) - MOST_CLASSES)))
    out.group("findings", "", [out.facts.state("threshold", sentence("box_threshold.overlap"), code=CODE)["id"]])


def _state(goal: Goal, found: Reached, out: Gathered) -> list[str]:
    who = found.name or sentence("box_threshold.all")
    evidence = [
        evidence_json(
            Evidence(f"{name} of {who}", value[0], "share", None, *value[1:], "on the other half of pictures")
        )
        for name, value in (("precision", found.precision), ("recall", found.recall))
    ]
    numbers = {} if found.status == "impossible" else {"threshold": f"{found.threshold:.2f}"}
    text = sentence(f"box_threshold.{found.status}", who=who, goal=goal.text, **numbers)
    said = [out.facts.state("threshold", text, evidence=evidence, code=CODE)["id"]]
    if found.status in {"reached", "missed"}:
        words = sentence(
            "box_threshold.measured", who=who, precision=_share(found.precision), recall=_share(found.recall)
        )
        said.append(out.facts.state("threshold", words, evidence=evidence, code=CODE)["id"])
    return said


def _share(interval: tuple[float, float, float]) -> str:
    value, low, high = interval
    return f"{number_text(value, 'share')} ({100 * low:.1f}–{100 * high:.1f} %)"
