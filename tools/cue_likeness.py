"""Directions between kinds of a class that are no cue: along them the classes differ on the same side too."""

import numpy as np
from scipy.stats import mannwhitneyu

from tools.case import Case
from tools.cues import FEWEST_GROUPS, Tested, group_means

APART = 0.6
"""Smallest chance, on one side of the cue, that a picture of B has more of it than one of A."""
P = 0.01


def only_likeness(case: Case, test: Tested) -> bool:
    """Whether a direction between kinds of a class merely points at the other class.

    What a setting does to pictures is the same whichever class they show, so among pictures on one side of it the
    classes are alike along it. Where B still has more of it than A there, on training pictures, the direction is the
    difference of the classes itself: pictures far along it are like B, which is no second thing to take away. Measured
    on group means (Mann-Whitney, one-sided). With few groups on a side nothing is said, and the cue stays.

    Parameters
    ----------
    test : Tested
        Of a cue with ``of_class``; any other cue has a meaning of its own, so the answer is no.
    """
    cue = test.cue
    if not cue.of_class:
        return False
    a, b = (case.number(name) for name in test.pair)
    rows = np.flatnonzero(case.fit & np.isfinite(cue.values))
    values, groups, side = cue.values[rows], case.derived.grouping.groups[rows], test.looks_like_b[rows]
    if not side.any() or side.all():
        return False
    more = values if values[side].mean() > values[~side].mean() else -values
    for here in (side, ~side):
        of_a, of_b = (group_means(more[m], groups[m]) for m in (here & (case.targets[rows] == c) for c in (a, b)))
        if min(len(of_a), len(of_b)) < FEWEST_GROUPS:
            continue
        found = mannwhitneyu(of_b, of_a, alternative="greater")
        if found.pvalue < P and found.statistic >= APART * len(of_a) * len(of_b):
            return True
    return False
