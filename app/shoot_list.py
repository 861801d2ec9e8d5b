"""The ``advisor shoot list`` command: what to photograph next, as a table, CSV, PDF and a page for the phone."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
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
    from tools.effects import Measure
    from tools.shopping import Row

COLUMNS = (
    *("class", "condition", "pictures", "gain_points", "gain_low", "gain_high", "verdict", "not_measured_because"),
    *("weight", "there", "fails", "like", "checks", "folder"),
)
VERDICTS = {
    "helps": "shown to help",
    "hurts": "shown to hurt",
    "no_effect": "no gain worth having",
    "cannot_tell": "cannot tell with these pictures",
}


def run_list(
    most: int,
    files: Mapping[str, Path | None],
    *,
    keep: bool,
    by: str | None,
    group: str | None,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> None:
    """Show the list, and write it where it is wanted."""
    out = Terminal(json)
    kept, case = open_case(workspace, seed=seed, group=group)
    from datetime import date

    from tools.audit import run_checks
    from tools.dataset import encode_id
    from tools.decisions import Decisions, settle
    from tools.goals import goals_of
    from tools.shoots import Shoots
    from tools.shopping import CODES, as_plan, shopping_list

    if not case.derived.judged.any():
        raise WrongUse(
            expected="labelled pictures that can be judged", seen="none",
            todo="Import labels first; without them nothing says what is missing.",
        )  # fmt: skip
    with out.steps() as steps:
        outcomes = run_checks(case, list(CODES), on_step=steps, remember=kept)
        outcomes = settle(outcomes, Decisions(kept).standing(), date.today())
        found = shopping_list(case, outcomes, goals_of(kept), most=most, on_step=steps, remember=kept)
    rows, spared = [r for r in found if not r.hurts], [r for r in found if r.hurts]
    plan = None
    if keep:
        plan = Shoots(kept).write_down(as_plan(case, rows, by=encode_id(user_name() if by is None else by)))
    folders = [f"{plan.folder}/{c.folder}" for c in plan.cells] if plan else [""] * len(rows)
    document = list_document(case, rows, folders, None if plan is None else plan.number)
    document["spared"] = [row_json(r, "") for r in spared]
    out.say(*list_blocks(document))
    for path in _written(files, document, case):
        out.say(Text(f"Written: {shown(path)}"))
    if plan:
        out.say(f"Kept as shoot {plan.number}; see what arrives: advisor shoot status {plan.number}"
                f"{elsewhere(workspace)}")  # fmt: skip
    out.deliver(document)


def list_document(case: "Case", rows: "Sequence[Row]", folders: Sequence[str], shoot: int | None) -> dict[str, Any]:
    """The list for machines."""
    from tools.documents import case_head

    helps = sum(r.gain is not None and r.gain.verdict == "helps" for r in rows)
    proved = f"for {helps} of them a gain is shown" if helps else "for none of them a gain is shown yet"
    headline = f"{counted(len(rows), 'kind', 'kinds')} of pictures to take; {proved}"
    return {
        **case_head(case, headline),
        "shoot": shoot,
        "rows": [row_json(r, folder) for r, folder in zip(rows, folders, strict=True)],
    }


def row_json(row: "Row", folder: str) -> dict[str, Any]:
    """A row for machines."""
    return {
        "class": row.name,
        "condition": row.condition,
        "pictures": row.pictures,
        "gain": None if row.gain is None else gain_json(row.gain),
        "gain_of_condition": None if row.of_condition is None else gain_json(row.of_condition),
        "not_measured_because": row.reason or None,
        "per_picture": row.per_picture,
        "weight": row.weight,
        "there": row.there or None,
        "fails": row.fails or None,
        "like": row.like or None,
        "checks": list(row.codes),
        "level": row.level,
        "folder": folder or None,
    }


def gain_json(measure: "Measure") -> dict[str, Any]:
    """A measured gain for machines."""
    return {
        "metric": measure.metric,
        "value": measure.delta,
        "low": measure.low,
        "high": measure.high,
        "verdict": measure.verdict,
    }


def gain_text(row: Mapping[str, Any]) -> str:
    """A row's expected gain in words; never one that was not measured."""
    gain = row["gain"]
    if gain is None:
        return f"not measured: {row['not_measured_because']}"
    value, low, high = (100 * gain[k] for k in ("value", "low", "high"))
    return f"{value:+.1f} points ({low:+.1f} to {high:+.1f}): {VERDICTS[gain['verdict']]}"


def list_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """The list as people read it."""
    yield Text(document["headline"], style="bold")
    rows = [
        {
            "": str(number),
            "Class": shown(r["class"]),
            "Condition": shown(r["condition"]),
            "Pictures": str(r["pictures"]),
            "Expected gain at most, balanced accuracy": gain_text(r),
            "There is; fails": "\n".join(shown(i) for i in (r["there"], r["fails"], r["like"]) if i),
        }
        for number, r in enumerate(document["rows"], start=1)
    ]
    if rows:
        yield table(rows, tuple(rows[0]))
    for r in document.get("spared", ()):
        yield Text(f"Not asked for: {shown(r['class'])}, {shown(r['condition'])}. {gain_text(r)}.")
    yield Text(
        "Measured by leaving out as many pictures as are there: half of a class, all of a condition. The next ones "
        "usually bring less than these did. Ranked by gain per picture, weighed by your goal.",
        style="dim",
    )


def list_csv(document: Mapping[str, Any]) -> str:
    """The list as a table; cells that a spreadsheet would run are written as text."""
    from tools.cells import guarded, guarded_path

    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r in document["rows"]:
        gain = r["gain"] or {}
        numbers = [f"{100 * gain[k]:.2f}" if gain else "" for k in ("value", "low", "high")]
        texts = (r["class"], r["condition"])
        images = [guarded_path(i) if i else "" for i in (r["there"], r["fails"], r["like"])]
        writer.writerow([
            *map(guarded, texts), r["pictures"], *numbers, gain.get("verdict", ""), r["not_measured_because"] or "",
            f"{r['weight']:.3g}", *images, " ".join(r["checks"]), r["folder"] or "",
        ])  # fmt: skip
    return out.getvalue()


def _written(files: Mapping[str, Path | None], document: Mapping[str, Any], case: "Case") -> list[Path]:
    from app.report.files import NoPdf, pdf
    from app.shoot_pages import list_page
    from tools.store import replace_file

    makers = {
        "csv": lambda: list_csv(document).encode("utf-8", "replace"),
        "html": lambda: list_page(document, case.dataset, phone=True).encode("utf-8", "replace"),
        "pdf": lambda: pdf(list_page(document, case.dataset, phone=False)),
    }
    out = []
    for name, path in files.items():
        if path is None:
            continue
        try:
            replace_file(path, makers[name]())
        except NoPdf as reason:
            raise WrongUse(
                expected="what a PDF needs", seen=str(reason), todo="Write --html FILE instead and print that."
            ) from None
        except OSError as error:
            raise WrongUse(
                expected=f"a file that can be written after --{name}", seen=f"{shown(path)} ({error.strerror})",
                todo="Name a file in a folder that exists.",
            ) from None  # fmt: skip
        out.append(path)
    return out
