"""How well questions in a new voice are read, by examples of other voices.

    python -m benchmarks.agent_examples [--misses] [--write]

``tests/agent/asked.jsonl`` holds questions with the plan that each should get, in many voices: each was written by a
hand that had seen neither the rules nor other questions. For each voice the planner is asked with the examples of all
others, less what it asks itself: printed is how often the tool is right, and tool and arguments. ``--misses`` prints
what is wrong. ``--write`` puts the questions, with ``@`` for each class, into ``prompts/examples.txt``, from which
the planner learns.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from agent.examples import Example, Examples, voices
from agent.pictures import picture_plan
from agent.plan import Plan
from agent.rules import RulesPlanner
from benchmarks.agent_questions import PICTURES, PLACES, Row, as_examples, planned, questions, without, wrong

EXAMPLES = Path(__file__).parents[1] / "prompts" / "examples.txt"


def plan(question: str, classes: Sequence[str], history: Sequence[Plan]) -> Plan:
    """As the agent plans without a language model."""
    return picture_plan(lambda: PLACES, PICTURES, question, classes) or RulesPlanner().plan(question, classes, history)


def scored(rows: Sequence[Row], examples: Sequence[Example], *, misses: bool = False) -> tuple[int, int]:
    """Rows with the right tool, and with the right tool and arguments, read by these examples."""
    known, tools, whole = Examples(examples), 0, 0
    with patch("agent.reading.examples", lambda: known):
        for row in rows:
            found = wrong(row, planned(row, plan), plan)
            tools += not any(problem.startswith("intent") for problem in found)
            whole += not found
            if misses and found:
                print(f"  {row['question']}\n    {row['intent']} {row['classes']}: {'; '.join(found)}")
    return tools, whole


def by_voice(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows of each voice, in their order."""
    out: dict[str, list[Row]] = {}
    for row in rows:
        out.setdefault(row["voice"], []).append(row)
    return out


def write(rows: Sequence[Row]) -> None:
    """Put the rows, masked, into ``prompts/examples.txt`` in place of those that it has of these voices."""
    spoken = by_voice(rows)
    kept = [(voice, examples) for voice, examples in voices().items() if voice not in spoken]
    text = EXAMPLES.read_text(encoding="utf-8")
    head = [line for line in text.splitlines() if line.startswith("#")]
    lines = [*head, ""]
    for voice, examples in [*kept, *((v, [e for row in rs for e in as_examples(row)]) for v, rs in spoken.items())]:
        lines += [f"== {voice}", ""] if voice else []
        for label in dict.fromkeys(label for label, _ in examples):
            lines += [f"[{label}]", *dict.fromkeys(phrasing for of, phrasing in examples if of == label), ""]
    EXAMPLES.write_text("\n".join(lines), encoding="utf-8")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = questions("asked")
    if given.write:
        write(rows)
        return
    spoken, learnt = by_voice(rows), voices()
    tools = whole = 0
    for voice, theirs in spoken.items():
        others = without([example for name, es in learnt.items() if name != voice for example in es], theirs)
        right, complete = scored(theirs, others, misses=given.misses)
        tools, whole = tools + right, whole + complete
        print(f"{voice}: tool {right}, tool and arguments {complete} of {len(theirs)}", flush=True)
    counts = {"tool": tools, "tool and arguments": whole}
    shares = (f"{what} {n} of {len(rows)} ({100 * n / len(rows):.1f} %)" for what, n in counts.items())
    print("all: " + ", ".join(shares))


if __name__ == "__main__":
    main()
