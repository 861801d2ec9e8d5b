"""Questions about one picture: found by its name, answered with the training pictures behind what is said of it."""

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from agent import facts as stated
from agent.facts import FactList
from agent.names import find_names
from agent.phrases import intents
from agent.plan import Plan
from agent.prompts import sentence
from agent.state import Json
from tools.case import Case
from tools.readers.listing import not_a_picture
from tools.readers.match_ids import Places
from tools.suggestions import suspects
from tools.why import Answer, pushed
from tools.why_documents import why_document

Ids = Sequence[str] | NDArray[np.str_]
CODE, LABELS = "why", "wrong-labels"
NAMES = re.compile(r"[\"“`]([^\"”`]+)[\"”`]|(\S+)")
AROUND = "\"'“”`()[]<>,;:!?."
SHOWN = 6


def named_picture(places: Callable[[], Places], ids: Ids, question: str) -> tuple[str, str]:
    """Id of the first picture that a question names by id, path or file name, and the words that name it, or empty."""
    words = [(quoted or word.strip(AROUND)) for quoted, word in NAMES.findall(question)]
    words = [word for word in words if not not_a_picture(word.rpartition("/")[2])]
    rows = places().find(words) if words else []
    return next(((str(ids[row]), word) for row, word in zip(rows, words, strict=True) if row is not None), ("", ""))


def picture_plan(places: Callable[[], Places], ids: Ids, question: str, classes: Sequence[str]) -> Plan | None:
    """The plan of a question that names a picture: what is like it, another label for it, else what is said of it."""
    picture, word = named_picture(places, ids, question)
    if not picture:
        return None
    rest = question.replace(word, " ")
    asked = intents(rest.lower())
    if asked[:1] == ["search"] or re.search(r"\b(like|similar|resembl\w*)\b", rest.lower()):
        return Plan("search", picture=picture)
    named = find_names(rest, classes)
    if asked[:1] == ["change"]:
        return Plan("change", named.classes, picture=picture)
    return Plan("picture", picture=picture)


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
