"""Numbered facts: sentences that our own code writes from evidence. Nothing else may enter an answer."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agent import lay
from agent.prompts import sentence
from agent.state import Fact, Json
from tools.documents import evidence_json
from tools.effects import Effect, Measure
from tools.findings import Evidence, Finding, Outcome, number_text
from tools.statistics import wilson

FEW_ERRORS = 20
"""Below this many errors shares are shown as counts with an interval (DECISIONS "Few errors")."""
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_]|[\"'“(\[])")


@dataclass
class FactList:
    """Facts in the order they were stated; the same sentence is stated once."""

    facts: list[Fact] = field(default_factory=list)

    def state(
        self,
        kind: str,
        text: str,
        *,
        evidence: Iterable[Json] = (),
        images: Sequence[str] = (),
        code: str = "",
    ) -> Fact:
        """Number a sentence, or return the fact that already says it."""
        for known in self.facts:
            if known["text"] == text:
                return known
        fact = Fact(
            id=f"F{len(self.facts) + 1}",
            kind=kind,
            text=text,
            evidence=list(evidence),
            images=list(images),
            code=code,
        )
        self.facts.append(fact)
        return fact


def sentences(text: str) -> list[str]:
    """The sentences of a text; decimals and abbreviations before a digit do not end one.

    >>> sentences("Recall is 0.5. Lime is worst.")
    ['Recall is 0.5.', 'Lime is worst.']
    """
    return [s.strip() for s in SENTENCE_END.split(text.strip()) if s.strip()]


def standing_text(model: Json, n: int, accuracy: Evidence) -> str:
    """How good the subject is."""
    return sentence(
        "standing.accuracy",
        where=model["evaluated_on"],
        subject=sentence(f"subject.{model['subject']}"),
        accuracy=accuracy.text,
        interval=accuracy.interval,
        n=str(n),
    )


def direction(facts: FactList, pair: tuple[str, str], measured: Mapping[str, Evidence], images: Sequence[str]) -> Fact:
    """How often A is called B, from what confusion-causes measured."""
    a, b = pair
    count = measured[f"{a} called {b}"]
    share = measured[f"share of {a} called {b}"]
    of = count.n or 0
    if not of:
        text = sentence("direction.unjudged", a=a, b=b)
    elif not count.value:
        text = sentence("direction.none", of=str(of), a=a, b=b)
    elif count.value < FEW_ERRORS:
        text = sentence("direction.few", count=count.text, of=str(of), a=a, b=b, interval=share.interval)
    else:
        text = sentence(
            "direction.many", count=count.text, of=str(of), a=a, b=b, share=share.text, interval=share.interval
        )
    return facts.state(
        "direction", text, evidence=map(evidence_json, (count, share)), images=images, code="confusion-causes"
    )


def established(found: Finding) -> bool:
    """Whether a cause was told from chance: only then does its check give the share of errors it explains."""
    return found.severity.errors_explained is not None


def account(facts: FactList, pair: tuple[str, str], measured: Mapping[str, Evidence]) -> Fact | None:
    """Overlap of the causes of one direction, and what stays unexplained; None without errors."""
    a, b = pair
    count = measured[f"{a} called {b}"]
    if not count.value:
        return None
    parts = [measured[f"{a} called {b}, {word}"] for word in ("with a cause", "with several causes", "unexplained")]
    if not parts[0].value:
        text = sentence("account.none", count=count.text, a=a, b=b)
    else:
        text = sentence(
            "account.explained",
            a=a,
            b=b,
            count=count.text,
            explained=parts[0].text,
            several=parts[1].text,
            unexplained=parts[2].text,
        )
    return facts.state("account", text, evidence=map(evidence_json, (count, *parts)), code="confusion-causes")


def finding(facts: FactList, found: Finding, kind: str = "finding") -> list[Fact]:
    """One fact per sentence of a finding's summary; for a cause, also how sure we are."""
    evidence = [evidence_json(e) for e in found.evidence]
    out = [
        facts.state(kind, text, evidence=evidence, images=found.images, code=found.code)
        for text in sentences(found.summary)
    ]
    if kind == "cause" and found.rung not in {None, "none"}:
        name = "cue" if found.rung == "present" and found.code == "spurious-cue" else str(found.rung)
        out.append(rung(facts, name, found.title, found.images, found.code))
    return out


