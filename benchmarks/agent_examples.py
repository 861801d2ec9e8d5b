"""How well questions in a new voice are read, by examples of other voices and by patterns.

    python -m benchmarks.agent_examples

Each voice of ``prompts/examples.txt`` was written at once. Prints for each how many of its phrasings, with names of
classes in them, get the right tool and arguments when the examples hold only the voices before it, and when they hold
all voices but this one; of those read wrongly, how many are asked back. All voices have the same author, who knows what
can be asked: strangers are understood less well (``python -m benchmarks.agent``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from unittest.mock import patch

from agent.examples import CONTEXT, Example, Examples, voices
from agent.plan import Plan
from agent.rules import RulesPlanner
from benchmarks.agent_questions import CLASSES

NAMES = ("lemons", "Lime", "oranges", "peach", "pears", "Nectarine", "apples")
CALLED = {"lemons": "Lemon", "oranges": "Orange", "peach": "Peach", "pears": "Pear", "apples": "Apple"}
ANY_CLASSES = frozenset({"help", "search", "show", "why", "do", "undo", "next"})
"""Intents that need no class."""


@dataclass(frozen=True)
class Score:
    """Phrasings read rightly, asked back of those that were not, and all."""

    right: int
    back: int
    of: int

    def __str__(self) -> str:
        return f"{self.right} of {self.of} ({100 * self.right / self.of:.0f} %), {self.back} asked back"


def named(phrasing: str, start: int) -> tuple[str, tuple[str, ...]]:
    """A phrasing with names for its ``@``, and the classes that these are."""
    names = cycle(NAMES[start % len(NAMES) :] + NAMES[: start % len(NAMES)])
    used = [next(names) for _ in range(phrasing.count("@"))]
    out = phrasing
    for name in used:
        out = out.replace("@", name, 1)
    return out, tuple(dict.fromkeys(CALLED.get(name, name) for name in used))


def right(label: str, classes: tuple[str, ...], got: Plan) -> bool:
    """Whether a plan has the intent of a label, its what-if and the classes, and hears no second question."""
    intent, _, kind = label.partition(".")
    if got.intent != intent or got.second:
        return False
    return (intent in ANY_CLASSES or got.classes == classes) and kind in {"", *(trial.kind for trial in got.trials)}


def scored(rows: Sequence[Example], others: Sequence[Example]) -> Score:
    """Phrasings of one voice, read by the examples of others."""
    known, planner = Examples(others), RulesPlanner()
    good = back = 0
    with patch("agent.reading.examples", lambda: known):
        for at, (label, phrasing) in enumerate(rows):
            question, classes = named(phrasing, at)
            plan = planner.plan(question, CLASSES["fruit"])
            fits = right(label, classes, plan)
            good += fits
            back += not fits and bool(plan.readings or plan.needs_clarifying)
    return Score(good, back, len(rows))


def main() -> None:
    """Run and print."""
    spoken = voices()
    first = next(iter(spoken))
    before = list(spoken[first])
    print(f"{len(before)} examples of many hands", flush=True)
    totals = {"voices before": Score(0, 0, 0), "all others": Score(0, 0, 0)}
    for name, rows in spoken.items():
        asked = [(label, phrasing) for label, phrasing in rows if label != CONTEXT]
        if name != first and asked:
            others = [row for other, theirs in spoken.items() if other != name for row in theirs]
            scores = {"voices before": scored(asked, before), "all others": scored(asked, others)}
            for by, score in scores.items():
                so_far = totals[by]
                totals[by] = Score(so_far.right + score.right, so_far.back + score.back, so_far.of + score.of)
            print(f"{name}: " + "; ".join(f"by {by} {score}" for by, score in scores.items()), flush=True)
        before += rows if name != first else []
    print("all voices: " + "; ".join(f"by {by} {score}" for by, score in totals.items()))


if __name__ == "__main__":
    main()
