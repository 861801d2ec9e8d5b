"""Whose word counted at some time, so that it can be heard again by today's labels."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tools import records
from tools.case import Case
from tools.models import given_models, predictions_of
from tools.predictions import Predictions
from tools.registry import NotApplicable
from tools.workspace import Workspace


def standing(workspace: Workspace, case: Case) -> dict[str, Any]:
    """Whose errors are counted in a case, as plain JSON that ``said_then`` understands."""
    given = None
    if case.subject == "user" and case.predictions is not None:
        model, version = case.predictions.model, case.predictions.version
        given = next((g.number for g in given_models(workspace) if (g.model, g.version) == (model, version)), None)
    name = "the baseline" if given is None else f"{model} {version}".strip()
    return {"dataset": case.dataset.version, "given": given, "name": name, "encoder": case.space.encoder.name}


def said_then(workspace: Workspace, case: Case, then: Mapping[str, Any]) -> Predictions:
    """What counted then, laid onto the pictures of today.

    The user's model: its predictions. The baseline: as it was trained on the data set of then, heard only where it had
    not been trained.

    Raises
    ------
    NotApplicable
        If the predictions, or the vectors of that data set, are gone.
    """
    if then["given"] is not None:
        found = next((g for g in given_models(workspace) if g.number == then["given"]), None)
        if found is None:
            raise NotApplicable(f"the predictions of {then['name']} were replaced")
        return predictions_of(workspace, found, case)
    if then["dataset"] == case.dataset.version:
        return heard(case, case)
    dataset = workspace.dataset(int(then["dataset"]))
    fitting = [i for i in workspace.encoders(dataset.version) if i.fingerprint == case.space.encoder.fingerprint]
    if not fitting:
        raise NotApplicable("the pictures of then have no vectors by today's encoder")
    before = Case(dataset, workspace.space(dataset, fitting[0].name), case.settings, store=workspace.store)
    return heard(case, before)


def heard(case: Case, before: Case) -> Predictions:
    """The baseline of one case on the pictures of another, matched by picture."""
    scores = before.derived.baseline
    rows = np.flatnonzero(np.isfinite(scores).all(axis=1) & before.evaluation)
    kept = {
        "ids": before.dataset.ids[rows],
        "sha256": before.dataset.sha256[rows],
        "probabilities": scores[rows],
        "predicted": scores[rows].argmax(axis=1),
    }
    classes = list(before.dataset.classes)
    return records.match_predictions(case.dataset, "baseline", str(before.dataset.version), classes, True, kept)
