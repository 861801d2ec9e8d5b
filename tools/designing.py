"""Designs an experiment that tells whether a cue is what misleads: two classes, each in both settings.

What is expected is worked out from the pictures of today, and so is the number of objects that shows it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.cues import FEWEST_COUNTER, Cue, Tested, try_cue
from tools.errors import AdvisorError, UnknownName
from tools.findings import number_text
from tools.ladder import candidates_climbed
from tools.shoots import Cell, Expected, Plan
from tools.statistics import clustered_share
from tools.two_by_two import CONFIDENCE, MOST, POWER, objects_needed, power_of
from tools.two_by_two import Cell as Counted
from tools.two_by_two import drop as drop_of

SMALLEST_DROP = 0.10
"""A cue that costs less is not worth an experiment; it would take hundreds of objects, too."""
ASSUMED_DROP = 0.30
"""Of a class that has too few pictures in the other's setting to tell."""
NAMED = 8


def find_cue(case: Case, pair: tuple[str, str], text: str) -> Tested:
    """The cue that a text names, tried on a pair of classes; of several the one that tells the classes apart best.

    Raises
    ------
    UnknownName
        If a class or the cue is unknown, naming what there is.
    """
    for name in pair:
        if name not in case.classes:
            raise UnknownName(
                expected=f"two of the classes {', '.join(case.classes)} after --pair", seen=name, todo="Name these."
            )
    if pair[0] == pair[1]:
        raise UnknownName(expected="two different classes after --pair", seen=pair[0], todo="Name the other one, too.")
    training, judged = np.flatnonzero(case.fit), np.flatnonzero(case.derived.judged)
    cues = [cue for cue in candidates_climbed(case).cues if cue.speaks_of(pair)]

    def tried(some: Sequence[Cue]) -> list[Tested]:
        tests = [try_cue(case, cue, pair, training, judged, case.derived.predicted) for cue in some]
        return sorted(tests, key=lambda t: -t.strength)

    wanted = _plain(text)
    named = [cue for cue in cues if wanted == _plain(cue.name)] or [
        cue for cue in cues if wanted and any(wanted in _plain(words) for words in (cue.name, cue.less, cue.more))
    ]
    if not named:
        there = [t.cue.name for t in tried(cues)[:NAMED]]
        raise UnknownName(
            expected=f"a cue of {pair[0]} and {pair[1]} after --cue ({', '.join(there) or 'none is measured'})",
            seen=text, todo="Name one of these, or a metadata column, as column=value.",
        )  # fmt: skip
    return tried(named)[0]


def _plain(text: str) -> str:
    return "".join(text.casefold().split())


def design(
    case: Case,
    pair: tuple[str, str],
    cue: str,
    *,
    settings: tuple[str, str] | None = None,
    drop: float | None = None,
    by: str = "",
    why: str = "",
) -> Plan:
    """The plan of a 2 × 2 experiment, not yet written down.

    Parameters
    ----------
    case : Case
    pair : tuple of str
        A and B.
    cue : str
        Its name, or a part of its name or words.
    settings : tuple of str, optional
        What A's usual setting is called, and B's; the cue's words when left out.
    drop : float, optional
        What the other class's setting costs if the cue misleads, 0–1; from today's pictures when left out.

    Raises
    ------
    UnknownName
    AdvisorError
        If the cue costs too little to be shown.
    """
    test = find_cue(case, pair, cue)
    cells, counted = _cells(case, test, pair, settings or _settings(test), drop)
    shares = [c.expected.share for c in cells if c.expected is not None]
    expected = (shares[0] + shares[1] - shares[2] - shares[3]) / 2
    if expected < SMALLEST_DROP:
        raise AdvisorError(
            expected=f"a cue that costs {number_text(SMALLEST_DROP, 'share')} of accuracy at least",
            seen=f"{number_text(expected, 'points')} in today's pictures",
            todo="Name another cue, or say what you expect: --drop 30.",
        )  # fmt: skip
    needed = objects_needed(shares)
    if needed is None:
        raise AdvisorError(
            expected=f"a drop that {MOST} objects per cell show", seen=number_text(expected, "points"),
            todo="Name a cue that costs more, or say what you expect: --drop 30.",
        )  # fmt: skip
    interval = drop_of(counted[:2], counted[2:]) if drop is None and all(c.objects for c in counted) else None
    own, other = cells[0].condition, cells[1].condition
    user = case.subject == "user" and case.predictions is not None
    return Plan(
        kind="experiment",
        title=f"{pair[0]} and {pair[1]}, each {own} and {other}",
        cells=tuple(Cell(c.name, c.condition, needed, c.own, c.expected) for c in cells),
        dataset=case.dataset.version,
        cue=test.cue.name,
        pair=pair,
        drop=expected,
        low=expected if interval is None else interval.low,
        high=expected if interval is None else interval.high,
        power=power_of(shares, needed),
        model=case.predictions.model if user and case.predictions else "",
        model_version=case.predictions.version if user and case.predictions else "",
        prediction=_prediction(cells, expected, needed),
        by=by,
        why=why,
    )


