"""Classes photographed in one light only, and whether errors gather in some kind of light.

Exposure, colour cast and contrast are told relative to what is usual for the class, because a lemon is brighter and
warmer than an avocado in any light; what is burnt out or black is told by itself. Exposure is that of the picture
without its outer ring, so that a border put round it is no other light. Where the encoder has a text tower,
its reading of the light is used too.
"""

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.concept_modes import concept_partitions
from tools.findings import Scope
from tools.registry import Findings, NotApplicable
from tools.variety import Partition, binned, relative_to_class
from tools.variety_findings import report

CODE = "variety-lighting"
RELATIVE = (
    ("exposure", "brightness", 0.10, ("clearly darker", "about as bright as", "clearly brighter")),
    ("colour cast", "warmth", 0.10, ("clearly cooler in colour", "about as warm as", "clearly warmer in colour")),
    ("contrast", "contrast", 0.05, ("clearly flatter", "about as rich in contrast as", "clearly richer in contrast")),
)  # fmt: skip
"""Name, property, distance from the class's median, words. 0.1 of brightness is two thirds of a stop at mid grey
(0.4 × 2^(0.67 / 2.2) = 0.49), the others can be seen side by side. Of 1,442 grocery photographs, all taken in shops,
4 %, 18 % and 5 % lie beyond."""
ABSOLUTE = (
    ("highlights", "brightest_share", 0.02, ("nowhere burnt out", "burnt out or pure white in places")),
    ("shadows", "darkest_share", 0.10, ("hardly anywhere black", "black in places")),
)
"""Name, property, limit, words below and above it; of the grocery photographs 2.9 % and 3.5 % lie above."""


def check(case: Case, scope: Scope) -> Findings:
    """Report errors that gather in a kind of light, and classes that lack a kind that others have."""
    partitions = measured_partitions(case)
    note = ""
    try:
        partitions += concept_partitions(case, "lighting", "the light")
    except NotApplicable as reason:
        note = f"Kinds of light are not named: {reason}."
    if not partitions:
        raise NotApplicable("the pictures' brightness and colour were not measured; import the folder again")
    return (yield from report(case, scope, CODE, partitions, note=note))


def measured_partitions(case: Case) -> list[Partition]:
    """Partitions by the properties that are there."""
    rows = np.arange(len(case.ids))
    out = []
    for name, column, step, (less, same, more) in RELATIVE:
        if column in case.dataset.properties:
            values = relative_to_class(case, rows, _inside(case) if column == "brightness" else _column(case, column))
            modes = (
                f"{less} than usual for their class",
                f"{same} usual for their class",
                f"{more} than usual for their class",
            )
            how = f"{column} at least {step} from the median of the class's training pictures"
            out.append(Partition(name, rows, modes, binned(values, (-step, step)), how, 1, of_pixels=True))
    for name, column, limit, modes_of in ABSOLUTE:
        if column in case.dataset.properties:
            how = f"{column.replace('_', ' ')} of the pixels at least {limit}"
            out.append(Partition(name, rows, modes_of, binned(_column(case, column), (limit,)), how, 0, of_pixels=True))
    return out


def _inside(case: Case) -> NDArray[np.float64]:
    """Mean luma inside the outer ring; of the whole picture where the ring was not measured."""
    if not {"border_brightness", "centre_difference"} <= set(case.dataset.properties):
        return _column(case, "brightness")
    return _column(case, "border_brightness") + _column(case, "centre_difference")


def _column(case: Case, name: str) -> NDArray[np.float64]:
    return case.dataset.properties[name].astype(np.float64)
