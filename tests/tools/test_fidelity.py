"""How alike the baseline and the user's model are: by hand, with bursts, with nothing in common, with no model."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tools.case import Case
from tools.effects import Effect, Fidelity
from tools.fidelity import compare, confusions_alike, error_consistency, fidelity
from tools.memory import recalled
from tools.predictions import Predictions
from tools.settings import Settings
from tools.whatif import run_experiment

TARGETS = np.repeat([0, 1], 5)
MODEL = np.where(np.isin(np.arange(10), [0, 1, 2, 5]), 1 - TARGETS, TARGETS)
BASELINE = np.where(np.isin(np.arange(10), [0, 1, 3]), 1 - TARGETS, TARGETS)


def compared(
    model: np.ndarray, baseline: np.ndarray, targets: np.ndarray, groups: np.ndarray | None = None
) -> Fidelity:
    groups = np.arange(len(targets)) if groups is None else groups
    return compare(
        model, baseline, targets, groups, ("cat", "dog", "hen"), "shop-classifier 7", 0.95, np.random.default_rng(0)
    )


def numbers(found: Fidelity) -> dict[str, float]:
    return {e.name: e.value for e in found.evidence}


def test_by_hand() -> None:
    # both wrong on 0 and 1, the model alone on 2 and 5, the baseline alone on 3
    found = compared(MODEL, BASELINE, TARGETS)
    assert numbers(found)["the baseline says the same"] == pytest.approx(0.7)
    assert numbers(found)["errors the baseline makes too"] == pytest.approx(2 / 4)
    assert numbers(found)["errors shared by chance alone"] == pytest.approx(3 / 10)
    expected = 0.4 * 0.3 + 0.6 * 0.7
    assert numbers(found)["agreement of errors beyond chance"] == pytest.approx((0.7 - expected) / (1 - expected))
    assert "agrees with shop-classifier 7 on 70.0 % of these 10 pictures" in found.sentence
    assert "shares 2 of its 4 errors" in found.sentence  # too few for a share
    assert "by chance 30.0 %" in found.sentence
    assert found.resembles == "hardly"  # kappa .35, but its interval holds 0
    assert found.details == ""  # five pictures of a class are too few, and so are two classes


def test_the_interval_of_kappa_is_that_of_fleiss_cohen_and_everitt() -> None:
    rng = np.random.default_rng(1)
    wrong = rng.random(500) < 0.3
    also = np.where(rng.random(500) < 0.6, wrong, rng.random(500) < 0.2)
    kappa, low, high = error_consistency(wrong, also, np.arange(500), 0.95)  # type: ignore[misc]
    table = np.array([[np.mean((wrong == i) & (also == j)) for j in (0, 1)] for i in (0, 1)])
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    chance = rows @ columns
    mixed = sum(table[i, j] * ((i == j) - (rows[j] + columns[i]) * (1 - kappa)) ** 2 for i in (0, 1) for j in (0, 1))
    variance = (mixed - (kappa - chance * (1 - kappa)) ** 2) / (1 - chance) ** 2 / 499  # 1969, equation 13
    assert (high - low) / 2 == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-6)
    assert (low + high) / 2 == pytest.approx(kappa)


def test_a_burst_counts_as_one_picture() -> None:
    rng = np.random.default_rng(2)
    wrong = rng.random(60) < 0.4
    also = wrong ^ (rng.random(60) < 0.2)
    single = error_consistency(wrong, also, np.arange(60), 0.95)
    bursts = error_consistency(np.repeat(wrong, 4), np.repeat(also, 4), np.repeat(np.arange(60), 4), 0.95)
    assert bursts == pytest.approx(single)


def test_kappa_is_undefined_where_neither_errs() -> None:
    assert error_consistency(np.zeros(9, np.bool_), np.zeros(9, np.bool_), np.arange(9), 0.95) is None
    found = compared(TARGETS, TARGETS, TARGETS)
    assert "makes no error on them" in found.sentence
    assert found.resembles == "hardly"


def test_rank_correlation_of_confusions_by_hand() -> None:
    targets = np.repeat([0, 1, 2], 20)
    model, baseline = targets.copy(), targets.copy()
    # 0→1 0→2 1→0 1→2 2→0 2→1: the model 5 0 4 3 0 1, the baseline 6 0 3 4 1 0
    model[:5], model[20:24], model[24:27], model[40] = 1, 0, 2, 1
    baseline[:6], baseline[20:23], baseline[24:28], baseline[40] = 1, 0, 2, 0
    rho, low, high, cells = confusions_alike(  # type: ignore[misc]
        model, baseline, targets, np.arange(60), 3, 0.95, np.random.default_rng(0)
    )
    first, second = np.array([6, 1.5, 5, 4, 1.5, 3]), np.array([6, 1.5, 4, 5, 3, 1.5])
    assert rho == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert cells == 6
    assert low <= rho <= high <= 1
    assert confusions_alike(MODEL, BASELINE, TARGETS, np.arange(10), 2, 0.95, np.random.default_rng(0)) is None


def test_the_largest_gap_in_recall_is_named() -> None:
    targets = np.repeat([0, 1, 2], 40)
    model, baseline = targets.copy(), targets.copy()
    model[80:110] = 0
    baseline[:4] = 1
    found = compared(model, baseline, targets)
    gap = next(e for e in found.evidence if e.name == "gap in recall of hen")
    assert gap.value == pytest.approx(0.75)
    assert gap.low is not None and 0.5 < gap.low < 0.75  # noqa: PT018
    assert "the recall of hen: 100.0 % by the baseline, 25.0 % by shop-classifier 7 (+75.0 points" in found.details


def with_model(case: Case, said: np.ndarray) -> Case:
    scores = np.full((len(said), len(case.classes)), 0.1)
    scores[np.arange(len(said)), said] = 0.8
    return replace(case, predictions=Predictions("shop-classifier", "7", scores, said, full_vectors=True))


def test_the_same_answers_resemble_closely_and_errors_at_random_hardly() -> None:
    case = vector_case({"cat": 120, "dog": 120, "hen": 120}, separation=1.2, test_share=0.5)
    said = case.derived.baseline.argmax(axis=1)
    twin = fidelity(with_model(case, said))
    assert twin is not None
    assert twin.resembles == "closely"
    assert numbers(twin)["errors the baseline makes too"] == 1
    assert numbers(twin)["confusions rank alike"] == pytest.approx(1)
    rng, hardly, covered = np.random.default_rng(0), 0, 0
    for _ in range(40):
        slips = rng.random(len(said)) < 0.25
        other = fidelity(
            with_model(case, np.where(slips, (case.targets + rng.integers(1, 3, len(said))) % 3, case.targets))
        )
        assert other is not None
        kappa = next(e for e in other.evidence if e.name.startswith("agreement of errors"))
        covered += kappa.low <= 0 <= kappa.high  # type: ignore[operator]
        hardly += other.resembles == "hardly"
    assert hardly >= 36
    assert covered >= 34  # 1 % quantile of 40 trials at 95 %


def test_it_stands_beside_an_effect_only_where_there_is_a_model() -> None:
    case = vector_case({"cat": 60, "dog": 60}, separation=1.2, test_share=0.5, settings=Settings(repeats=2))
    assert run_experiment(case, "remove").fidelity is None
    mine = with_model(case, case.derived.baseline.argmax(axis=1))
    effect = run_experiment(mine, "remove")
    assert effect.fidelity == fidelity(mine)

    class Kept:
        def __init__(self) -> None:
            self.texts: dict[str, str] = {}

        def recall(self, key: str) -> str | None:
            return self.texts.get(key)

        def remember(self, key: str, text: str) -> None:
            self.texts[key] = text

    kept = Kept()
    for _ in range(2):
        assert recalled(kept, Effect, {"case": "x"}, lambda: effect) == effect
