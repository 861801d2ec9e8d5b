"""Sentences of the weekly report on advice: what was followed and whether it worked, what was not, how good it was."""

from collections.abc import Mapping
from typing import Any

from agent.weekly_parts import SHOWN, Sentence, Tone
from embeddings.progress import Progress, silent
from tools.backtest import remembered
from tools.case import Case
from tools.changing import history
from tools.findings import Evidence
from tools.following import Passage, follow
from tools.ledger import Advice
from tools.ledger_documents import record_text
from tools.reckoning import MEASURED, Entry, reckon
from tools.wording import phrase
from tools.workspace import Workspace

NAMED = 3
TONES: dict[str | None, Tone] = {"kept": "better", "not kept": "worse"}


def advice_sentences(
    workspace: Workspace,
    case: Case,
    then: Mapping[str, Any] | None,
    audit: Mapping[str, Any],
    *,
    on_step: Progress = silent,
) -> tuple[list[Sentence], dict[str, str]]:
    """Advice followed since the report before, advice that still waits, and the track record.

    Parameters
    ----------
    audit : mapping
        Of now: advice that it gives no more waits no more.

    Returns
    -------
    sentences : list of Sentence
    extents : dict of str to str
        How far each piece of advice was followed, for the next report to compare with.
    """
    ledger = reckon(workspace, case, on_step=on_step)
    extents: dict[str, str] = {_life(entry): entry.followed.extent for entry in ledger.entries}
    known = dict(then.get("followed", {})) if then else {}
    told, still = _told(then, case), _advised(audit)
    same = Passage(case.dataset, case, history(workspace))
    out: list[Sentence] = []
    waiting: list[Advice] = []
    for entry in ledger.entries:
        if entry.followed.extent in MEASURED:
            if known.get(_life(entry), known.get(entry.advice.id)) != entry.followed.extent:
                out.append(_followed(entry))
        elif entry.advice.id in still and (entry.given[0] < case.dataset.version or entry.advice.id in told):
            # Advice that was given again for today's data, perhaps by this week's own report before it was refreshed,
            # waits as it did before: whether the data can show its being followed decides, not when it was repeated.
            pending = entry.followed.extent == "pending"
            if (follow(entry.advice, same) if pending else entry.followed).extent == "not":
                waiting.append(entry.advice)
    if waiting:
        waiting.sort(key=_gain, reverse=True)
        names = [f"{advice.action} {advice.target}" for advice in waiting[:NAMED]]
        number = Evidence("pieces of advice waiting", len(waiting), "count")
        what = ("piece" if len(waiting) == 1 else "pieces") + " of advice from before"
        such = ": " if len(waiting) <= NAMED else ", such as "
        text = phrase(
            "Not followed so far: {pieces of advice waiting} {what}{such}{names}.", (number,),
            what=what, such=such, names="; ".join(names),
        )  # fmt: skip
        out.append(Sentence(text, "same", (number,)))
    record = ledger.record
    if record.kept.of or record.covered.of:
        numbers = (Evidence("promises kept", record.kept.hits, "count", record.kept.of),)
        out.append(Sentence(f"The advisor's track record. {record_text(record)}", "same", numbers))
    elif record.followed:
        number = Evidence("followed", record.followed, "count")
        what = "piece" if record.followed == 1 else "pieces"
        text = "The advisor's track record: {followed} {what} of advice followed, no promise decided yet."
        out.append(Sentence(phrase(text, (number,), what=what), "same", (number,)))
    return out + replayed_sentences(workspace), extents


def _gain(advice: Advice) -> float:
    """What advice gained when it was tried; 0 where it was not, or where that can be chance."""
    return advice.promise.delta if advice.promise is not None and advice.promise.verdict == "helps" else 0.0


def _life(entry: Entry) -> str:
    """What names an entry: advice that is given again after it was followed begins anew, under the same id."""
    return f"{entry.advice.id}@{entry.given[0]}"


def _told(then: Mapping[str, Any] | None, case: Case) -> set[str]:
    """Ids of the advice that the report before gave for today's data."""
    ours = then is not None and "audit" in then and then["dataset"]["version"] == case.dataset.version
    return _advised(then["audit"]) if then is not None and ours else set()


def _advised(audit: Mapping[str, Any]) -> set[str]:
    """Ids of the advice of an audit's open findings."""
    return {r["id"] for o in audit["outcomes"] for f in o["findings"] if not f["settled"] for r in f["recommendations"]}


def replayed_sentences(workspace: Workspace) -> list[Sentence]:
    """What the last replay of history said of the advice; nothing where there was none."""
    past = remembered(workspace)
    if past is None:
        return []
    kept = past["track_record"]["kept"]
    numbers = (Evidence("promises kept in the replay", kept["hits"], "count", kept["of"]),)
    return [Sentence(f"{past['headline']}. {past['track_record']['text']}", "same", numbers)]


def _followed(entry: Entry) -> Sentence:
    """What was done, what was promised and what was measured."""
    advice, images = entry.advice, entry.advice.images[:SHOWN]
    words = f"Followed {entry.followed.extent}: {advice.action} {advice.target} ({entry.followed.words})."
    numbers: list[Evidence] = []
    if advice.promise is not None:
        promised = advice.promise
        numbers.append(
            Evidence("promised", promised.delta, "points", None, promised.low, promised.high, promised.metric)
        )
        words += phrase(" Promised: {promised} ({promised|interval}).", numbers)
    if entry.outcome is None:
        return Sentence(f"{words} Not measured: {entry.unmeasured}.", "news", tuple(numbers), images)
    m = entry.outcome.measure
    numbers.append(Evidence("measured", m.delta, "points", m.n, m.low, m.high, m.metric))
    words += phrase(" Measured: {measured} ({measured|interval}) of {metric}.", numbers, metric=m.metric)
    if entry.verdict:
        words += f" The promise: {entry.verdict}."
    return Sentence(words, TONES.get(entry.verdict, "news"), tuple(numbers), images)
