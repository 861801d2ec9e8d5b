"""What a closed service says of the pictures of a probe, judged as a network that is here would be."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.background import read_parts, swapped_of
from tools.case import Case
from tools.cells import guarded_path
from tools.changed_pictures import FEWEST_PICTURES, Changed
from tools.checks.background_bias import FEWEST_PER_CLASS, LARGE_AREA, SMALLEST_GAP, Gap, is_shared, measure_gap
from tools.dataset import Dataset, Label
from tools.exchange import SWAPS, Put
from tools.findings import Evidence, Unit
from tools.interventions import Effect, effect, moves_of, way_between
from tools.predictions import Predictions
from tools.probe import COLUMNS, EACH, MANIFEST, NOTES, PICTURES, CannotProbe, Entry, Probe
from tools.readers.align_predictions import align
from tools.readers.predictions_file import read_predictions
from tools.registry import NotApplicable
from tools.scorers import as_logits
from tools.statistics import clustered_mean, quantile_of_normal

MOST_BYTES = 50_000_000
SAME, OTHER = slice(1, 1 + SWAPS), slice(1 + SWAPS, 1 + 2 * SWAPS)
"""Places of a picture's versions on backgrounds of its own class and of others; first as it is, last on a plain one."""


@dataclass(frozen=True, eq=False)
class Probed:
    """What came of a probe.

    Attributes
    ----------
    probe : Probe
    scored : int
        Pictures with scores.
    full_vectors : bool
        Whether every class has a score; else answers alone count.
    gap : Gap or None
        Of the backgrounds; None with too few complete pictures.
    rights : tuple of Evidence
        Share right as the pictures are, and on a plain background; what the right class's probability loses.
    doubtful : str
        Why backgrounds prove little here; empty if they do.
    effect : Effect or None
        Of the cue.
    reasons : tuple of str
        What could not be judged, and why.
    """

    probe: Probe
    scored: int
    full_vectors: bool
    gap: Gap | None
    rights: tuple[Evidence, ...]
    doubtful: str
    effect: Effect | None
    reasons: tuple[str, ...]

    @property
    def by_background(self) -> bool:
        """Whether the service goes by the background: as the check of background bias judges the same numbers."""
        return self.gap is not None and self.gap.low > 0 and self.gap.gap >= SMALLEST_GAP and not self.doubtful


def read_probe(folder: Path) -> Probe:
    """What a folder asks.

    Raises
    ------
    CannotProbe
        If it is none, or its list was changed.
    """
    try:
        if max((folder / name).stat().st_size for name in (MANIFEST, NOTES)) > MOST_BYTES:
            raise ValueError("too large")
        notes = json.loads((folder / NOTES).read_text(encoding="utf-8"))
        with (folder / MANIFEST).open(encoding="utf-8", newline="") as handle:
            entries = tuple(_entry(row) for row in csv.DictReader(handle))
        texts = {name: str(notes[name]) for name in ("cue", "words", "change", "not_asked")}
        lists = {name: tuple(str(value) for value in notes[name]) for name in ("classes", "pair", "removed")}
    except (OSError, ValueError, KeyError, TypeError, RecursionError, csv.Error) as fault:
        raise CannotProbe(
            expected=f"a folder that `advisor model probe` wrote, with {MANIFEST} and {NOTES}",
            seen=f"{folder} ({type(fault).__name__})", todo="Name that folder, unchanged.",
        ) from None  # fmt: skip
    if not entries or len({e.id for e in entries}) < len(entries) or len(lists["pair"]) not in (0, 2):
        raise CannotProbe(
            expected=f"one row per picture in {folder / MANIFEST}", seen="none, or repeated ids", todo="Write it again."
        )
    return Probe(entries, **lists, **texts)  # type: ignore[arg-type]


def _entry(row: Mapping[str, Any]) -> Entry:
    texts = {name: str(row[name]) for name in COLUMNS}
    if texts["control"] not in ("yes", "no") or texts["file"] != f"{PICTURES}/{texts['id']}":
        raise ValueError("no row of a probe")
    control, place = texts.pop("control") == "yes", int(texts.pop("place"))
    return Entry(control=control, place=place, **texts)


