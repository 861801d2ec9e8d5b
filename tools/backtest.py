"""History replayed: what the advisor would have said at earlier moments, held against what came later.

At each moment the data as they were are audited and the recommended changes tried, in a workspace of their own that is
thrown away; then the same ledger as for real advice says what was followed and whether promises were kept. Nobody read
that advice, so what was followed was followed by chance: a test of the advice, not of its use.
"""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from embeddings.space import EmbeddingSpace
from tools.advice import try_advice
from tools.audit import run_checks
from tools.case import Case
from tools.changes import History
from tools.changing import history
from tools.dataset import Dataset
from tools.documents import audit_document, case_head
from tools.ledger import given_by_audit, record
from tools.ledger_documents import ledger_document
from tools.reckoning import Ledger, reckon
from tools.registry import NotApplicable
from tools.workspace import EncoderMismatch, Workspace

KEY = "back-test"
"""Document in the workspace that holds the last replay."""
TAKEN = "taken"
"""Column that an import makes of EXIF's moment of exposure."""
DATE = re.compile(r"\s*(\d{4})[-:/.](\d{1,2})[-:/.](\d{1,2})")
CUTS = 4
FIRST_SHARE = 0.4
"""Share of the dated pictures in the first replay: less is rarely a data set."""
FEWEST_DATED = 0.8
"""Share of pictures that must carry a date; the others are left out of every moment."""
FEWEST_OF_A_CLASS = 10
"""Labelled training pictures of at least two classes that a moment needs."""


@dataclass(frozen=True, eq=False)
class Moment:
    """The data as they were.

    Attributes
    ----------
    at : str
        ISO 8601 day, or the time of a dataset version.
    dataset : Dataset
    vectors : EmbeddingSpace
    """

    at: str
    dataset: Dataset
    vectors: EmbeddingSpace


@dataclass(frozen=True)
class Replayed:
    """What came of a replay.

    Attributes
    ----------
    by : str
        What dated the moments, in words.
    moments : tuple of (str, int, int)
        When, pictures then, pieces of advice given then.
    ledger : Ledger
    undated : int
        Pictures left out for want of a date.
    """

    by: str
    moments: tuple[tuple[str, int, int], ...]
    ledger: Ledger
    undated: int


def days(texts: Sequence[str]) -> NDArray[np.str_]:
    """ISO days of dates as people and cameras write them, year first; empty where there is none.

    >>> days(["2026:05:01 07:30:00", "2026-5-2", "1.5.2026", ""]).tolist()
    ['2026-05-01', '2026-05-02', '', '']
    """
    found = (DATE.match(text) for text in texts)
    return np.array([f"{m[1]}-{int(m[2]):02d}-{int(m[3]):02d}" if m else "" for m in found], dtype=np.str_)


def cuts(dated: NDArray[np.str_], count: int = CUTS) -> list[str]:
    """Days up to which the pictures of each moment were taken: ``FIRST_SHARE`` of them, then equal steps to all.

    >>> cuts(np.array(["2026-01-01"] * 5 + ["2026-01-02"] * 3 + ["2026-01-03"] * 2), 3)
    ['2026-01-01', '2026-01-02', '2026-01-03']
    """
    ordered = np.sort(dated[dated != ""])
    shares = np.linspace(FIRST_SHARE, 1.0, count)
    return list(dict.fromkeys(str(ordered[max(0, int(np.ceil(share * len(ordered))) - 1)]) for share in shares))


def by_date(case: Case, column: str = TAKEN, count: int = CUTS) -> tuple[list[Moment], int]:
    """Moments from the pictures' dates, and how many pictures carry none.

    Raises
    ------
    NotApplicable
        If too few pictures carry a date, or all the same.
    """
    if column not in case.dataset.metadata:
        raise NotApplicable(f"the pictures carry no dates (no column {column})")
    dated = days([str(text) for text in case.dataset.metadata[column]])
    known = dated != ""
    if known.mean() < FEWEST_DATED:
        raise NotApplicable(f"only {int(known.sum())} of {len(known)} pictures carry a date in {column}")
    out = []
    for cut in cuts(dated, count):
        keep = known & (dated <= cut)
        if _enough(case, keep):
            out.append(_moment(case, keep, cut))
    if len(out) < 2:
        raise NotApplicable(f"the dates in {column} do not tell two moments apart, each with enough pictures")
    return out, int((~known).sum())


