"""Findings that a person confirmed, as test slices for good: pictures they were found on, known by their content."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.comparing import FEWEST, Comparison, compare_models
from tools.decisions import Decisions, finding_id
from tools.findings import Finding
from tools.predictions import Predictions
from tools.registry import NotApplicable
from tools.workspace import Workspace

KEY = "slice of"


@dataclass(frozen=True)
class KeptSlice:
    """Pictures on which a model must not get worse.

    Attributes
    ----------
    about : str
        The finding's id.
    title : str
    contents : frozenset of str
        sha256 of the pictures that the finding spoke of when it was confirmed.
    """

    about: str
    title: str
    contents: frozenset[str]


def keep_slice(workspace: Workspace, case: Case, finding: Finding) -> int:
    """Remember the pictures of a finding; returns how many of them can be tested on.

    Raises
    ------
    NotApplicable
        If too few of them are evaluated.
    """
    spoken = {*finding.images, *(finding.errors or ()), *(finding.correct or ())}
    rows = [case.dataset.index[image] for image in sorted(spoken) if image in case.dataset.index]
    tested = [row for row in rows if case.evaluation[row]]
    if len(tested) < FEWEST:
        raise NotApplicable(
            f"a test slice needs {FEWEST} pictures that are judged; this finding speaks of {len(tested)}"
        )
    contents = sorted({str(case.dataset.sha256[row]) for row in tested})
    workspace.remember(f"{KEY} {finding_id(finding)}", json.dumps(contents))
    return len(tested)


def kept_slices(workspace: Workspace) -> tuple[KeptSlice, ...]:
    """Of every confirmation that stands."""
    out = []
    for decision in Decisions(workspace).standing():
        if decision.kind == "confirm":
            text = workspace.recall(f"{KEY} {decision.about}")
            out.append(KeptSlice(decision.about, decision.title, frozenset(json.loads(text or "[]"))))
    return tuple(out)


def rows_of(case: Case, kept: KeptSlice) -> NDArray[np.int64]:
    """Evaluation rows of a slice in today's data."""
    return np.flatnonzero(np.isin(case.dataset.sha256, sorted(kept.contents)) & case.evaluation)


def compare_on(case: Case, first: Predictions, second: Predictions, rows: NDArray[np.int64]) -> Comparison:
    """Two models on some pictures alone.

    Raises
    ------
    NotApplicable
        If both speak of too few of them.
    """
    return compare_models(case, *(_only(said, rows) for said in (first, second)))


def _only(said: Predictions, rows: Sequence[int] | NDArray[np.int64]) -> Predictions:
    predicted = np.full(len(said.predicted), -1, dtype=np.int64)
    predicted[rows] = said.predicted[rows]
    return replace(said, predicted=predicted)
