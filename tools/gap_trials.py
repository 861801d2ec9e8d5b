"""Which pictures a finding means, and what those that are there have brought: a condition left out of training.

As many pictures again cannot be tried before they exist. What can be is the other way round: train without those of
the condition, then with them, on the same held-out pictures (leave one slice out).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.contrast import WORDS
from tools.effects import Effect
from tools.findings import Cost, Finding
from tools.kinds import Arguments, Kind
from tools.ladder import candidates_climbed
from tools.memory import Memory, recalled
from tools.training.baseline import Training
from tools.whatif import try_change

FEWEST_TAKES = 5
"""Independent takes of a condition in training, below which leaving them out says nothing."""
FEWEST_SHOWN = 4
"""Pictures of a finding that its condition may be recognised by, where nothing names it."""
SENTENCE = "What the pictures of one condition have brought: trained without them, then with them."
NOTE = (
    "Before is trained without the pictures of the condition, after with them. As many again usually bring less than "
    "the first did."
)


@dataclass(frozen=True, eq=False)
class Gap:
    """A condition of one class.

    Attributes
    ----------
    name : str
        The class.
    condition : str
        In words, after "pictures of …".
    mask : ndarray of bool, shape (n,)
        Pictures of the class that meet it, all splits.
    code : str
        The check that names it.
    slice : str
        Its name there.
    needed : int
        Pictures that the check asks for; 0 = it does not say.
    images : tuple of str
        The finding's, the most telling first.
    """

    name: str
    condition: str
    mask: NDArray[np.bool_]
    code: str
    slice: str
    needed: int
    images: tuple[str, ...]

    def takes(self, case: Case) -> int:
        """Independent takes among the training pictures."""
        return len(np.unique(case.derived.grouping.groups[self.mask & case.fit]))


def gap_of(case: Case, finding: Finding) -> Gap | None:
    """The condition that a finding means; None where it is none of one class.

    A cue gives the class that is misled, on the other class's side of it; a setting or a measured property is looked
    up; what only likeness defines is recognised by the finding's own pictures of the class.
    """
    advice = next((r for r in finding.recommendations if r.action == "collect"), None)
    name = finding.scope.pair[0] if finding.scope.pair else (finding.scope.classes or ("",))[0]
    if name not in case.classes or (len(finding.scope.classes) > 1 and not finding.scope.pair):
        return None
    of_class = case.targets == case.number(name)
    if finding.code == "hidden-subclasses" and finding.scope.slice is None:
        return None  # errors fall on none of its kinds
    found = _by_cue(case, finding) or _by_name(case, finding) or _by_likeness(case, finding, of_class)
    if found is None:
        return None
    words, mask = found
    images = advice.images if advice and advice.images else finding.images
    needed = advice.cost.images if advice else 0
    return Gap(name, words, mask & of_class, finding.code, finding.scope.slice or finding.title, needed, images)


Condition = tuple[str, NDArray[np.bool_]]


def _by_cue(case: Case, finding: Finding) -> Condition | None:
    if finding.code != "spurious-cue":
        return None
    for climbed in candidates_climbed(case).leaning:
        test = climbed.test
        if test.pair == finding.scope.pair and test.cue.name == finding.scope.slice:
            return test.words, test.looks_like_b
    return None


def _by_name(case: Case, finding: Finding) -> Condition | None:
    """``setting = hand in apples``, ``brightness low in apples``."""
    name = (finding.scope.slice or "").removesuffix(f" in {(finding.scope.classes or ('',))[0]}")
    column, equals, value = name.partition(" = ")
    if equals and column in case.dataset.metadata:
        return f"marked “{name}”", case.dataset.metadata[column] == value
    measure, _, side = name.rpartition(" ")
    if measure in case.dataset.properties and measure in WORDS and side in ("low", "high"):
        values = case.dataset.properties[measure].astype(np.float64)
        mine = values[case.targets == case.number(finding.scope.classes[0])]
        limit = float(np.nanquantile(mine, 1 / 3 if side == "low" else 2 / 3))
        mask = values < limit if side == "low" else values > limit
        return f"{WORDS[measure][side == 'high']} (outer third)", mask
    return None


def _by_likeness(case: Case, finding: Finding, of_class: NDArray[np.bool_]) -> Condition | None:
    """Pictures of the class as near to the middle of the finding's pictures as half of those are."""
    shown = [case.dataset.index[i] for i in finding.images if i in case.dataset.index]
    rows = np.array([row for row in shown if of_class[row]], dtype=np.int64)
    words = "that look like those shown"
    if finding.code.startswith("variety-") and finding.recommendations:
        told = finding.recommendations[0].target
        words = told.removeprefix(f"pictures of {(finding.scope.classes or ('',))[0]} ").removeprefix("pictures ")
    if len(rows) < FEWEST_SHOWN:
        return words, np.zeros(len(case.ids), dtype=np.bool_)
    middle = case.space.vectors[rows].mean(axis=0)
    likeness = case.space.vectors @ middle
    return words, likeness >= np.median(likeness[rows])


def try_gap(case: Case, gap: Gap, *, on_step: Progress = silent, remember: Memory | None = None) -> Effect:
    """Measure what the training pictures of a condition have brought."""

    def without(_: Case, training: Training, __: Arguments, ___: np.random.Generator) -> Training:
        return training.only(~gap.mask[training.rows])

    def as_it_is(_: Case, training: Training, __: Arguments, ___: np.random.Generator) -> Training:
        return training

    pictures = int((gap.mask & case.fit).sum())
    kind = Kind(
        kind="leave-condition-out",
        sentence=SENTENCE,
        eligible=lambda _: (),
        change=as_it_is,
        describe=lambda _, __: f"{gap.name}, {gap.condition}",
        cost=lambda _, __: Cost(images=pictures, minutes=pictures / 2),
        start=without,
        meant_for=lambda c, _: {f"recall of {gap.name}, {gap.condition}": gap.mask & c.evaluation},
        note=NOTE,
    )
    arguments = {"class": gap.name}
    parts = {
        "case": case.fingerprint,
        "gap": [gap.name, gap.slice, gap.code],
        "rows": np.flatnonzero(gap.mask).tolist(),
    }
    return recalled(remember, Effect, parts, lambda: try_change(case, kind, arguments, on_step=on_step))


def distinct(gaps: Sequence[Gap]) -> list[Gap]:
    """Without those that mean mostly the pictures of an earlier one (Jaccard over a half) of the same class."""
    kept: list[Gap] = []
    for gap in gaps:
        twins = [
            (gap.mask & k.mask).sum() / max(1, (gap.mask | k.mask).sum())
            for k in kept
            if k.name == gap.name and k.mask.any()
        ]
        same = any(k.name == gap.name and k.condition == gap.condition for k in kept)
        if not same and max(twins, default=0.0) <= 0.5:
            kept.append(gap)
    return kept
