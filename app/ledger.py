"""The ``advisor ledger`` command: advice given, followed and measured, as a table."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import case_lines, heading, table
from app.terminal import Terminal, WrongUse
from app.views import VERDICTS, counted
from tools.findings import number_text

MOST_OPEN = 15
FOLLOWED = ("fully", "partly")
BRIEFLY = {**VERDICTS, "no_effect": "no effect", "cannot_tell": "cannot tell"}
PROMISES = {"kept": "kept", "not_kept": "not kept", "cannot_tell": "cannot tell"}


def run_ledger(*, group: str | None, seed: int | None, workspace: Path, json: str | None) -> None:
    """Follow all advice through the versions and show it."""
    out = Terminal(json)
    kept, case = open_case(workspace, seed=seed, group=group)
    from tools.ledger_documents import ledger_document
    from tools.reckoning import reckon

    with out.steps() as steps:
        document = ledger_document(case, reckon(kept, case, on_step=steps))
    out.say(*ledger_blocks(document))
    out.deliver(document)


def run_back_test(
    column: str | None, *, tries: int, group: str | None, seed: int | None, workspace: Path, json: str | None
) -> None:
    """Replay history and show what would have been said, and whether it held."""
    out = Terminal(json)
    kept, case = open_case(workspace, seed=seed, group=group)
    from tools.backtest import back_test, backtest_document, remember
    from tools.registry import NotApplicable

    try:
        with out.steps() as steps:
            found = back_test(kept, case, column=column, tries=tries, on_step=steps)
    except NotApplicable as reason:
        raise WrongUse(
            expected="pictures with dates, or two versions of the data",
            seen=str(reason),
            todo="Name a column whose values start with year-month-day: --dates COLUMN; or come back after a change.",
        ) from None
    document = backtest_document(case, found)
    remember(kept, document)
    out.say(*back_test_blocks(document))
    out.deliver(document)


def back_test_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """The moments, then the ledger of the replay."""
    yield Text(f"Replayed by {shown(document['by'])}", style="bold")
    rows = [
        {"Until": m["at"][:10], "Pictures": str(m["pictures"]), "Advice": str(m["advice"] or "–")}
        for m in document["moments"]
    ]
    yield table(rows, ("Until", "Pictures", "Advice"))
    if document["undated"]:
        yield Text(f"{counted(document['undated'], 'picture')} without a date left out", style="dim")
    yield from ledger_blocks(document, _days(document["moments"]))


def _days(moments: Sequence[Mapping[str, Any]]) -> Mapping[int, str]:
    """Names of a replay's moments, whose numbers say nothing to people: the day, with the time where days are alike."""
    days = [m["at"][:10] for m in moments]
    exact = days if len(set(days)) == len(days) else [m["at"][:16].replace("T", " ") for m in moments]
    return dict(enumerate(exact, start=1))


def ledger_blocks(document: Mapping[str, Any], names: Mapping[int, str] | None = None) -> Iterable[RenderableType]:
    """Headline, changes between versions, advice followed, advice open, the rest in one line each.

    Parameters
    ----------
    names : mapping of int to str, optional
        What to call versions; their numbers when left out.
    """
    yield Text(shown(document["headline"]), style="bold")
    if not document["entries"]:
        return
    yield from case_lines(document)
    if document["steps"]:
        yield heading(f"What changed between {'versions' if names is None else 'moments'}")
        yield table([_step_row(s, names) for s in document["steps"]], ("Versions", "Metric", "Change", "Verdict"))
        yield from _judged_as_one(document["steps"])
        yield Text(
            "Old and new baseline, on the same pictures, by the labels of the newest version: "
            + "; ".join(dict.fromkeys(s["measured"]["evaluated_on"] for s in document["steps"] if s["measured"]))
            + ". Beside each piece of advice: the old training pictures with that advice followed and nothing else.",
            style="dim",
        )
        yield Text("")
    by_extent: dict[str, list[Mapping[str, Any]]] = {}
    for entry in document["entries"]:
        by_extent.setdefault(entry["followed"]["extent"], []).append(entry)
    done = [e for extent in FOLLOWED for e in by_extent.get(extent, ())]
    if done:
        yield heading(f"Followed ({len(done)})")
        yield Text("")
        for entry in done:
            yield _block(entry, names)
    for extent, title in (("not", "Not followed"), ("pending", "Given for the newest version")):
        yield from _open(title, by_extent.get(extent, []), names)
    unseen = by_extent.get("unseen", [])
    if unseen:
        yield heading(f"Cannot be seen from the data ({len(unseen)})")
        yield Text(shown("; ".join(dict.fromkeys(_advice(e) for e in unseen))), style="dim")
        yield Text("")
    yield Text(shown(document["track_record"]["text"]), style="bold")


