"""How well examples alone read questions that they do not hold: how much likeness decides is chosen by this.

    python -m benchmarks.agent_examples

Prints, for each later set of questions with what stands in it left out of the examples, how many of its questions are
read rightly without any pattern; then, of five parts of the examples, each left out once, what becomes of phrasings
about something else and of the others, by the least likeness that decides.
"""

import random
from collections import defaultdict

from agent.examples import Example, Examples, written
from agent.phrases import NAME
from benchmarks.agent_questions import Row, masked_question, questions, without

PARTS = 5
LEASTS = (0.1, 0.2, 0.3, 0.4, 0.5)


def read(known: Examples, phrasing: str) -> tuple[str, float]:
    """The likeliest intent, and how like."""
    likeness: dict[str, float] = defaultdict(float)
    for reading in known.readings(phrasing.replace("@", NAME)):
        likeness[reading.intent] += max(reading.score, 0.0)
    best = max(likeness, key=lambda intent: likeness[intent])
    return best, likeness[best]


def alone(row: Row) -> bool:
    """Whether a question stands for itself and in words that examples know."""
    return not {"before", "second", "language", "picture"} & row.keys()


def left_out(name: str) -> tuple[int, int]:
    """Of a set's questions: read rightly by the examples that are not among them, and all."""
    rows = questions(name)
    known = Examples(without(written(), rows))
    asked = [row for row in rows if alone(row)]
    right = [row for row in asked if read(known, masked_question(row))[0] in {row["intent"], *row.get("also", ())}]
    return len(right), len(asked)


def parted(examples: list[Example]) -> list[tuple[str, str, float]]:
    """Of each example: its intent, the one read from the other parts, and its likeness."""
    rows = sorted(set(examples))
    random.Random(0).shuffle(rows)
    out = []
    for part in range(PARTS):
        known = Examples(row for at, row in enumerate(rows) if at % PARTS != part)
        out += [(label.partition(".")[0], *read(known, phrasing)) for label, phrasing in rows[part::PARTS]]
    return out


def main() -> None:
    """Run and print."""
    for name in ("held_back_second", "held_back_third"):
        right, of = left_out(name)
        print(f"{name} left out: {right} of {of} read rightly without patterns", flush=True)
    rows = parted(written())
    other = [row for row in rows if row[0] == "help"]
    ours = [row for row in rows if row[0] != "help"]
    for least in LEASTS:
        kept = sum(read == "help" or likeness < least for _, read, likeness in other)
        right = sum(intent == read and likeness >= least for intent, read, likeness in ours)
        print(
            f"least {least}: {kept} of {len(other)} about something else stay so, {right} of {len(ours)} read rightly"
        )


if __name__ == "__main__":
    main()
