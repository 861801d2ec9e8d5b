"""Things on a plain background: taken from drawn pictures, judged on pictures as they were taken."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import embeddings.resolve
from benchmarks.planting.swapped_background import GridEncoder, swapped_case
from benchmarks.planting.vectors import vector_case
from embeddings.given import GIVEN
from tools.case import Case
from tools.effects import rare_recall
from tools.errors import UnknownName
from tools.experiments import neutral_background
from tools.registry import NotApplicable
from tools.training.baseline import plain_training
from tools.whatif import run_experiment


@pytest.fixture
def grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (GridEncoder(), ""))


@pytest.fixture
def swapped(tmp_path: Path, grid: None) -> Case:
    return swapped_case(tmp_path, agreement=0.95)


def test_grey_takes_the_place_of_the_background(swapped: Case) -> None:
    pixels = swapped.eyes.pixels([0])[0]
    plain = neutral_background.on_grey(swapped, pixels)
    assert plain is not None
    assert np.abs(plain[:6].astype(int) - neutral_background.GREY).mean() < 12  # the border
    middle = (slice(28, 36), slice(28, 36))
    assert np.abs(plain[middle].astype(int) - pixels[middle].astype(int)).mean() < 12  # the disc


def test_both_sides_train_on_the_same_pictures(swapped: Case) -> None:
    rows = np.flatnonzero(swapped.fit)[::3]
    plain = plain_training(rows, swapped.targets, 2)
    rng = np.random.default_rng(0)
    before = neutral_background.start(swapped, plain, {"how": "instead"}, rng)
    after = neutral_background.change(swapped, plain, {"how": "instead"}, rng)
    of = neutral_background._plain(swapped)["rows"]
    assert np.array_equal(of[after.rows - len(swapped.ids)], before.rows)
    assert np.array_equal(after.labels, before.labels)
    both = neutral_background.change(swapped, plain, {"how": "beside"}, rng)
    assert len(both.rows) == 2 * len(before.rows)
    assert both.weights.sum() == pytest.approx(len(before.rows))


def test_where_the_background_was_the_cue_plain_ones_help_what_it_misleads(swapped: Case) -> None:
    effect = run_experiment(swapped, "neutral-background", {"how": "instead"})
    assert effect.primary.verdict == "helps"
    rare = next(m for m in effect.measures if m.metric == rare_recall(("apples", "citrus")))
    assert rare.verdict == "helps"
    assert rare.delta > effect.primary.delta
    assert effect.changed > 0
    assert "as they were taken" in effect.notes[1]


def test_where_backgrounds_say_nothing_plain_ones_gain_nothing(tmp_path: Path, grid: None) -> None:
    effect = run_experiment(swapped_case(tmp_path, agreement=0.5), "neutral-background", {"how": "instead"})
    assert effect.primary.verdict != "helps"


def test_without_pictures_nothing_can_be_taken_apart() -> None:
    given = vector_case({"a": 40, "b": 40})
    with pytest.raises(NotApplicable):
        run_experiment(given, "neutral-background", {"how": "instead"})
    space = replace(given.space, encoder=replace(given.space.encoder, name=GIVEN))
    with pytest.raises(UnknownName, match="it needs pictures and the encoder"):
        run_experiment(replace(given, space=space), "neutral-background", {"how": "instead"})
