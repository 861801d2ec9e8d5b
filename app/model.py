"""The ``advisor model`` commands for a network that is here: add, list, check, remove."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import case_lines, table
from app.terminal import Terminal, WrongUse

if TYPE_CHECKING:
    from tools.adding_model import Asked
    from tools.case import Case
    from tools.own_model import OwnModel
    from tools.predictions import Predictions
    from tools.workspace import Workspace

FIRST_PREPARATIONS = 5
FIRST_SKIPPED = 5


def run_add(
    file: Path,
    given: Mapping[str, Any],
    *,
    name: str,
    version: str,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> None:
    """Take a network in."""
    out = Terminal(json)
    asked = read_asked(given)
    kept, case = open_case(workspace, seed=seed)
    from tools.adding_model import add_model
    from tools.documents import case_head
    from tools.model_documents import added_json
    from tools.registry import NotApplicable

    try:
        with out.steps() as steps:
            found, scored = add_model(kept, case, file, asked, name=name, version=version, on_step=steps)
    except NotApplicable as reason:
        raise WrongUse(
            expected="the imported pictures where they were", seen=str(reason), todo="Import them again first."
        ) from None
    _, case = open_case(workspace, seed=seed)
    document = added_json(case, found, scored, named=asked.prepared)
    headline = f"Your network {found.model.title} is here and was asked about {document['scored']} pictures"
    document = {**case_head(case, headline), **document}
    out.say(*added_blocks(document))
    out.deliver(document)


def run_list(*, workspace: Path, json: str | None) -> None:
    """List networks, newest first."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.model_documents import own_model_json
    from tools.version_documents import said_of

    found = []
    for own in reversed(_models(kept)):
        said = _said(kept, case, own)
        explained = case.own_model is not None and case.own_model.fingerprint == own.fingerprint
        metrics = said_of(case, said) if said is not None else {"metrics": []}
        found.append({**own_model_json(own), **metrics, "explained": explained and case.subject == "user"})
    headline = f"{len(found)} of your networks {'is' if len(found) == 1 else 'are'} here" if found else "No network yet"
    document = {**case_head(case, headline), "models": found}
    out.say(*list_blocks(document))
    out.deliver(document)


def run_check(name: str | None, *, seed: int | None, workspace: Path, json: str | None) -> None:
    """Preparations, steadiness, and pictures imported since."""
    out = Terminal(json)
    kept, case = open_case(workspace, seed=seed)
    from dataclasses import replace

    from tools.adding_model import compare_preparations
    from tools.consistency import asked_beside, consistency
    from tools.documents import case_head
    from tools.model_documents import compared_json, consistency_json, own_model_json, said_json
    from tools.model_scores import dataset_scores
    from tools.registry import NotApplicable
    from tools.scorers import OwnScorer

    own = _chosen(kept, name)
    try:
        with out.steps() as steps:
            scored = dataset_scores(case, own, on_step=steps)
            asked = replace(case, predictions=scored.predictions, own_model=own)
            if _news(kept, asked, own):
                kept.save_predictions(case.dataset, scored.predictions, record={"model": own.title})
            tried = compare_preparations(asked, own, on_step=steps)
            speaks = OwnScorer(asked, own, scored.predictions)
            steady = consistency(asked, asked_beside(asked, speaks), on_step=steps)
    except NotApplicable as reason:
        raise WrongUse(
            expected="the imported pictures where they were", seen=str(reason), todo="Import them again first."
        ) from None
    document = {
        **case_head(asked, f"Your network {own.title}"),
        "model": own_model_json(own),
        "preparations": compared_json(tried),
        "consistency": consistency_json(steady),
        **said_json(asked, scored),
    }
    out.say(*check_blocks(document))
    out.deliver(document)


def run_remove(name: str, *, workspace: Path, json: str | None) -> None:
    """Forget a network."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.own_model import forget_model

    own = _chosen(kept, name)
    gone = forget_model(kept.database, kept.path, own)
    headline = f"Your network {own.title} is gone, and what it said of the pictures"
    _, case = open_case(workspace)
    document = {**case_head(case, headline), "removed": own.title, "predictions": gone}
    out.say(Text(shown(headline), style="bold"), *case_lines(document))
    out.deliver(document)


def read_asked(given: Mapping[str, Any]) -> "Asked":
    """What the command line says of a network.

    Raises
    ------
    WrongUse
    """
    from embeddings.preparation import SCALINGS
    from tools.adding_model import Asked

    if given["scaling"] is not None and given["scaling"] not in SCALINGS:
        raise WrongUse(
            expected=f"one of {', '.join(SCALINGS)} after --scaling", seen=given["scaling"], todo="Name one of these."
        )
    if given["scaling"] is not None and (given["mean"] or given["std"]):
        raise WrongUse(expected="either --scaling or --mean and --std", seen="both", todo="Leave one out.")
    mean, std = _scale(given["mean"], given["std"])
    fit, shorter = _resize(given["resize"], given["size"])
    return Asked(
        given["labels"], dict(_pair(text) for text in given["same"]), given["size"], given["layout"], given["scaling"],
        given["order"], fit, shorter, mean, std, given["output"],
    )  # fmt: skip


def _pair(text: str) -> tuple[str, str]:
    label, sign, name = text.partition("=")
    if not sign or not label:
        raise WrongUse(
            expected="LABEL=CLASS after --same", seen=shown(text), todo="Write, e.g.: --same Satsuma=Satsumas"
        )
    return label, name


def _scale(
    mean: tuple[float, ...] | None, std: tuple[float, ...] | None
) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """On 0–255: libraries write ImageNet's mean on 0–1."""
    if mean is None and std is None:
        return None, None
    mean, std = mean or (0.0,) * 3, std or (1.0,) * 3
    factor = 255.0 if max(abs(v) for v in (*mean, *std)) <= 1 else 1.0
    return tuple(round(v * factor, 6) for v in mean), tuple(round(v * factor, 6) for v in std)


