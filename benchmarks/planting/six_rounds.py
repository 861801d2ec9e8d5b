"""Six rounds of a model's life on real photographs, made by holding pictures back and by giving some a wrong label."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tools.decisions import Decisions
from tools.goals import goals_of
from tools.inbox import Inbox
from tools.models import given_models
from tools.workspace import Workspace

CLASSES = ("Lemon", "Lime", "Orange", "Satsumas")
HELD_BACK = 0.4
WRONG_EVERY = 14
LABELLED = 24
MOST = {"train": 50, "test": 30}
"""Photographs of a class: enough to be judged, few enough to be encoded in seconds."""
Run = Callable[..., dict[str, Any]]
"""Runs one command of the advisor with ``--json -`` and returns what it wrote."""


def prepare(photographs: Path, place: Path, seed: int = 0) -> dict[str, str]:
    """Lay out ``data/`` (class folders, some labels wrong), ``coming/`` (held back) and predictions of two versions.

    Returns
    -------
    dict of str to str
        True class of each held-back file name.
    """
    rng, truth, tested = np.random.default_rng(seed), dict[str, str](), list[tuple[str, str]]()
    (place / "coming").mkdir(parents=True)
    for number, name in enumerate(CLASSES):
        for split in ("train", "test"):
            files = sorted((photographs / split / name).rglob("*.jpg"))[: MOST[split]]
            for at, file in enumerate(files):
                if split == "train" and rng.random() < HELD_BACK:
                    shutil.copyfile(file, place / "coming" / f"new-{number}-{at:03d}.jpg")
                    truth[f"new-{number}-{at:03d}.jpg"] = name
                    continue
                wrong = split == "train" and at % WRONG_EVERY == 0
                label = CLASSES[(number + 1) % len(CLASSES)] if wrong else name
                target = place / "data" / split / label / f"{name}-{file.name}"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
                if split == "test":
                    tested.append((target.relative_to(place / "data").as_posix(), name))
    for version, errors in ((7, 0.35), (8, 0.1)):
        with (place / f"shop@{version}.csv").open("w", newline="", encoding="utf-8") as out:
            rows = csv.writer(out)
            rows.writerow(("id", *(f"p_{name}" for name in CLASSES)))
            for image, name in tested:
                right = CLASSES.index(name)
                said = right if rng.random() >= errors else (right + 1 + int(rng.integers(3))) % 4
                rows.writerow((image, *(f"{0.85 if k == said else 0.05:.2f}" for k in range(4))))
    return truth


def fill_in(sheet: Path, truth: dict[str, str]) -> Path:
    """What a person makes of the list of pictures to label: the class of each."""
    with sheet.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        named = next(name for name in truth if any(str(value).endswith(name) for value in row.values()))
        row["label"] = truth[named]
    done = sheet.with_name("filled.csv")
    with done.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return done


def first_grave(audit: dict[str, Any], code: str) -> dict[str, Any]:
    """The first finding of a check."""
    return next(f for o in audit["outcomes"] for f in o["findings"] if f["code"] == code)


def live(place: Path, truth: dict[str, str], run: Run) -> dict[str, Any]:
    """The six rounds; returns what a reader of the story wants to know.

    Changes are taken back by their numbers (1 and 4; 2 and 5 are the takings-back), so that a command that was killed
    after it had done its work does nothing when it is started again.
    """
    out: dict[str, Any] = {}
    home = place / "ws"

    def now() -> str:
        return Workspace.open(home).dataset().fingerprint

    # 1: import, look, decide
    out["import"] = run("import", place / "data", "--encoder", "embedded")
    out["audit"] = run("audit", "--try", "1")
    suspects = first_grave(out["audit"], "wrong-labels")
    known = next(f for o in out["audit"]["outcomes"] for f in o["findings"] if f["id"] != suspects["id"])
    out["dismissed"] = known["id"]
    run("decide", "dismiss", known["id"], "--why", "known since spring", "--who", "Ada")
    run("goal", "set", "--miss", "Lime=30%", "--weekly", "500")
    # 2: relabel by the list; taken back, brought again
    before = now()
    out["relabelled"] = run("change", "relabel", "--suggested", "--why", "looked at")
    after = now()
    run("change", "undo", 1)
    out["undone exactly"] = now() == before != after
    run("change", "undo", 2)
    out["brought again exactly"] = now() == after
    # 3: collect by the list
    out["added"] = run("inbox", "add", place / "coming")
    out["added again"] = run("inbox", "add", place / "coming")
    sheet = place / "tolabel.csv"
    sheet.unlink(missing_ok=True)
    run("inbox", "sheet", sheet, "--most", LABELLED)
    out["labelled"] = run("inbox", "label", "--from", fill_in(sheet, truth))
    grown = now()
    run("change", "undo", 4)
    out["labels undone exactly"] = now() == after != grown
    run("change", "undo", 5)
    out["labels brought again exactly"] = now() == grown
    # 4: the first model is told of
    out["model 7"] = run("predictions", "add", place / "shop@7.csv", "--model", "shop", "--version", "7")
    out["report"] = run("report", "--out", place / "reports", "--format", "md", "--try", "0")
    # 5: its successor, held against it
    out["model 8"] = run("predictions", "add", place / "shop@8.csv", "--model", "shop", "--version", "8")
    out["compared"] = run("versions", "compare", "shop@7", "shop@8")
    # 6: the report, and the same files imported again
    out["report again"] = run("report", "--out", place / "reports", "--format", "md", "--try", "0")
    out["ledger"] = run("ledger")
    end = now()
    out["imported again"] = run("import", place / "data", "--encoder", "embedded")
    out["import changed nothing"] = now() == end
    out["history"] = run("history")
    return out


def standing(home: Path) -> dict[str, Any]:
    """What the workspace holds at last, however it came to it: the same for a life with kills and one without."""
    kept = Workspace.open(home)
    data = kept.dataset()
    return {
        "labels": sorted((label.image_id.split("/")[-1], label.name) for label in data.labels),
        "splits": sorted(zip((str(i).split("/")[-1] for i in data.ids), data.splits.tolist(), strict=True)),
        "vectors": kept.space(data).fingerprint,
        "waiting": sorted(p.sha256 for p in Inbox(kept).pictures()),
        "decisions": sorted({(d.kind, d.about, d.why) for d in Decisions(kept).standing()}),
        "goals": repr(goals_of(kept)),
        "models": sorted({(m.model, m.version) for m in given_models(kept)}),
    }
