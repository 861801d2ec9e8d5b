"""The ``advisor goal`` and ``advisor gate`` commands: what is wanted, how far it is, and whether a model may pass."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import case_lines
from app.terminal import Terminal, WrongUse
from tools.findings import number_text

if TYPE_CHECKING:
    from tools.case import Case
    from tools.goals import Reached
    from tools.predictions import Predictions
    from tools.workspace import Workspace

COLOURS = {"met": "green", "missed": "red", "open": ""}


def run_set(
    given: Mapping[tuple[str, str], Sequence[str] | None],
    *,
    weekly: int,
    value: float,
    currency: str,
    workspace: Path,
    json: str | None,
) -> None:
    """Keep a goal and say how far it is."""
    kept, case = open_case(workspace)
    from tools.goals import Goals, Limit, set_goals

    limits = [Limit(*pair) for pair in _pairs(given, "limit")]
    costs = tuple(_pairs(given, "cost"))
    if not limits and not costs and not value:
        raise WrongUse(
            expected="at least one limit, cost or value", seen="none",
            todo="Write, e.g., --miss broken=2%, or --miss-cost broken=5.",
        )  # fmt: skip
    set_goals(kept, case, Goals(tuple(limits), costs, weekly, currency, value))
    run_show(workspace=workspace, json=json)


def _pairs(given: Mapping[tuple[str, str], Sequence[str] | None], what: str) -> list[Any]:
    return [
        (*(name_and_number(text)[:1]), mistake, name_and_number(text)[1])
        for (kind, mistake), texts in given.items()
        if kind == what
        for text in texts or ()
    ]


def name_and_number(text: str) -> tuple[str, float]:
    """A class and a number; a percent sign divides by a hundred. The class may hold an equals sign.

    >>> name_and_number("a=b=2%"), name_and_number("broken=5")
    (('a=b', 0.02), ('broken', 5.0))
    """
    name, equals, number = text.rpartition("=")
    try:
        value = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        value, equals = 0.0, ""
    if not (name and equals):
        raise WrongUse(
            expected="CLASS=NUMBER", seen=shown(text), todo="Write, e.g., --miss broken=2% or --miss-cost broken=5."
        )
    return name, value


def run_show(*, workspace: Path, json: str | None) -> None:
    """Say how far the goal is."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.goals import goals_of, reached
    from tools.registry import NotApplicable

    goals = goals_of(kept)
    try:
        found = () if goals is None else reached(case, goals)
    except NotApplicable as reason:
        raise WrongUse(
            expected="pictures to judge the goal on", seen=str(reason), todo="Import labels first."
        ) from None
    headline = " ".join(r.text for r in found) or "No goal was set: balanced accuracy decides"
    document = {**case_head(case, headline), "goal": None if goals is None else goals.to_json(), "reached": rows(found)}
    out.say(*goal_blocks(document))
    if goals is None:
        out.say("Next: advisor goal set --miss CLASS=2% --weekly 2000")
    out.deliver(document)


def run_clear(*, workspace: Path, json: str | None) -> None:
    """Forget the goal."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.goals import set_goals

    set_goals(kept, case, None)
    headline = "No goal is set: balanced accuracy decides"
    out.say(Text(headline, style="bold"))
    out.deliver(case_head(case, headline))


def run_undo(*, workspace: Path, json: str | None) -> None:
    """Bring back the goal of before."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.goals import undo_goals

    goals = undo_goals(kept, case)
    headline = "Taken back: no goal is set" if goals is None else f"Taken back: the goal is again to {goals.text}"
    out.say(Text(shown(headline), style="bold"))
    out.deliver({**case_head(case, headline), "goal": None if goals is None else goals.to_json()})


def rows(found: "Sequence[Reached]") -> list[dict[str, Any]]:
    """How far each part is, as plain JSON."""
    from tools.documents import evidence_json

    return [
        {"text": r.text, "state": r.state, "class": r.name or None, "evidence": [evidence_json(e) for e in r.evidence]}
        for r in found
    ]


def goal_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """A line per part."""
    if not document["reached"]:
        yield Text(shown(document["headline"]), style="bold")
    for found in document["reached"]:
        yield Text(shown(found["text"]), style=COLOURS[found["state"]])
    yield from case_lines(document)


