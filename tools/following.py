"""Whether advice was followed, as far as two versions of a dataset show it; what they cannot show is said so."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from tools.case import Case
from tools.changes import History
from tools.dataset import Dataset
from tools.diff import compare
from tools.duplicates import duplicates
from tools.ledger import Advice
from tools.replaying import labels_of
from tools.wording import listed

Extent = Literal["pending", "not", "partly", "fully", "unseen"]
TRAINED = ("train", "val")
PLAIN_COLLECTING = frozenset({"image-quantity", "learning-curve"})
"""Checks that ask for more pictures of a class and nothing else."""
FEWEST_OF_A_KIND = 0.05
"""Of a class's pictures; fewer under another label are corrections, no kind of it."""
OF_TEST = frozenset({"test-too-easy"})
UNSEEN = {
    "look at": "whether somebody looked",
    "change threshold": "thresholds lie outside the data",
    "calibrate": "scores lie outside the data",
    "reweight": "how a model is trained lies outside the data",
    "augment": "how a model is trained lies outside the data",
    "regroup": "how pictures are split for training lies outside the data",
}


@dataclass(frozen=True)
class Followed:
    """How far advice was followed.

    Attributes
    ----------
    extent : {"pending", "not", "partly", "fully", "unseen"}
        ``pending``: it was given for the newest version; ``unseen``: the data cannot show it.
    done, of : int
        Pictures, or sets of copies; 0 of 0 where nothing can be counted.
    words : str
    """

    extent: Extent
    done: int
    of: int
    words: str


PENDING = Followed("pending", 0, 0, "given for the newest version: nothing to see yet")


class Passage:
    """From one dataset version to the newest case, picture by picture.

    Parameters
    ----------
    old : Dataset
    new : Case
    known : History
        Accepted changes, which tell a whole split from half of one.
    """

    def __init__(self, old: Dataset, new: Case, known: History) -> None:
        self.old, self.new, self.known = old, new, known
        self.before, self.after = labels_of(old), labels_of(new.dataset)

    @cached_property
    def now(self) -> dict[str, int]:
        """Row in the new dataset of each old picture that is still there with the same content."""
        found = compare(self.old, self.new.dataset)
        moved, replaced = dict(found.moved), set(found.replaced)
        index = self.new.dataset.index
        out = {}
        for image in self.old.index:
            there = moved.get(image, image)
            if there in index and there not in replaced:
                out[image] = index[there]
        return out

    @cached_property
    def fresh(self) -> np.ndarray:
        """New pictures of things not seen before: one of each set of copies, and none that has an old copy; (n,)."""
        data = self.new.dataset
        known = np.isin(data.sha256, self.old.sha256)
        sets = duplicates(self.new).sets
        fresh = ~known & ~np.isin(sets, sets[known])
        first = np.zeros(len(data), dtype=np.bool_)
        rows = np.flatnonzero(fresh)
        first[rows[np.unique(sets[rows], return_index=True)[1]]] = True
        return first

    @cached_property
    def _renamed(self) -> dict[str, str]:
        """Kinds by the class they were split from, merged classes by their new name: neither says a label was wrong."""
        out: dict[str, str] = {}
        for change in self.known.standing:
            if change.kind == "split":
                out |= {e.after: e.before for e in change.edits if e.after and e.before and e.after != e.before}
            out |= change.renamed
        return out

    def _whole(self, label: str | None) -> str | None:
        for _ in range(len(self._renamed)):  # each name leads on at most once, so this ends
            if label not in self._renamed:
                break
            label = self._renamed[label]
        return label

    def relabelled(self, image: str) -> bool:
        """Whether a picture that is still there has another label, a split or a merge of its class apart."""
        return self._whole(self.label_then(image)) != self._whole(self.label_now(image))

    def fits(self, image: str, wanted: str | None) -> bool:
        """Whether a picture that is still there has the wanted label, or that of a kind of it."""
        return self._whole(self.label_now(image)) == self._whole(wanted)

    def label_then(self, image: str) -> str | None:
        """Label in the old version."""
        return self.before[self.old.index[image]]

    def label_now(self, image: str) -> str | None:
        """Label in the new version of a picture that is still there."""
        return self.after[self.now[image]]

    def confirmed(self, image: str) -> bool:
        """Whether a person has looked and kept the label."""
        if image not in self.now:
            return False
        digest = str(self.old.sha256[self.old.index[image]])
        return (digest, self.label_then(image)) in self.new.confirmed


