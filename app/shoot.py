"""The ``advisor shoot`` commands of one shoot: design, status, evaluate; and ticking off after an import."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import elsewhere, open_case
from app.edge import user_name
from app.escaping import shown
from app.printing import table
from app.terminal import Terminal, WrongUse
from app.views import counted

if TYPE_CHECKING:
    from tools.case import Case
    from tools.shoot_arrivals import Ticked
    from tools.shoots import Plan, Result
    from tools.workspace import Workspace

VERDICTS = {"causal": "green", "not_shown": "", "opposite": "yellow"}


def run_design(
    pair: tuple[str, str],
    cue: str,
    settings: tuple[str, str] | None,
    drop: float | None,
    *,
    why: str,
    by: str | None,
    group: str | None,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> None:
    """Write an experiment down."""
    if drop is not None and not 0 < drop < 1:
        raise WrongUse(expected="points between 0 and 100 after --drop", seen=f"{100 * drop:g}", todo="E.g. --drop 30.")
    out = Terminal(json)
    kept, case = open_case(workspace, seed=seed, group=group)
    from tools.dataset import encode_id
    from tools.designing import design
    from tools.documents import case_head
    from tools.shoots import Shoots

    who = encode_id(user_name() if by is None else by)
    plan = Shoots(kept).write_down(
        design(case, pair, cue, settings=settings, drop=drop, by=who, why=encode_id(why))
    )  # fmt: skip
    ticked = ticked_off(kept, case, plan)
    document = shoot_json(plan, ticked, None)
    headline = f"Shoot {plan.number}: {plan.title}"
    out.say(*shoot_blocks(document), *folder_lines(document))
    out.say(f"Next: photograph, import, then advisor shoot status {plan.number}{elsewhere(workspace)}")
    out.deliver({**case_head(case, headline), "shoot": document})


def run_status(number: int | None, *, workspace: Path, json: str | None) -> None:
    """Show what has arrived; of all shoots that are open, or of one."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.shoots import Shoots

    shoots = Shoots(kept)
    results = shoots.results()
    plans = [shoots.get(number)] if number is not None or not shoots.all() else list(shoots.all())
    documents = [shoot_json(p, ticked_off(kept, case, p), results.get(p.number)) for p in plans]
    for document in documents:
        out.say(*shoot_blocks(document))
    if any(not d["full"] and d["result"] is None for d in documents):
        out.say(*folder_lines(next(d for d in documents if not d["full"] and d["result"] is None)))
    headline = "; ".join(f"Shoot {d['number']}: {d['state']}" for d in documents)
    out.deliver({**case_head(case, headline), "shoots": documents})


