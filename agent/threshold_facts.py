"""Which threshold for a goal: chosen on one half of the judged pictures, told by what it reaches on the other."""

from agent.gathered import Gathered
from agent.plan import Plan
from agent.prompts import sentence
from tools.case import Case
from tools.findings import Evidence, number_text
from tools.registry import NotApplicable
from tools.tuning import Goal, Tuned, WrongGoal, tune

CODE = "thresholds"
MOST_CLASSES = 8
ORDER = ("reached", "missed", "unmeasured", "impossible")


def threshold_facts(case: Case, plan: Plan, out: Gathered) -> None:
    """State a threshold per class and, for a precision of all classes, from which score on to answer at all."""
    goal = Goal(**plan.goal)
    try:
        tuned = list(tune(case, goal, plan.classes))
    except NotApplicable as reason:
        out.skip(CODE, str(reason))
        return
    if goal.kind == "precision" and not plan.classes:
        try:
            tuned = [*tune(case, goal, whole=True), *tuned]
        except (NotApplicable, WrongGoal) as reason:
            out.skip(CODE, str(reason))
    tuned.sort(key=lambda t: (t.name != "", ORDER.index(t.status)))
    for found in tuned[:MOST_CLASSES]:
        out.group("findings", found.name, _state(case, goal, found, out))
    if len(tuned) > MOST_CLASSES:
        out.skip(CODE, sentence("threshold.more", count=str(len(tuned) - MOST_CLASSES)))


def _state(case: Case, goal: Goal, found: Tuned, out: Gathered) -> list[str]:
    who = found.name or sentence("threshold.whole")
    evidence = _evidence(found)
    text = sentence(f"threshold.{found.status}", who=who, goal=goal.text, **_numbers(goal, found))
    said = [out.facts.state("threshold", text, evidence=evidence, code=CODE)["id"]]
    if found.status in {"reached", "missed"}:
        reached = {"precision": _share(found.precision), "recall": _share(found.recall)}
        if found.name:
            words = sentence("threshold.measured", who=who, **reached)
        else:
            words = sentence("threshold.measured_whole", **reached)
        said.append(out.facts.state("threshold", words, evidence=evidence, code=CODE)["id"])
    if found.name:
        usual = sentence(
            "threshold.usual", who=who, precision=number_text(found.usual[0][0], "share"),
            recall=number_text(found.usual[1][0], "share"),
        )  # fmt: skip
        said.append(out.facts.state("threshold", usual, evidence=evidence, code=CODE)["id"])
    return said


def _numbers(goal: Goal, found: Tuned) -> dict[str, str]:
    if found.status == "impossible":
        return {"best": number_text(found.best, "share")}
    return {"threshold": f"{found.threshold:.2f}", "spread": _range(found.low, found.high)}


def _range(low: float, high: float) -> str:
    return f"{low:.2f} to {high:.2f}" if high != float("inf") else sentence("threshold.open", low=f"{low:.2f}")


def _share(interval: tuple[float, float, float]) -> str:
    value, low, high = interval
    return f"{number_text(value, 'share')} ({100 * low:.1f}–{100 * high:.1f} %)"


def _evidence(found: Tuned) -> list[dict[str, object]]:
    from tools.documents import evidence_json

    rows = []
    for name, (value, low, high) in (("precision", found.precision), ("recall", found.recall)):
        how = "of thresholds chosen in the same way on one half of the groups and measured on the other"
        whose = found.name or "answers"
        rows.append(evidence_json(Evidence(f"{name} of {whose}", value, "share", None, low, high, how)))
    return rows
