"""Given predictions, trained versions and the baseline, each by the name that people use."""

from pathlib import Path

import numpy as np
import pytest

from tests.tools.small_network import small_case
from tools.case import Case
from tools.comparing import compare_models
from tools.errors import UnknownName
from tools.models import SERVING, given_models, model_named, serving
from tools.predictions import Predictions
from tools.retraining import retrain
from tools.training.recipe import Recipe
from tools.workspace import Workspace


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Workspace, Case]:
    kept, case = small_case(tmp_path, monkeypatch)
    for version, wrong in (("7", 12), ("8", 4)):
        right = np.ones(len(case.ids), dtype=bool)
        right[np.flatnonzero(case.evaluation)[:wrong]] = False
        predicted = np.where(right, case.targets, 1 - case.targets)
        kept.save_predictions(case.dataset, Predictions("shop", version, np.eye(2)[predicted], predicted, True))
    return kept, kept.case(case.settings)


def test_a_model_by_name_and_version(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    assert [g.name for g in given_models(kept)] == ["shop@7", "shop@8"]
    assert model_named(kept, case, "shop")[0] == "shop@8"
    name, said = model_named(kept, case, "shop@7")
    assert name == "shop@7"
    assert (said.predicted[case.evaluation] != case.targets[case.evaluation]).sum() == 12


def test_any_two_are_comparable(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    retrain(kept, case, Recipe())
    names = ("shop@7", "shop@8", "1", "baseline")
    said = [model_named(kept, case, name)[1] for name in names]
    rows = int(case.evaluation.sum())
    assert all(len(compare_models(case, a, b).rows) == rows for a in said for b in said)
    found = compare_models(case, said[0], said[1])
    assert (len(found.better), len(found.worse)) == (8, 0)


def test_the_baseline_and_a_head_trained_alike_agree_on_the_test_split(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    retrain(kept, case, Recipe())
    one, other = (model_named(kept, case, name)[1] for name in ("1", "baseline"))
    agree = (one.predicted == other.predicted)[case.evaluation].mean()
    assert agree > 0.95


def test_new_predictions_of_a_version_take_the_place_of_the_old(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    kept.save_predictions(case.dataset, Predictions("shop", "7", np.eye(2)[case.targets], case.targets.copy(), True))
    assert [g.name for g in given_models(kept)] == ["shop@8", "shop@7"]
    said = model_named(kept, case, "shop@7")[1]
    assert (said.predicted == case.targets).all()


def test_which_one_serves(small: tuple[Workspace, Case]) -> None:
    kept, _ = small
    assert serving(kept) is None
    kept.choose(SERVING, "shop@7")
    found = serving(kept)
    assert found is not None
    assert found.version == "7"


def test_unknown_names_list_what_there_is(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    with pytest.raises(UnknownName, match="shop@7, shop@8, baseline"):
        model_named(kept, case, "shopp")
    with pytest.raises(UnknownName, match="advisor retrain"):
        model_named(kept, case, "4")
