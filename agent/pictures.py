"""Questions about one picture: found by its name, answered with the training pictures behind what is said of it."""

import re
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from agent import facts as stated
from agent.about_picture import THE_PICTURE, ordered_change, wants_alike
from agent.facts import FactList
from agent.names import find_names
from agent.parts import shortened
from agent.plan import Plan
from agent.prompts import sentence
from agent.state import Json
from tools.case import Case
from tools.dataset import Dataset
from tools.readers.listing import not_a_picture
from tools.readers.match_ids import Places
from tools.suggestions import suspects
from tools.why import Answer, pushed
from tools.why_documents import why_document

Ids = Sequence[str] | NDArray[np.str_]
CODE, LABELS = "why", "wrong-labels"
NAMES = re.compile(r"[\"“`]([^\"”`]+)[\"”`]|(\S+)")
AROUND = "\"'“”‘’`()[]<>,;:!?.…*"
LIKELY_NAME = re.compile(r"(?=.*\d)(?=.*[^\W\d]).{4,}|0\d{3,}")
"""A word that may be a file's name without its ending: letters and digits, or digits that begin with a nought."""
SHOWN = 6
_places: WeakKeyDictionary[Dataset, Places] = WeakKeyDictionary()


def places_of(dataset: Dataset) -> Places:
    """The look-up tables of a dataset's pictures, made once for as long as the dataset is held."""
    if dataset not in _places:
        _places[dataset] = Places(dataset.index, dataset.root)
    return _places[dataset]


def named_picture(
    places: Callable[[], Places], ids: Ids, question: str, classes: Sequence[str] = ()
) -> tuple[str, str]:
    """Id of the first picture that a question names, and the words that name it, or empty.

    Parameters
    ----------
    places : callable
        Only called where a word may name a picture.
    ids : sequence of str
    question : str
        Names a picture by its id, path or file name, in any case and also without ending, where only one is meant.
    classes : sequence of str
        What names a class names no picture.
    """
    words = [re.sub(r"['’]s$", "", (quoted or word).strip(AROUND)) for quoted, word in NAMES.findall(question)]
    words = [word for word in words if not not_a_picture(word.rpartition("/")[2]) or _likely_name(word, classes)]
    rows = places().find(words) if words else []
    for row, word in zip(rows, words, strict=True):
        if (found := places().spoken(word) if row is None else row) is not None:
            return str(ids[found]), word
    return "", ""


def _likely_name(word: str, classes: Sequence[str]) -> bool:
    """Whether a word may be the name of a picture without its ending, and is neither a class nor an everyday word.

    >>> [_likely_name(word, ["class_2"]) for word in ("IMG_0017", "00017", "class_2", "1000", "apples", "train/a/b")]
    [True, True, False, False, False, True]
    """
    if "/" in word.strip("/"):
        return True
    return LIKELY_NAME.fullmatch(word) is not None and _letters(word) not in map(_letters, classes)


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def picture_plan(places: Callable[[], Places], ids: Ids, question: str, classes: Sequence[str]) -> Plan | None:
    """The plan of a question that names a picture: what is like it, another label for it, else what is said of it."""
    picture, word = named_picture(places, ids, question, classes)
    if not picture:
        return None
    about = shortened(question.replace(word, THE_PICTURE))
    ordered = ordered_change(about, find_names(about, classes))
    if ordered is not None:
        return Plan("change", ordered, picture=picture)
    return Plan("search" if wants_alike(about) else "picture", picture=picture)


def label_facts(case: Case, picture: str, facts: FactList) -> list[str]:
    """State whether the label of a picture looks wrong; returns the facts' ids."""
    row = case.dataset.index[picture]
    if case.targets[row] < 0:
        return [facts.state("finding", sentence("label.none", picture=picture), images=[picture], code=LABELS)["id"]]
    name = case.classes[int(case.targets[row])]
    if case.confirmed_rows[row]:
        text = sentence("label.confirmed", picture=picture, name=name)
        return [facts.state("finding", text, images=[picture], code=LABELS)["id"]]
    found = {s.row: s for s in suspects(case, test_too=bool(case.evaluation[row]))}
    of = str(int((case.fit | case.evaluation).sum()) if case.evaluation[row] else int(case.fit.sum()))
    if row in found:
        place = str(list(found).index(row) + 1)
        text = sentence(
            "label.suspect", picture=picture, name=name, better=found[row].suggested, place=place,
            count=str(len(found)), of=of,
        )  # fmt: skip
    else:
        text = sentence("label.trusted", picture=picture, name=name, count=str(len(found)), of=of)
    said = [facts.state("finding", t, images=[picture], code=LABELS)["id"] for t in stated.sentences(text)]
    if row in found:
        text = sentence("label.look")
        said.append(facts.state("note", text, images=[picture], code=LABELS)["id"])
    return said


def picture_facts(case: Case, picture: str, facts: FactList) -> list[str]:
    """State what is said of a picture, and which training pictures push it there; returns the facts' ids.

    Raises
    ------
    NotApplicable
        If no training picture pushes, or there are too few.
    """
    row = case.dataset.index[picture]
    true = int(case.targets[row]) if case.targets[row] >= 0 else None
    document = why_document(case, pushed(case, Answer(picture, case.space.vectors[row], row, true)))
    evidence: list[Json] = document["evidence"]
    said = stated.sentences(f"{picture}: {document['headline']}")
    ids = [facts.state("finding", text, images=[picture], code=CODE)["id"] for text in said]
    images = document["left_out"] or [p["image"] for p in document["pictures"]]
    told = [
        facts.state("finding", text, evidence=evidence, images=images[:SHOWN], code=CODE)["id"]
        for text in stated.sentences(document["summary"])
    ]
    return ids + told
