"""Does what a person agreed to, once: the consent's id is kept in the workspace together with what was done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.prompts import sentence
from agent.proposals import Proposal, draft_of, propose, recipe_of
from agent.state import Json
from embeddings.progress import Progress, silent
from tools.case import Case
from tools.changes import Change
from tools.changing import NothingToChange, accept, history, undo
from tools.comparing import compare_models
from tools.registry import NotApplicable
from tools.retraining import retrain
from tools.version_documents import comparison_sentence, version_json, version_sentence
from tools.versions import Versions
from tools.workspace import Workspace

WHY = "agreed in a conversation ({})"
"""In the history, the same in every language: by it what was agreed to is found again."""


@dataclass(frozen=True)
class Done:
    """What came of an action.

    Attributes
    ----------
    headline : str
    sentences : tuple of str
        What there is to know beside it.
    document : dict
        For machines.
    """

    headline: str
    sentences: tuple[str, ...] = ()
    document: Json = field(default_factory=dict)


def perform(workspace: Workspace, case: Case, agreed: Proposal, *, by: str = "", on_step: Progress = silent) -> Done:
    """Do it, or find that it was done.

    Raises
    ------
    AdvisorError
        If the data set has moved on since, so that it would be another action than the one agreed to.
    """
    if agreed.action == "retrain":
        return _retrained(workspace, case, agreed, on_step)
    known = _entry(workspace, agreed.id)
    if known is None:
        known = _changed(workspace, case, agreed, by)
    text = sentence("consent.done", number=str(known.number), what=known.summary.rstrip("."))
    more = (
        sentence("consent.versions", before=str(known.before), after=str(known.after)),
        sentence("consent.take_back", number=str(known.number)),
    )
    return Done(text, more, {"change": known.number, "before": known.before, "after": known.after})


def _entry(workspace: Workspace, key: str) -> Change | None:
    """The entry of the history that this consent made; None if it made none yet."""
    mark = WHY.format(key)
    return next((c for c in history(workspace).changes if c.why == mark), None)


def _changed(workspace: Workspace, case: Case, agreed: Proposal, by: str) -> Change:
    why = WHY.format(agreed.id)
    try:
        if agreed.action == "undo":
            return undo(workspace, agreed.arguments["number"], why=why, by=by)
        now = propose(workspace, case, agreed.action, agreed.arguments, agreed.id, agreed.edits)
        if (now.dataset, now.digest) != (agreed.dataset, agreed.digest):
            raise NothingToChange(
                expected=f"dataset version {agreed.dataset}, for which this was agreed",
                seen=f"version {now.dataset}" + (", on which it would be another change" if now.digest != agreed.digest
                                                 else ""),
                todo="Ask again.",
            )  # fmt: skip
        draft = draft_of(case, agreed.action, agreed.arguments, agreed.edits)
        return accept(workspace, case.dataset, draft, why=why, by=by)
    except NothingToChange:
        if (known := _entry(workspace, agreed.id)) is not None:  # another process of the same consent was faster
            return known
        raise


def _retrained(workspace: Workspace, case: Case, agreed: Proposal, on_step: Progress) -> Done:
    """The same recipe on the same data is one training, however often it is asked for (``tools.retraining``)."""
    done = retrain(workspace, case, recipe_of(case, agreed.arguments), on_step=on_step)
    versions = Versions(workspace)
    said = version_sentence(version_json(done.version, versions.in_use(), versions.published()))
    name = "consent.trained_before" if done.already else "consent.trained"
    text = sentence(name, number=str(done.version.number), what=str(done.version.document["text"]))
    more = [sentence("consent.reaches", number=str(done.version.number), said=said)]
    if done.before is not None and done.before.number != done.version.number:
        more.append(_compared(case, versions, done.before, done.version))
    return Done(text, tuple(more), {"version": done.version.number})


def _compared(case: Case, versions: Versions, before: Any, after: Any) -> str:
    try:
        both = [versions.predictions(v, case.dataset) for v in (before, after)]
        return comparison_sentence(compare_models(case, *both), before.name, after.name)
    except NotApplicable as reason:
        return sentence("consent.not_compared", name=before.name, reason=str(reason))


def arguments_for(case: Case, kind: str, given: Mapping[str, str], classes: tuple[str, ...]) -> dict[str, str] | None:
    """Arguments with which a what-if can be tried here: those given, else the first that fit the classes named.

    None if there is nothing to try it with.
    """
    from tools.kinds import kinds

    known = kinds().get(kind)
    options = known.eligible(case) if known is not None else ()
    if dict(given) in options:
        return dict(given)
    named = [o for o in options if classes and (o.get("class") in classes or _is_pair(o, classes))]
    if named:
        return named[0]
    if given:
        return None
    free = [o for o in options if "class" not in o and "pair" not in o]
    return free[0] if free else None


def _is_pair(option: Mapping[str, str], classes: tuple[str, ...]) -> bool:
    return len(classes) >= 2 and option.get("pair") in {"|".join(classes[:2]), "|".join(classes[1::-1])}
