"""Bad pictures: dark, overexposed, blurred, empty, tiny or oddly shaped, harmless or with the errors among them."""

from dataclasses import replace

import numpy as np

from tools.case import Case

USUAL = {"brightness": (0.45, 0.06), "sharpness": (5.6, 0.4), "entropy": (7.4, 0.15)}
"""Mean and deviation in ordinary photographs (of the logarithm for sharpness), as in the grocery photographs."""


def with_properties(case: Case, *, seed: int = 0) -> Case:
    """The same case with ordinary picture properties."""
    rng = np.random.default_rng(seed)
    drawn = {name: rng.normal(mean, spread, len(case.ids)) for name, (mean, spread) in USUAL.items()}
    drawn["sharpness"] = np.exp(drawn["sharpness"])
    properties = {name: column.astype(np.float32) for name, column in drawn.items()}
    return replace(case, dataset=replace(case.dataset, properties=properties))


def spoil(
    case: Case, column: str, value: float, count: int, *, harmful: bool = False, seed: int = 0
) -> tuple[Case, frozenset[str]]:
    """Give ``count`` random pictures a bad value.

    Parameters
    ----------
    column : str
        A property; or ``side`` (both sides get ``value`` pixels), or ``aspect`` (width becomes ``value`` × height).
    harmful : bool
        Also replace the pictures' vectors by noise, so that no head can place them.

    Returns
    -------
    case : Case
    spoilt : frozenset of str
    """
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(case.ids), count, replace=False)
    data = case.dataset
    widths, heights = data.widths.copy(), data.heights.copy()
    properties = dict(data.properties)
    if column == "side":
        widths[rows] = heights[rows] = round(value)
    elif column == "aspect":
        widths[rows] = np.rint(value * heights[rows]).astype(np.int64)
    else:
        properties[column] = properties[column].copy()
        properties[column][rows] = value
    space = case.space
    if harmful:
        vectors = space.vectors.copy()
        noise = rng.normal(size=(count, vectors.shape[1]))
        vectors[rows] = noise / np.linalg.norm(noise, axis=1, keepdims=True)
        space = replace(space, vectors=vectors)
    dataset = replace(data, widths=widths, heights=heights, properties=properties)
    return replace(case, dataset=dataset, space=space), frozenset(case.ids[rows].tolist())
