"""Changes, moves and exports as plain JSON for machines; later versions only add keys."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tools.changes import Change, History, Move
from tools.replaying import Replay

Json = dict[str, Any]


def change_json(change: Change, known: History) -> Json:
    """One entry of the history."""
    return {
        "number": change.number,
        "at": change.at,
        "kind": change.kind,
        "summary": change.summary,
        "why": change.why,
        "by": change.by,
        "before": change.before,
        "after": change.after,
        "stands": change.number not in known.cancelled,
        "undoes": change.undoes,
        "edits": [{"image": e.id, "before": e.before, "after": e.after} for e in change.edits],
        "renamed": dict(change.renamed),
        "moves": moves_json(change.moves),
        "conflicts": [asdict(c) for c in change.conflicts],
    }


def moves_json(moves: Sequence[Move]) -> list[Json]:
    """Files and where they go."""
    return [{"from": m.source, "to": m.target, "left_out": m.away} for m in moves]


def replay_json(made: Replay | None) -> Json | None:
    """What the accepted changes made of an import."""
    if made is None:
        return None
    return {
        "relabelled": made.relabelled,
        "left_out": made.left_out,
        "gone": made.gone,
        "conflicts": [asdict(c) for c in made.conflicts],
        "held": made.held,
        "added": made.added,
        "copies": [{"image": image, "of": of} for image, of in made.copies],
        "unassigned": {name: list(images) for name, images in made.unassigned.items()},
    }
