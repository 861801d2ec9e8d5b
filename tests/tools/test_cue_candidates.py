"""Candidates from words, backgrounds and EXIF; a store that is asked once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import embeddings.resolve
from benchmarks.planting.pasted_cue import pasted_case
from benchmarks.planting.swapped_background import GridEncoder, swapped_case
from benchmarks.planting.vectors import assemble
from tools.cue_candidates import (
    UNNAMED,
    WORDS,
    Backgrounds,
    _described,
    background_cues,
    backgrounds_of,
    concept_cues,
    linear_names,
)
from tools.cue_suspects import contradicting
from tools.cues import Cue, candidates, try_cue
from tools.registry import NotApplicable

PAIR = ("apples", "citrus")


@pytest.fixture(scope="module", autouse=True)
def grid() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (GridEncoder(), ""))
        yield


@pytest.mark.parametrize("plant", ["background", "mark"])
def test_a_direction_of_the_backgrounds_is_the_planted_one(tmp_path: Path, plant: str) -> None:
    case = swapped_case(tmp_path) if plant == "background" else pasted_case(tmp_path)[0]
    cues = background_cues(case, PAIR, backgrounds_of(case, [PAIR]))
    training, judged = np.flatnonzero(case.fit), np.flatnonzero(case.derived.judged)
    best = max((try_cue(case, c, PAIR, training, judged, case.derived.predicted) for c in cues),
               key=lambda t: t.strength)  # fmt: skip
    assert best.strength > 0.8
    assert best.cue.change == "background"
    assert best.cue.speaks_of(("citrus", "apples"))
    assert not best.cue.speaks_of(("apples", "pears"))


def test_given_words_are_cues_and_without_a_source_there_are_none() -> None:
    rng = np.random.default_rng(0)
    case = assemble(rng.normal(size=(60, 8)), ["a", "b"] * 30)
    assert concept_cues(case) == []
    hand = np.eye(8, dtype=np.float32)[0]
    worded = replace(case, space=replace(case.space, texts={"hand": hand}))
    (cue,) = [c for c in concept_cues(worded) if c.name == "concept a hand"]
    assert np.corrcoef(cue.values, worded.space.vectors[:, 0])[0, 1] > 0.99
    assert "a hand" in cue.more


def test_vectors_without_pictures_have_no_backgrounds() -> None:
    case = assemble(np.random.default_rng(0).normal(size=(60, 8)), [*PAIR] * 30)
    with pytest.raises(NotApplicable):
        backgrounds_of(case, [PAIR])


def test_names_of_other_vectors_follow_the_linear_head() -> None:
    rng = np.random.default_rng(0)
    case = assemble(rng.normal(size=(300, 8)), ["a", "b"] * 150)
    head = rng.normal(size=(8, 1000))
    known = replace(case, space=replace(case.space, names=(case.space.vectors @ head).astype(np.float32)))
    fresh = rng.normal(size=(20, 8))
    fresh = (fresh / np.linalg.norm(fresh, axis=1, keepdims=True)).astype(np.float32)
    found = linear_names(known, fresh)
    assert np.corrcoef(found.ravel(), (fresh @ head).ravel())[0, 1] > 0.99


def test_day_and_time_of_day_come_from_the_moment_taken() -> None:
    n = 60
    metadata = {"taken": np.array([f"2024:05:0{1 + i % 2} {'07' if i % 3 else '19'}:10:{i:02d}" for i in range(n)])}
    case = assemble(np.random.default_rng(0).normal(size=(n, 6)), ["a", "b"] * 30, metadata=metadata)
    names = {c.name for c in candidates(case, np.arange(n))}
    assert {"day taken = 2024:05:01", "day taken = 2024:05:02"} <= names
    assert any(name.startswith("time of day = ") for name in names)


def test_rows_that_chose_a_cue_do_not_prove_it() -> None:
    case = assemble(np.random.default_rng(0).normal(size=(80, 6)), ["a"] * 40 + ["b"] * 40)
    rows = np.arange(80)
    values = np.repeat([0.0, 1.0], 40)
    values[20:40] = values[60:] = np.tile([0.0, 1.0], 20)[:20]
    chosen = Cue("x", "less", "more", values, chosen_on=np.r_[0:20, 40:60])
    predicted = np.repeat([0, 1], 40)
    assert try_cue(case, replace(chosen, chosen_on=rows[:0]), ("a", "b"), rows, rows, predicted).present_p < 0.01
    assert try_cue(case, chosen, ("a", "b"), rows, rows, predicted).present_p > 0.5


def test_unmeasured_pictures_are_left_out() -> None:
    case = assemble(np.random.default_rng(0).normal(size=(80, 6)), ["a"] * 40 + ["b"] * 40)
    values = np.repeat([0.0, 1.0], 40)
    values[:12], values[12:20] = 1.0, np.nan
    rows = np.arange(80)
    found = try_cue(case, Cue("x", "less", "more", values), ("a", "b"), rows, rows, np.repeat([1, 1], 40))
    assert found.against == (12, 12)
    assert found.along == (20, 20)
    assert found.words == "more"


def test_the_store_is_asked_once() -> None:
    case = assemble(np.random.default_rng(0).normal(size=(20, 4)), ["a", "b"] * 10)
    calls = []

    def compute() -> dict[str, np.ndarray]:
        calls.append(1)
        return {"x": np.arange(3)}

    kept = case.derived.kept
    assert kept("thing", compute)["x"].tolist() == kept("thing", compute)["x"].tolist()
    assert len(calls) == 1


def test_suspects_against_the_cue_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    case = assemble(np.random.default_rng(0).normal(size=(80, 6)), ["a"] * 40 + ["b"] * 40)
    rows, values = np.arange(80), np.repeat([0.0, 1.0], 40)
    values[:12] = 1.0
    test = try_cue(case, Cue("x", "less", "more", values), ("a", "b"), rows, rows, np.repeat([0, 1], 40))
    flagged = np.isin(rows, [0, 1, 30, 50])
    monkeypatch.setattr("tools.cue_suspects.case_suspects", lambda _: SimpleNamespace(rows=rows, flagged=flagged))
    assert contradicting(case, test) == (4, 2)


def test_backgrounds_are_told_by_one_word_of_colour_and_one_of_texture() -> None:
    rng = np.random.default_rng(0)
    looks = rng.normal(size=(40, len(WORDS))).astype(np.float32)
    looks[:20, 0] += 3  # lighter
    looks[:20, 1] -= 9  # greyer, the stronger of the two
    looks[:20, 4] += 5  # busier
    nothing = np.zeros((40, 0), dtype=np.float32)
    found = Backgrounds(np.arange(40), nothing, nothing, looks)
    ends = np.arange(20), np.arange(20, 40)
    assert _described(found, *ends) == "on a greyer, busier background"
    assert _described(found, *ends[::-1]) == "on a more colourful, smoother background"
    plain = Backgrounds(np.arange(40), nothing, nothing, looks * 0)
    assert _described(plain, *ends) == UNNAMED
