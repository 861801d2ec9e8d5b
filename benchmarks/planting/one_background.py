"""Light and backgrounds of vector cases: one class before one kind of background, or in one light only."""

from dataclasses import replace

import numpy as np

from benchmarks.planting.vectors import vector_case
from tools.case import Case
from tools.settings import Settings

PROPERTIES = (
    "brightness",
    "warmth",
    "contrast",
    "brightest_share",
    "darkest_share",
    "border_brightness",
    "border_saturation",
)
SIZES = {"cat": 150, "dog": 150, "hen": 150, "owl": 150}


def varied_case(*, seed: int = 0, burst: int = 1, test_share: float = 0.3) -> Case:
    """Four classes, each in every light and before dark, medium and bright surrounds alike; bursts share them."""
    settings = Settings(group_column="burst")
    case = vector_case(
        SIZES, seed=seed, separation=3.0, burst=burst, burst_spread=0.02, test_share=test_share, settings=settings
    )
    rng = np.random.default_rng(seed)
    take = np.concatenate([np.arange(size) // burst + 1000 * number for number, size in enumerate(SIZES.values())])
    bursts, take = np.unique(take, return_inverse=True)

    def drawn(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, len(bursts))[take].astype(np.float32)

    ranges = ((0.25, 0.65), (0.1, 0.6), (0.1, 0.25), (0.0, 0.025), (0.0, 0.12), (0.1, 0.9), (0.05, 0.8))
    properties = {name: drawn(*limits) for name, limits in zip(PROPERTIES, ranges, strict=True)}
    metadata = {"burst": np.char.mod("%d", take)}
    return replace(case, dataset=replace(case.dataset, properties=properties, metadata=metadata))


def narrowed(case: Case, name: str, column: str, value: float, *, share: float = 1.0) -> Case:
    """The same case with a property of one class's training pictures, or of the first share of them, at one value."""
    column_values = case.dataset.properties[column].copy()
    rows = np.flatnonzero((case.targets == case.number(name)) & (case.dataset.splits == "train"))
    column_values[rows[: round(share * len(rows))]] = value
    return replace(case, dataset=replace(case.dataset, properties={**case.dataset.properties, column: column_values}))
