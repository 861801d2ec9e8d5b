"""The ``advisor map`` command: pictures laid out flat by their vectors, for the app's map and for other tools."""

from pathlib import Path

from rich.text import Text

from app.commands import open_case
from app.terminal import Terminal


def run_map(*, workspace: Path, json: str | None) -> None:
    """Lay the pictures out, or take the kept map."""
    out = Terminal(json)
    _, case = open_case(workspace, sample=True)
    from tools.documents import case_head
    from tools.flat_map import flat_map

    with out.steps() as steps:
        positions = flat_map(case, on_step=steps)
    headline = f"{len(positions)} pictures laid out"
    out.say(Text(headline, style="bold"), "See them in the app: advisor app")
    places = [
        {"image": str(image), "x": round(float(x), 4), "y": round(float(y), 4)}
        for image, (x, y) in zip(case.ids, positions, strict=True)
    ]
    out.deliver({**case_head(case, headline), "positions": places})