def _resize(text: str | None, size: int) -> tuple[Any, float | None]:
    """Way of fitting, and for a crop the shorter side before it."""
    if text is None:
        return None, None
    if text in ("stretch", "pad"):
        return text, None
    if not text.isdecimal() or int(text) < max(1, size):
        raise WrongUse(
            expected="stretch, pad, or the shorter side in pixels, at least the network's, after --resize",
            seen=shown(text), todo="Write, e.g.: --resize 256",
        )  # fmt: skip
    return "crop", float(text)


def _models(kept: "Workspace") -> "list[OwnModel]":
    from tools.own_model import list_models

    return kept.database.read(lambda db: list_models(db, kept.path)) or []


def _chosen(kept: "Workspace", name: str | None) -> "OwnModel":
    from tools.own_model import chosen_model

    return chosen_model(_models(kept), name)


def _said(kept: "Workspace", case: "Case", own: "OwnModel") -> "Predictions | None":
    from tools.models import given_models, predictions_of

    newest = [g for g in given_models(kept) if (g.model, g.version) == (own.name, own.version)]
    return predictions_of(kept, newest[-1], case) if newest else None


def _news(kept: "Workspace", asked: "Case", own: "OwnModel") -> bool:
    """Whether pictures were scored that the kept predictions lack."""
    before = _said(kept, asked, own)
    now = asked.predictions
    return now is not None and (before is None or bool((now.covered & ~before.covered).any()))


def added_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """What was taken in, how it is fed, and how good it is."""
    yield Text(shown(document["headline"]), style="bold")
    yield from _model_lines(document)
    for note in document["labels"]["notes"]:
        yield Text(f"Labels {shown(note)}")
    yield from preparation_blocks(document["preparations"])
    yield "Next: advisor audit (its errors are now the ones explained), advisor model check"


def check_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """A network's preparation and steadiness."""
    yield Text(shown(document["headline"]), style="bold")
    yield from _model_lines(document)
    yield from preparation_blocks(document["preparations"])
    for sentence in document["consistency"]["sentences"]:
        yield Text(sentence)
    if not document["consistency"]["sentences"]:
        yield Text("Too few judged pictures to say how steady its answers are.")


def preparation_blocks(found: Mapping[str, Any]) -> Iterable[RenderableType]:
    """What other preparations would give."""
    style = "bold yellow" if found["warning"] else ""
    yield Text(("Warning: " if found["warning"] else "") + shown(found["sentence"]), style=style)
    tried: Sequence[Mapping[str, Any]] = found["tried"]
    rows = [
        {
            "Prepared": shown(one["prepared"]),
            "Right": f"{one['accuracy']['text']} ({one['accuracy']['interval']})",
            "": "used" if one["chosen"] else "clearly better" if one["clearly_better"] else "",
        }
        for one in [*tried[:FIRST_PREPARATIONS], *(one for one in tried[FIRST_PREPARATIONS:] if one["chosen"])]
    ]
    if rows:
        yield table(rows, ("Prepared", "Right", ""))


def list_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """A row per network."""
    yield Text(shown(document["headline"]), style="bold")
    rows = []
    for found in document["models"]:
        metrics = {m["name"]: m for m in found["metrics"]}
        rows.append(
            {
                "Model": shown(found["reference"]),
                "Labels": str(len(found["labels"])),
                **{
                    name.capitalize(): f"{m['text']} ({m['interval']})" if (m := metrics.get(name)) else ""
                    for name in ("accuracy", "balanced accuracy")
                },
                "Prepared": shown(found["prepared"].partition(";")[0]),
                "": "its errors are explained" if found["explained"] else "",
            }
        )
    if rows:
        yield table(rows, tuple(rows[0]))
    else:
        yield Text("Next: advisor model add model.onnx --labels labels.txt")


def _model_lines(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    own = document["model"]
    yield Text(f"Takes: {shown(own['prepared'])}" + (f" ({shown(own['notes'][0])})" if len(own["notes"]) > 1 else ""))
    yield Text(f"Gives: {shown(own['output'])}; {shown(own['notes'][-1])}")
    for metric in document["metrics"]:
        yield Text(f"{metric['name'].capitalize()}: {metric['text']} ({metric['interval']}, n = {metric['n']})")
    if document["skipped"]:
        first = ", ".join(f"{shown(s['image'])}: {shown(s['reason'])}" for s in document["skipped"][:FIRST_SKIPPED])
        yield Text(f"Not scored ({len(document['skipped'])}): {first}")
