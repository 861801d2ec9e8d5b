"""Predictions for pictures of the inbox: matched by path, name or content, checked, and kept in the model's words."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.case import Case
from tools.errors import UnreadableInput
from tools.inbox import Said
from tools.readers.align_predictions import check_probabilities
from tools.readers.match_ids import Places
from tools.readers.predictions_file import PredictionsTable

TOO_MANY = 0.20
"""Share of rows that may be for pictures nobody has; more, and the file belongs elsewhere."""
DIGEST = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
NAMED = re.compile(r"(?P<model>[^@]+)@(?P<version>.+?)(--.*)?")


class UnknownPictures(UnreadableInput):
    """Predictions for too many pictures that nobody has."""


@dataclass(frozen=True)
class Spoken:
    """What a file of predictions gave.

    Attributes
    ----------
    said : tuple of Said
    unknown : int
        Rows for pictures that are neither here nor in the data set.
    foreign : int
        Rows that say a class the data set lacks.
    """

    said: tuple[Said, ...]
    unknown: int
    foreign: int


def model_of_file(path: Path, model: str = "", version: str = "") -> tuple[str, str]:
    """Name and version of the model, as given, else from the file's name.

    >>> model_of_file(Path("shop@7--monday.csv")), model_of_file(Path("scores.csv"), version="2")
    (('shop', '7'), ('scores', '2'))
    """
    found = NAMED.fullmatch(path.stem)
    name, number = (found["model"], found["version"]) if found else (path.stem, "1")
    return model or name, version or number


def spoken(table: PredictionsTable, sources: Mapping[str, str], case: Case, model: tuple[str, str]) -> Spoken:
    """Lay a file's rows onto contents.

    Parameters
    ----------
    table : PredictionsTable
    sources : mapping of str to str
        Content by path: of pictures that come now, that came before, and of the data set.
    case : Case
        Its classes are those that a class must be among to be understood.
    model : tuple of str
        Name and version.

    Raises
    ------
    UnreadableInput
        For repeated pictures, numbers that are no probabilities, more than ``TOO_MANY`` unknown pictures, or as many
        unknown classes.
    """
    if not len(table.ids):
        raise table.error(expected="at least one prediction", seen="none", todo="Export the model's scores again.")
    if table.pred is None:
        check_probabilities(table)
        best = table.probabilities.argmax(axis=1)
        words = [table.classes[i] for i in best.tolist()]
        scores = table.probabilities[np.arange(len(best)), best]
    else:
        assert table.score is not None
        words, scores = [str(name) for name in table.pred], table.score
        bad = np.flatnonzero(~((scores >= 0) & (scores <= 1)))  # also true for NaN
        if len(bad):
            raise table.error(
                expected="scores from 0 to 1", seen=f"{len(bad)} others, e.g. {scores[bad[0]]:g}",
                todo="Divide percentages by 100; leave out pictures without a prediction.",
            )  # fmt: skip
    digests = _contents(table, sources)
    foreign = sum(word not in case.classes for word in words)
    if foreign > TOO_MANY * len(words):
        raise table.error(
            expected=f"predicted classes among {', '.join(case.classes)}",
            seen=f"{foreign} of {len(words)} rows that say another, e.g. "
            f"{next(w for w in words if w not in case.classes)!r},",
            todo="Write each class as in the data set.",
        )  # fmt: skip
    said = tuple(
        Said(digest, *model, word, float(score), _vector(table, row))
        for row, (digest, word, score) in enumerate(zip(digests, words, scores.tolist(), strict=True))
        if digest is not None
    )
    return Spoken(said, sum(digest is None for digest in digests), foreign)


def _vector(table: PredictionsTable, row: int) -> dict[str, float]:
    return dict(zip(table.classes, map(float, table.probabilities[row]), strict=True))


def _contents(table: PredictionsTable, sources: Mapping[str, str]) -> list[str | None]:
    """Content that each row speaks of; None = a picture that nobody has."""
    names = [*sources]
    places = Places({name: row for row, name in enumerate(names)}, table.path.parent.absolute())
    texts = [str(text) for text in table.ids]
    twice = next((text for text, count in Counter(texts).items() if count > 1), None)
    if twice is not None:
        raise table.error(
            expected="one row per picture", seen=f"several for {twice!r}", todo="Keep one row per picture."
        )
    contents = set(sources.values())
    out: list[str | None] = []
    for text, row in zip(texts, places.find(texts), strict=True):
        digest = text.casefold() if row is None and DIGEST.fullmatch(text) else None
        out.append(sources[names[row]] if row is not None else digest if digest in contents else None)
    unknown = [text for text, digest in zip(texts, out, strict=True) if digest is None]
    if len(unknown) > TOO_MANY * len(texts):
        shared = places.sharing(unknown[0])
        hint = f" (a name that {shared} pictures share)" if shared > 1 else ""
        raise UnknownPictures(
            expected=f"ids of pictures in the inbox or beside the file (at most {TOO_MANY:.0%} others)",
            seen=f"{len(unknown)} of {len(texts)} rows for others, e.g. {unknown[0]!r}{hint}, in {table.path}",
            todo="Add the pictures first, or write paths relative to their folder.",
        )
    return out