def follow(advice: Advice, passage: Passage) -> Followed:
    """How far advice given for the old version was followed by the new one."""
    images = [image for image in advice.images if image in passage.old.index]
    rule = RULES.get(advice.action)
    if rule is None:
        why = UNSEEN.get(advice.action, "this kind of advice leaves no trace there")
        return Followed("unseen", 0, 0, f"cannot be seen from the data: {why}")
    if not images and rule in (_relabel, _deduplicate):
        return Followed("unseen", 0, 0, "cannot be seen from the data: it names no pictures")
    return rule(advice, images, passage)


def _counted(done: int, of: int, words: str) -> Followed:
    extent: Extent = "not" if not done else "fully" if done >= of else "partly"
    return Followed(extent, done, of, words)


def _relabel(advice: Advice, images: Sequence[str], passage: Passage) -> Followed:
    if advice.sets:
        return _one_label_per_set(advice, images, passage)
    gone = sum(image not in passage.now for image in images)
    there = [image for image in images if image in passage.now]
    changed = [image for image in there if passage.relabelled(image)]
    if not advice.suggested:
        return _by_a_rule(len(images), len(changed), gone)
    confirmed = sum(passage.confirmed(image) for image in there if image not in set(changed))
    fitting = sum(passage.fits(image, advice.suggested.get(image)) for image in changed)
    parts = [f"{len(changed)} of {len(images)} relabelled"]
    if changed and fitting < len(changed):
        parts.append(f"{fitting} of them as suggested")
    parts += [f"{gone} taken out"] if gone else []
    parts += [f"{confirmed} looked at and confirmed"] if confirmed else []
    return _counted(len(changed) + gone + confirmed, len(images), ", ".join(parts))


def _by_a_rule(of: int, changed: int, gone: int) -> Followed:
    """A rule that people are to label by may leave most labels as they are."""
    if not changed + gone:
        return Followed(
            "unseen", 0, of, f"no label of {of} changed; whether people looked cannot be seen from the data"
        )
    words = f"{changed} of {of} relabelled" + (f", {gone} taken out" if gone else "")
    return Followed("partly", changed + gone, of, f"{words}; whether the others were looked at cannot be seen")


def _of_sets(advice: Advice, images: Iterable[str]) -> list[list[str]]:
    sets: dict[int, list[str]] = {}
    for image in images:
        sets.setdefault(advice.sets.get(image, -1), []).append(image)
    return list(sets.values())


def _one_label_per_set(advice: Advice, images: Sequence[str], passage: Passage) -> Followed:
    sets = _of_sets(advice, images)
    there = [{passage.label_now(image) for image in members if image in passage.now} for members in sets]
    done = sum(len(labels) <= 1 for labels in there)
    return _counted(done, len(sets), f"{done} of {len(sets)} sets of copies no longer carry unlike labels")


def _remove(advice: Advice, images: Sequence[str], passage: Passage) -> Followed:
    if images:
        gone = sum(image not in passage.now for image in images)
        changed = sum(i in passage.now and passage.relabelled(i) for i in images)
        instead = f", {changed} relabelled instead" if changed else ""
        return _counted(gone, len(images), f"{gone} of {len(images)} taken out{instead}")
    if not advice.classes:
        return Followed("unseen", 0, 0, "cannot be seen from the data: it names no pictures")
    left = [name for name in advice.classes if name in passage.new.classes]
    done, of = len(advice.classes) - len(left), len(advice.classes)
    return _counted(done, of, f"{done} of {of} classes taken out")


def _deduplicate(advice: Advice, images: Sequence[str], passage: Passage) -> Followed:
    sets = _of_sets(advice, images)
    spare = len(images) - len(sets)
    left = sum(max(0, sum(image in passage.now for image in members) - 1) for members in sets)
    return _counted(spare - left, spare, f"{spare - left} of {spare} spare copies taken out")


