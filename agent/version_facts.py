"""Trained versions and given models: which there are, and two of them on the same pictures."""

from agent import facts as stated
from agent.context import Context
from agent.gathered import Gathered
from agent.plan import Plan
from agent.prompts import sentence
from tools.case import Case
from tools.comparing import compare_models
from tools.effects import Measure
from tools.errors import AdvisorError
from tools.findings import number_text
from tools.models import BASELINE, given_models, model_named
from tools.registry import NotApplicable
from tools.version_documents import comparison_sentence, version_json, version_sentence
from tools.versions import Versions
from tools.workspace import Workspace

CODE = "versions"
MOST = 6
FLIPS = 6


def version_facts(case: Case, plan: Plan, context: Context, out: Gathered) -> None:
    """State a comparison of the versions named, or of the newest two, and a line per version."""
    kept = context.workspace
    if kept is None:
        out.skip(CODE, sentence("versions.no_workspace"))
        return
    there = Versions(kept).all()
    if not there and not given_models(kept):
        out.group("findings", "", [out.facts.state("finding", sentence("versions.none"), code=CODE)["id"]])
        return
    names = _names(plan, kept)
    if len(names) == 2:
        _compared(kept, case, names, out)
    _listed(kept, out, {v.number for v in there} & set(plan.versions))


def _names(plan: Plan, kept: Workspace) -> list[str]:
    """The two models to compare; fewer where the question names too few and there are no others."""
    numbers = [v.number for v in Versions(kept).all()]
    in_use = Versions(kept).in_use()
    asked = list(plan.versions[:2])
    if len(asked) == 1:
        other = next((n for n in reversed(numbers) if n not in asked), None)
        return [str(asked[0]), str(other)] if other is not None else [BASELINE, str(asked[0])]
    if not asked and len(numbers) >= 2:
        last = in_use.number if in_use is not None and in_use.number != numbers[-1] else numbers[-2]
        return [str(last), str(numbers[-1])]
    if not asked and len(numbers) == 1:
        return [BASELINE, str(numbers[0])]
    return [str(n) for n in asked]


def _compared(kept: Workspace, case: Case, names: list[str], out: Gathered) -> None:
    try:
        (first, one), (second, two) = (model_named(kept, case, name) for name in names)
        found = compare_models(case, one, two)
    except NotApplicable as reason:
        out.skip(CODE, str(reason))
        return
    except AdvisorError as reason:
        out.skip(CODE, sentence("versions.unknown", expected=reason.expected, seen=reason.seen))
        return
    images = [str(case.ids[row]) for row in [*found.worse[:FLIPS], *found.better[:FLIPS]]]
    evidence = stated.measure_evidence(found.primary)
    text = comparison_sentence(found, first, second)
    ids = [
        out.facts.state("comparison", said, images=images, evidence=evidence, code=CODE)["id"]
        for said in stated.sentences(text)
    ]
    moved = [m for m in found.measures[1:] if m.verdict in {"helps", "hurts"}]
    ids += [
        out.facts.state("comparison", _measure_text(m), evidence=stated.measure_evidence(m), code=CODE)["id"]
        for m in moved
    ]
    out.group("findings", sentence("versions.compared", first=first, second=second), ids)


def _measure_text(m: Measure) -> str:
    before, after = (number_text(side, "share") for side in (m.before, m.after))
    name = "versions.better" if m.verdict == "helps" else "versions.worse"
    return sentence(name, metric=m.metric, before=before, after=after)


def _listed(kept: Workspace, out: Gathered, wanted: set[int]) -> None:
    versions = Versions(kept)
    in_use, published = versions.in_use(), versions.published()
    there = [v for v in versions.all() if not wanted or v.number in wanted]
    for version in there[::-1][:MOST]:
        both = (("in use", in_use), ("published", published))
        marks = [word for word, one in both if one is not None and one.number == version.number]
        said = version_sentence(version_json(version, in_use, published))
        text = sentence(
            "versions.line", number=str(version.number), text=str(version.document["text"]), said=said,
            marks=f" ({', '.join(marks)})" if marks else "",
        )  # fmt: skip
        out.group("findings", "", [out.facts.state("version", text, code=CODE)["id"]])
