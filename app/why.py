"""The ``advisor why`` command: the training pictures that push one picture to the answer it gets."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import case_lines
from app.terminal import Terminal, WrongUse
from tools.errors import UnknownName


def run_why(picture: str, *, label: str | None, seed: int | None, workspace: Path, json: str | None) -> None:
    """Explain one answer by training pictures."""
    out = Terminal(json)
    _, case = open_case(workspace, seed=seed)
    if label is not None and label not in case.classes:
        raise UnknownName(
            expected=f"one of the classes {', '.join(case.classes)} after --class",
            seen=label,
            todo="Name one of these.",
        )
    from tools.registry import NotApplicable
    from tools.searching import vector_of
    from tools.why import Answer, pushed
    from tools.why_documents import why_document

    try:
        with out.steps() as steps:
            row, vector = vector_of(case, picture, cache=case.settings.workspace / "models", on_step=steps)
            known = None if row is None or case.targets[row] < 0 else int(case.targets[row])
            true = known if label is None else case.number(label)
            found = pushed(case, Answer(picture, vector, row, true), on_step=steps)
    except NotApplicable as reason:
        raise WrongUse(
            expected="a picture that training pictures push to an answer",
            seen=str(reason),
            todo="Import more pictures.",
        ) from None
    document = why_document(case, found)
    out.say(*why_blocks(document))
    out.deliver(document)


def why_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """The answer, the pictures behind it, and what came of leaving them out."""
    yield Text(shown(document["headline"]), style="bold")
    yield from case_lines(document)
    yield Text(shown(document["summary"]))
    yield Text("")
    yield Text(f"Training pictures that push hardest towards {shown(document['said'])}", style="bold underline")
    for one in document["pictures"]:
        mark = "left out" if one["left_out"] else ""
        yield f"  {one['push']:+.2f}  {one['similarity']:.2f}  {mark:8}  {shown(one['image'])} ({shown(one['class'])})"
    yield Text(
        "First how much each raises the margin, measured by fitting again without it alone; then how like it is.",
        style="dim",
    )
    if document["verdict"] in ("cause", "not_shown"):
        yield Text("To do: look whether the labels of those left out are right, and what they share with this picture.")
