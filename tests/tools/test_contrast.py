"""Words for what tells some pictures from others."""

import numpy as np

from benchmarks.planting.vectors import assemble
from tools.contrast import WORDS, contrast


def case_with(**properties: np.ndarray):
    n = 80
    return assemble(
        np.random.default_rng(0).normal(size=(n, 8)),
        ["a"] * n,
        properties={name: values.astype(np.float32) for name, values in properties.items()},
    )


def test_the_strongest_differences_come_first_and_small_ones_not_at_all() -> None:
    rng = np.random.default_rng(0)
    half = np.repeat([0.0, 1.0], 40)
    case = case_with(
        brightness=half * 3 + rng.normal(size=80),
        saturation=-half * 1.5 + rng.normal(size=80),
        sharpness=half * 0.2 + rng.normal(size=80),
    )
    these, others = np.arange(40, 80), np.arange(40)
    assert contrast(case, these, others).words == ("brighter", "paler in colour")
    assert contrast(case, others, these).words == ("darker", "stronger in colour")


def test_without_a_difference_it_says_so() -> None:
    case = case_with(brightness=np.random.default_rng(0).normal(size=80))
    found = contrast(case, np.arange(40), np.arange(40, 80))
    assert found.words == ()
    assert "see the pictures" in found.text


def test_words_exist_for_measured_properties_only() -> None:
    from embeddings.properties import PROPERTIES

    assert set(WORDS) <= set(PROPERTIES)