def run_gate(
    model: str | None, against: str | None, fail_on: Sequence[str], *, workspace: Path, json: str | None
) -> bool:
    """Whether the gate is closed."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.goals import goals_of, reached
    from tools.registry import NotApplicable

    name, said = _candidate(kept, case, model)
    closed: list[str] = []
    document: dict[str, Any] = {"model": name, "comparison": None, "reached": [], "slices": []}
    try:
        if against is not None and "worse" in fail_on:
            from tools.comparing import compare_models
            from tools.models import model_named
            from tools.version_documents import comparison_json

            other, then = model_named(kept, case, against)
            compared = compare_models(case, then, said)
            document["comparison"] = comparison_json(case, compared, other, name)
            if compared.primary.verdict == "hurts":
                closed.append(f"{name} is worse than {other}")
            document["slices"] = on_slices(kept, case, (other, then), (name, said))
            closed += [s["text"] for s in document["slices"] if s["verdict"] == "hurts"]
        goals = goals_of(kept)
        if goals is not None and "goal-missed" in fail_on:
            speaking = replace(case, predictions=said) if name != "the baseline" else case
            found = reached(speaking, goals)
            document["reached"] = rows(found)
            closed += [r.text for r in found if r.state == "missed"]
    except NotApplicable as reason:
        raise WrongUse(
            expected="pictures that both models speak of",
            seen=str(reason),
            todo="Give predictions for the test pictures.",
        ) from None
    if document["comparison"] is None and not document["reached"]:
        raise WrongUse(
            expected="something to hold the model against",
            seen=f"{'no --against' if against is None else 'no goal'}, with --fail-on {', '.join(fail_on)}",
            todo="Write --against MODEL, or set a goal: advisor goal set.",
        )  # fmt: skip
    headline = f"Closed: {'; '.join(reason.rstrip('.') for reason in closed)}" if closed else f"Open for {name}"
    out.say(Text(shown(headline), style="bold red" if closed else "bold green"))
    if document["comparison"]:
        out.say(Text(shown(document["comparison"]["sentence"])))
    out.say(*(Text(shown(r["text"])) for r in (*document["slices"], *document["reached"])))
    out.deliver({**case_head(case, headline), "closed": bool(closed), "reasons": closed, **document})
    return bool(closed)


def on_slices(
    kept: "Workspace", case: "Case", before: "tuple[str, Predictions]", after: "tuple[str, Predictions]"
) -> list[dict[str, Any]]:
    """Both models on the pictures of every confirmed finding: a sentence, a verdict, and the measure behind them."""
    from tools.documents import measure_json
    from tools.kept_slices import compare_on, kept_slices, rows_of
    from tools.registry import NotApplicable

    out: list[dict[str, Any]] = []
    for kept_slice in kept_slices(kept):
        about = f"On the pictures of “{kept_slice.title}”"
        try:
            found = compare_on(case, before[1], after[1], rows_of(case, kept_slice))
        except NotApplicable as reason:
            text = f"{about}: cannot be compared, as {reason}."
            out.append({"about": kept_slice.about, "text": text, "verdict": None, "measure": None})
            continue
        accuracy = next(m for m in found.measures if m.metric == "accuracy")
        change = number_text(accuracy.delta, "points")
        low, high = (number_text(v, "points").removesuffix(" points") for v in (accuracy.low, accuracy.high))
        words = {"helps": "better", "hurts": "worse"}.get(accuracy.verdict, "no change that can be told")
        text = (
            f"{about} ({accuracy.n} judged): {number_text(accuracy.before, 'share')} right by {before[0]}, "
            f"{number_text(accuracy.after, 'share')} by {after[0]} ({change}, {low} to {high}): {words}."
        )
        measure = measure_json(accuracy)
        out.append({"about": kept_slice.about, "text": text, "verdict": accuracy.verdict, "measure": measure})
    return out


def _candidate(kept: "Workspace", case: "Case", model: str | None) -> Any:
    """The model asked for; else the version in use; else whose errors are counted."""
    from tools.models import BASELINE, model_named
    from tools.versions import Versions

    if model is None:
        used = Versions(kept).in_use()
        if used is not None:
            model = str(used.number)
        elif case.subject == "user" and case.predictions is not None:
            return f"{case.predictions.model} {case.predictions.version}".strip(), case.predictions
    return model_named(kept, case, model or BASELINE)
