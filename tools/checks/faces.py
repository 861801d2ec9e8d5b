"""Labels that are people's names, and pictures that are mostly faces: what a general image model does badly.

Names are told from a list of common given names. Faces are told by a text tower alone: the OpenCV that is installed (5)
has no cascade classifier any more, its face detector needs a model file that does not come with it, and none of the
1,000 ImageNet names is a face.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embeddings.text_vectors import TextCache
from embeddings.vocabulary_files import null_phrases
from tools.case import Case
from tools.concept_modes import concept_scores, nearest_unrelated, reading_encoder
from tools.findings import Cost, Evidence, Finding, Measured, Recommendation, Scope, severity
from tools.names_of_people import GIVEN_NAMES
from tools.registry import Findings, NotApplicable
from tools.scopes import scoped_classes, scoped_images
from tools.statistics import clustered_share
from tools.wording import listed, phrase

if TYPE_CHECKING:
    from embeddings.encoder import Encoder

CODE = "faces"
MOSTLY = 0.5
"""Share of classes named like people, or of pictures that show a face, from which on a data set is about people."""
FEWEST_NAMES = 2
"""One class named like a person may be a breed or a brand."""
SHOWN = 12
NO_DETECTOR = (
    "the classes are not named like people, and whether pictures show faces cannot be told here: no face detector "
    "comes with this program, and {reason}"
)
ADVICE = (
    "general image models do not tell people apart well, and pictures of identifiable people are personal data "
    "(biometric data where they serve to identify), which need a legal ground and consent. Use a service made for "
    "faces, or classify something else: a posture, a helmet, a uniform"
)


def check(case: Case, scope: Scope) -> Findings:
    """Warn where most classes are named like people, or most pictures show faces."""
    named = [name for name in case.classes if like_a_person(name)]
    about_people = len(named) >= max(FEWEST_NAMES, MOSTLY * len(case.classes))
    try:
        encoder = reading_encoder(case, "faces")
    except NotApplicable as reason:
        if not about_people:
            raise NotApplicable(NO_DETECTOR.format(reason=reason)) from None
        encoder = None
    if about_people:
        yield from _named(case, scope, named)
    evidence = [Evidence("classes named like people", len(named), "count", len(case.classes), how="common given names")]
    text = "{classes named like people} classes are named like people; "
    if encoder is None:
        text += "faces were not looked for, because the encoder has no text tower."
    else:
        excess = nearness_to_face(case, encoder)
        yield from _shown(case, scope, excess)
        evidence += _face_evidence(case, excess, np.ones(len(excess), dtype=np.bool_))
        text += "{share of pictures} of pictures are read as showing a face ({share by chance} would be by chance)."
    return Measured(tuple(evidence), phrase(text, evidence))


def like_a_person(name: str) -> bool:
    """Whether a class is named like a person: a common given name, alone or with one or two words behind it.

    >>> [like_a_person(n) for n in ("Maria", "john_smith", "Granny Smith", "Jack the ripper saw", "rose")]
    [True, True, False, False, False]
    """
    words = re.split(r"[\s_.\-]+", name.strip().casefold())
    return 1 <= len(words) <= 3 and words[0] in GIVEN_NAMES and all(word.isalpha() for word in words)


def _named(case: Case, scope: Scope, named: list[str]) -> Iterator[Finding]:
    inside = {name for name, wanted in zip(case.classes, scoped_classes(case, scope), strict=True) if wanted}
    told = [name for name in named if name in inside]
    if not told:
        return
    evidence = (
        Evidence("classes named like people", len(named), "count", len(case.classes), how="common given names"),
        Evidence("classes", len(case.classes), "count"),
    )
    rows = np.flatnonzero(np.isin(case.targets, [case.number(name) for name in told]))[:SHOWN]
    yield _finding(
        "Classes named like people",
        phrase("{classes named like people} of {classes} classes are named like people ({names}).", evidence,
               names=listed([f"“{name}”" for name in told[:3]]) + (" …" if len(told) > 3 else "")),
        evidence,
        Scope(classes=tuple(told)),
        tuple(str(i) for i in case.ids[rows]),
    )  # fmt: skip


def nearness_to_face(case: Case, encoder: "Encoder") -> NDArray[np.float64]:
    """How much nearer each picture is to "a face" than to the nearest unrelated phrase, shape (n,).

    A face is read where it is positive. Were "a face" one more unrelated phrase, one picture in as many as there are
    phrases would be; no threshold is taken from the pictures themselves, which may all show faces.
    """
    cache = TextCache()
    (face,) = [s for s in concept_scores(case, encoder, "people", cache).scored if s.concept.name == "face"]
    return np.asarray(face.similarity - nearest_unrelated(case, encoder, "people", cache), dtype=np.float64)


def _face_evidence(case: Case, excess: NDArray[np.float64], inside: NDArray[np.bool_]) -> tuple[Evidence, Evidence]:
    groups = case.derived.grouping.groups[inside]
    share, low, high = clustered_share(excess[inside] > 0, groups, case.settings.confidence)
    phrases = len(null_phrases())
    how = "“a face” is nearer than any unrelated phrase; groups drawn whole"
    return (
        Evidence("share of pictures", share, "share", int(inside.sum()), low, high, how),
        Evidence("share by chance", 1 / (1 + phrases), "share", how=f"were it one more of {phrases} unrelated phrases"),
    )


def _shown(case: Case, scope: Scope, excess: NDArray[np.float64]) -> Iterator[Finding]:
    inside = scoped_images(case, scope)
    if not inside.any():
        return
    evidence = _face_evidence(case, excess, inside)
    if (evidence[0].low or 0.0) <= MOSTLY:
        return
    rows = np.flatnonzero(inside)[np.argsort(-excess[inside], kind="stable")][:SHOWN]
    yield _finding(
        "Pictures that are mostly faces",
        phrase(
            "{share of pictures} of the pictures ({share of pictures|interval}) are read by the encoder as showing a "
            "human face; {share by chance} would be by chance.",
            evidence,
        ),
        evidence,
        Scope(classes=scope.classes),
        tuple(str(i) for i in case.ids[rows]),
    )


def _finding(title: str, summary: str, evidence: tuple[Evidence, ...], scope: Scope, ids: tuple[str, ...]) -> Finding:
    advice = Recommendation("look at", "whether people are to be told apart", CODE, ADVICE, Cost(clicks=1), images=ids)
    return Finding(CODE, title, severity(None), summary, evidence, scope, ids, (advice,))
