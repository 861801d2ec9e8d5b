"""The ``advisor predictions`` commands: what the user's own models say, and how good they are."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import case_lines, table
from app.terminal import Terminal


def run_add(file: Path, *, model: str, version: str, production: bool, workspace: Path, json: str | None) -> None:
    """Store a model's predictions for the newest dataset."""
    out = Terminal(json)
    kept, _ = open_case(workspace)
    from tools.documents import case_head
    from tools.giving import add_predictions
    from tools.models import SERVING, given_models

    given, coverage = add_predictions(kept, file, model=model, version=version)
    if production:
        mine = (given.model, given.version)
        kept.choose(SERVING, next(g.name for g in given_models(kept) if (g.model, g.version) == mine))
    headline = f"{given.model}, version {given.version}: {coverage}"
    _, case = open_case(workspace)
    document = case_head(case, headline)
    out.say(Text(shown(headline)), *case_lines(document))
    said = {"name": given.model, "version": given.version, "coverage": coverage, "serves": production}
    out.deliver({**document, "model": said})


def run_list(*, workspace: Path, json: str | None) -> None:
    """List models and versions, newest first."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.models import given_models, predictions_of, serving
    from tools.version_documents import said_of

    serves, found = serving(kept), []
    for given in reversed(given_models(kept)):
        said = predictions_of(kept, given, case)
        explained = case.predictions is not None and said.fingerprint == case.predictions.fingerprint
        found.append(
            {
                "name": given.name,
                "model": given.model,
                "version": given.version,
                "created": given.created,
                "covered": int(said.covered.sum()),
                "judged": int((said.covered & case.evaluation).sum()),
                "serves": serves is not None and given.number == serves.number,
                "explained": explained and case.subject == "user",
                **said_of(case, said),
            }
        )
    many = len(found)
    headline = f"{many} version{'' if many == 1 else 's'} of your models" if found else "No predictions were given yet"
    document = {**case_head(case, headline), "models": found}
    out.say(*list_blocks(document))
    out.deliver(document)


def list_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """A row per version."""
    yield Text(shown(document["headline"]), style="bold")
    rows = []
    for found in document["models"]:
        marks = [word for word, key in (("serves", "serves"), ("its errors are explained", "explained")) if found[key]]
        metrics = {m["name"]: m for m in found["metrics"]}
        rows.append(
            {
                "Model": shown(found["name"]),
                "Added": shown(found["created"][:16].replace("T", " ")),
                "Pictures": str(found["covered"]),
                "Judged": str(found["judged"]),
                **{
                    name.capitalize(): f"{m['text']} ({m['interval']})" if (m := metrics.get(name)) else "not measured"
                    for name in ("balanced accuracy", "accuracy")
                },
                "": ", ".join(marks),
            }
        )
    if rows:
        yield table(rows, tuple(rows[0]))
        yield Text(
            "Judged by today's labels on the pictures that count errors. Compare any two on the same pictures: "
            "advisor versions compare A B", style="dim",
        )  # fmt: skip
    else:
        yield Text("Next: advisor predictions add FILE --model NAME --version V")
