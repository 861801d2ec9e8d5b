"""The inbox as plain JSON for machines; later versions only add keys."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tools.inbox import Inbox, Picture
from tools.inbox_order import Entry, Ordering
from tools.inbox_watch import Round
from tools.taking_in import TakenIn

Json = dict[str, Any]


def taken_json(taken: TakenIn) -> Json:
    """What became of files."""
    return {
        **taken.counts,
        "classes_unknown": 0 if taken.spoken is None else taken.spoken.foreign,
        "pictures": [p.name for p in taken.new],
        "refused_files": [{"path": path, "reason": reason} for path, reason in taken.refused],
    }


def round_json(found: Round) -> Json:
    """What one look at a watched folder led to."""
    return {
        **taken_json(found.taken),
        "predictions": found.predictions,
        "predictions_unknown": found.unknown,
        "refused": len(found.refused),
        "refused_files": [{"path": path, "reason": reason} for path, reason in found.refused],
        "left": list(found.waiting),
        "passed_over": [{"path": path, "reason": reason} for path, reason in found.aside],
        "moved": found.moved,
    }


def inbox_json(inbox: Inbox) -> Json:
    """How many pictures are in which state, and who spoke of them."""
    states = {state: len(inbox.pictures(state)) for state in ("waiting", "skipped", "rejected")}
    waiting = {p.sha256 for p in inbox.pictures()}
    spoke = Counter(said.name for said in inbox.said() if said.sha256 in waiting)
    return {
        **states,
        "labelled": len(inbox.every()) - sum(states.values()),
        "models": [{"name": name, "pictures": count} for name, count in sorted(spoke.items())],
    }


def picture_json(picture: Picture) -> Json:
    """One picture."""
    return {**asdict(picture), "metadata": dict(picture.metadata)}


def entry_json(entry: Entry) -> Json:
    """One picture in its place."""
    return {
        **picture_json(entry.picture),
        "worth": round(entry.worth, 6),
        "said": entry.said,
        "score": round(entry.score, 6),
        "speaker": entry.speaker,
        "nearness": round(entry.nearness, 6),
        "unlike": entry.unlike,
        "gaps": list(entry.gaps),
        "reasons": list(entry.why),
        "vanished": entry.vanished,
    }


def ordering_json(found: Ordering, most: int) -> Json:
    """An order: its first pictures, and what counted."""
    return {
        "order": found.order,
        "pictures": [entry_json(entry) for entry in found.entries[:most]],
        "gaps": [asdict(gap) | {"classes": list(gap.classes), "images": list(gap.images)} for gap in found.gaps],
        "unreadable": unreadable_json(found),
    }


def unreadable_json(found: Ordering) -> Sequence[Json]:
    """Pictures without vectors, and why."""
    return [{"picture": picture.name, "reason": reason} for picture, reason in found.unreadable]
