"""The demo's result as printed blocks: planted beside found, misses included."""

import shlex
from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from app.escaping import shown
from app.printing import answer_blocks, effect_blocks, heading
from app.views import Document

FIRST_MISSED = 4


def demo_blocks(document: Document, *, styled: bool) -> Iterable[RenderableType]:
    """Answers, effects, then the comparison and what to do next."""
    yield Text(shown(document["audit"]["headline"]), style="bold")
    yield Text("")
    for answer in document["answers"]:
        yield heading(shown(answer["question"]))
        yield from answer_blocks(answer, styled=styled)
        yield Text("")
    yield heading("The fixes, tried on held-out pictures")
    for effect in document["effects"]:
        yield from effect_blocks(f"{effect['kind']}: {effect['target']}", effect)
    yield Text("")
    yield heading("Planted against found")
    yield _comparison(document["planted"])
    yield Text("")
    yield from _notes(document)
    yield Text(
        f"{document['headline']}, in {document['seconds']:.0f} s. Truth: {shown(document['truth'])}", style="bold"
    )
    yield f"Open it: advisor app --workspace {shlex.quote(document['workspace'])}"


def _comparison(rows: Iterable[Document]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, justify in (("Fault", "left"), ("Planted", "right"), ("Found", "right"), ("Hits", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for name in ("Missed", "Precision", "Recall"):
        table.add_column(name, justify="right")
    for row in rows:
        shares = [("" if row[k] is None else f"{100 * row[k]:.0f} %") for k in ("precision", "recall")]
        missed = row["planted"] - row["hits"]
        style = "red" if not row["hits"] else "yellow" if missed else "green"
        cells = [row["fault"], *(str(row[k]) for k in ("planted", "found", "hits")), str(missed), *shares]
        table.add_row(*(Text(shown(cell)) for cell in cells), style=style)
    return table


def _notes(document: Document) -> Iterable[RenderableType]:
    for row in document["planted"]:
        if row["note"]:
            yield Text(f"{row['fault']}: {shown(row['note'])}", style="dim")
        if row["missed"]:
            first = ", ".join(map(shown, row["missed"][:FIRST_MISSED]))
            yield Text(
                f"{row['fault']}, missed: {first}{' …' if len(row['missed']) > FIRST_MISSED else ''}", style="dim"
            )
    for alarm in document["unplanted"]:
        yield Text(
            f"Not planted, yet found ({alarm['severity']}): {shown(alarm['title'])} [{alarm['code']}]", style="dim"
        )
    yield Text("")
