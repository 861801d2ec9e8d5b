"""The plain heads of a case are fitted once; where heads start changes no effect."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tools.sides
from benchmarks.planting.vectors import vector_case
from benchmarks.planting.wrong_labels import flip
from tools.case import Case
from tools.effects import Effect
from tools.kinds import kinds
from tools.settings import Settings
from tools.sides import Side, both_sides, plain_side
from tools.training.baseline import Fitted, Training, fit_trainings
from tools.whatif import judge_sides, run_experiment


def noisy(**options: float) -> Case:
    settings = Settings(repeats=2)
    return flip(vector_case({"cat": 80, "dog": 80, "hen": 80}, separation=2.0, settings=settings, **options), 0.15)[0]  # type: ignore[arg-type]


def test_plain_heads_are_fitted_once_per_case_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    case, fits = noisy(), []

    def counting(vectors: np.ndarray, trainings: Sequence[Training], **options: Any) -> Fitted:
        fits.append(len(trainings))
        return fit_trainings(vectors, trainings, **options)

    monkeypatch.setattr(tools.sides, "fit_trainings", counting)
    run_experiment(case, "remove")
    run_experiment(case, "merge-classes", {"pair": "cat|dog"})
    assert fits == [10, 10, 10]  # plain, then each change
    fits.clear()
    run_experiment(replace(case), "merge-classes", {"pair": "cat|dog"})  # a later process: only the store is the same
    assert fits == [10]


def test_questions_are_the_test_split_or_the_fold_left_out() -> None:
    for case in (noisy(), noisy(test_share=0.4)):
        plain = plain_side(case)
        for training, held in zip(plain.fitted.trainings, plain.questions, strict=True):
            assert not np.isin(held, training.rows).any()
            assert len(held) + len(training.rows) == case.fit.sum()
        before, _ = both_sides(case, kinds()["remove"], {})
        expected = [np.flatnonzero(case.evaluation)] * 10 if case.has_test else plain.questions
        assert all(np.array_equal(a, b) for a, b in zip(before.questions, expected, strict=True))
        assert before.fitted is plain.fitted


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [("relabel", {}), ("remove", {}), ("merge-classes", {"pair": "cat|dog"}), ("collect-more", {}),
     ("drop-class", {"class": "cat"}), ("split-class", {"class": "cat"})],
)  # fmt: skip
def test_effects_do_not_depend_on_where_heads_start(
    kind: str, arguments: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = noisy(test_share=0.4)
    sides = both_sides(case, kinds()[kind], arguments)
    warm = judge_sides(case, kinds()[kind], arguments, *sides)
    known, width = plain_side(case).fitted, case.space.vectors.shape[1] + 1
    monkeypatch.setattr(
        Fitted, "as_start", lambda _, sets, outputs: np.zeros((len(sets), width, outputs), dtype=np.float32)
    )

    def cold(side: Side) -> Side:
        return replace(side, fitted=fit_trainings(side.vectors, side.fitted.trainings, near=known))

    from_zero = judge_sides(case, kinds()[kind], arguments, *map(cold, sides))
    for a, b in zip(warm.measures, from_zero.measures, strict=True):
        assert a.metric == b.metric
        assert a.delta == pytest.approx(b.delta, abs=2e-3)  # one answer of 960 is a tenth of a point
        assert a.low == pytest.approx(b.low, abs=3e-3)
    assert _verdicts(warm) == _verdicts(from_zero)


def _verdicts(effect: Effect) -> list[str]:
    return [m.verdict for m in effect.measures]


def test_factors_multiply_scores() -> None:
    case = noisy()
    plain = plain_side(case)
    never = replace(plain, factors=(np.array([1.0, 0.0, 1.0]),) * 10)
    said = [scores.argmax(axis=1) for scores in never.scores(3)]
    assert not any((one == 1).any() for one in said)
    assert any((one.argmax(axis=1) == 1).any() for one in plain.scores(3))
