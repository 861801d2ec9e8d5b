"""Questions about one picture: found by its name, answered with the training pictures behind what is said of it."""

import re

from agent import facts as stated
from agent.facts import FactList
from agent.state import Json
from tools.case import Case
from tools.readers.listing import not_a_picture
from tools.readers.match_ids import Places
from tools.why import Answer, pushed
from tools.why_documents import why_document

CODE = "why"
NAMES = re.compile(r"[\"“`]([^\"”`]+)[\"”`]|(\S+)")
AROUND = "\"'“”`()[]<>,;:!?."
SHOWN = 6


def named_picture(case: Case, question: str) -> str:
    """Id of the first picture of the case that a question names by id, path or file name; empty if it names none."""
    words = [(quoted or word.strip(AROUND)) for quoted, word in NAMES.findall(question)]
    words = [word for word in words if not not_a_picture(word.rpartition("/")[2])]
    if not words:
        return ""
    rows = Places(case.dataset.index, case.dataset.root).find(words)
    return next((str(case.ids[row]) for row in rows if row is not None), "")


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
