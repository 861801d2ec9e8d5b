"""The pictures of the inbox beside the data set, as its production split: how they differ from what was trained on."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from embeddings.cache import VectorCache
from tools.case import Case
from tools.extending import pictures as inbox_dataset
from tools.inbox import LAYOUT, Inbox, Picture
from tools.pieces import joined, joined_space
from tools.predictions import Predictions
from tools.registry import NotApplicable
from tools.workspace import Workspace

CHECKS = ("distribution-shift", "training-too-easy", "negatives")
"""Checks that look at production pictures."""


def production_case(workspace: Workspace, case: Case, pictures: tuple[Picture, ...] | None = None) -> Case:
    """The case with pictures of the inbox as unlabelled production pictures; nothing is stored.

    Parameters
    ----------
    pictures : tuple of Picture, optional
        All that wait when left out. Those without a vector are passed over.

    Raises
    ------
    NotApplicable
        If there are none.
    """
    cache = VectorCache(workspace.vectors, case.space.encoder.fingerprint)
    chosen = Inbox(workspace).pictures() if pictures is None else pictures
    there = set(case.dataset.sha256.tolist())
    seen = cache.rows(p.sha256 for p in chosen if p.sha256 not in there)
    if not seen:
        raise NotApplicable("no picture of the inbox has a vector: advisor inbox add brings some")
    added = workspace.database.read(
        lambda db: inbox_dataset(db, workspace, cache, dict.fromkeys(seen, "production")), layout=LAYOUT
    )
    assert added is not None
    found = cache.take(np.array([seen[digest] for digest in added.sha256.tolist()], dtype=np.int64))
    theirs = replace(case.space, ids=added.ids, vectors=found.vectors, names=found.names)
    ids = [*case.ids.tolist(), *added.ids.tolist()]
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)
    rows = [np.arange(len(case.ids)), np.arange(len(added))]
    data = joined(case.dataset, [(case.dataset, rows[0]), (added, rows[1])], [ids[i] for i in order.tolist()], order)
    data = replace(data, labels=case.dataset.labels)
    space = joined_space([case.space, theirs], rows, data.ids, order)
    said = case.predictions and _extended(workspace, case, case.predictions, added.sha256.tolist(), order)
    return replace(case, dataset=data, space=space, predictions=said, others=None)


def _extended(
    workspace: Workspace, case: Case, given: Predictions, digests: list[str], order: NDArray[np.int64]
) -> Predictions:
    """What the same model version said of the new pictures, where it gave every class's score, beside what it said."""
    spoke = {s.sha256: s for s in Inbox(workspace).said() if (s.model, s.version) == (given.model, given.version)}
    scores = np.full((len(digests), len(case.classes)), np.nan)
    best = np.full(len(digests), -1, dtype=np.int64)
    for row, digest in enumerate(digests):
        said = spoke.get(digest)
        if said is not None and set(said.scores) == set(case.classes):
            scores[row] = [said.scores[name] for name in case.classes]
            best[row] = int(scores[row].argmax())
    return replace(
        given,
        probabilities=np.concatenate([given.probabilities, scores])[order],
        predicted=np.concatenate([given.predicted, best])[order],
    )