def run_evaluate(number: int | None, *, early: bool, workspace: Path, json: str | None) -> None:
    """Say what an experiment showed."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.shoot_evaluation import evaluate, is_full
    from tools.shoots import Shoots

    shoots = Shoots(kept)
    plan = shoots.get(number)
    ticked = ticked_off(kept, case, plan)
    result = shoots.results().get(plan.number)
    if result is None:
        found = evaluate(case, plan, ticked, kept.dataset(plan.dataset))
        if not is_full(ticked) and not early:
            missing = ", ".join(f"{t.cell.folder} {t.missing}" for t in ticked if t.missing)
            raise WrongUse(
                expected="full cells", seen=f"objects missing: {shown(missing)}",
                todo="Photograph them; or close it with what is there, once and for all: --early.",
            )  # fmt: skip
        result = shoots.close(found)
    document = shoot_json(plan, ticked, result)
    out.say(*shoot_blocks(document))
    out.deliver({**case_head(case, result.text), "shoot": document})


def ticked_off(kept: "Workspace", case: "Case", plan: "Plan") -> "tuple[Ticked, ...]":
    """What has arrived, by imports or through the inbox."""
    from tools.inbox import Inbox
    from tools.shoot_arrivals import tick_off

    sources = {p.sha256: p.source for p in Inbox(kept).every()}
    return tick_off(case, plan, kept.dataset(plan.dataset), sources)


def after_import(kept: "Workspace", case: "Case") -> list[dict[str, Any]]:
    """Open shoots with what has arrived; experiments whose cells are full are evaluated, once."""
    from tools.shoot_evaluation import evaluate, is_full
    from tools.shoots import Shoots

    shoots = Shoots(kept)
    results = shoots.results()
    out = []
    for plan in shoots.all():
        if plan.number in results:
            continue
        ticked = ticked_off(kept, case, plan)
        result = None
        if plan.kind == "experiment" and is_full(ticked):
            result = shoots.close(evaluate(case, plan, ticked, kept.dataset(plan.dataset)))
        out.append(shoot_json(plan, ticked, result))
    return out


def import_lines(documents: Iterable[Mapping[str, Any]]) -> Iterable[RenderableType]:
    """A line per shoot that an import may have filled."""
    for document in documents:
        yield Text(f"Shoot {document['number']}, {shown(document['title'])}: {document['state']}")
        if document["result"]:
            yield Text(shown(document["result"]["text"]), style=VERDICTS[document["result"]["verdict"]])


def shoot_json(plan: "Plan", ticked: "tuple[Ticked, ...]", result: "Result | None") -> dict[str, Any]:
    """A shoot for machines."""
    wanted, there = sum(c.wanted for c in plan.cells), sum(min(t.arrived, t.cell.wanted) for t in ticked)
    full = all(not t.missing for t in ticked)
    state = f"{there} of {wanted} objects there"
    if result is not None:
        state = f"evaluated: {result.verdict.replace('_', ' ')}"
    elif full and plan.kind == "list":
        state = "complete"
    return {
        "number": plan.number,
        "at": plan.at,
        "kind": plan.kind,
        "title": plan.title,
        "by": plan.by,
        "why": plan.why,
        "dataset": plan.dataset,
        "cue": plan.cue or None,
        "pair": list(plan.pair),
        "prediction": plan.prediction or None,
        "predicted_cost": {"value": plan.drop, "low": plan.low, "high": plan.high} if plan.pair else None,
        "power": plan.power or None,
        "folder": plan.folder,
        "state": state,
        "full": full,
        "cells": [cell_json(plan, t) for t in ticked],
        "result": None if result is None else result_json(result),
    }


def cell_json(plan: "Plan", ticked: "Ticked") -> dict[str, Any]:
    """A cell for machines."""
    cell = ticked.cell
    expected = cell.expected
    return {
        "class": cell.name,
        "condition": cell.condition,
        "folder": f"{plan.folder}/{cell.folder}",
        "usual": cell.own if plan.kind == "experiment" else None,
        "wanted": cell.wanted,
        "objects": ticked.arrived,
        "pictures": len(ticked.rows),
        "missing": ticked.missing,
        "not_counted": {"known_before": ticked.known, "copies": ticked.copies, "other_label": ticked.mislabelled},
        "expected": None
        if expected is None
        else {"accuracy": expected.share, "right": expected.right, "judged": expected.judged},
    }


def result_json(result: "Result") -> dict[str, Any]:
    """A result for machines."""
    return {
        "at": result.at,
        "verdict": result.verdict,
        "text": result.text,
        "cost": {"value": result.value, "low": result.low, "high": result.high},
        "cells": [{"right": right, "objects": objects} for right, objects in result.cells],
        "speaker": result.speaker,
        "as_predicted": result.as_predicted,
        "early": result.early,
        "dataset": result.dataset,
    }


def shoot_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """A shoot as people read it."""
    yield Text(f"Shoot {document['number']}: {shown(document['title'])} ({document['state']})", style="bold")
    if document["prediction"]:
        yield Text(f"Written down {document['at'][:16].replace('T', ' ')} UTC: {shown(document['prediction'])}")
    results = (document["result"] or {}).get("cells") or [None] * len(document["cells"])
    rows = [cell_row(c, r) for c, r in zip(document["cells"], results, strict=True)]
    yield table(rows, tuple(rows[0]))
    for c in document["cells"]:
        words = {"known_before": "known before", "copies": "copies", "other_label": "of another label"}
        out = ", ".join(f"{n} {words[k]}" for k, n in c["not_counted"].items() if n)
        if out:
            yield Text(f"Not counted in {shown(c['folder'])}: {out}")
    if result := document["result"]:
        yield Text(shown(result["text"]), style=VERDICTS[result["verdict"]])
        yield Text(f"Asked: {shown(result['speaker'])}." + (" Closed early." if result["early"] else ""), style="dim")


def cell_row(c: Mapping[str, Any], result: Mapping[str, Any] | None) -> dict[str, str]:
    """A cell as a row."""
    row = {
        "Class": shown(c["class"]),
        "Condition": shown(c["condition"]),
        "Objects": f"{c['objects']} of {c['wanted']}" + (" ✓" if not c["missing"] else ""),
        "Pictures": str(c["pictures"]),
    }
    if c["expected"]:
        row["Expected right"] = f"{100 * c['expected']['accuracy']:.0f} %"
    if result:
        row["Right"] = f"{100 * result['right'] / result['objects']:.0f} %"
    return row


def folder_lines(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """Where pictures are put."""
    yield Text(
        f"Put them into the imported folder, one folder per object where you take several pictures of it "
        f"({counted(len(document['cells']), 'cell')}):"
    )
    for c in document["cells"]:
        yield Text(f"  {shown(c['folder'])}/")
    yield Text("Or in a table: the columns filepath, label, shoot, cell and object.", style="dim")