def _collect(advice: Advice, images: Sequence[str], passage: Passage) -> Followed:
    splits = ("test",) if advice.code in OF_TEST else TRAINED
    rows = np.flatnonzero(passage.fresh & np.isin(passage.new.dataset.splits, splits))
    names = [passage.after[row] for row in rows.tolist()]
    done = sum(name is not None and (not advice.classes or name in advice.classes) for name in names)
    of_what = f" of {listed(list(advice.classes))}" if advice.classes else ""
    kind = "test" if splits == ("test",) else "training"
    words = f"{done}{f' of {advice.asked}' if advice.asked else ''} new {kind} pictures{of_what}"
    if done and advice.code not in PLAIN_COLLECTING:
        words += "; whether they show what was asked for cannot be seen"
    if not advice.asked:
        return Followed("partly" if done else "not", done, 0, words)
    return _counted(done, advice.asked, words)


def _split(advice: Advice, images: Sequence[str], passage: Passage) -> Followed:
    name = advice.arguments.get("class") or next(iter(advice.classes), advice.target)
    mine = [image for image in passage.now if passage.label_then(image) == name]
    counts = Counter(passage.label_now(image) for image in mine)
    counts = Counter({kind: n for kind, n in counts.items() if n >= FEWEST_OF_A_KIND * len(mine)})
    new = {kind for kind in counts if kind is not None and kind not in passage.old.classes}
    moved = sum(counts[kind] for kind in new)
    kinds = len(new) + (name in counts)
    accepted = any(
        c.kind == "split" and c.edits[0].before == name and c.before >= passage.old.version
        for c in passage.known.standing
    )
    if not new or kinds < 2:
        return Followed("not", 0, len(mine), f"{name} is not split")
    words = f"{name} is now {listed(sorted([*new, *([name] if name in counts else [])]))}"
    if name in counts and not accepted:
        return Followed("partly", moved, len(mine), f"{words}: {moved} of {len(mine)} pictures have a new class")
    return Followed("fully", len(mine), len(mine), words)


def _merge(advice: Advice, images: Sequence[str], passage: Passage) -> Followed:
    pair = advice.classes[:2]
    sides = [Counter(passage.label_now(i) for i in passage.now if passage.label_then(i) == name) for name in pair]
    if len(pair) < 2 or not all(sides):
        return Followed("unseen", 0, 0, "cannot be seen from the data: pictures of both classes are gone")
    whole = sum(sides, Counter())
    common, done = whole.most_common(1)[0]
    of = whole.total()
    if any(side.most_common(1)[0][0] != common for side in sides):
        return Followed("not", 0, of, f"{listed(list(pair))} are still two classes")
    return _counted(done, of, f"{done} of {of} pictures of {listed(list(pair))} are {common} now")


def _add_class(advice: Advice, images: Sequence[str], passage: Passage) -> Followed:
    unlabelled = [image for image in images if passage.label_then(image) is None]
    labelled = sum(image in passage.now and passage.label_now(image) is not None for image in unlabelled)
    if labelled:
        return _counted(labelled, len(unlabelled), f"{labelled} of {len(unlabelled)} named pictures have a label now")
    new = [name for name in passage.new.classes if name not in passage.old.classes]
    rows = np.flatnonzero(passage.fresh).tolist()
    counts = Counter(passage.after[row] for row in rows)
    fresh = {name: counts[name] for name in new if counts[name]}
    if not fresh:
        return Followed("not", 0, advice.asked, "no new class, and none of the named pictures has a label")
    told = listed([f"{name} ({number})" for name, number in fresh.items()])
    return Followed(
        "partly", sum(fresh.values()), advice.asked,
        f"new classes of new pictures: {told}; whether they are what was asked for cannot be seen",
    )  # fmt: skip


def _regroup(advice: Advice, images: Sequence[str], passage: Passage) -> Followed:
    column = passage.new.settings.group_column
    if column is not None and "column" in advice.target:
        return Followed("fully", 0, 0, f"pictures with the same {column} are kept together")
    return Followed("unseen", 0, 0, f"cannot be seen from the data: {UNSEEN['regroup']}")


RULES: dict[str, Callable[[Advice, Sequence[str], Passage], Followed]] = {
    "relabel": _relabel,
    "remove": _remove,
    "drop-class": _remove,
    "deduplicate": _deduplicate,
    "collect": _collect,
    "collect-more": _collect,
    "split": _split,
    "merge": _merge,
    "add negative class": _add_class,
    "add class": _add_class,
    "regroup": _regroup,
}
"""What each action of a recommendation leaves behind in the data."""
