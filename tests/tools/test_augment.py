"""Changed copies of training pictures: made once, half weight each, test backgrounds never lent."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import embeddings.resolve
from benchmarks.planting.swapped_background import GridEncoder, swapped_case
from benchmarks.planting.vectors import vector_case
from embeddings.given import GIVEN
from tools.effects import rare_recall
from tools.experiments import augment
from tools.kinds import kinds
from tools.pixel_changes import cut_out, lit
from tools.registry import NotApplicable
from tools.training.baseline import plain_training
from tools.whatif import run_experiment


def test_without_pictures_nothing_can_be_changed() -> None:
    given = vector_case({"a": 40, "b": 40})
    space = replace(given.space, encoder=replace(given.space.encoder, name=GIVEN))
    assert kinds()["augment"].eligible(replace(given, space=space)) == ()
    with pytest.raises(NotApplicable, match="cannot be encoded"):
        run_experiment(given, "augment", {"how": "light"})


def test_cuts_and_light_by_hand() -> None:
    rng = np.random.default_rng(0)
    pixels = np.full((40, 60, 3), 100, dtype=np.uint8)
    cut = cut_out(pixels, rng)
    assert 0.49 <= cut.shape[0] * cut.shape[1] / 2400 <= 1
    assert (cut == 100).all()
    bright = lit(pixels, rng)
    assert 60 <= int(bright[0, 0, 0]) <= 140
    assert len(np.unique(bright)) == 1


def test_other_backgrounds_help_where_the_background_was_the_cue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (GridEncoder(), ""))
    case = swapped_case(tmp_path, agreement=0.9)
    effect = run_experiment(case, "augment", {"how": "background"})
    assert effect.primary.delta > 0
    rare = next(m for m in effect.measures if m.metric == rare_recall(("apples", "citrus")))
    assert rare.delta > 0
    assert effect.changed > 0


def test_copies_follow_their_pictures_and_weigh_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (GridEncoder(), ""))
    case = swapped_case(tmp_path, agreement=0.5)
    rows = np.flatnonzero(case.fit)[::2]
    plain = plain_training(rows, case.targets, len(case.classes))
    after = augment.change(case, plain, {"how": "cut"}, np.random.default_rng(0))
    copies = after.rows[after.rows >= len(case.ids)] - len(case.ids)
    of = augment._copies(case, "cut")["rows"][copies]
    assert np.isin(of, rows).all()
    assert (after.labels[len(rows) :] == case.targets[of]).all()
    assert after.weights.sum() == pytest.approx(len(rows))
    assert len(augment.more(case, {"how": "cut"})) == case.fit.sum()
