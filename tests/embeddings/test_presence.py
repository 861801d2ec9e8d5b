"""When a concept counts as present: p-values, thresholds, their rates, and what is said with too few pictures."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.presence import CannotCalibrate, Presence, false_alarm_counts, presence, smallest_null

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
SHAPES: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy tails": lambda rng, n: rng.standard_t(3, size=n),
    "three kinds of picture": lambda rng, n: rng.normal(size=n) + 2 * rng.integers(-1, 2, n),
}


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def told(
    scores: NDArray[np.float64],
    null: NDArray[np.float64] | None = None,
    *,
    false_alarms: float = 0.05,
    unrelated: NDArray[np.int64] | None = None,
) -> Presence:
    found = presence(scores, null, false_alarms=false_alarms, unrelated=unrelated)
    assert isinstance(found, Presence)
    return found


def test_by_hand_against_given_null_pictures() -> None:
    found = told(np.array([0, 3, 3.5, 9]), np.array([1.0, 2, 3, 4, 5]), false_alarms=0.5)
    np.testing.assert_allclose(found.p_values, [6 / 6, 4 / 6, 3 / 6, 1 / 6])
    assert (found.threshold, found.present.tolist()) == (3, [False, False, True, True])
    # Beta-binomial of 4 with (3, 3): 30 · C(4, k) · B(k + 3, 7 − k) = 5, 10, 12, 10, 5 of 42.
    assert found.chance == pytest.approx(27 / 42)
    assert (found.smallest_share, found.null, found.null_size) == (None, "given pictures", 5)


def test_the_smallest_share_by_hand() -> None:
    found = told(np.zeros(20), np.array([1.0, 2, 3, 4, 5]), false_alarms=0.5)
    # Beta-binomial of 20 with (3, 3): C(k + 2, 2) · C(22 − k, 2) of C(25, 5) = 53,130. From 20 downwards 231, 630,
    # 1,140, 1,710: at least 18 in 2,001 (3.8 %), at least 17 in 3,711 (7.0 %). So 18 of 20, half of the others false.
    assert found.smallest_share == pytest.approx((18 / 20 - 0.5) / 0.5)


def test_by_hand_against_the_mirrored_own_pictures() -> None:
    found = told(np.array([20, -5, 4, -4, 3, -3, 2, -2, 1, -1, 0.0]), false_alarms=0.5)
    assert found.threshold == 1  # null: −5 … −1 and 1 … 5; 5 of 11 may be above
    assert found.present.tolist() == [True, False, True, False, True, False, True, False, False, False, False]
    np.testing.assert_allclose(found.p_values[:3], [1 / 11, 11 / 11, 3 / 11])
    assert (found.null, found.null_size) == ("own pictures", 5)


def test_present_is_a_p_value_of_at_most_the_rate(rng: np.random.Generator) -> None:
    scores, null = rng.integers(0, 40, 500).astype(float), rng.integers(0, 40, 150).astype(float)
    for rate in (0.05, 0.1):
        found = told(scores, null, false_alarms=rate)
        np.testing.assert_array_equal(found.present, found.p_values <= rate + 1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("given", [True, False])
def test_without_the_concept_the_stated_share_is_present_and_it_is_not_told(
    rng: np.random.Generator, shape: str, given: bool
) -> None:
    draw = SHAPES[shape]
    results = [told(draw(rng, 600), draw(rng, 100) if given else None) for _ in range(200)]
    shares = np.array([found.present.mean() for found in results])
    assert shares.mean() <= 0.05 + 3 * shares.std() / np.sqrt(200)
    assert shares.mean() >= 0.035  # nor is the rate bought with a threshold far too high
    assert sum(found.told for found in results) <= 21  # 99 % quantile of 200 at 6.5 %


@pytest.mark.parametrize("given", [True, False])
def test_the_stronger_the_concept_the_more_pictures_are_found(rng: np.random.Generator, given: bool) -> None:
    recalls = []
    for strength in (0.0, 1.0, 2.0, 4.0):
        scores = rng.normal(size=1000)
        scores[:100] += strength
        found = told(scores, rng.normal(size=400) if given else None)
        recalls.append(found.present[:100].mean())
        assert found.told == (strength >= 2) or strength == 1
    assert recalls == sorted(recalls)
    assert recalls[0] < 0.15
    assert recalls[-1] > 0.95


def test_a_concept_in_many_pictures_makes_the_own_null_miss_some_but_raises_no_false_alarm(
    rng: np.random.Generator,
) -> None:
    scores = rng.normal(size=2000)
    scores[:600] += 4
    own, given = told(scores), told(scores, rng.normal(size=400))
    assert own.present[600:].mean() < 0.02
    assert 0.8 < own.present[:600].mean() < given.present[:600].mean()
    scores[:1400] = rng.normal(size=1400) + 4  # in 70 %: the own pictures cannot tell any more
    assert told(scores).present[:1400].mean() < 0.1


@pytest.mark.parametrize("given", [True, False])
def test_the_smallest_share_can_be_told_and_half_of_it_mostly_not(rng: np.random.Generator, given: bool) -> None:
    def rate(share: float) -> float:
        hits = 0
        for _ in range(100):
            scores = rng.normal(size=800)
            scores[: round(share * 800)] = 9
            hits += told(scores, rng.normal(size=100) if given else None).told
        return hits / 100

    smallest = told(rng.normal(size=800), rng.normal(size=100) if given else None).smallest_share
    assert smallest is not None
    assert 0.01 < smallest < 0.1
    assert rate(2.5 * smallest) > 0.9
    assert rate(0.4 * smallest) < 0.4


def test_skewed_scores_are_not_told_once_unrelated_texts_are_as_skewed(rng: np.random.Generator) -> None:
    def skewed() -> NDArray[np.float64]:
        return rng.gamma(4, size=500)

    counts = false_alarm_counts(np.stack([skewed() for _ in range(64)], axis=1))
    assert counts.mean() / 500 > 0.1  # the rate does not hold here, and this shows it
    alone = [told(skewed()).told for _ in range(100)]
    beside = [told(skewed(), unrelated=counts).told for _ in range(100)]
    assert sum(alone) > 90
    assert sum(beside) <= 13  # 99 % quantile of 100 at 6 %
    planted = skewed()
    planted[:100] = 40
    assert told(planted, unrelated=counts).told


def test_too_few_pictures_give_a_typed_answer_and_no_number() -> None:
    assert presence(np.ones(9), np.arange(58.0)) == CannotCalibrate(58, 59)
    assert isinstance(presence(np.ones(9), np.arange(59.0)), Presence)
    assert presence(np.arange(117.0)) == CannotCalibrate(58, 59)
    assert isinstance(presence(np.arange(118.0)), Presence)
    assert presence(np.zeros(0)) == presence(np.full(500, 3.0)) == CannotCalibrate(0, 59)
    assert str(CannotCalibrate(12, 59)) == "cannot be calibrated: 12 pictures without the concept, 59 are needed"
    assert smallest_null(0.2) == 14  # 1 − .8^13 = .945, 1 − .8^14 = .956


def test_tied_scores_are_taken() -> None:
    scores = np.repeat([0.0, 1.0, 2.0], [290, 20, 290])
    found = told(scores)
    assert found.present.sum() == 0  # what ties with the null is not above it
    assert found.chance == 1


def test_no_pictures_in_question_are_taken() -> None:
    found = told(np.zeros(0), np.arange(100.0))
    assert (found.p_values.shape, found.chance, found.smallest_share) == ((0,), 1, None)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_scores_that_are_no_numbers_are_refused(value: float) -> None:
    scores = np.arange(200.0)
    scores[3] = value
    with pytest.raises(ValueError, match="finite"):
        presence(scores)
    with pytest.raises(ValueError, match="finite"):
        presence(np.arange(5.0), scores)


@pytest.mark.parametrize("rate", [0.0, -0.1, 0.6, np.nan])
def test_a_rate_outside_its_range_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="false-alarm rate"):
        presence(np.arange(200.0), false_alarms=rate)