def _settings(test: Tested) -> tuple[str, str]:
    """Words of A's usual setting and of B's."""
    theirs = test.words
    return (test.cue.less if theirs == test.cue.more else test.cue.more), theirs


def _cells(
    case: Case, test: Tested, pair: tuple[str, str], settings: tuple[str, str], drop: float | None
) -> tuple[list[Cell], list[Counted]]:
    """A and B in their own settings, then in each other's; and how many of today's judged pictures were right."""
    measured = case.derived.judged & np.isfinite(test.cue.values)
    places = [(pair[0], ~test.looks_like_b, True, 0), (pair[1], test.looks_like_b, True, 1),
              (pair[0], test.looks_like_b, False, 1), (pair[1], ~test.looks_like_b, False, 0)]  # fmt: skip
    cells: list[Cell] = []
    counted: list[Counted] = []
    for name, side, own, which in places:
        rows = np.flatnonzero(measured & side & (case.targets == case.number(name)))
        right, judged = _right(case, rows)
        counted.append(Counted(right, judged))
        usual = next((c.expected.share for c in cells if c.name == name and c.expected), 1.0)
        if own:
            share = (right + 0.5) / (judged + 1) if judged else 0.9
        elif drop is not None or judged < FEWEST_COUNTER:
            share, right, judged = max(0.02, usual - (ASSUMED_DROP if drop is None else drop)), 0, 0
        else:
            share = (right + 0.5) / (judged + 1)
        cells.append(Cell(name, settings[which], 0, own, Expected(share, round(right), judged)))
    return cells, counted


def _right(case: Case, rows: NDArray[np.int64]) -> tuple[float, int]:
    """How many pictures of some rows are right and how many there are, bursts counted as what they are worth."""
    if not len(rows):
        return 0.0, 0
    hits = case.derived.predicted[rows] == case.targets[rows]
    share, _, _ = clustered_share(hits, case.derived.grouping.groups[rows])
    units = len(np.unique(case.derived.grouping.groups[rows]))
    return share * units, units


def _prediction(cells: Sequence[Cell], expected: float, needed: int) -> str:
    each = "; ".join(
        f"{c.name} {c.condition} {number_text(c.expected.share, 'share')}"
        + ("" if c.own or c.expected.judged else " (assumed)")
        for c in cells
        if c.expected is not None
    )
    return (
        f"If the setting is what misleads, so many are right: {each}. The other class's setting then costs "
        f"{number_text(expected, 'points')}; if it is innocent, nothing. It is called causal if the "
        f"{number_text(CONFIDENCE, 'share').replace('.0', '')} interval of that cost lies above zero, which "
        f"{needed} different objects per cell show with {number_text(POWER, 'share').replace('.0', '')}."
    )
