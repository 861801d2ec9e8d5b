"""The ``advisor export`` command: the data set with all accepted changes, or every check's score of each picture."""

from pathlib import Path

from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.terminal import Terminal, WrongUse


def run_export(target: Path, format_: str, *, link: bool, workspace: Path, json: str | None) -> None:
    """Write the data set in a format."""
    out = Terminal(json)
    _, case = open_case(workspace)
    from tools.documents import case_head
    from tools.exporting import Request, export
    from tools.proposals import counted

    if link and format_ != "folder":
        raise WrongUse(expected="--link with --format folder", seen=f"--format {format_}", todo="Leave --link out.")
    with out.steps() as steps:
        written = export(Request(case.dataset, target, link, steps), format_)
    headline = f"{counted(written.images)} of dataset version {case.dataset.version} written to {target}"
    out.say(Text(shown(headline), style="bold"), *(Text(shown(note)) for note in written.notes))
    document = {"format": format_, "target": str(target), "images": written.images, "notes": list(written.notes)}
    out.deliver({**case_head(case, headline), "export": document})


def run_scores(target: Path, *, group: str | None, seed: int | None, workspace: Path, json: str | None) -> None:
    """Write every check's score of every picture; what an audit has found already is not looked for again."""
    out = Terminal(json)
    kept, case = open_case(workspace, group=group, seed=seed)
    from tools.audit import run_checks
    from tools.documents import case_head
    from tools.proposals import counted
    from tools.scores import write_scores

    with out.steps() as steps:
        outcomes = run_checks(case, on_step=steps, remember=kept)
        columns = write_scores(case, outcomes, target)
    headline = (
        f"{len(columns)} columns of {counted(len(case.ids))} of dataset version {case.dataset.version} in {target}"
    )
    out.say(Text(shown(headline), style="bold"), "What each column means: docs/scores.md")
    document = {"target": str(target), "images": len(case.ids), "columns": columns}
    out.deliver({**case_head(case, headline), "scores": document})
