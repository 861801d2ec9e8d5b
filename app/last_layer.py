"""The ``advisor model last-layer`` command: the user's last layer fitted again with the rare setting balanced."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import table
from app.terminal import Terminal, WrongUse
from tools.errors import UnknownName


def run_last_layer(
    file: Path, pair: tuple[str, str], to: Path, *, seed: int | None, workspace: Path, json: str | None
) -> None:
    """Read, mend, measure, write."""
    out = Terminal(json)
    _, case = open_case(workspace, seed=seed)
    for name in pair:
        if name not in case.classes or pair[0] == pair[1]:
            raise UnknownName(
                expected=f"two of the classes {', '.join(case.classes)} after --pair",
                seen=name,
                todo="Name two of these.",
            )
    from tools.last_layer import mend, placed, write_layer
    from tools.last_layer_documents import mended_document
    from tools.readers.last_layer_file import read_last_layer
    from tools.registry import NotApplicable

    given = read_last_layer(file)
    layer = placed(case, given)
    try:
        with out.steps() as steps:
            found = mend(case, layer, pair, on_step=steps)
    except NotApplicable as reason:
        raise WrongUse(
            expected="a cue to balance between the two classes", seen=str(reason),
            todo="Look at: advisor audit --check spurious-cue",
        ) from None  # fmt: skip
    document = mended_document(case, found, pair, to, write_layer(found, given, to))
    out.say(*mended_blocks(document))
    out.deliver(document)


def mended_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """What was balanced, what it does, and where the layer is."""
    a, b = map(shown, document["pair"])
    yield Text(shown(document["headline"]), style="bold")
    yield Text(
        f"Balanced: pictures of {a} that are {shown(document['words'])}, as those of {b} mostly are, and the reverse"
    )
    yield Text(f"Fitted on {document['trained_on']}; judged on {document['judged_on']}")
    for sentence in document["sentences"]:
        yield Text(shown(sentence))
    yield Text(shown(document["worst_group"]["sentence"]))
    yield Text(f"Against the same fit without balance. {shown(document['unbalanced_sentence'])}")
    rows = [
        {
            "Group": shown(found["group"]),
            "Yours": f"{found['before']['text']} ({found['before']['interval']})",
            "Balanced": f"{found['after']['text']} ({found['after']['interval']})",
            "Pictures": str(found["before"]["n"]),
        }
        for found in document["groups"]
    ]
    if rows:
        yield table(rows, tuple(rows[0]))
    shapes = ", ".join(f"{name} {' × '.join(map(str, shape))}" for name, shape in document["shapes"].items())
    yield Text(f"Written: {shown(document['file'])} ({shapes}), to be put in the place of your last layer")
    if document["verdict"] != "helps":
        yield Text("That it helps is not shown: look before you use it.", style="yellow")
