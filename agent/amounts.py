"""Reads the goal of a threshold out of a question: a share that is to be found or right, F-beta, or costs."""

import re
from typing import Any

from agent.costs import costs
from agent.numbers import in_figures
from agent.shares import wanted

_BETA = re.compile(
    r"\bf[- ]?(?:beta[ =]*)?(\d(?:\.\d)?)(?!\d)|\bbeta\W*(?:of |is )?(\d(?:\.\d)?)\b|\bf[- ]?(?:score|measure)\b"
)


def goal_of(text: str) -> dict[str, Any]:
    """The goal of a threshold; empty if the text names none.

    Parameters
    ----------
    text : str
        Lower case.

    Returns
    -------
    dict
        ``kind`` precision, recall, f-beta or cost; ``value`` a share, β or the cost of a miss; ``false_alarm``.

    >>> goal_of("98 % precision"), goal_of("miss at most 1 in 50"), goal_of("right nine times out of ten")
    ({'kind': 'precision', 'value': 0.98}, {'kind': 'recall', 'value': 0.98}, {'kind': 'precision', 'value': 0.9})
    >>> goal_of("a miss costs 2 euros and a false alarm 5 cents")
    {'kind': 'cost', 'value': 2.0, 'false_alarm': 0.05}
    >>> goal_of("a wrong accept costs 5 euros, a wrong reject 1 euro")
    {'kind': 'cost', 'value': 1.0, 'false_alarm': 5.0}
    >>> goal_of("the best f2"), goal_of("when it shows 0.8, is it right eight times out of ten")
    ({'kind': 'f-beta', 'value': 2.0}, {})
    """
    text = in_figures(text.replace("_", " "))
    if found := costs(text):
        return {"kind": "cost", "value": found[0], "false_alarm": found[1]}
    if goal := wanted(text):
        return {"kind": goal[0], "value": goal[1]}
    if beta := _BETA.search(text):
        return {"kind": "f-beta", "value": float(beta[1] or beta[2] or 1) or 1.0}
    return {}