def _block(entry: Mapping[str, Any], names: Mapping[int, str] | None) -> RenderableType:
    """One piece of advice that was followed: done, promised, measured, and whether that was kept."""
    row = _row(entry, names)
    style = {"kept": "green", "not_kept": "red"}.get(entry["promise"] or "", "")
    parts = [Text(row["Done"]), Text(f"Expected: {row['Expected']}"), Text(f"Measured: {row['Measured']}")]
    if row["Promise"]:
        parts.append(Text(f"Promise: {row['Promise']}", style=style))
    title = Text.assemble((row["Advice"], "bold"), f"  given {'for' if names is None else 'on'} {row['Given for']}")
    return Group(title, Padding(Group(*parts), (0, 0, 1, 4)))


def _open(
    title: str, entries: Sequence[Mapping[str, Any]], names: Mapping[int, str] | None
) -> Iterable[RenderableType]:
    if not entries:
        return
    yield heading(f"{title} ({len(entries)})")
    rows = [
        {**_row(e, names), "Done": e["followed"]["words"] if e["followed"]["extent"] == "not" else ""} for e in entries
    ]
    yield table(rows[:MOST_OPEN], ("Given for", "Advice", "Done", "Expected"))
    if len(rows) > MOST_OPEN:
        yield Text(f"and {len(rows) - MOST_OPEN} more in --json", style="dim")
    yield Text("")


def _row(entry: Mapping[str, Any], names: Mapping[int, str] | None) -> dict[str, str]:
    measured = entry["measured"]
    words = f"{entry['followed']['extent'].capitalize()} followed: {entry['followed']['words']}"
    reason = f": {entry['reason']}" if entry["reason"] else ""
    return {
        "Given for": _versions(entry["given"], names),
        "Advice": shown(_advice(entry)),
        "Done": shown(words),
        "Expected": _change(entry["expected"]) if entry["expected"] else "not tried",
        "Measured": _change(measured) if measured else shown(entry["unmeasured"] or ""),
        "Promise": shown(f"{PROMISES[entry['promise']]}{reason}") if entry["promise"] else "",
    }


def _versions(given: Sequence[int], names: Mapping[int, str] | None) -> str:
    if names is not None:
        return names[given[0]] if len(given) == 1 else f"{names[given[0]]} to {names[given[-1]]}"
    return f"version {given[0]}" if len(given) == 1 else f"versions {given[0]} to {given[-1]}"


def _advice(entry: Mapping[str, Any]) -> str:
    return f"{entry['action']} {entry['target']} [{entry['code']}]"


def _change(measure: Mapping[str, Any]) -> str:
    """``+3.1 points (0.4 to 5.8): helps``."""
    delta, low, high = (number_text(measure[name], "points") for name in ("delta", "low", "high"))
    return f"{delta} ({low.removesuffix(' points')} to {high.removesuffix(' points')}): {BRIEFLY[measure['verdict']]}"


def _step_row(step: Mapping[str, Any], names: Mapping[int, str] | None) -> dict[str, str]:
    found = step["measured"]
    before, after = ((names or {}).get(step[end], str(step[end])) for end in ("before", "after"))
    row = {"Versions": f"{before} → {after}"}
    if found is None:
        return {**row, "Verdict": shown(f"not measured: {step['unmeasured']}")}
    low, high = (number_text(found[name], "points") for name in ("low", "high"))
    return {
        **row,
        "Metric": f"{shown(found['metric'])} {number_text(found['before'], 'share')} → "
        f"{number_text(found['after'], 'share')} ({counted(found['n'], 'picture')})",
        "Change": f"{number_text(found['delta'], 'points')} ({low.removesuffix(' points')} to {high})",
        "Verdict": BRIEFLY[found["verdict"]],
    }


def _judged_as_one(steps: Iterable[Mapping[str, Any]]) -> Iterable[RenderableType]:
    groups = dict.fromkeys(tuple(g) for s in steps if s["measured"] for g in s["measured"]["judged_as_one"])
    for group in groups:
        yield Text(f"Judged as one class on both sides: {shown(', '.join(group))}", style="dim")
