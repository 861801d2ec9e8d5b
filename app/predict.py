"""The ``advisor predict`` command: what a version or the baseline says of new pictures, and what they are like."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import case_lines, outcome_lines, table
from app.terminal import Terminal, WrongUse

TOP = 3
SHOWN = 40
SCORES = 2


def run_predict(
    paths: Sequence[Path],
    *,
    thresholds: Path | None,
    version: int | None,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> None:
    """Score pictures and show what they are like."""
    out = Terminal(json)
    kept, case = open_case(workspace, seed=seed)
    from tools.deciding import read_rule, rule_of
    from tools.predicting import files_of, predict
    from tools.registry import NotApplicable
    from tools.versions import Versions

    files, refused = files_of(paths)
    versions = Versions(kept)
    speaker = versions.in_use() if version is None else versions.get(version) if version else None
    rule = None if thresholds is None else read_rule(thresholds, case, speaker)
    if rule is None and speaker is not None and speaker.document["thresholds"]:
        rule = rule_of(speaker.document["thresholds"])
    try:
        with out.steps() as steps:
            asked = None if speaker is None else (speaker, versions.weights(speaker))
            found = predict(case, files, asked, on_step=steps)
    except NotApplicable as reason:
        raise WrongUse(
            expected="the encoder that made this workspace's vectors", seen=str(reason),
            todo="Import with that encoder, or ask another one: --version N, or --version 0 for the baseline.",
        ) from None  # fmt: skip
    from tools.documents import predictions_document

    found = replace(found, skipped=(*refused, *found.skipped))
    document = predictions_document(case, found, rule, top=TOP)
    document["decided_by"] = None if rule is None else "file" if thresholds is not None else "version"
    out.say(*predict_blocks(document))
    out.deliver(document)


def predict_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """The headline, a row per picture, and what could not be read."""
    yield Text(shown(document["headline"]), style="bold")
    yield from case_lines(document)
    speaker = document["speaker"]
    yield Text(f"Asked: {'the baseline' if speaker == 'baseline' else speaker}" + _decided(document["decided_by"]))
    rows = [
        {
            "Picture": shown(Path(found["picture"]).name),
            "Says": shown(", ".join(found["said"]) or "nothing: for a person"),
            "Scores": shown(", ".join(f"{s['class']} {s['score']:.2f}" for s in found["scores"][:SCORES])),
            "Most like": shown(f"{Path(found['nearest'][0]['image']).name} ({found['nearest'][0]['similarity']:.2f})"),
            "Seen": "in the training data" if found["known"] else "unlike anything" if found["unlike"] else "alike",
        }
        for found in document["predictions"][:SHOWN]
    ]
    if rows:
        yield table(rows, tuple(rows[0]))
    if len(document["predictions"]) > SHOWN:
        yield Text(f"and {len(document['predictions']) - SHOWN} more in --json", style="dim")
    if document["skipped"]:
        yield from outcome_lines("Skipped", [(Path(s["path"]).name, s["reason"]) for s in document["skipped"]])


def _decided(by: str | None) -> str:
    words = {"file": "by the thresholds of your file", "version": "by the thresholds chosen for it"}
    return f", {words[by]}" if by else ""