def judge_probe(case: Case, folder: Path, scores: Path) -> Probed:
    """Read the scores of a probe and judge them.

    Parameters
    ----------
    scores : Path
        A predictions file whose ids are the pictures' names: a probability per class, or the class said and its score.

    Raises
    ------
    CannotProbe
        If the folder was made of other pictures or classes.
    UnreadableInput
        If the scores do not fit.
    """
    probe = read_probe(folder)
    rows = _rows(case, probe)
    answers = _Answers(
        case, probe, rows, align(read_predictions(scores), _listed(case, probe, rows, folder), ("", ""))[0]
    )
    reasons = [probe.not_asked] if probe.not_asked else []
    gap: Gap | None = None
    rights: tuple[Evidence, ...] = ()
    found: Effect | None = None
    try:
        gap, rights = answers.backgrounds()
    except NotApplicable as reason:
        reasons.append(f"backgrounds: {reason}")
    try:
        found = answers.cue() if probe.pair else None
    except NotApplicable as reason:
        reasons.append(f"the cue: {reason}")
    doubtful = _doubtful(case) if gap is not None else ""
    said = answers.said
    return Probed(probe, int(said.covered.sum()), said.full_vectors, gap, rights, doubtful, found, tuple(reasons))


def _rows(case: Case, probe: Probe) -> dict[str, int]:
    """Row of every picture that the list names, by what its cells say."""
    known = {guarded_path(str(i)): row for row, i in enumerate(case.ids) if case.targets[row] >= 0}
    named = {name for entry in probe.entries for name in (entry.of, entry.donor) if name}
    lost = sorted(named - known.keys())
    if lost or probe.classes != case.classes:
        lacks = f"{len(lost)} pictures that it lacks, e.g. {lost[0]}" if lost else ""
        raise CannotProbe(
            expected="a probe made of this data set's labelled pictures, with its classes",
            seen=lacks or f"the classes {', '.join(probe.classes)}",
            todo="Use the workspace that it was made from, or write a new one.",
        )
    return {name: known[name] for name in named}


def _listed(case: Case, probe: Probe, rows: Mapping[str, int], folder: Path) -> Dataset:
    """The list as a data set, so that scores are read and checked as any predictions are."""
    ids = np.array([entry.id for entry in probe.entries])
    blank, count = np.zeros(len(ids), dtype=np.int64), len(ids)
    labels = [Label(e.id, case.classes[case.targets[rows[e.of]]]) for e in probe.entries]
    labels += [
        Label(str(ids[0]), name, 0) for name in case.classes
    ]  # each class can be said, whether it is here or not
    return Dataset(
        1, folder / PICTURES, ids, np.array([""] * count), blank, blank, np.array(["test"] * count), tuple(labels)
    )


