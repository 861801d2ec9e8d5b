"""Works out changes of labels and pictures from what a person names or a check found; accepting them is ``changing``'s.

Test pictures are the ruler that figures are measured with. They are changed only when that is asked for, and it is
said what it means.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.changes import Edit
from tools.changing import Draft, NothingToChange
from tools.checks.hidden_subclasses import class_kinds
from tools.contrast import contrast
from tools.errors import UnknownName
from tools.readers.listing import written_class
from tools.readers.match_ids import Places
from tools.subclasses import FEWEST
from tools.wording import listed

SHOWN = 3
RULER = (
    "{count} of these are test pictures. They are the ruler: figures from before and after this change are measured "
    "on different labels or pictures and cannot be compared. advisor ledger compares both models on the new ones"
)
NO_TEST = (
    "There is no test split: errors are counted on the very pictures that change here, so a better figure is not yet a "
    "better model. advisor ledger compares both models on the new labels"
)


def find_rows(case: Case, texts: Sequence[str]) -> list[int]:
    """Rows of the images that a person names, however the path is written.

    Raises
    ------
    UnknownName
        If one is no image of the data set, or a name that several share.
    """
    places = Places(case.dataset.index, case.dataset.root)
    found = places.find(texts)
    for text, row in zip(texts, found, strict=True):
        if row is None:
            shared = places.sharing(text)
            raise UnknownName(
                expected=f"an image of the data set, such as {case.ids[0]}",
                seen=f"{text!a}" + (f", a name that {shared} images share" if shared > 1 else ""),
                todo="Write its path as the import has it: relative to the imported folder.",
            )
    return [row for row in dict.fromkeys(found) if row is not None]


def class_to_be(case: Case, text: str, *, new_class: bool) -> str:
    """The class that a text names.

    Raises
    ------
    UnknownName
        If there is none and a new one was not asked for.
    """
    name = written_class(text.strip())
    if not name or (name not in case.classes and not new_class):
        raise UnknownName(
            expected=f"one of the classes {', '.join(case.classes)}",
            seen=repr(text) if name else "an empty name",
            todo="Name one of these, or add --new-class.",
        )
    return name


def edits_to(case: Case, wanted: Iterable[tuple[int, str | None]]) -> tuple[Edit, ...]:
    """Edits that give rows a label (None = left out), without those that change nothing."""
    out = []
    for row, after in wanted:
        number = int(case.targets[row])
        before = case.classes[number] if number >= 0 else None
        if after is None or after != before:
            out.append(Edit(str(case.ids[row]), str(case.dataset.sha256[row]), before, after))
    return tuple(out)


def ruler_notes(case: Case, edits: Iterable[Edit], *, test_too: bool) -> tuple[str, ...]:
    """What a change means for what figures are measured on.

    Raises
    ------
    NothingToChange
        If test pictures would change and that was not asked for.
    """
    touched = [edit for edit in edits if case.evaluation[case.dataset.index[edit.id]]]
    if not case.has_test:
        return (NO_TEST,) if touched else ()
    if touched and not test_too:
        raise NothingToChange(
            expected="changes of training pictures alone",
            seen=f"{len(touched)} test pictures, e.g. {touched[0].id}",
            todo="Test pictures are the ruler: changing them changes what figures mean. If that is meant, add "
            "--test-too.",
        )
    return (RULER.format(count=len(touched)),) if touched else ()


def relabel(case: Case, wanted: Iterable[tuple[int, str | None]], *, test_too: bool) -> Draft:
    """Give pictures another label, or leave some out.

    Raises
    ------
    NothingToChange
    """
    edits = edits_to(case, wanted)
    if not edits:
        raise NothingToChange(
            expected="labels that differ from those the pictures have",
            seen="none",
            todo="Nothing needs to be changed.",
        )
    out = sum(edit.after is None for edit in edits)
    ways = sorted({(e.before or "unlabelled", e.after) for e in edits if e.after is not None})
    what = f"{counted(len(edits) - out)} relabelled" if len(edits) > out else ""
    what += f" ({ways[0][0]} → {ways[0][1]})" if len(ways) == 1 else ""
    what += (", " if what else "") + f"{counted(out)} left out" if out else ""
    return Draft("relabel", what, edits, notes=ruler_notes(case, edits, test_too=test_too))


def remove(case: Case, rows: Iterable[int], *, test_too: bool, what: str = "") -> Draft:
    """Leave pictures out.

    Raises
    ------
    NothingToChange
    """
    edits = edits_to(case, ((row, None) for row in rows))
    if not edits:
        raise NothingToChange(expected=what or "pictures to leave out", seen="none", todo="Nothing to leave out.")
    emptied = [
        name for name, count in case.dataset.counts.items() if count == sum(edit.before == name for edit in edits)
    ]
    notes = ruler_notes(case, edits, test_too=test_too)
    if emptied:
        notes += (f"No picture is left of {listed(emptied)}: the data set no longer has the class",)
    return Draft("remove", f"{counted(len(edits))} left out" + (f": {what}" if what else ""), edits, notes=notes)


def split(case: Case, name: str, names: Sequence[str]) -> Draft:
    """Give each hidden kind of a class a label of its own.

    Parameters
    ----------
    names : sequence of str
        One per kind, the largest first; empty = the class's name and a number.

    Raises
    ------
    NothingToChange
        If no kinds are stable.
    UnknownName
        If the class is not there, or names do not fit.
    """
    name = class_to_be(case, name, new_class=False)
    pictures = int((case.fit & (case.targets == case.number(name))).sum())
    kinds, best = class_kinds(case, name) if pictures >= FEWEST else (None, 0.0)
    if kinds is None:
        seen = f"{pictures} training pictures, too few" if pictures < FEWEST else f"none that is (at most {best:.2f})"
        raise NothingToChange(
            expected=f"kinds of {name} that two halves of its pictures agree on",
            seen=seen,
            todo="Label the kinds by hand: advisor change relabel --from FILE --new-class.",
        )
    count = int(kinds.parts.labels.max()) + 1
    others = np.setdiff1d(np.flatnonzero(case.targets == case.number(name)), kinds.rows)
    rows = np.concatenate([kinds.rows, others])
    part = np.concatenate([kinds.parts.labels, kinds.parts.assign(case.space.vectors[others])])
    told = [_kind_text(case, kinds.rows, kinds.parts.labels, number) for number in range(count)]
    chosen = _names(case, name, names, told)
    edits = tuple(  # of every picture, so that one that comes later is known to have no kind
        Edit(str(case.ids[row]), str(case.dataset.sha256[row]), name, chosen[p])
        for row, p in zip(rows.tolist(), part.tolist(), strict=True)
    )
    sizes = np.bincount(part, minlength=count).tolist()
    notes = [f"{chosen[k]}: {counted(sizes[k])}; {told[k]}" for k in range(count)]
    if len(others):
        notes.append(f"{counted(len(others))} not used to find the kinds got that of the nearest centre")
    if case.has_test and case.evaluation[rows].any():
        notes.append("The test pictures of the class are split too, so recall and precision of its kinds are measured "
                     "on labels that no person gave; look at them")  # fmt: skip
    return Draft("split", f"{name} split into {listed(chosen)}", edits, notes=tuple(notes))


def _kind_text(case: Case, rows: NDArray[np.int64], labels: NDArray[np.int64], kind: int) -> str:
    """How a kind differs from the rest of its class, and where to look."""
    own = rows[labels == kind]
    words = contrast(case, own, rows[labels != kind]).text
    return f"against the rest of the class it is {words}; look at {', '.join(map(str, case.ids[own[:SHOWN]]))}"


def _names(case: Case, parent: str, names: Sequence[str], told: Sequence[str]) -> list[str]:
    count = len(told)
    chosen = [written_class(n.strip()) for n in names] or [f"{parent} {k + 1}" for k in range(count)]
    taken = [n for n in chosen if n in case.classes and n != parent]
    if len(chosen) != count or len(set(chosen)) != count or taken or not all(chosen):
        seen = f"the name of another class, {taken[0]}" if taken else f"{len(set(chosen))} names"
        kinds = "; ".join(f"kind {k + 1}: {text}" for k, text in enumerate(told))
        raise UnknownName(
            expected=f"{count} new names that differ, the largest kind first ({kinds})",
            seen=seen,
            todo="Give --names once for each kind, or leave it out.",
        )
    return chosen


def merge(case: Case, names: Sequence[str], new: str) -> Draft:
    """Count classes as one; of one class alone this is a new name.

    Raises
    ------
    UnknownName
        If a class is not there, or the new name is another class's.
    """
    old = list(dict.fromkeys(class_to_be(case, name, new_class=False) for name in names))
    name = class_to_be(case, new, new_class=True)
    if name in case.classes and name not in old:
        raise UnknownName(
            expected=f"a new name, or one of {', '.join(old)}",
            seen=f"{name}, which is another class",
            todo=f"To put all of them together, name {name} among the classes too.",
        )
    renamed = {one: name for one in old if one != name}
    if not renamed:
        raise NothingToChange(expected="two classes, or another name", seen=listed(old), todo="Nothing would change.")
    if len(old) > 1 and len(old) == len(case.classes):
        raise NothingToChange(
            expected="at least two classes to be left", seen="all of them merged", todo="Merge fewer classes."
        )
    pictures = sum(case.dataset.counts[one] for one in old)
    what = f"{listed(old)} merged as {name}" if len(old) > 1 else f"{old[0]} renamed to {name}"
    note = "Pictures of these classes that are imported later are counted as the new one too"
    if len(old) > 1 and case.has_test:
        note += ". Test pictures are merged too, so accuracy rises by itself: confusing the two is no error any more"
    return Draft("merge", f"{what} ({counted(pictures)})", renamed=renamed, notes=(note,))


def counted(number: int) -> str:
    """A number of pictures in words.

    >>> counted(1), counted(2)
    ('1 picture', '2 pictures')
    """
    return f"{number} picture" + ("s" if number != 1 else "")
