"""Evaluates a designed shoot: does the setting mislead? With an interval, and held against what was predicted."""

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.dataset import Dataset
from tools.errors import AdvisorError
from tools.findings import number_text
from tools.shoot_arrivals import Ticked
from tools.shoots import Plan, Result, Verdict
from tools.training.baseline import parent_scores, plain_training
from tools.two_by_two import Cell, drop

BASELINE = "the advisor's own baseline, trained on the pictures of before"


def is_full(ticked: tuple[Ticked, ...]) -> bool:
    """Whether every cell has what was wanted."""
    return all(not t.missing for t in ticked)


def evaluate(case: Case, plan: Plan, ticked: tuple[Ticked, ...], before: Dataset) -> Result:
    """What the arrived pictures show.

    The model that is asked has not seen them: the user's, where its predictions cover them all, else a head trained on
    the pictures that were there when the plan was written down.

    Raises
    ------
    AdvisorError
        If the plan is no experiment, or a cell has no picture.
    """
    if plan.kind != "experiment":
        raise AdvisorError(
            expected="a designed experiment", seen=f"shoot {plan.number}, a list of pictures to take",
            todo="A list has nothing to evaluate: import its pictures, then advisor ledger says what they brought.",
        )  # fmt: skip
    empty = [t.cell.folder for t in ticked if not t.arrived]
    if empty:
        raise AdvisorError(
            expected="pictures in all four cells", seen=f"none in {', '.join(empty)}",
            todo=f"Photograph them into {plan.folder}/{empty[0]}/, then import.",
        )  # fmt: skip
    rows = np.array([row for t in ticked for row in t.rows], dtype=np.int64)
    said, speaker = _answers(case, plan, rows, before)
    right = dict(zip(rows.tolist(), (said == case.targets[rows]).tolist(), strict=True))
    cells = [_counted(t, right) for t in ticked]
    own = [c for c, t in zip(cells, ticked, strict=True) if t.cell.own]
    other = [c for c, t in zip(cells, ticked, strict=True) if not t.cell.own]
    found = drop(own, other)
    verdict: Verdict = "causal" if found.shown else "opposite" if found.high < 0 else "not_shown"
    as_predicted = found.low <= plan.drop <= found.high
    return Result(
        shoot=plan.number,
        verdict=verdict,
        text=_text(plan, ticked, cells, (found.value, found.low, found.high), verdict, as_predicted=as_predicted),
        value=found.value,
        low=found.low,
        high=found.high,
        cells=tuple((c.right, c.objects) for c in cells),
        speaker=speaker,
        as_predicted=as_predicted,
        early=not is_full(ticked),
        cue=plan.cue,
        pair=plan.pair,
        dataset=case.dataset.version,
    )


def _answers(case: Case, plan: Plan, rows: NDArray[np.int64], before: Dataset) -> tuple[NDArray[np.int64], str]:
    """Class numbers said of some rows, and who said them."""
    given = case.predictions
    asked = plan.model, plan.model_version
    if plan.model and given is not None and asked == (given.model, given.version) and given.covered[rows].all():
        return given.predicted[rows], f"{given.model} {given.version}".strip()
    known = case.fit & np.isin(case.dataset.sha256, before.sha256)
    known[rows] = False
    training = plain_training(np.flatnonzero(known), case.targets, len(case.classes))
    scores = parent_scores(case.space.vectors, [training], [rows], len(case.classes))[0]
    return scores.argmax(axis=1).astype(np.int64), BASELINE


def _counted(ticked: Ticked, right: dict[int, bool]) -> Cell:
    """Objects of a cell, each with the share of its pictures that is right."""
    values: dict[str, list[bool]] = {}
    for row, name in zip(ticked.rows, ticked.objects, strict=True):
        values.setdefault(name, []).append(right[row])
    return Cell(float(sum(np.mean(v) for v in values.values())), len(values))


def _text(
    plan: Plan,
    ticked: tuple[Ticked, ...],
    cells: list[Cell],
    found: tuple[float, float, float],
    verdict: Verdict,
    *,
    as_predicted: bool,
) -> str:
    each = ", ".join(
        f"{t.cell.name} {t.cell.condition}: {number_text(c.share, 'share')} of {c.objects}"
        for t, c in zip(ticked, cells, strict=True)
    )
    value, low, high = (number_text(x, "points") for x in found)
    words = {
        "causal": "the setting is what misleads",
        "not_shown": "that the setting misleads is not shown",
        "opposite": "the setting helps where it was to mislead",
    }[verdict]
    against = "as predicted" if as_predicted else "not as predicted"
    return (
        f"Right by object: {each}. The other class's setting costs {value} ({low.removesuffix(' points')} to {high}); "
        f"predicted {number_text(plan.drop, 'points')} if it is what misleads: {against}. So {words}."
    )
