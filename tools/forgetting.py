"""Forgets pictures: everything in the workspace that holds or shows them goes, in every version, and stays out.

Vectors, thumbnails, labels, scores, decisions, advice, reports, edits and file names are taken out; what is computed
from all pictures together (cached results) is thrown away and made again when asked for. The order makes a kill
harmless: new files first, then a journal, then one transaction, then the old files (``tools.clearing``).
"""

import fnmatch
import json
import os
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from embeddings.cache import contents as contents_of
from embeddings.cache import without
from embeddings.progress import Progress, silent
from embeddings.properties import VERSION
from embeddings.space import EmbeddingSpace
from tools import forgotten, records
from tools.added import ADDED
from tools.case import Arrays
from tools.changing import refuse_unfinished
from tools.clearing import JOURNAL, RUNS, clear
from tools.dataset import Dataset
from tools.errors import AdvisorError, NoDataset, UnknownName, WorkspaceDamaged
from tools.paths import WORKSPACE_FILE
from tools.pieces import joined
from tools.scrubbing import Names
from tools.store import replace_file, unwritable, writer
from tools.workspace import Workspace

OWN = frozenset({"arrays", "vectors", "models", "networks", RUNS})
"""Folders of the workspace that are not searched for names: rewritten, thrown away, or of no pictures at all."""
REPORTS = ("html", "pdf", "md", "json")
LARGEST_TEXT = 64_000_000


@dataclass(frozen=True)
class Plan:
    """What would be forgotten.

    Attributes
    ----------
    ids : tuple of str
        Every id that the contents have, in any version.
    contents : frozenset of str
        Hexadecimal sha256.
    files : tuple of (Path, str)
        Where the newest version has them on disk, with their content.
    versions : int
        Dataset versions that hold one of them.
    left : int
        Pictures that the newest version keeps.
    trained : int
        Trained versions that were made while they were there.
    """

    ids: tuple[str, ...]
    contents: frozenset[str]
    files: tuple[tuple[Path, str], ...]
    versions: int
    left: int
    trained: int


def plan(workspace: Workspace, patterns: Sequence[str]) -> Plan:
    """Find what patterns name: an id, or a glob over ids, of any version or the inbox; with all copies, byte for byte.

    Raises
    ------
    UnknownName
        If one names nothing.
    NoDataset
    """
    dataset = workspace.dataset()
    found = workspace.database.read(lambda db: _plan(db, dataset, patterns))
    if found is None:
        raise NoDataset(expected="an imported dataset", seen="none", todo="Run: advisor import PATH.")
    if not found.left:
        raise AdvisorError(
            expected="at least one picture that is kept",
            seen=f"all {len(dataset)} of dataset version {dataset.version} to be forgotten",
            todo=f"To forget everything, delete the folder {workspace.path} yourself.",
        )
    return found


def _plan(db: sqlite3.Connection, dataset: Dataset, patterns: Sequence[str]) -> Plan:
    pairs = set(db.execute("SELECT DISTINCT id, sha256 FROM images"))
    if _has(db, "inbox"):
        pairs |= {(f"{ADDED}{name}", content) for name, content in db.execute("SELECT name, sha256 FROM inbox")}
    by_id: dict[str, set[str]] = {}
    for i, content in pairs:
        by_id.setdefault(i, set()).add(content)
    contents = frozenset(content for pattern in patterns for content in _named(by_id, pattern, dataset))
    ids = {i for i, content in pairs if content in contents}
    holding = {v for v, c in db.execute("SELECT version, sha256 FROM images") if c in contents}
    rows = [i for i, content in enumerate(dataset.sha256.tolist()) if content in contents]
    places = tuple((dataset.path(str(dataset.ids[row])), str(dataset.sha256[row])) for row in rows)
    trained = 0
    if _has(db, "trained"):
        trained = sum(version in holding for (version,) in db.execute("SELECT dataset FROM trained"))
    return Plan(tuple(sorted(ids)), contents, places, len(holding), len(dataset) - len(rows), trained)


def _named(by_id: Mapping[str, set[str]], pattern: str, dataset: Dataset) -> set[str]:
    """Contents that a pattern names; an id with brackets or stars of its own is taken as it stands first."""
    below = pattern.removeprefix(f"{dataset.root.as_posix()}/")
    found = by_id.get(pattern, set()) | by_id.get(below, set())
    if not found:
        found = {c for i, contents in by_id.items() if fnmatch.fnmatchcase(i, below) for c in contents}
    if not found:
        raise UnknownName(
            expected=f"an id of a picture as {dataset.ids[0]}, or a glob over ids",
            seen=f"{pattern!a}, which names none",
            todo="Nothing was forgotten. See the ids with: advisor export ids.txt --format keep-list.",
        )
    return found


def _has(db: sqlite3.Connection, table: str) -> bool:
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone())