class _Answers:
    """The service's answers, picture by picture."""

    def __init__(self, case: Case, probe: Probe, rows: Mapping[str, int], said: Predictions) -> None:
        self._case, self._probe, self._rows, self.said = case, probe, rows, said
        self._positions = {entry.id: number for number, entry in enumerate(probe.entries)}

    def backgrounds(self) -> tuple[Gap, tuple[Evidence, ...]]:
        """What the background is worth to the service.

        Raises
        ------
        NotApplicable
            With too few complete pictures.
        """
        pictures = [es for es in self._complete("background") if len(es) == EACH]
        if not pictures:
            raise NotApplicable("no picture with answers to all of its versions")
        where = np.array([[self._positions[e.id] for e in es] for es in pictures])
        rows = np.array([self._rows[es[0].of] for es in pictures])
        said = self.said.predicted[where]
        donors = [tuple(self._rows[e.donor] for e in es[OTHER]) for es in pictures]
        done = [Put(int(row), (), d, s[:-1]) for row, d, s in zip(rows, donors, said, strict=True)]
        gap = measure_gap(self._case, swapped_of(self._case, done))
        right = (said == self._case.targets[rows][:, None]).astype(np.float64)
        evidence = [
            self._mean("right as they are", right[:, 0], rows, "share"),
            self._mean("right on a plain background", right[:, -1], rows, "share"),
        ]
        if self.said.full_vectors:
            scores = self.said.probabilities[where, self._case.targets[rows][:, None]]
            lost = scores[:, SAME].mean(axis=1) - scores[:, OTHER].mean(axis=1)
            evidence.append(self._mean("probability lost", lost, rows, "points"))
        return gap, tuple(evidence)

    def cue(self) -> Effect:
        """What the cue does to the service, as ``tools.interventions.effect`` has it.

        Raises
        ------
        NotApplicable
            With too few complete pictures, or where it does not tell the two classes apart.
        """
        a, b = (self._case.number(name) for name in self._probe.pair)
        removed = {guarded_path(image) for image in self._probe.removed}
        done: list[Changed[NDArray[np.float64]]] = []
        others = []
        for es in self._complete("cue"):
            margins = self._margins(es, a, b)
            if len(es) == 1:
                others.append(margins[0])
                continue
            donors = [[self._rows[e.donor] if e.donor else -1 for e in es[1:] if e.control is c] for c in (False, True)]
            gone = es[0].of in removed
            done.append(Changed(self._rows[es[0].of], gone, np.array(donors[0]), np.array(donors[1]), margins))
        sides = [[one for one in done if one.removed is gone] for gone in (True, False)]
        done = [one for side in sides if len(side) >= FEWEST_PICTURES for one in side]
        if not done or not others:
            raise NotApplicable(f"fewer than {FEWEST_PICTURES} pictures with answers to all of their versions")
        mine, theirs = np.array([one.found[0] for one in done]), np.array(others)
        gap = way_between(mine, theirs, answers=not self.said.full_vectors)
        if gap <= 0:
            raise NotApplicable(f"the service does not tell {self._probe.pair[0]} from {self._probe.pair[1]}")
        return effect(self._case, moves_of(done, gap))

    def _margins(self, entries: Sequence[Entry], a: int, b: int) -> NDArray[np.float64]:
        """A − B of scores; of answers alone 1 for A, −1 for B, 0 for others."""
        where = [self._positions[e.id] for e in entries]
        if self.said.full_vectors:
            logits = as_logits(self.said.probabilities[where])
            return np.asarray(logits[:, a] - logits[:, b])
        answers = self.said.predicted[where]
        return np.asarray((answers == a).astype(np.float64) - (answers == b), dtype=np.float64)

    def _complete(self, part: str) -> list[list[Entry]]:
        """Versions of each picture in order, where the service answered all of them."""
        found: dict[str, list[Entry]] = {}
        for entry in sorted(self._probe.entries, key=lambda e: e.place):
            if entry.part == part:
                found.setdefault(entry.of, []).append(entry)
        covered = self.said.covered
        return [es for es in found.values() if all(covered[self._positions[e.id]] for e in es)]

    def _mean(self, name: str, values: NDArray[np.float64], rows: NDArray[np.int64], unit: Unit) -> Evidence:
        groups = self._case.derived.grouping.groups[rows]
        mean, error = clustered_mean(values, groups, np.full(len(values), 1 / len(values)))
        half = quantile_of_normal(self._case.settings.confidence) * (error if np.isfinite(error) else 1.0)
        low, high = max(0.0 if unit == "share" else -1.0, mean - half), min(1.0, mean + half)
        return Evidence(name, mean, unit, len(values), low, high, "by groups")


def _doubtful(case: Case) -> str:
    """Why the background proves little: as the check of background bias sees it."""
    try:
        readings = read_parts(case, FEWEST_PER_CLASS)
    except NotApplicable:
        return ""
    if readings.area > LARGE_AREA:
        return "the foreground covers most of the pictures, so little background is left"
    if is_shared(readings):
        return "the things themselves are in the background too, as on a full shelf"
    return ""