def rung(facts: FactList, name: str, title: str, images: Sequence[str], code: str) -> Fact:
    """How sure a cause is, by the rung it reached."""
    text = sentence(f"rung.{name}", title=lower_first(title.partition(": ")[2] or title))
    return facts.state("cause", text, images=images, code=code)


def passed(facts: FactList, outcome: Outcome, about: str) -> list[Fact]:
    """That a check found nothing, with the smallest fault it could have seen."""
    smallest = outcome.measured.smallest_detectable.strip()
    smallest = smallest[:1].upper() + smallest[1:] + ("" if smallest.endswith(".") or not smallest else ".")
    evidence = [evidence_json(e) for e in outcome.measured.evidence]
    text = sentence("checked.passed", sentence=about.rstrip("."), smallest="").strip()
    out = [facts.state("passed", text, code=outcome.code)]
    return out + [facts.state("passed", s, evidence=evidence, code=outcome.code) for s in sentences(smallest)]


def verdict_text(measure: Measure) -> str:
    """The verdict in words, and how many pictures would settle an open one."""
    if measure.verdict == "cannot_tell" and measure.needed:
        return sentence("verdict.cannot_tell_needed", needed=str(measure.needed))
    return sentence(f"verdict.{measure.verdict}")


def _verdict_of(tried: Effect, measure: Measure) -> str:
    if tried.about == "ruler":
        return sentence(f"ruler.{measure.verdict}")
    return verdict_text(measure) if tried.changed else sentence("verdict.unchanged")


def effect(facts: FactList, tried: Effect, classes: Sequence[str] = ()) -> list[Fact]:
    """What was measured when a change was tried; the primary measure first, then recall of the classes asked about."""
    primary = tried.primary
    wanted = {f"recall of {name}" for name in classes}
    recalls = [m for m in tried.measures if not m.primary and m.metric.startswith("recall")]
    others = recalls if tried.arguments else [m for m in recalls if m.metric in wanted]
    out = []
    for measure in (primary, *others):
        shared = {
            "target": tried.target,
            "metric": measure.metric,
            "before": number_text(measure.before, "share"),
            "after": number_text(measure.after, "share"),
            "low": number_text(measure.low, "points").removesuffix(" points"),
            "high": number_text(measure.high, "points"),
            "n": str(measure.n),
            "verdict": _verdict_of(tried, measure),
        }
        if measure.primary:
            text = sentence("effect.line", where=tried.evaluated_on, **shared)
        else:
            text = sentence("effect.also", **shared)
        kind = "effect" if measure.primary else "effect on a class"
        out.append(facts.state(kind, text, evidence=measure_evidence(measure), code=tried.kind))
        if measure.primary and tried.changed and tried.about == "model":
            out.append(facts.state("lay", lay.effect(measure)))
    noise = number_text(primary.noise, "points").removeprefix("+")
    out.append(facts.state("noise", sentence("effect.noise", metric=primary.metric, noise=noise), code=tried.kind))
    return out + [facts.state("note", note, code=tried.kind) for note in tried.notes]


def measure_evidence(measure: Measure) -> list[Json]:
    """Before, after and change of a measure."""
    rows = (
        Evidence(f"{measure.metric} before", measure.before, "share", measure.n),
        Evidence(f"{measure.metric} after", measure.after, "share", measure.n),
        Evidence("change", measure.delta, "points", measure.n, measure.low, measure.high),
    )
    return [evidence_json(row) for row in rows]


def counted_share(count: int, of: int, confidence: float) -> Evidence:
    """A share with its Wilson interval."""
    low, high = wilson(count, of, confidence)
    return Evidence("share", count / max(1, of), "share", of, low, high, "Wilson interval")


def lower_first(text: str) -> str:
    """The text with its first letter small."""
    return text[:1].lower() + text[1:]
