"""Tries what findings recommend before it is recommended: one experiment per distinct change, gravest finding first."""

from collections.abc import Sequence
from contextlib import suppress

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.documents import ranked
from tools.effects import Effect
from tools.findings import Change, Outcome
from tools.kinds import kinds
from tools.memory import Memory
from tools.registry import NotApplicable
from tools.whatif import run_experiment

MOST_TRIED = 5
"""Distinct changes tried by one audit; each takes seconds, and what is left out can be asked for by name."""


def try_advice(
    case: Case,
    outcomes: Sequence[Outcome],
    *,
    most: int = MOST_TRIED,
    on_step: Progress = silent,
    remember: Memory | None = None,
) -> dict[Change, Effect]:
    """Effects of the changes that findings recommend.

    Parameters
    ----------
    most : int
        Distinct changes to try, in the order of ``tools.documents.ranked``.

    Returns
    -------
    dict of change to Effect
        Changes that this case cannot try (their kind is not eligible here) are left out.
    """
    effects: dict[Change, Effect] = {}
    wanted = [r.change for finding in ranked(outcomes) for r in finding.recommendations]
    for change in wanted:
        if change is None or change in effects or len(effects) >= most:
            continue
        kind, arguments = change[0], dict(change[1])
        if arguments in kinds()[kind].eligible(case):
            with suppress(NotApplicable):  # what it needs (pictures, an encoder) is not here: then it stays untried
                effects[change] = run_experiment(case, kind, arguments, on_step=on_step, remember=remember)
    return effects
