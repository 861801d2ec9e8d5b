"""Changes that checks suggest: labels that look wrong, spare copies, copies under unlike labels."""

from dataclasses import dataclass

import numpy as np

from tools.case import Case
from tools.changing import Draft, NothingToChange
from tools.checks.contradicting_duplicates import contradicting
from tools.duplicates import duplicates
from tools.label_errors import case_suspects, find_suspects, without_confirmed
from tools.proposals import counted, relabel, remove
from tools.training.baseline import plain_training

COPIES_KEPT = ("test", "val", "train")
"""Of a set of copies the one in the first of these splits is kept: a leaked picture is taken out of training."""
BY_MACHINE = (
    "Labels that a model found likely were given to test pictures that nobody looked at: the model will look better "
    "than it is"
)


@dataclass(frozen=True)
class Suspect:
    """A label that looks wrong.

    Attributes
    ----------
    row : int
    id, split, given, suggested : str
    doubt : float
        0 … 1.
    """

    row: int
    id: str
    split: str
    given: str
    suggested: str
    doubt: float


def suspects(case: Case, *, test_too: bool) -> list[Suspect]:
    """Labels that look wrong and that no person has confirmed, the most doubtful first.

    With ``test_too`` the test pictures are doubted as well, by scores of the other labelled pictures.
    """
    found = case_suspects(case)
    parts = [(found.rows, found.flagged, found.suggested, found.doubt)]
    if test_too and case.has_test:
        every = np.flatnonzero(case.fit | case.evaluation)
        training = plain_training(every, case.targets, len(case.classes))
        groups = case.derived.grouping.groups
        whole = without_confirmed(case, find_suspects(
            case.space.vectors, training, groups, len(case.classes), case.rng("wrong-labels-test"),
            graph=case.derived.graph,
        ))  # fmt: skip
        held_out = case.evaluation[every]
        found_there = whole.flagged[held_out], whole.suggested[held_out], whole.doubt[held_out]
        parts.append((every[held_out], *found_there))
    rows, flagged, suggested, doubt = (np.concatenate(column) for column in zip(*parts, strict=True))
    out = []
    for at in np.flatnonzero(flagged)[np.argsort(-doubt[flagged], kind="stable")].tolist():
        row = int(rows[at])
        given, better = case.classes[int(case.targets[row])], case.classes[int(suggested[at])]
        out.append(Suspect(row, str(case.ids[row]), str(case.dataset.splits[row]), given, better, float(doubt[at])))
    return out


def confirmed_note(case: Case) -> tuple[str, ...]:
    """How many labels a person has confirmed, so that they are not suspected."""
    count = int(case.confirmed_rows.sum())
    return (f"{counted(count)} whose label a person confirmed stay as they are",) if count else ()


def relabel_suspects(case: Case, *, test_too: bool) -> Draft:
    """Give every suspect the label that fits better.

    Raises
    ------
    NothingToChange
        If no label looks wrong.
    """
    found = suspects(case, test_too=test_too)
    if not found:
        raise NothingToChange(
            expected="labels that look wrong",
            seen="none" + (f" beside {counted(n)} that a person confirmed" if (n := case.confirmed_rows.sum()) else ""),
            todo="Nothing is suggested. advisor audit --check wrong-labels says what could have been seen.",
        )
    draft = relabel(case, ((s.row, s.suggested) for s in found), test_too=test_too)
    notes = (
        "Nobody has looked at these pictures; not all suspected labels are wrong. advisor change sheet FILE lists "
        "them for a person to decide",
        *draft.notes,
    )
    if case.has_test and any(case.evaluation[s.row] for s in found):
        notes += (BY_MACHINE,)
    return Draft(draft.kind, f"{draft.summary}, as suspected", draft.edits, notes=(*notes, *confirmed_note(case)))


def remove_suspects(case: Case, *, test_too: bool) -> Draft:
    """Leave every picture out whose label looks wrong.

    Raises
    ------
    NothingToChange
        If no label looks wrong.
    """
    found = suspects(case, test_too=test_too)
    draft = remove(case, [s.row for s in found], test_too=test_too, what="labels that look wrong")
    note = "Nobody has looked at these pictures; not all suspected labels are wrong"
    return Draft(draft.kind, draft.summary, draft.edits, notes=(note, *draft.notes))


def spare_copies(case: Case, *, test_too: bool) -> Draft:
    """Leave out all but one of every set of copies; sets under unlike labels are not for us to decide.

    Raises
    ------
    NothingToChange
    """
    sets = duplicates(case).sets
    splits = case.dataset.splits
    undecided = np.isin(sets, sets[contradicting(case.targets, sets)])
    rank = np.array([COPIES_KEPT.index(s) if s in COPIES_KEPT else len(COPIES_KEPT) for s in splits.tolist()])
    order = np.lexsort((np.arange(len(sets)), rank, sets))
    first = np.ones(len(sets), dtype=np.bool_)
    first[order[1:]] = sets[order[1:]] != sets[order[:-1]]
    may = np.isin(splits, ("train", "val")) | ((splits == "test") & (test_too or not case.has_test))
    spare = ~first & may & ~undecided
    draft = remove(case, np.flatnonzero(spare).tolist(), test_too=test_too, what="copies of a picture that stays")
    notes = draft.notes
    if undecided.any():
        count = len(np.unique(sets[undecided]))
        notes += (f"{count} sets of copies carry unlike labels and stay: advisor change remove --suggested "
                  "contradictions, or relabel them",)  # fmt: skip
    left = int((~first & (splits == "test") & ~may & ~undecided).sum())
    if left:
        notes += (f"{left} test pictures are copies of test pictures and stay; --test-too takes them out",)
    return Draft(draft.kind, draft.summary, draft.edits, notes=notes)


def contradictions(case: Case, *, test_too: bool) -> Draft:
    """Leave out the pictures of every set of copies that carries unlike labels: which is right nobody has said.

    Raises
    ------
    NothingToChange
    """
    sets = duplicates(case).sets
    rows = contradicting(case.targets, sets)
    if case.has_test and not test_too:
        rows &= ~case.evaluation
    what = "copies of one picture under unlike labels"
    draft = remove(case, np.flatnonzero(rows).tolist(), test_too=test_too, what=what)
    note = "One label of each set may be right: a person can keep it with advisor change relabel instead"
    return Draft(draft.kind, draft.summary, draft.edits, notes=(note, *draft.notes))
