"""Trained versions, data set versions and comparisons as rows of tables. Pure."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.escaping import shown
from app.views import VERDICTS
from tools.findings import number_text

if TYPE_CHECKING:
    from tools.changes import History
    from tools.workspace import DatasetInfo

Document = Mapping[str, Any]


def version_rows(versions: Sequence[Document]) -> list[dict[str, str]]:
    """One row per trained version, newest first."""
    rows = []
    for version in reversed(versions):
        metrics = {m["name"]: m for m in version["metrics"]}
        marks = [word for word, key in (("in use", "in_use"), ("published", "published")) if version[key]]
        rows.append(
            {
                "Version": str(version["number"]),
                "": ", ".join(marks),
                "Balanced accuracy": _with_interval(metrics["balanced accuracy"]),
                "Accuracy": _with_interval(metrics["accuracy"]),
                "By": shown(version["text"]),
                "Data": str(version["dataset"]["version"]),
                "Trained (UTC)": str(version["created"])[:16].replace("T", " "),
            }
        )
    return rows


def _with_interval(metric: Document) -> str:
    return f"{metric['text']} ({metric['interval']})"


def measure_rows(measures: Sequence[Document]) -> list[dict[str, str]]:
    """One row per metric of a comparison; the one that decides first."""
    return [
        {
            "Metric": shown(m["metric"]),
            "Before": number_text(m["before"], "share"),
            "After": number_text(m["after"], "share"),
            "Change": number_text(m["delta"], "points"),
            "Interval": f"{number_text(m['low'], 'points')} to {number_text(m['high'], 'points')}".replace(
                " points", "", 1
            ),
            "Verdict": VERDICTS[m["verdict"]],
        }
        for m in measures
    ]


def dataset_rows(versions: "Sequence[DatasetInfo]", known: "History") -> list[dict[str, str]]:
    """One row per data set version, newest first, with the change that made it."""
    made = {c.after: c for c in known.changes if c.after != c.before}
    standing = {c.number for c in known.standing}
    rows = []
    for v in reversed(versions):
        change = made.get(v.version)
        rows.append(
            {
                "Version": str(v.version),
                "Pictures": str(v.images),
                "Made (UTC)": v.created[:16].replace("T", " "),
                "By": "import" if change is None else shown(change.summary),
                "Who": "" if change is None else shown(change.by),
                "Why": "" if change is None else shown(change.why),
                "Stands": ""
                if change is None or change.kind == "import"
                else "yes"
                if change.number in standing
                else "no",
            }
        )
    return rows
