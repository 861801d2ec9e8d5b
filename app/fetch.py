"""The ``advisor fetch`` commands: a cloud service's answers and pictures into a folder to import."""

import shlex
from dataclasses import asdict
from pathlib import Path

from rich.text import Text

from app.commands import elsewhere
from app.edge import prepare_libraries, read_training_key
from app.escaping import shown
from app.printing import outcome_lines
from app.terminal import Terminal, WrongUse

SHOWN_FAILED = 20


def run_custom_vision(folder: Path, endpoint: str, project: str, *, workspace: Path, json: str | None) -> None:
    """Save a Custom Vision project."""
    out = Terminal(json)
    key = read_training_key()
    if not key:
        raise WrongUse(
            expected="the training key in the variable VISION_TRAINING_KEY",
            seen="none",
            todo="Copy it from the resource's page 'Keys and Endpoint'; it is not kept.",
        )
    prepare_libraries()
    from tools.clouds.custom_vision import connect, fetch_project

    client = connect(endpoint, key)
    with out.steps() as steps:
        done = fetch_project(client, endpoint, project, folder, on_step=steps)
    headline = (
        f"{done.project}: {done.images} images, {done.production} predictions, {done.iterations} trained iterations; "
        f"{done.fetched} pictures fetched, {done.there} there already, {len(done.failed)} not to be had"
    )
    out.say(Text(shown(headline), style="bold"))
    pairs = [(shown(name), shown(reason)) for name, reason in done.failed[:SHOWN_FAILED]]
    out.say(*outcome_lines(f"Not fetched ({len(done.failed)})", pairs))
    out.say(f"Next: advisor import {shlex.quote(shown(folder))}{elsewhere(workspace)}")
    failed = [{"id": name, "reason": reason} for name, reason in done.failed]
    out.deliver({"schema_version": 1, "headline": headline, "folder": str(folder), **asdict(done), "failed": failed})