def forget(
    workspace: Workspace, patterns: Sequence[str], *, files_too: bool = False, who: str = "", why: str = "",
    on_step: Progress = silent,
) -> tuple[Plan, bool]:  # fmt: skip
    """Forget pictures; it cannot be taken back.

    Parameters
    ----------
    files_too : bool
        Remove the user's own files as well, where they still hold that content.

    Returns
    -------
    tuple of (Plan, bool)
        What was forgotten; and False where a reader kept the remains on the disk, which the next writer removes.

    Raises
    ------
    AdvisorError
        If a training is running, files are half moved, or nothing would be left.
    """
    with ExitStack() as held:
        for lock in sorted((workspace.path / RUNS).glob("*.lock")):
            try:
                held.enter_context(writer(lock, wait=0.0))
            except WorkspaceDamaged:
                raise AdvisorError(
                    expected="no training that runs", seen=f"one, which holds {lock}", todo="Wait for it, or stop it."
                ) from None
        with workspace.database.writing() as db:
            refuse_unfinished(workspace)
            db.execute("PRAGMA secure_delete=ON")
            found = plan(workspace, patterns)
            roots = {os.fsdecode(row[0]) for row in db.execute("SELECT DISTINCT root FROM datasets")}
            paths = {f"{root}/{i}" for root in (*roots, str(workspace.path / "inbox")) for i in found.ids}
            names = Names({*found.ids, *found.contents, *paths, *(i.removeprefix(ADDED) for i in found.ids)})
            remove = _shards(workspace, found.contents, on_step)
            remove += _files(workspace, names, on_step)
            on_step("rewriting records", 0, 1)
            _rewrite(db, workspace, found.contents, names)
            token = secrets.token_hex(16)
            forgotten.add(db, found.contents, token)
            number = len(found.contents)
            records.put_import(db, records.latest_version(db), {"forgotten": number, "who": who, "why": why})
            pictures = [(os.fsencode(path).hex(), content) for path, content in found.files] if files_too else []
            journal = {"token": token, "remove": remove, "pictures": pictures}
            try:
                replace_file(workspace.path / JOURNAL, json.dumps(journal).encode())
            except OSError as error:
                raise unwritable(workspace.path / JOURNAL, error) from error
        with workspace.database.alone():
            return found, clear(workspace.path)


def drop_vectors(workspace: Workspace) -> int:
    """Take forgotten pictures out of the vector cache, where an import under way has put them; returns how many."""
    out = 0
    known = workspace.database.read(forgotten.known_in)
    if known is None:
        return 0
    with workspace.database.alone():
        for file in sorted(workspace.vectors.rglob("*.npz")):
            there = {content for content in _known_contents(file) if known(content)}
            if there:
                out += without(file, there)[0]
                file.unlink()
    return out


def _known_contents(file: Path) -> frozenset[str]:
    """Contents in a file of the vector cache; none for a damaged one, which the next import removes."""
    return (contents_of(file) if file.parent.name.endswith(f"-{VERSION}") else None) or frozenset()


# -- files


def _shards(workspace: Workspace, contents: frozenset[str], on_step: Progress) -> list[str]:
    """Write the vector cache's files anew; returns those that are to go."""
    files = sorted(workspace.vectors.rglob("*.npz"))
    out = []
    for done, file in enumerate(files):
        on_step("rewriting vectors", done, len(files))
        known = file.parent.name.endswith(f"-{VERSION}")
        left_out, fresh = without(file, contents) if known else (1, None)
        if left_out and fresh != file:
            out.append(str(file.relative_to(workspace.path)))
    return out


def _files(workspace: Workspace, names: Names, on_step: Progress) -> list[str]:
    """Thumbnails, copies, logs and reports in the workspace that are of these pictures or name them."""
    every = [
        file
        for top in sorted(workspace.path.iterdir())
        if top.name not in OWN
        for file in ([top] if top.is_file() else sorted(top.rglob("*")))
        if file.is_file() and not file.is_symlink()
    ]
    out = []
    for done, file in enumerate(every):
        on_step("searching files", done, len(every))
        name = file.relative_to(workspace.path).as_posix()
        top = workspace.path / name.partition("/")[0]
        if (top / WORKSPACE_FILE).exists():  # of a sample of the pictures, made again by the next import
            out.append(name)
            continue
        if name.startswith((WORKSPACE_FILE, JOURNAL)) or name.endswith("lock"):
            continue
        report = file.name.startswith("report-") and file.suffix.lstrip(".") in REPORTS
        if report or names.among(name) or _holds(file, names):
            out.append(name)
    return out


def _holds(file: Path, names: Names) -> bool:
    try:
        data = file.read_bytes()
    except OSError:
        return False
    if sha256(data).hexdigest() in names.exact:
        return True
    return len(data) <= LARGEST_TEXT and bool(names.among(data.decode("utf-8", "replace")))


# -- records


