"""What designed shoots showed, put on the ladder of the findings about the same cue: associated becomes causal."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tools.findings import Evidence, Finding, Outcome
from tools.shoots import Result
from tools.wording import phrase

CODE = "spurious-cue"
COST, OBJECTS = "cost of the other setting in the shoot", "objects in the shoot"
WORDS = {
    "causal": " A shoot designed to tell shows that it is a cause",
    "not_shown": " A shoot designed to tell does not show that it is a cause",
    "opposite": " A shoot designed to tell shows the opposite",
}
NUMBERS = (
    ": the other class's setting costs {cost of the other setting in the shoot} of accuracy "
    "({cost of the other setting in the shoot|interval}; {objects in the shoot} objects)."
)


def shown_by_shoots(outcomes: Sequence[Outcome], results: Mapping[int, Result]) -> tuple[Outcome, ...]:
    """Outcomes whose findings about a cue say what a shoot about it showed; the last one, where there are several."""
    by_cue = {(r.cue, frozenset(r.pair)): r for r in results.values()}

    def one(finding: Finding) -> Finding:
        pair = frozenset(finding.scope.pair or ())
        found = by_cue.get((finding.scope.slice or "", pair)) if finding.code == CODE else None
        return finding if found is None else told(finding, found)

    return tuple(replace(o, findings=tuple(one(f) for f in o.findings)) for o in outcomes)


def told(finding: Finding, result: Result) -> Finding:
    """A finding with a shoot's result as evidence."""
    objects = sum(n for _, n in result.cells)
    how = f"shoot {result.shoot}, both classes in both settings; {result.speaker}"
    numbers = (
        Evidence(COST, result.value, "points", objects, result.low, result.high, how),
        Evidence(OBJECTS, objects, "count"),
    )
    return replace(
        finding,
        rung="causal" if result.verdict == "causal" else finding.rung,
        summary=finding.summary + phrase(WORDS[result.verdict] + NUMBERS, numbers),
        evidence=(*finding.evidence, *numbers),
    )
