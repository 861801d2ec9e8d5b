"""Which class of the data set each label of a user's network means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.errors import UnreadableInput
from tools.wording import listed

CLOSE = 80.0
"""Likeness (rapidfuzz's ratio, 0–100) from which two spellings may be one class: ``Satsuma`` and ``Satsumas`` 93."""
NAMED = 6


@dataclass(frozen=True)
class Matched:
    """Labels laid onto classes.

    Attributes
    ----------
    classes : tuple of (str or None)
        Class that each label means; None = none of the data set's.
    respelt : tuple of (str, str)
        Label and class where their spelling differs in capitals, spaces or signs, or as the user said.
    strange : tuple of str
        Labels that the data set lacks.
    missing : tuple of str
        Classes that the network cannot name.
    """

    classes: tuple[str | None, ...]
    respelt: tuple[tuple[str, str], ...]
    strange: tuple[str, ...]
    missing: tuple[str, ...]


def matched(labels: Sequence[str], classes: Sequence[str], same: Mapping[str, str]) -> Matched:
    """Match labels by spelling, letters and digits alone, or as the user says.

    Parameters
    ----------
    same : mapping of str to str
        Label to class, from the user; an empty class = none of the data set's.

    Raises
    ------
    UnreadableInput
        If fewer than two labels are classes, or one that is none is spelt nearly like a class without a label: which
        of the two is meant is for the user to say.
    """
    _known(same, labels, classes)
    plain: dict[str, list[str]] = {}
    for name in classes:
        plain.setdefault(_plain(name), []).append(name)
    chosen: list[str | None] = []
    for label in labels:
        alike = plain.get(_plain(label), [])
        found = label if label in classes else alike[0] if len(alike) == 1 else None
        chosen.append(same.get(label, found) or None)
    twice = sorted({name for name in chosen if name is not None and chosen.count(name) > 1})
    if twice:
        raise UnreadableInput(
            expected="one label for each class",
            seen=f"{listed([label for label, c in zip(labels, chosen, strict=True) if c == twice[0]])} for {twice[0]}",
            todo="Name the right one with --same LABEL=CLASS.",
        )
    strange = tuple(label for label, found in zip(labels, chosen, strict=True) if found is None)
    missing = tuple(name for name in classes if name not in chosen)
    _ask_back([label for label in strange if label not in same], missing)
    if len(labels) - len(strange) < 2:
        raise UnreadableInput(
            expected=f"at least two labels among the classes {', '.join(classes)}",
            seen=f"the labels {', '.join(labels[:NAMED])}{' …' if len(labels) > NAMED else ''}",
            todo="Give the labels of this network with --labels, or say what they mean: --same LABEL=CLASS.",
        )
    respelt = tuple((la, c) for la, c in zip(labels, chosen, strict=True) if c is not None and c != la)
    return Matched(tuple(chosen), respelt, strange, missing)


def _known(same: Mapping[str, str], labels: Sequence[str], classes: Sequence[str]) -> None:
    for label, name in same.items():
        if label not in labels or (name and name not in classes):
            raise UnreadableInput(
                expected="LABEL=CLASS after --same, a label of the network and a class of the data set "
                f"({', '.join(classes)})",
                seen=f"{label}={name}", todo=f"The network's labels are {', '.join(labels[:NAMED])} …",
            )  # fmt: skip


def _ask_back(strange: Sequence[str], missing: Sequence[str]) -> None:
    meant = [(label, name) for label in strange if (name := _nearest(label, missing)) is not None]
    if meant:
        pairs = [f"{label!r}: did you mean {name!r}?" for label, name in meant[:NAMED]]
        flags = " ".join(f"--same '{label}={name}'" for label, name in meant[:NAMED])
        raise UnreadableInput(
            expected="labels spelt as the data set's classes", seen=" ".join(pairs),
            todo=f"Mend the labels file, or say so: {flags} (nothing behind the sign = none of the classes)",
        )  # fmt: skip


def _nearest(label: str, classes: Sequence[str]) -> str | None:
    from rapidfuzz import fuzz, process

    found = process.extractOne(_plain(label), [_plain(name) for name in classes], scorer=fuzz.ratio, score_cutoff=CLOSE)
    return None if found is None else classes[found[2]]


def _plain(name: str) -> str:
    """Letters and digits in lower case; the name itself where it has none."""
    return "".join(c for c in name.casefold() if c.isalnum()) or name
