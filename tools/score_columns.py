"""What ``advisor export scores`` writes of each picture: one column per score, with its meaning beside it.

A column is computed from what the case derived and keeps, and from the findings; slices, kinds and cues are gathered
again only where their check found some. ``docs/scores.md`` is made from this table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.properties import PROPERTIES
from tools.case import Case
from tools.checks import (
    contradicting_duplicates,
    image_quality,
    outliers,
    split_leakage,
    typicality,
    weak_slices,
)
from tools.checks.hidden_subclasses import class_kinds
from tools.duplicates import duplicates
from tools.findings import Finding, Outcome
from tools.label_errors import case_suspects
from tools.ladder import candidates_climbed
from tools.registry import checks

Outcomes = Mapping[str, Outcome]
Values = NDArray[np.generic]
JOINED = "; "
NONE = -1


@dataclass(frozen=True)
class Column:
    """One column, or one for each class, property or check.

    Attributes
    ----------
    name : str
        ``<class>``, ``<property>`` or ``<check>`` stands for each of them.
    kind : str
        ``text``, ``number``, ``whole number`` or ``yes/no``; a missing value is an empty cell, NaN or null.
    meaning : str
        What it says, its unit and range.
    values : callable
        From case and outcomes: an array of shape (n,), or one for each full name. Yes and no as 1 and 0, NaN = unknown.
    """

    name: str
    kind: str
    meaning: str
    values: Callable[[Case, Outcomes], "Values | dict[str, Values]"]


def _named(case: Case, numbers: NDArray[np.int64]) -> Values:
    return np.array([case.classes[n] if n >= 0 else "" for n in numbers.tolist()], dtype=object)


def _of_rows(case: Case, rows: NDArray[np.int64], values: NDArray[np.generic]) -> NDArray[np.float64]:
    out = np.full(len(case.ids), np.nan)
    out[rows] = values
    return out


def _at(scores: NDArray[np.float64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """One score of each row; NaN where no column is named."""
    rows = np.arange(len(columns))
    if not scores.shape[1]:
        return np.full(len(columns), np.nan)
    return np.asarray(np.where(columns >= 0, scores[rows, np.maximum(columns, 0)], np.nan))


def _judged_by(case: Case, _: Outcomes) -> Values:
    how = "test" if case.has_test else "out of fold"
    words = np.where(case.evaluation, how, np.where(case.fit, "training", ""))
    return np.asarray(words, dtype=object)


def _correct(case: Case, _: Outcomes) -> Values:
    return np.where(case.derived.judged, case.derived.predicted == case.targets, np.nan)


def _given(case: Case, what: str) -> Values:
    given = case.predictions
    if given is None:
        return np.full(len(case.ids), "", dtype=object) if what == "said" else np.full(len(case.ids), np.nan)
    if what == "said":
        return _named(case, given.predicted)
    return _at(given.probabilities, given.predicted if what == "score" else case.targets)


def _suspect(case: Case, what: str) -> Values:
    if not case.fit.any():
        return np.full(len(case.ids), np.nan)
    found = case_suspects(case)
    return _of_rows(case, found.rows, getattr(found, what))


def _suggested(case: Case, _: Outcomes) -> Values:
    out = np.full(len(case.ids), NONE, dtype=np.int64)
    if case.fit.any():
        found = case_suspects(case)
        out[found.rows[found.flagged]] = found.suggested[found.flagged]
    return _named(case, out)


def _copy_set(case: Case, _: Outcomes) -> Values:
    found = duplicates(case)
    return np.where(found.copied, found.sets, NONE)


def _copies(case: Case, _: Outcomes) -> Values:
    sets = duplicates(case).sets
    return np.bincount(sets)[sets] - 1


def _leaked(case: Case, _: Outcomes) -> Values:
    out = np.full(len(case.ids), np.nan)
    for leak in split_leakage.measure(case):
        out[leak.held_out] = leak.leaked[leak.held_out]
    return out


def _contradicting(case: Case, _: Outcomes) -> Values:
    rows = contradicting_duplicates.contradicting(case.targets, duplicates(case).sets)
    return np.where(case.targets >= 0, rows, np.nan)


def _burst_size(case: Case, _: Outcomes) -> Values:
    codes = np.unique(case.derived.grouping.groups, return_inverse=True)[1]
    return np.asarray(np.bincount(codes)[codes])


def _oddness(case: Case, what: str) -> Values:
    if (case.targets >= 0).sum() < outliers.FEWEST:
        return np.full(len(case.ids), np.nan)
    found = case.derived.once("oddness of every picture", lambda: outliers.measure(case))
    return np.asarray(getattr(found, what), dtype=np.float64)


def _typicality(case: Case, _: Outcomes) -> Values:
    enough = len(np.unique(case.targets[case.fit])) >= 2
    return typicality.margins(case) if enough else np.full(len(case.ids), np.nan)


def _faults(case: Case, _: Outcomes) -> Values:
    found: list[list[str]] = [[] for _ in case.ids]
    for fault in image_quality.FAULTS:
        if fault.column in ("side", "aspect") or fault.column in case.dataset.properties:
            for row in np.flatnonzero(image_quality.flag(image_quality.values(case, fault.column), fault)):
                found[row].append(fault.name)
    return np.array([JOINED.join(names) for names in found], dtype=object)


def _kind(case: Case, outcomes: Outcomes) -> Values:
    out = np.full(len(case.ids), "", dtype=object)
    for finding in _findings(outcomes, "hidden-subclasses"):
        name = finding.scope.classes[0]
        kinds = class_kinds(case, name)[0]
        if kinds is not None:
            out[kinds.rows] = [f"{name} {part + 1}" for part in kinds.parts.labels.tolist()]
            out[kinds.judged] = [f"{name} {part + 1}" for part in kinds.part_of.tolist()]
    return out


def _slices(case: Case, outcomes: Outcomes) -> Values:
    members: list[list[str]] = [[] for _ in case.ids]
    if _findings(outcomes, weak_slices.CODE):
        for result in weak_slices.weak(case).results[: weak_slices.MOST]:
            for row in result.rows.tolist():
                members[row].append(result.found.name)
    return np.array([JOINED.join(names) for names in members], dtype=object)


def _cues(case: Case, outcomes: Outcomes) -> Values:
    members: list[list[str]] = [[] for _ in case.ids]
    if _findings(outcomes, "spurious-cue"):
        for climbed in candidates_climbed(case).leaning:
            test = climbed.test
            a, b = test.pair
            mine = (case.targets == case.number(a)) & np.isfinite(test.cue.values) & test.looks_like_b
            for row in np.flatnonzero(mine):
                members[row].append(f"{test.cue.name} as of {b}")
    return np.array([JOINED.join(names) for names in members], dtype=object)


def _findings(outcomes: Outcomes, code: str) -> tuple[Finding, ...]:
    return outcomes[code].findings if code in outcomes else ()


def _named_by(case: Case, outcomes: Outcomes) -> dict[str, Values]:
    out: dict[str, Values] = {}
    for code in checks():
        known = code in outcomes and outcomes[code].status in ("found", "passed")
        named = {image for finding in _findings(outcomes, code) for image in finding.images}
        here = np.array([image in named for image in case.ids.tolist()], dtype=np.float64)
        out[f"named_by_{code}"] = here if known else np.full(len(case.ids), np.nan)
    return out


def _scores(case: Case, _: Outcomes) -> dict[str, Values]:
    scores = _subject(case)
    return {f"p_{name}": scores[:, number] for number, name in enumerate(case.classes)}


def _subject(case: Case) -> NDArray[np.float64]:
    """Scores of whose errors are counted; NaN throughout where nothing can be trained."""
    return case.derived.scores if case.fit.any() else np.full((len(case.ids), len(case.classes)), np.nan)


def _baseline(case: Case, _: Outcomes) -> Values:
    return _at(case.derived.baseline if case.fit.any() else _subject(case), case.targets)


def _fold(case: Case, _: Outcomes) -> Values:
    return case.derived.folds() if case.fit.any() else np.full(len(case.ids), NONE)


def _nearest(case: Case, what: str) -> Values:
    graph = case.derived.graph
    if not graph.neighbours.shape[1]:
        return np.full(len(case.ids), "" if what == "id" else np.nan, dtype=object if what == "id" else np.float64)
    first = graph.neighbours[:, 0]
    return np.asarray(graph.similarities[:, 0]) if what == "similarity" else np.asarray(case.ids[first], dtype=object)


def _p_label(case: Case, _: Outcomes) -> Values:
    return _at(_subject(case), case.targets)


TEXT, NUMBER, WHOLE, YES = "text", "number", "whole number", "yes/no"
COLUMNS: tuple[Column, ...] = (
    Column("id", TEXT, "Path relative to the imported folder.", lambda c, _: c.ids.astype(object)),
    Column("sha256", TEXT, "Digest of the file, hexadecimal.", lambda c, _: c.dataset.sha256.astype(object)),
    Column("split", TEXT, "train, val, test or production.", lambda c, _: c.dataset.splits.astype(object)),
    Column("label", TEXT, "Class, with all accepted changes; empty = unlabelled.", lambda c, _: _named(c, c.targets)),
    Column("label_confirmed", YES, "Whether a person said that this label is right.", lambda c, _: c.confirmed_rows),
    Column("width", WHOLE, "Pixels, after rotation.", lambda c, _: c.dataset.widths),
    Column("height", WHOLE, "Pixels, after rotation.", lambda c, _: c.dataset.heights),
    Column(
        "judged_by", TEXT,
        "How the model's answer counts: test (held out), out of fold, training (no evidence), or empty (unlabelled or "
        "production).", _judged_by,
    ),
    Column("fold", WHOLE, "Fold that it was held out in, bursts whole; -1 = none.", _fold),
    Column("predicted", TEXT, "Class said by whose errors are counted: your model, else the advisor's baseline; empty "
           "where it may not be judged.", lambda c, _: _named(c, c.derived.predicted)),
    Column("correct", YES, "Whether that is the label.", _correct),
    Column("p_label", NUMBER, "Its probability of the picture's own label, 0-1.", _p_label),
    Column("p_<class>", NUMBER, "Its probability of each class, 0-1.", _scores),
    Column("model_said", TEXT, "Class said by your model, of any picture that its newest predictions cover.",
           lambda c, _: _given(c, "said")),
    Column("model_score", NUMBER, "The score of that class, 0-1.", lambda c, _: _given(c, "score")),
    Column("model_p_label", NUMBER, "Your model's score of the label, 0-1.", lambda c, _: _given(c, "label")),
    Column("baseline_p_label", NUMBER, "Probability of the label by the advisor's own baseline, which never saw the "
           "picture, 0-1.", _baseline),
    Column("wrong_label", NUMBER, "Doubt of a training label, 0-1; larger = more likely wrong. Ranks all, flagged or "
           "not (wrong-labels).", lambda c, _: _suspect(c, "doubt")),
    Column("wrong_label_flagged", YES, "Whether the check flags it.", lambda c, _: _suspect(c, "flagged")),
    Column("suggested_label", TEXT, "Of flagged pictures: the class that fits better.", _suggested),
    Column("typicality", NUMBER, "Lead of its own class over the next, of a head that never saw it, class sizes taken "
           "out, -1 to 1; training pictures only (typicality).", _typicality),
    Column("oddness", NUMBER, "1 - mean similarity to the nearest pictures of other bursts, 0-2 (outliers).",
           lambda c, _: _oddness(c, "distance")),
    Column("oddness_p", NUMBER, "That a picture of its class lies so far out, 0-1; before correction.",
           lambda c, _: _oddness(c, "p")),
    Column("odd", YES, "Whether outliers reports it.", lambda c, _: _oddness(c, "odd")),
    Column("nearest", TEXT, "Id of the most similar other picture.", lambda c, _: _nearest(c, "id")),
    Column("nearest_similarity", NUMBER, "Cosine similarity to it, -1 to 1.", lambda c, _: _nearest(c, "similarity")),
    Column("copy_set", WHOLE, "Number of its set of copies (near-duplicates); -1 = no copy.", _copy_set),
    Column("copies", WHOLE, "How many other copies of it there are.", _copies),
    Column("copy_in_training", YES, "Of test and val pictures: whether training has a copy (split-leakage).", _leaked),
    Column("copy_contradicts", YES, "Whether a copy has another label (contradicting-duplicates).", _contradicting),
    Column("burst", WHOLE, "Number of the group that folds keep whole: your --group column, else bursts of one object.",
           lambda c, _: c.derived.grouping.groups),
    Column("burst_size", WHOLE, "Pictures in that group.", _burst_size),
    Column("kind", TEXT, "Class and number of its hidden kind, 1 = the largest (hidden-subclasses); empty = no kinds.",
           _kind),
    Column("slices", TEXT, "Weak slices that hold it, of judged pictures (weak-slices).", _slices),
    Column("cues", TEXT, "Cues in which it looks like another class, that the model leans on or may lean on "
           "(spurious-cue).", _cues),
    Column("quality_faults", TEXT, "Faults of the picture: tiny, small, dark, overexposed, blurred, empty, odd shape "
           "(image-quality).", _faults),
    Column("<property>", NUMBER, "; ".join(f"{name}: {words}" for name, words in PROPERTIES.items()) + ".",
           lambda c, _: dict(c.dataset.properties)),
    Column("named_by_<check>", YES, "Whether a finding of the check names it; each names its most telling pictures, "
           "not all. Empty where the check did not run or does not apply.", _named_by),
)  # fmt: skip
"""In the order in which they are written."""


def table(case: Case, outcomes: Outcomes) -> dict[str, tuple[str, Values]]:
    """Kind and values of every column by its full name, rows in the data set's order.

    A name that is taken already (the scores of a class called ``label`` are ``p_label``, too) gets a number.
    """
    out: dict[str, tuple[str, Values]] = {}
    for column in COLUMNS:
        found = column.values(case, outcomes)
        for name, values in (found if isinstance(found, dict) else {column.name: found}).items():
            free = (
                name if name not in out else next(f"{name}_{n}" for n in range(2, 10_000) if f"{name}_{n}" not in out)
            )
            out[free] = column.kind, values
    return out
