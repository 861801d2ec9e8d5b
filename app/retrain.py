"""The ``advisor retrain`` command: a recipe in, a version and its comparison with the one before out."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import case_lines, table
from app.terminal import Terminal, WrongUse
from app.versions import comparison_blocks, share

if TYPE_CHECKING:
    from tools.training.recipe import Recipe

Change = tuple[str, tuple[tuple[str, str], ...]]


def run_retrain(
    tier: str,
    changes: Sequence[str],
    given: Mapping[str, Any],
    *,
    resume: bool,
    discard: bool,
    group: str | None,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> None:
    """Train, or go on training; say what came out."""
    out = Terminal(json)
    kept, case = open_case(workspace, seed=seed, group=group)
    from tools.documents import case_head
    from tools.registry import NotApplicable
    from tools.retraining import discard as forget
    from tools.retraining import retrain, to_resume, unfinished
    from tools.training.recipe import Recipe

    if discard:
        gone, running = forget(kept)
        headline = f"Forgotten: {trainings(gone)}" + (f"; {trainings(running)} kept, running now" if running else "")
        out.say(headline)
        out.deliver({**case_head(case, headline), "forgotten": gone, "running": running})
        return
    if resume:
        if tier != "head" or changes or given:
            raise WrongUse(
                expected="--resume alone", seen="--resume with other settings",
                todo="Leave these out: it goes on with the settings it was started with.",
            )  # fmt: skip
        case, recipe = to_resume(kept, case)
    else:
        recipe = Recipe(tier, tuple(read_change(c) for c in changes), seed=case.settings.seed, **given)  # type: ignore[arg-type]
    try:
        with out.steps() as steps:
            done = retrain(kept, case, recipe, on_step=steps)
    except NotApplicable as reason:
        raise WrongUse(
            expected="what a training needs", seen=str(reason), todo="See: advisor retrain --help."
        ) from None
    from tools.comparing import compare_models
    from tools.version_documents import comparison_json, version_json, version_sentence
    from tools.versions import Versions

    versions, comparison = Versions(kept), None
    if done.before is not None and done.before.number != done.version.number:
        both = (versions.predictions(v, case.dataset) for v in (done.before, done.version))
        try:
            comparison = comparison_json(case, compare_models(case, *both), done.before.name, done.version.name)
        except NotApplicable as reason:
            comparison = {"sentence": f"Not compared with {done.before.name}: {reason}."}
    version = version_json(done.version, versions.in_use(), versions.published())
    what = "was there already, by the same data and settings" if done.already else recipe_words(recipe)
    headline = f"Version {done.version.number}: {what}"
    document = {**case_head(case, headline), "already": done.already, "version": version, "comparison": comparison}
    left = len(unfinished(kept))
    out.say(*retrained_blocks(document, version_sentence(version)))
    if left:
        out.say(f"Also here: {trainings(left)}; --resume goes on with the newest, --discard forgets what does not run.")
    number = done.version.number
    out.say(f"Next: advisor versions list, or advisor threshold --version {number} --precision 0.95")
    out.deliver(document)


def read_change(text: str) -> Change:
    """A change from ``KIND`` or ``KIND:NAME=VALUE``; the value may hold any character.

    >>> read_change("group-balance:pair=a|b"), read_change("relabel")
    (('group-balance', (('pair', 'a|b'),)), ('relabel', ()))
    """
    kind, colon, rest = text.partition(":")
    name, equals, value = rest.partition("=")
    if colon and not (name and equals):
        raise WrongUse(
            expected="KIND or KIND:NAME=VALUE after --with", seen=shown(text),
            todo="Write, e.g., --with relabel or --with split-class:class=Apple.",
        )  # fmt: skip
    return kind, ((name, value),) if colon else ()


def trainings(count: int) -> str:
    """So many.

    >>> trainings(1), trainings(0)
    ('1 unfinished training', '0 unfinished trainings')
    """
    return f"{count} unfinished training{'' if count == 1 else 's'}"


def recipe_words(recipe: "Recipe") -> str:
    """What was trained."""
    return shown(recipe.text)


def retrained_blocks(document: Mapping[str, Any], sentence: str) -> Iterable[RenderableType]:
    """Headline, what it reaches, how the training went, and the comparison."""
    version = document["version"]
    yield Text(shown(document["headline"]), style="bold")
    yield Text(sentence)
    yield from case_lines(document)
    yield Text(
        f"Trained on {version['trained_on']} pictures"
        + (f", stopped by {version['stopped_on']} others" if version["stopped_on"] else "")
        + f", in {version['seconds']:.0f} s"
    )
    for note in version["notes"]:
        yield Text(f"Note: {shown(note)}", style="dim")
    if version["history"]:
        rows = [
            {
                "Epoch": f"{entry['epoch']:.0f}",
                "Loss": f"{entry['loss']:.3f}" if entry["epoch"] else "",
                "Stopping loss": f"{entry['stopping loss']:.3f}",
                "Stopping accuracy": share(entry["stopping accuracy"]),
            }
            for entry in version["history"]
        ]
        yield table(rows, tuple(rows[0]))
    if document["comparison"] is not None:
        yield Text("")
        yield from comparison_blocks(document["comparison"])
