"""The ``advisor model probe`` command: pictures for a closed service, and what its scores of them show."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.terminal import Terminal, WrongUse
from tools.errors import UnknownName


def run_probe(
    folder: Path,
    *,
    scores: Path | None,
    most: int,
    pair: tuple[str, str] | None,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> None:
    """Write the pictures, or judge the scores."""
    out = Terminal(json)
    _, case = open_case(workspace, seed=seed)
    for name in pair or ():
        if name not in case.classes:
            raise UnknownName(
                expected=f"two of the classes {', '.join(case.classes)} after --pair",
                seen=name,
                todo="Name two of these.",
            )
    from tools.probe import write_probe
    from tools.probe_documents import probed_document, written_document
    from tools.probe_scores import judge_probe
    from tools.registry import NotApplicable

    try:
        with out.steps() as steps:
            if scores is None:
                written = write_probe(case, folder, most=most, pair=pair, on_step=steps)
                document = written_document(case, written, str(folder))
            else:
                document = probed_document(case, judge_probe(case, folder, scores), str(folder))
    except NotApplicable as reason:
        raise WrongUse(
            expected="pictures whose background or cue can be changed", seen=str(reason),
            todo="Import with an encoder that is on this machine, and more labelled pictures.",
        ) from None  # fmt: skip
    out.say(*(written_blocks(document) if scores is None else probed_blocks(document)))
    out.deliver(document)


def written_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """What is in the folder, and what to do with it."""
    yield Text(shown(document["headline"]), style="bold")
    parts = document["parts"]
    if parts["background"]:
        yield Text(f"{parts['background']} of them ask about the background")
    if parts["cue"]:
        a, b = document["pair"]
        words = shown(document["cue"])
        yield Text(f"{parts['cue']} of them ask whether {shown(a)} is called {shown(b)} for being {words}")
    if document["not_asked"]:
        yield Text(f"Not asked: {shown(document['not_asked'])}")
    yield Text(
        "Send the pictures to your service (their names say nothing of what was changed; manifest.csv does, and is for "
        "you alone) and write its scores into a file: id (the picture's name) and p_<class> for every class, or id, "
        "pred and score."
    )
    yield f"Then: advisor model probe {shown(document['folder'])} --scores FILE"


def probed_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """What the service goes by."""
    yield Text(shown(document["headline"]), style="bold")
    yield Text(f"Scored: {document['scored']} of {document['pictures']} pictures; {document['measured_on']} counted")
    yield Text("")
    for sentence in document["sentences"]:
        yield Text(shown(sentence))
    for reason in document["not_judged"]:
        yield Text(f"Not judged: {shown(reason)}", style="dim")
