"""The ``advisor boxes`` command, and how annotated boxes are imported."""

import json as jsonlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from app.escaping import shown
from app.printing import gathered, heading, outcome_lines, table
from app.terminal import Terminal, WrongUse, write_whole
from app.views import counted

if TYPE_CHECKING:
    from tools.detection.importing import Prepared
    from tools.detection.measuring import Measured
    from tools.workspace import Workspace

STATUS = {
    "reached": "reached",
    "missed": "not reached where measured",
    "unmeasured": "too few pictures to measure",
    "impossible": "no threshold reaches it",
    "not applicable": "too few boxes",
}
ALL = "(all)"
SHOWN = 10


def run_boxes(
    goals: Mapping[str, float | None],
    *,
    overlap: float,
    score: float | None,
    export: Path | None,
    seed: int | None,
    workspace: Path,
    json: str | None,
) -> None:
    """Measure the detector whose boxes were imported; say it, and export thresholds for a goal."""
    from tools.detection.matching import OVERLAPS
    from tools.detection.measuring import boxes_json
    from tools.tuning import Goal
    from tools.workspace import Workspace

    out = Terminal(json)
    given = {kind: value for kind, value in goals.items() if value is not None}
    if len(given) > 1 or (export is not None and not given):
        raise WrongUse(
            expected="one goal" if given else "a goal beside --export",
            seen=" and ".join(f"--{kind}" for kind in given) or "none",
            todo="Write one of --precision 0.95, --recall 0.9, --f-beta 1.",
        )
    if not np.isclose(OVERLAPS, overlap).any():
        raise WrongUse(
            expected="an overlap of 0.05, 0.1, 0.15 … 0.95", seen=f"{overlap:g}", todo="Write, e.g., --overlap 0.5."
        )
    goal = next((Goal(kind, value) for kind, value in given.items()), None)  # type: ignore[arg-type]
    measured = measured_boxes(Workspace.open(workspace))
    with out.steps() as steps:
        steps("measuring the detector", 0, 1)
        document = boxes_json(measured, overlap=overlap, score=score, goal=goal, seed=seed or 0)
    if export is not None:
        if not export.parent.is_dir():
            raise WrongUse(expected="a folder to write into", seen=str(export.parent), todo="Make it first.")
        write_whole(export, jsonlib.dumps(service_json(document), indent=1, allow_nan=False) + "\n")
        document["exported"] = str(export)
    out.say(*boxes_blocks(document))
    out.deliver(document)


def prepare_boxes(
    out: Terminal, kept: "Workspace", path: Path, root: Path | None, predictions: Path | None, model: str, version: str
) -> "Prepared | None":
    """Read annotated boxes and cut them out; None where ``path`` holds none: it is read as labelled pictures then."""
    from tools.readers.boxes_choosing import is_boxes

    if not is_boxes(path):
        return None
    from tools.detection.importing import prepare

    with out.steps() as steps:
        return prepare(kept, path, root=root, predictions=predictions, model=model, version=version, on_step=steps)


def keep_prepared(kept: "Workspace", prepared: "Prepared") -> None:
    """Keep the boxes of a finished import."""
    from tools.detection.importing import keep

    keep(kept, prepared)


def say_dropped(out: Terminal) -> None:
    """Say that an import of other pictures took the place of one with boxes."""
    out.say("The boxes of the import before belonged to other pictures: they and the detector's answers are gone.")


def say_prepared(out: Terminal, prepared: "Prepared") -> dict[str, Any]:
    """Say what became of the boxes of a finished import."""
    boxset, detector = prepared.boxset, prepared.detector
    text = (
        f"Boxes: {len(boxset.labels)} of {counted(len(boxset.classes), 'class', 'classes')} in "
        f"{counted(len(boxset), 'picture')}; "
        f"{prepared.crops.count} of them cut out, each a picture of its own from here on."
    )
    if detector is not None:
        text += f" Detections by {shown(detector.name)}: {len(detector.boxes)}."
    out.say(text, *(Text(shown(note)) for note in prepared.notes))
    pairs = [{"path": item.path, "reason": item.reason} for item in prepared.skipped]
    lines = [(shown(what), shown(reason)) for what, reason in gathered(pairs)]
    out.say(*outcome_lines(f"Boxes and pictures left out ({len(pairs)})", lines[:SHOWN]))
    if len(lines) > SHOWN:
        out.say(f"… and {len(lines) - SHOWN} more lines; --json lists every one")
    return {
        "labels": len(boxset.labels), "pictures": len(boxset), "crops": prepared.crops.count,
        "detections": len(detector.boxes) if detector else None, "notes": list(prepared.notes), "skipped": pairs,
        "text": text,
    }  # fmt: skip


def measured_boxes(kept: "Workspace") -> "Measured":
    """The workspace's detector on the pictures it is judged on.

    Raises
    ------
    NoDataset
        If no boxes, or no detections, were imported.
    """
    from tools.detection.keeping import kept_boxes, kept_detector
    from tools.detection.measuring import measure
    from tools.errors import NoDataset

    boxset = kept_boxes(kept)
    if boxset is None:
        raise NoDataset(
            expected="annotated boxes in this workspace", seen="none",
            todo="Run: advisor import PATH --predictions FILE (COCO, YOLO or Pascal VOC annotations, and detections).",
        )  # fmt: skip
    detector = kept_detector(kept, boxset)
    if detector is None:
        raise NoDataset(
            expected="a detector's boxes beside the labelled ones", seen="labelled boxes only",
            todo="Run: advisor import PATH --predictions FILE (COCO results, YOLO text files, or a table).",
        )  # fmt: skip
    return measure(boxset, detector)


