"""Classes in one style or in very different styles (photographs and drawings), and whether errors gather in one style.

Read by a text tower; without one a style has no name and cannot be told from what is shown.
"""

from collections.abc import Iterator

import numpy as np

from tools.case import Case
from tools.concept_modes import concept_partitions
from tools.findings import Cost, Evidence, Finding, Recommendation, Scope, severity
from tools.registry import Findings
from tools.scopes import scoped_classes
from tools.statistics import wilson
from tools.variety import FEWEST_TAKES, Partition, lacks_of, takes_of
from tools.variety_findings import ONCE, report
from tools.wording import phrase

CODE = "variety-style"
MEDIUM = "medium"
"""The group of concepts that are drastically different styles: photograph, drawing, cartoon …"""
MIXED = 0.15
"""A class is of two styles where surely more than this share of its takes is of each."""
SHOWN = 8


def check(case: Case, scope: Scope) -> Findings:
    """Report classes of several styles, errors that gather in a style, and classes that lack one that others have."""
    partitions = concept_partitions(case, "style", "the style")
    for partition in partitions:
        if partition.name == MEDIUM:
            yield from _mixed(case, scope, partition)
    return (yield from report(case, scope, CODE, partitions))


def _mixed(case: Case, scope: Scope, partition: Partition) -> Iterator[Finding]:
    """Classes of two styles: the guide says separate classes; whether that or more variety helps is for a trial."""
    found = takes_of(case, partition, case.fit)
    lacks = lacks_of(found, len(case.classes), len(partition.modes))
    for number in np.flatnonzero(scoped_classes(case, scope) & (lacks.sizes >= FEWEST_TAKES)).tolist():
        size, name = int(lacks.sizes[number]), case.classes[number]
        two = np.argsort(-lacks.counts[number], kind="stable")[:2].tolist()
        evidence = tuple(
            Evidence(f"{name}: {partition.modes[mode]}", int(lacks.counts[number, mode]) / size, "share", size,
                     *wilson(int(lacks.counts[number, mode]), size, case.settings.confidence),
                     f"Wilson interval; {ONCE}; {partition.how}")
            for mode in two
        )  # fmt: skip
        if (evidence[1].low or 0.0) < MIXED:
            continue
        shown = [found.row[(found.of_class == number) & (found.mode == mode)][:SHOWN] for mode in two]
        first, second = (partition.modes[mode] for mode in two)
        yield Finding(
            CODE,
            f"{name} is shown in two styles",
            severity(None),
            phrase("Of the takes of {class}, {a} are {first} and {b} are {second}.", evidence,
                   first=first, second=second, a=evidence[0].text, b=evidence[1].text, **{"class": name}),
            evidence,
            Scope(classes=(name,)),
            tuple(str(i) for i in case.ids[np.concatenate(shown)]),
            (
                Recommendation(
                    "split", name, CODE,
                    "very different styles may be easier to learn as separate classes; the trial splits the class by "
                    "the kinds its vectors fall into and says whether that helps. If it does not, add variety instead",
                    Cost(clicks=size // 10, minutes=5 + size / 60), "split-class", {"class": name},
                    tuple(str(i) for i in case.ids[shown[1]]),
                ),
            ),
        )  # fmt: skip
