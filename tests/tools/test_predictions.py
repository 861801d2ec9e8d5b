"""The predictions value: coverage, fingerprint, validation."""

from dataclasses import replace

import numpy as np
import pytest

from tools.predictions import Predictions

GIVEN = Predictions("m", "1", np.array([[0.4, 0.6], [np.nan, np.nan]]), np.array([1, -1]), True)


def test_coverage() -> None:
    assert GIVEN.covered.tolist() == [True, False]


def test_the_fingerprint_follows_everything() -> None:
    others = [
        replace(GIVEN, model="n"),
        replace(GIVEN, version="2"),
        replace(GIVEN, full_vectors=False),
        replace(GIVEN, predicted=np.array([0, -1])),
        replace(GIVEN, probabilities=np.array([[0.3, 0.7], [np.nan, np.nan]])),
    ]
    assert len({GIVEN.fingerprint, *(other.fingerprint for other in others)}) == 6
    assert replace(GIVEN).fingerprint == GIVEN.fingerprint


def test_one_prediction_per_row() -> None:
    with pytest.raises(ValueError, match="one predicted class per row"):
        replace(GIVEN, predicted=np.array([1]))
