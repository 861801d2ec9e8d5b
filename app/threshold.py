"""The ``advisor threshold`` command: a goal in, thresholds and what they reach out, and a file that a service loads."""

import json as jsonlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import case_lines, table
from app.terminal import Terminal, WrongUse

STATUS = {
    "reached": "reached",
    "missed": "chosen for it, missed elsewhere",
    "unmeasured": "too few pictures to measure",
    "impossible": "cannot be reached for sure; best seen {best}",
}
SILENT = "never saying it costs least"


def run_threshold(
    goals: Mapping[str, Sequence[float] | None],
    *,
    classes: Sequence[str],
    whole: bool,
    export: Path | None,
    version: int | None,
    group: str | None,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> None:
    """Choose thresholds for one goal, say what they reach on pictures they were not chosen on, and export them."""
    given = {kind: values for kind, values in goals.items() if values}
    if len(given) != 1:
        raise WrongUse(
            expected="one goal",
            seen=" and ".join(f"--{kind}" for kind in given) or "none",
            todo="Write one of --precision 0.95, --recall 0.9, --f-beta 1, --cost 5 1 (a miss, a false alarm).",
        )
    out = Terminal(json)
    kept, case = open_case(workspace, seed=seed, group=group)
    from tools.documents import case_head
    from tools.registry import NotApplicable
    from tools.tuning import Goal, service_json, tune, tuned_json
    from tools.versions import Versions

    chosen = None if version is None else Versions(kept).get(version)
    if chosen is not None:
        case = replace(case, predictions=Versions(kept).predictions(chosen, case.dataset))
        if case.subject != "user":
            raise WrongUse(
                expected=f"pictures that {chosen.name} was judged on in this data set", seen="too few",
                todo="Train again: advisor retrain.",
            )  # fmt: skip
    kind, values = next(iter(given.items()))
    goal = Goal(kind, *values)  # type: ignore[arg-type]
    try:
        with out.steps() as steps:
            tuned = tune(case, goal, tuple(classes), whole=whole, on_step=steps)
    except NotApplicable as reason:
        raise WrongUse(
            expected="judged pictures and scores that a threshold can be set on", seen=str(reason),
            todo="Import more test pictures, or add predictions with one score per class.",
        ) from None  # fmt: skip
    reached = sum(t.status == "reached" for t in tuned)
    if kind in ("precision", "recall"):
        what = "reached" if reached else "not reached"
        what += "" if whole else f" for {reached} of {len(tuned)} classes" if reached else " for any class"
    else:
        what = f"a threshold for {sum(t.status != 'impossible' for t in tuned)} of {len(tuned)} classes"
    headline = f"{goal.text[:1].upper()}{goal.text[1:]}: {what}"
    found = [tuned_json(t) for t in tuned]
    document: dict[str, Any] = {**case_head(case, headline), "goal": goal.text, "thresholds": found}
    service = service_json(case, goal, tuned)
    if chosen is not None:
        Versions(kept).note(chosen, "thresholds", service)
        document["kept_with"] = chosen.number
    if export is not None:
        if not export.parent.is_dir():
            raise WrongUse(expected="a folder to write into", seen=str(export.parent), todo="Make it first.")
        export.write_text(jsonlib.dumps(service, indent=1, allow_nan=False), encoding="utf-8")
        document["exported"] = str(export)
    out.say(*threshold_blocks(document))
    out.deliver(document)


def threshold_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """The headline, a row per threshold, and what the columns mean."""
    yield Text(shown(document["headline"]), style="bold")
    yield from case_lines(document)
    rows = []
    for found in document["thresholds"]:
        rows.append(
            {
                "Class": shown(found["class"] or "(to answer at all)"),
                "Threshold": f"{_number(found['threshold'])} ({_number(found['low'])}–{_number(found['high'])})",
                "Precision": _share(found["precision"]),
                "Recall": _share(found["recall"]),
                "Goal": _goal(found, document["goal"]),
            }
        )
        usual = {"Precision": _percent(found["usual"]["precision"]), "Recall": _percent(found["usual"]["recall"])}
        rows.append({"Class": "", "Threshold": "highest score", **usual, "Goal": ""})
    yield table(rows, tuple(rows[0]))
    yield Text(
        "Precision and recall: of thresholds chosen in the same way on one half of the groups and measured on the "
        "other, with intervals; for the option not to answer, recall is the share answered. Below them what the class "
        "with the highest score gives. In brackets behind a threshold: where it falls when groups are drawn again.",
        style="dim",
    )
    if "exported" in document:
        yield Text(f"Written: {shown(document['exported'])}")
    elif "kept_with" in document:
        yield Text(f"Kept with version {document['kept_with']}: advisor predict and advisor versions export use them")
    else:
        yield Text("Next: --export thresholds.json writes them for a service", style="dim")


def _goal(found: Mapping[str, Any], goal: str) -> str:
    if found["status"] == "impossible" and goal.startswith("least cost"):
        return SILENT
    return STATUS[found["status"]].format(best=_percent(found["best"]))


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _share(found: Mapping[str, float]) -> str:
    return f"{100 * found['value']:.1f} % ({100 * found['low']:.0f}–{100 * found['high']:.0f})"
