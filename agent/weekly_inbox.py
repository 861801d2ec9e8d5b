"""What the weekly report says of production: how many pictures came in, how they differ, what nothing seen is like."""

from collections.abc import Mapping
from typing import Any

from agent.weekly_parts import SHOWN, Sentence, Tone
from embeddings.progress import Progress, silent
from tools.audit import run_checks
from tools.case import Case
from tools.findings import Evidence
from tools.inbox import Inbox
from tools.inbox_order import arranged
from tools.inbox_production import production_case
from tools.registry import NotApplicable
from tools.statistics import wilson
from tools.wording import phrase
from tools.workspace import Workspace

DRIFT = "distribution-shift"
FEWEST = 5
"""Pictures unlike anything seen that are news; a few always are."""


def production_sentences(workspace: Workspace, case: Case, since: str, *, on_step: Progress = silent) -> list[Sentence]:
    """Pictures that came in since the report before, against what was trained on.

    Parameters
    ----------
    since : str
        When the report before was written (UTC, ISO 8601); empty for the first.
    """
    inbox = Inbox(workspace)
    every = inbox.every()
    if not every:
        return []
    fresh = [p for p in every if p.at > since]
    waiting = inbox.pictures()
    numbers = (Evidence("came", len(fresh), "images"), Evidence("wait", len(waiting), "images"))
    when = "since the last report" if since else "so far"
    text = "Production pictures that came in {when}: {came}; waiting to be labelled: {wait}."
    out = [Sentence(phrase(text, numbers, when=when), "news" if fresh else "same", numbers)]
    if waiting:
        out += _unlike(workspace, case, on_step) + _drift(workspace, case, "news" if fresh else "same", on_step)
    return out


def watched_sentences(folder: str, arrived: Mapping[str, Any]) -> list[Sentence]:
    """What lay in the watched folder."""
    names = ("came", "known", "refused", "predictions")
    counts = (arrived["new"], arrived["again"] + arrived["known"] + arrived["rejected"], arrived["refused"],
              arrived["predictions"])  # fmt: skip
    numbers = tuple(Evidence(name, count, "count") for name, count in zip(names, counts, strict=True))
    text = "Looked into {folder}: {came} new pictures, {known} known already, {refused} files refused, "
    text += "{predictions} predictions."
    tone: Tone = "worse" if arrived["refused"] else "same"
    return [Sentence(phrase(text, numbers, folder=folder), tone, numbers)]


def _unlike(workspace: Workspace, case: Case, on_step: Progress) -> list[Sentence]:
    """Kinds that are new: pictures farther from the training pictures than nearly all held-out ones."""
    found = arranged(workspace, case, order="unlike", on_step=on_step).entries
    if not found:
        return []
    new = [entry for entry in found if entry.unlike]
    low, high = wilson(len(new), len(found), case.settings.confidence)
    number = Evidence("unlike", len(new) / len(found), "share", len(found), low, high)
    count = Evidence("pictures", len(new), "images")
    text = phrase("Unlike anything seen in training: {pictures} of {unlike|n} ({unlike|interval}).", (count, number))
    images = tuple(entry.picture.id for entry in new[:SHOWN])
    return [Sentence(text, "news" if len(new) >= FEWEST else "same", (count, number), images)]


def _drift(workspace: Workspace, case: Case, tone: Tone, on_step: Progress) -> list[Sentence]:
    """What the check says of production pictures, and only of those; news only where pictures came."""
    try:
        joined = production_case(workspace, case)
    except NotApplicable:
        return []
    outcome = run_checks(joined, (DRIFT,), on_step=on_step, remember=workspace)[0]
    if outcome.status == "failed":
        raise RuntimeError(outcome.reason)
    theirs = [f for f in outcome.findings if any(e.name.startswith("production told apart") for e in f.evidence)]
    if theirs:
        return [Sentence(f.summary, tone, f.evidence, f.images[:SHOWN]) for f in theirs]
    numbers = tuple(e for e in outcome.measured.evidence if e.name == "production told apart")
    if not numbers:
        return [Sentence("Too few production pictures wait to tell whether they differ from the training pictures.")]
    text = "Production pictures cannot be told from training pictures beyond what matters: {production told apart}"
    text += " ({production told apart|interval}) of comparisons, where half would be chance."
    return [Sentence(phrase(text, numbers), "same", numbers)]
