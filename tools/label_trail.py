"""The labels a picture has had: since which version of the data, by whom and why."""

from dataclasses import dataclass

from tools.changing import history
from tools.decisions import Decisions
from tools.errors import UnknownName
from tools.workspace import Workspace


@dataclass(frozen=True)
class Labelled:
    """One step of a trail.

    Attributes
    ----------
    at : str
        UTC, ISO 8601.
    version : int
        Of the data.
    label : str or None
        None = unlabelled, or not there.
    how : str
        imported, changed, confirmed or gone.
    who, why : str
    """

    at: str
    version: int
    label: str | None
    how: str
    who: str = ""
    why: str = ""


def label_trail(workspace: Workspace, image: str) -> list[Labelled]:
    """What a picture's label was, oldest first; it is followed by its content where its name changes.

    Raises
    ------
    UnknownName
        If no version of the data holds it.
    """
    by_version = {change.after: change for change in history(workspace).changes if change.kind != "import"}
    content, out = "", list[Labelled]()
    for info in sorted(workspace.datasets(), key=lambda info: info.version):
        data = workspace.dataset(info.version)
        row = data.index.get(image)
        if row is None and content:
            same = (data.sha256 == content).nonzero()[0]
            row = int(same[0]) if len(same) else None
        if row is None and not content:
            continue
        content = content if row is None else str(data.sha256[row])
        target = -1 if row is None else int(data.targets[row])
        label = None if target < 0 else data.classes[target]
        if out and out[-1].label == label and (out[-1].how == "gone") == (row is None):
            continue
        change = by_version.get(info.version)
        how = "gone" if row is None else "imported" if change is None else "changed"
        who, why = ("", "") if change is None else (change.by, change.why)
        out.append(Labelled(info.created, info.version, label, how, who, why))
    if not out:
        raise UnknownName(
            expected="the id of a picture that some version of the data holds", seen=image, todo="See: advisor audit."
        )
    newest = out[-1].version
    out += [
        Labelled(d.at, newest, d.label, "confirmed" if not d.undone else "confirmed, taken back", d.who, d.why)
        for d in Decisions(workspace).all()
        if d.kind == "confirm-label" and d.about == content
    ]
    return sorted(out, key=lambda step: step.at)