def _rewrite(db: sqlite3.Connection, workspace: Workspace, contents: frozenset[str], names: Names) -> None:
    """Every table without them; derived arrays and cached results are thrown away."""
    files = workspace.files
    for (version,) in db.execute("SELECT version FROM datasets").fetchall():
        _rewrite_dataset(db, workspace, version, contents, names)
    for table, column in (("predictions", "file"), ("trained", "scores")):
        for number, file in db.execute(f"SELECT number, {column} FROM {table}").fetchall():
            kept = _without(_read(workspace, file), contents)
            db.execute(f"UPDATE {table} SET {column} = ? WHERE number = ?", (files.write(kept), number))
    db.execute("DELETE FROM arrays")
    for key, document in db.execute("SELECT key, document FROM documents").fetchall():
        if _is_cache(key):
            db.execute("DELETE FROM documents WHERE key = ?", (key,))
        elif names.among(key):
            db.execute("DELETE FROM documents WHERE key = ?", (key,))
            db.execute("INSERT INTO documents VALUES (?,?)", (names.cell(key), document))
    own = {"datasets", "images", "labels", "skipped", "spaces", "arrays"}
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if table not in own and not table.startswith("sqlite_"):
            _scrub_table(db, table, names)


def _is_cache(key: str) -> bool:
    """Results that are computed again when asked for: what ``tools.memory`` keeps, and kept audits."""
    try:
        parts = json.loads(key)
    except ValueError:
        return False
    return isinstance(parts, dict) and ({"code", "kind"} <= parts.keys() or "audit of" in parts)


def _read(workspace: Workspace, file: str) -> Arrays:
    """Arrays that hold one row per picture; a damaged file holds none that could be kept."""
    try:
        return workspace.files.read(file)
    except WorkspaceDamaged:
        texts, scores = np.zeros(0, dtype="U64"), np.zeros((0, 0))
        return {"ids": texts, "sha256": texts, "probabilities": scores, "predicted": np.zeros(0, dtype=np.int64)}


def _without(kept: Arrays, contents: frozenset[str]) -> Arrays:
    rows = ~np.isin(kept["sha256"], sorted(contents))
    n = len(rows)
    return {name: array[rows] if array.ndim and len(array) == n else array for name, array in kept.items()}


def _rewrite_dataset(
    db: sqlite3.Connection, workspace: Workspace, version: int, contents: frozenset[str], names: Names
) -> None:
    files = workspace.files
    dataset = records.get_dataset(db, files, version)
    assert dataset is not None
    rows = np.flatnonzero(~np.isin(dataset.sha256, sorted(contents)))
    skipped = tuple(s for s in dataset.skipped if s.path not in names.exact and not names.among(s.reason))
    told = {name: [names.text(text) for text in values.tolist()] for name, values in dataset.metadata.items()}
    same = all(texts == dataset.metadata[name].tolist() for name, texts in told.items())
    if len(rows) == len(dataset) and skipped == dataset.skipped and same:
        return
    metadata = {name: np.array(texts, dtype=np.str_) for name, texts in told.items()}
    ids = dataset.ids[rows].tolist()
    left = joined(dataset, [(dataset, rows)], ids, np.arange(len(rows)))
    there = set(ids)
    left = replace(
        left,
        metadata={name: values[rows] for name, values in metadata.items()},
        labels=tuple(label for label in dataset.labels if label.image_id in there),
        skipped=skipped,
    )
    spaces = []
    for info in records.list_encoders(db, version):
        try:
            space = records.get_space(db, files, dataset, info)
        except WorkspaceDamaged:
            db.execute("DELETE FROM spaces WHERE version = ? AND encoder = ?", (version, info.fingerprint))
        else:
            spaces.append(EmbeddingSpace(info, left.ids, space.vectors[rows], space.names[rows], space.texts))
    records.replace_dataset(db, files, left)
    for space in spaces:
        records.put_space(db, files, version, space)


def _scrub_table(db: sqlite3.Connection, table: str, names: Names) -> None:
    """Rows that are about a picture go; elsewhere its name is written over."""
    about = db.execute(f'PRAGMA table_info("{table}")').fetchall()
    columns, keys = [row[1] for row in about], [row[1] for row in about if row[5]]
    if not keys:
        keys = ["rowid"]
    where = " AND ".join(f'"{key}" = ?' for key in keys)
    listed = ", ".join(f'"{name}"' for name in (*keys, *columns))
    for row in db.execute(f'SELECT {listed} FROM "{table}"').fetchall():
        place, cells = row[: len(keys)], dict(zip(columns, row[len(keys) :], strict=True))
        if any(isinstance(cell, str) and cell in names.exact for cell in cells.values()):
            db.execute(f'DELETE FROM "{table}" WHERE {where}', place)
            continue
        fresh = {name: names.cell(cell) for name, cell in cells.items() if isinstance(cell, str)}
        changed = {name: text for name, text in fresh.items() if text != cells[name]}
        if any(name in keys for name in changed):
            db.execute(f'DELETE FROM "{table}" WHERE {where}', place)
        elif changed:
            settings = ", ".join(f'"{name}" = ?' for name in changed)
            db.execute(f'UPDATE "{table}" SET {settings} WHERE {where}', (*changed.values(), *place))
