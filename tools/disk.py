"""What a workspace takes on the disk, by kind; and which of its files no record names."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embeddings.cache import contents
from embeddings.properties import VERSION
from tools.backup import RESTORING
from tools.clearing import RUNS, digests_named, remove_unnamed
from tools.forgetting import drop_vectors
from tools.paths import WORKSPACE_FILE
from tools.store import UNFINISHED
from tools.workspace import Workspace

KINDS = {
    "vectors": "vectors and measurements by content, for every encoder",
    "arrays": "labels' vectors, scores and derived results of dataset versions",
    "versions": "weights and scores of trained versions",
    "checkpoints": "trainings that did not end",
    "thumbnails": "small pictures for the pages",
    "inbox": "copies of pictures that came through the inbox",
    "networks": "your own networks",
    "models": "encoders as they are run here",
    "reports": "reports written into the workspace",
    "jobs": "logs of work started on the pages",
    "records": "the database",
    "other": "all else",
}
FOLDERS = {
    "vectors": "vectors", "arrays": "arrays", RUNS: "checkpoints", "thumbnails": "thumbnails", "inbox": "inbox",
    "networks": "networks", "models": "models", "jobs": "jobs",
}  # fmt: skip
YOUNG = 3600.0
"""Seconds: a file of the last hour may belong to work that has not entered its records yet."""


@dataclass(frozen=True)
class Usage:
    """One kind of file.

    Attributes
    ----------
    kind : str
        Of ``KINDS``.
    files, bytes : int
    unnamed, freed : int
        Files that no record names, and their bytes.
    """

    kind: str
    files: int
    bytes: int
    unnamed: int
    freed: int


def usage(workspace: Workspace) -> list[Usage]:
    """What each kind takes, the largest first; kinds without a file are left out."""
    named = digests_named(workspace.path / WORKSPACE_FILE)
    trained = _of_versions(workspace)
    counts: dict[str, list[int]] = {kind: [0, 0, 0, 0] for kind in KINDS}
    idle = dict(_unnamed(workspace, named))
    for file in _files(workspace.path):
        kind, size = _kind(workspace.path, file, trained), file.stat().st_size
        counts[kind][0] += 1
        counts[kind][1] += size
        if file in idle:
            counts[kind][2] += 1
            counts[kind][3] += size
    found = [Usage(kind, *numbers) for kind, numbers in counts.items() if numbers[0]]
    return sorted(found, key=lambda u: (-u.bytes, u.kind))


def collect(workspace: Workspace) -> tuple[int, int]:
    """Remove the files that no record names; returns how many and their bytes.

    Every removal is of a file that nothing needs, so a kill in between leaves the rest for the next time.
    """
    drop_vectors(workspace)
    with workspace.database.alone():
        named = digests_named(workspace.path / WORKSPACE_FILE)
        count = freed = 0
        for file, kind in list(_unnamed(workspace, named)):
            if kind != "arrays":
                freed += file.stat().st_size
                count += 1
                file.unlink(missing_ok=True)
        before = sum(1 for _ in (workspace.path / "arrays").glob("*"))
        freed += remove_unnamed(workspace.path)
        count += before - sum(1 for _ in (workspace.path / "arrays").glob("*"))
    return count, freed


def _files(path: Path) -> Iterator[Path]:
    return (file for file in sorted(path.rglob("*")) if file.is_file() and not file.is_symlink())


def _kind(path: Path, file: Path, trained: frozenset[str]) -> str:
    parts = file.relative_to(path).parts
    if len(parts) == 1:
        if file.name.startswith("report-"):
            return "reports"
        return "records" if file.name.startswith(WORKSPACE_FILE) else "other"
    kind = FOLDERS.get(parts[0], "reports" if file.name.startswith("report-") else "other")
    return "versions" if kind == "arrays" and file.stem in trained else kind


def _of_versions(workspace: Workspace) -> frozenset[str]:
    """Array files of trained versions."""
    rows = workspace.database.read(lambda db: db.execute("SELECT scores, weights FROM trained").fetchall(), layout=2)
    return frozenset(str(file) for row in rows or () for file in row if file)


def _unnamed(workspace: Workspace, named: set[str]) -> Iterator[tuple[Path, str]]:
    """Files that may go, with their kind.

    Arrays, networks, thumbnails and copies whose digest no record holds; files of the vector cache of which no picture
    is known, or that another layout wrote; what killed writers left. Nothing of the last hour, but arrays, which enter
    their records in the transaction that writes them.
    """
    path, before = workspace.path, time.time() - YOUNG
    for file in _files(path):
        parts = file.relative_to(path).parts
        kind = FOLDERS.get(parts[0], "other")
        if kind == "arrays":
            if file.stem not in named:
                yield file, kind
            continue
        if file.stat().st_mtime > before:
            continue
        left = file.name.endswith((UNFINISHED, ".part")) or parts[0].startswith(RESTORING)
        if left or (kind in ("networks", "thumbnails") and len(file.stem) == 64 and file.stem not in named):
            yield file, kind
        elif kind == "vectors" and file.suffix == ".npz":
            there = contents(file) if file.parent.name.endswith(f"-{VERSION}") else None
            if there is None or not there & named:
                yield file, kind
