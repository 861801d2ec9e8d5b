"""The ``advisor experiment`` commands: what can be tried here, and one change tried."""

from collections.abc import Sequence
from pathlib import Path

from app.commands import open_case
from app.escaping import shown
from app.printing import effect_blocks, experiment_blocks, ranking_blocks
from app.terminal import Terminal, WrongUse


def run_experiment_list(*, workspace: Path, json: str | None) -> None:
    """List kinds of experiment and what each can be tried on here."""
    out = Terminal(json)
    _, case = open_case(workspace, sample=True)
    from tools.documents import case_head
    from tools.kinds import kinds

    listed = [
        {
            "kind": kind.kind,
            "sentence": kind.sentence,
            "arguments": [dict(a) for a in kind.eligible(case)],
            "needs": kind.needs,
        }
        for kind in kinds().values()
    ]
    eligible = sum(bool(entry["arguments"]) for entry in listed)
    headline = f"{eligible} of {len(listed)} kinds of change can be tried on this data"
    out.say(*experiment_blocks(headline, listed))
    out.deliver({**case_head(case, headline), "experiments": listed})


def run_ranking(kind: str, *, group: str | None, seed: int | None, workspace: Path, json: str | None) -> None:
    """Show what a kind could be tried on, the most promising first."""
    out = Terminal(json)
    _, case = open_case(workspace, seed=seed, group=group, sample=True)
    from tools.documents import case_head
    from tools.kinds import kinds
    from tools.registry import NotApplicable
    from tools.screening import screen

    if kind not in kinds():
        raise WrongUse(expected=f"one of {', '.join(kinds())}", seen=shown(kind), todo="Name one of these.")
    options = kinds()[kind].eligible(case)
    if not options:
        raise WrongUse(
            expected=f"something to try {kind} on", seen="nothing in this data", todo="See: advisor experiment list."
        )
    try:
        with out.steps() as steps:
            found = screen(case, kind, options, on_step=steps)
    except NotApplicable as reason:
        raise WrongUse(
            expected=f"a case in which {kind} can be ranked",
            seen=str(reason),
            todo="See: advisor experiment run --help.",
        ) from None
    ranked = [{"arguments": dict(s.arguments), "before": s.before, "after": s.after, "gain": s.gain} for s in found]
    headline = f"{kind}: {len(ranked)} ranked by a cheap head on held-out training pictures; no verdict"
    out.say(*ranking_blocks(headline, kind, ranked))
    out.deliver({**case_head(case, headline), "kind": kind, "ranking": ranked})


def run_one_experiment(
    kind: str,
    pieces: Sequence[str],
    *,
    class_: str | None,
    pair: tuple[str, str] | None,
    group: str | None,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> None:
    """Try one change and show its effect."""
    out = Terminal(json)
    arguments = read_arguments(pieces, class_, pair)
    kept, case = open_case(workspace, seed=seed, group=group, sample=True)
    from tools.documents import case_head, effect_json
    from tools.registry import NotApplicable
    from tools.whatif import run_experiment

    try:
        with out.steps() as steps:
            effect = run_experiment(case, kind, arguments, on_step=steps, remember=kept)
    except NotApplicable as reason:
        raise WrongUse(expected=f"what {kind} needs", seen=str(reason), todo="See: advisor experiment list.") from None
    document = effect_json(effect)
    title = f"{effect.kind}: {effect.target}"
    out.say(*effect_blocks(title, document))
    out.deliver({**case_head(case, title), "experiment": document})


def read_arguments(pieces: Sequence[str], class_: str | None, pair: tuple[str, str] | None) -> dict[str, str]:
    """Arguments of an experiment from ``name=value`` pieces and the two short forms.

    >>> read_arguments(["rate=0.5"], "Lime", None)
    {'rate': '0.5', 'class': 'Lime'}
    """
    out: dict[str, str] = {}
    for piece in pieces:
        name, equals, value = piece.partition("=")
        if not equals or not name:
            raise WrongUse(
                expected="name=value after --argument", seen=shown(piece), todo="Write, e.g., --argument class=Lime."
            )
        out[name] = value
    if class_ is not None:
        out["class"] = class_
    if pair is not None:
        out["pair"] = "|".join(pair)
    return out