def service_json(document: Mapping[str, Any]) -> dict[str, Any]:
    """Score thresholds as a service loads them."""
    return {
        "detector": document["detector"], "overlap": document["overlap"], "goal": document["goal"],
        "thresholds": {
            found["class"]: found["threshold"]
            for found in document["thresholds"]
            if found["class"] and found.get("threshold") is not None
        },
    }  # fmt: skip


def boxes_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """The headline, and a table for each thing measured."""
    yield Text(shown(document["headline"]), style="bold")
    yield Text(
        f"Detector {shown(document['detector'])}: {counted(document['detections'], 'detection')} of "
        f"{counted(document['labels'], 'labelled box', 'labelled boxes')} in "
        f"{counted(document['pictures'], 'picture')} ({document['split']})."
    )
    yield Text()
    yield heading("Average precision")
    rows = [
        {
            "Class": shown(found["class"]) or ALL, "Boxes": str(found["labels"]),
            "Overlap .5": ranged(found["at_half"]), "Overlap .5–.95": ranged(found["mean"]),
        }
        for found in document["average_precision"]
    ]  # fmt: skip
    yield table(rows, ("Class", "Boxes", "Overlap .5", "Overlap .5–.95"))
    yield Text()
    yield heading(f"At a score of {document['score']:.2f} and an overlap of {document['overlap']:g}")
    rows = [
        {
            "Class": shown(found["class"]) or ALL, "Precision": share(found["precision"]),
            "Recall": share(found["recall"]), "F1": f"{found['f1']:.3f}",
            "Right / said / there": f"{found['right']} / {found['said']} / {found['there']}",
        }
        for found in document["at"]
    ]  # fmt: skip
    yield table(rows, tuple(rows[0]))
    yield Text()
    yield heading("Kinds of mistakes (overlap .5)")
    rows = [
        {"Kind": found["text"], "Number": str(found["count"]), "Worth": worth(found)}
        for found in document["mistakes"]
        if found["count"]
    ]
    yield table(rows, ("Kind", "Number", "Worth"))
    yield Text(
        "Worth: what the average precision at .5 would rise by if that kind alone were mended; kinds do not add up.",
        style="dim",
    )
    yield from _conditions(document)
    yield from _thresholds(document)


def _conditions(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    from tools.detection.conditions import LIMITS

    if not document["conditions"]:
        return
    yield Text()
    yield heading("What is missed")
    rows = [
        {
            "Things": found["words"], "Boxes": str(found["boxes"]), "Found": share(found["found"]),
            "Others found": share(found["found_else"]),
            "Points": f"{100 * found['difference']:+.0f} ({100 * found['low']:+.0f} to {100 * found['high']:+.0f})",
            "": "holds up" if found["held_up"] else "",
        }
        for found in document["conditions"]
    ]  # fmt: skip
    yield table(rows, tuple(rows[0]))
    test, train = document["split"], "train"
    for found in document["shares"]:
        sides = found["splits"]
        held = any(c["name"] == found["name"] and c["held_up"] for c in document["conditions"])
        if test in sides and train in sides and held:
            a, b = sides[train], sides[test]
            yield Text(
                f"Of the training boxes {a['with']} of {a['boxes']} are {found['text']}, of the {test} boxes "
                f"{b['with']} of {b['boxes']}."
            )
    yield Text(
        "Pictures were drawn anew for the intervals; 'holds up' is at most one in twenty by chance over all rows. "
        f"Conditions go along with each other: none is a cause by itself. {LIMITS}",
        style="dim",
    )


def _thresholds(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    if "thresholds" not in document:
        yield Text()
        yield Text("Next: advisor boxes --precision 0.95 chooses score thresholds; advisor audit looks at each thing.")
        return
    yield Text()
    yield heading(f"Score thresholds for {document['goal']}, at an overlap of {document['overlap']:g}")
    rows = []
    for found in document["thresholds"]:
        row = {"Class": shown(found["class"]) or ALL, "Goal": STATUS[found["status"]]}
        if found["status"] != "not applicable":
            threshold = found["threshold"]
            row["Score"] = "none" if threshold is None else f"{threshold:.3f}"
            row["Precision"], row["Recall"] = share(found["precision"]), share(found["recall"])
        rows.append(row)
    yield table(rows, ("Class", "Score", "Precision", "Recall", "Goal"))
    yield Text("Chosen on one half of the pictures and measured on the other, both ways.", style="dim")
    if "exported" in document:
        yield Text(f"Written: {shown(document['exported'])}")


def worth(found: Mapping[str, Any]) -> str:
    """What mending a kind of mistake would gain, with its interval where there is one."""
    if found["low"] is None:
        return f"{100 * found['gain']:.1f} points"
    return f"{100 * found['gain']:.1f} points ({100 * found['low']:.1f}–{100 * found['high']:.1f})"


def ranged(found: Mapping[str, float | None]) -> str:
    """A share in per cent with its interval, where there is one."""
    text = f"{100 * (found['value'] or 0):.1f} %"
    if found["low"] is None or found["high"] is None:
        return text
    return f"{text} ({100 * found['low']:.1f}–{100 * found['high']:.1f})"


def share(found: Mapping[str, float]) -> str:
    """As ``ranged``, in whole ends."""
    return f"{100 * found['value']:.1f} % ({100 * found['low']:.0f}–{100 * found['high']:.0f})"