def _enough(case: Case, keep: NDArray[np.bool_]) -> bool:
    sizes = np.bincount(case.targets[keep & case.fit], minlength=len(case.classes))
    return int((sizes >= FEWEST_OF_A_CLASS).sum()) >= 2


def _moment(case: Case, keep: NDArray[np.bool_], at: str) -> Moment:
    space = case.space
    vectors = replace(space, ids=space.ids[keep], vectors=space.vectors[keep], names=space.names[keep])
    return Moment(at, case.dataset.only(keep), vectors)


def by_version(workspace: Workspace, case: Case) -> list[Moment]:
    """Moments from the versions of the data, as far as they have vectors by the case's encoder.

    Raises
    ------
    NotApplicable
        If there are not two.
    """
    out = []
    for info in sorted(workspace.datasets(), key=lambda info: info.version):
        dataset = workspace.dataset(info.version)
        try:
            space = workspace.space(dataset, case.space.encoder.name)
        except EncoderMismatch:
            continue
        if space.encoder.fingerprint == case.space.encoder.fingerprint:
            out.append(Moment(info.created, dataset, space))
    if len(out) < 2:
        raise NotApplicable("neither dates of pictures nor two versions of the data are there to replay")
    return out


def back_test(
    workspace: Workspace, case: Case, *, column: str | None = None, tries: int = 5, on_step: Progress = silent
) -> Replayed:
    """Replay history by the pictures' dates, else by the versions of the data.

    Parameters
    ----------
    case : Case
        The newest one of the workspace.
    column : str, optional
        Metadata column with a date that starts with the year; else EXIF's, else the versions' own dates.
    tries : int
        Recommended changes tried at each moment.

    Raises
    ------
    NotApplicable
        Without any dates.
    """
    undated, known = 0, History(())
    try:
        moments, undated = by_date(case, column or TAKEN)
        by = f"the pictures' dates in {column or TAKEN}"
    except NotApplicable:
        if column is not None:
            raise
        moments, by, known = by_version(workspace, case), "the versions of the data", history(workspace)
    with tempfile.TemporaryDirectory(prefix="advisor-") as place:
        return Replayed(by, *_replay(Path(place), case, moments, known, tries, on_step), undated)


def _replay(
    place: Path, case: Case, moments: Sequence[Moment], known: History, tries: int, on_step: Progress
) -> tuple[tuple[tuple[str, int, int], ...], Ledger]:
    scratch = Workspace(place / "past")
    said: list[tuple[str, int, int]] = []
    for number, moment in enumerate(moments):
        on_step("replaying", number, len(moments))
        scratch.save_dataset(moment.dataset, moment.vectors)
        past = scratch.case(case.settings)
        given = []
        if number < len(moments) - 1:
            outcomes = run_checks(past, remember=scratch)
            effects = try_advice(past, outcomes, most=tries, remember=scratch)
            given = given_by_audit(past, audit_document(past, outcomes, effects))
            record(scratch, given)
        said.append((moment.at, len(moment.dataset), len(given)))
    on_step("replaying", len(moments), len(moments))
    return tuple(said), reckon(scratch, past, known=known)


def backtest_document(case: Case, found: Replayed) -> dict[str, Any]:
    """Plain JSON: the ledger of the replay, and its moments."""
    return {
        **ledger_document(case, found.ledger),
        **case_head(case, headline(found)),
        "by": found.by,
        "moments": [{"at": at, "pictures": pictures, "advice": given} for at, pictures, given in found.moments],
        "undated": found.undated,
    }


def headline(found: Replayed) -> str:
    """Moments, advice and what was kept, in one sentence."""
    record = found.ledger.record
    first, last = found.moments[0][0][:10], found.moments[-1][0][:10]
    said = (
        f"Replayed at {len(found.moments) - 1} earlier moments from {first} to {last}: "
        f"{record.given} pieces of advice, {record.followed} followed by what came later"
    )
    if record.kept.of:
        return f"{said}; {record.kept.hits} of {record.kept.of} promised gains kept"
    return f"{said}; no promised gain is decided"


def remembered(workspace: Workspace) -> dict[str, Any] | None:
    """The document of the last replay; None if there was none."""
    text = workspace.recall(KEY)
    return None if text is None else dict(json.loads(text))


def remember(workspace: Workspace, document: Mapping[str, Any]) -> None:
    """Keep a replay for the weekly report."""
    workspace.remember(KEY, json.dumps(document, allow_nan=False))
