"""The ``advisor split`` command: a proposed test set, what it can show and what it cannot, and locking it."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import elsewhere, open_case
from app.escaping import shown
from app.history import Accepting, say_change
from app.printing import table
from app.terminal import Terminal
from app.views import counted

if TYPE_CHECKING:
    from tools.case import Case
    from tools.splitting import Option, Part, Proposal

SOURCES = {
    "column": "pictures with the same value in the column that --group names",
    "likeness": "pictures alike, which may show one object (similarity ≥ {similarity:.2f})",
    "copies": "near copies (similarity ≥ {similarity:.2f}); anything looser would join most of a class",
}


def run_split(
    size: int | None,
    see: float,
    accepting: Accepting,
    *,
    accept: bool,
    given: bool,
    group: str | None,
    seed: int | None,
) -> None:
    """Show the proposal; with ``accept`` make it the locked test set."""
    out = Terminal(accepting.json)
    kept, case = open_case(accepting.workspace, seed=seed, group=group)
    from tools import changing
    from tools.documents import case_head
    from tools.splitting import draft_of, given_test, propose

    proposal = None
    if given:
        held = given_test(case)
    else:
        with out.steps() as steps:
            proposal = propose(case, size=size, see=see, on_step=steps)
        held = proposal.held
        out.say(*proposal_blocks(proposal_json(case, proposal, see)))
    document: dict[str, Any]
    if accept:
        draft = draft_of(case, held)
        done = changing.accept(kept, case.dataset, draft, **accepting.signed)
        document = say_change(out, kept, done, accepting, draft.notes)
    else:
        headline = f"{counted(int(held.sum()), 'picture')} would be the test set"
        if given:
            out.say(Text(headline, style="bold"))
        options = " --given" if given else "" if size is None else f" --size {size}"
        out.say(f"Next: advisor split{options} --accept{elsewhere(accepting.workspace)}")
        document = case_head(case, headline)
    shown_as = None if proposal is None else proposal_json(case, proposal, see)
    out.deliver({**document, "accepted": accept, "proposal": shown_as})


def proposal_json(case: "Case", found: "Proposal", see: float) -> dict[str, Any]:
    """A proposal for machines."""
    return {
        "pictures": found.chosen.pictures,
        "share": found.chosen.share,
        "smallest_change_seen": found.chosen.seen,
        "wanted_change": see,
        "enough": found.enough,
        "groups": {
            "source": found.groups.source,
            "similarity": found.groups.similarity,
            "number": len(set(found.groups.numbers.tolist())),
            "words": SOURCES[found.groups.source].format(similarity=found.groups.similarity or 0.0),
        },
        "spread": list(found.columns),
        "options": [option_json(o) for o in found.options],
        "classes": [part_json(p) for p in found.parts],
        "images": [str(i) for i in case.ids[found.held]],
    }


def option_json(option: "Option") -> dict[str, Any]:
    """A size and what it shows."""
    return {"pictures": option.pictures, "share": option.share, "smallest_change_seen": option.seen}


def part_json(part: "Part") -> dict[str, Any]:
    """A class in the proposal."""
    return {
        "class": part.name,
        "pictures": part.pictures,
        "groups": part.groups,
        "test_pictures": part.test_pictures,
        "test_groups": part.test_groups,
        "recall_of_80_known_to": None if part.low is None else [part.low, part.high],
        "objects_missing": part.missing,
        "cannot_be_tested": part.reason or None,
    }


def proposal_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """The proposal as people read it."""
    number, seen = document["pictures"], 100 * document["smallest_change_seen"]
    yield Text(
        f"Proposed: {counted(number, 'test picture')} ({100 * document['share']:.0f} %). With them a change of "
        f"{seen:.1f} points of balanced accuracy would be seen with 80 %.",
        style="bold",
    )
    if not document["enough"]:
        yield Text(
            f"A change of {100 * document['wanted_change']:g} points would need more test pictures than these data can "
            "spare; what is smaller than the figure above stays unseen."
        )
    groups = document["groups"]
    yield Text(f"Each of {groups['number']} groups stays whole on one side: {groups['words']}.")
    if document["spread"]:
        yield Text(f"Spread over both sides, besides the classes: {', '.join(map(shown, document['spread']))}.")
    yield table(
        [
            {
                "Test pictures": str(o["pictures"]),
                "Share": f"{100 * o['share']:.0f} %",
                "Change seen with 80 %": f"{100 * o['smallest_change_seen']:.1f} points",
            }
            for o in document["options"]
        ],
        ("Test pictures", "Share", "Change seen with 80 %"),
    )
    yield Text("")
    rows = [class_row(c) for c in document["classes"]]
    yield table(rows, tuple(rows[0]))
    short = [c for c in document["classes"] if c["objects_missing"]]
    if short:
        yield Text("")
        yield Text(
            "To know a recall of 80 % to 15 points either way, photograph new objects for the test set: "
            + ", ".join(f"{shown(c['class'])} × {c['objects_missing']}" for c in short)
            + "."
        )
    for c in document["classes"]:
        if c["cannot_be_tested"]:
            yield Text(f"{shown(c['class'])} cannot be tested: {c['cannot_be_tested']}.", style="bold")


def class_row(c: Mapping[str, Any]) -> dict[str, str]:
    """A class as a row of the table."""
    known = c["recall_of_80_known_to"]
    return {
        "Class": shown(c["class"]),
        "Pictures (groups)": f"{c['pictures']} ({c['groups']})",
        "In test": f"{c['test_pictures']} ({c['test_groups']})",
        "Left to train": f"{c['pictures'] - c['test_pictures']} ({c['groups'] - c['test_groups']})",
        "A recall of 80 % known to": f"{100 * known[0]:.0f}–{100 * known[1]:.0f} %" if known else "not at all",
    }
