"""Pictures of a case by words, or like one picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.dataset import encode_id
from tools.errors import UnknownName, UnreadableInput
from tools.readers.match_ids import Places

if TYPE_CHECKING:
    from embeddings.encoder import Encoder


@dataclass(frozen=True)
class Search:
    """What a search found, best first.

    Attributes
    ----------
    query : str
    how : str
        What similarities are measured with, in one sentence, and what that cannot do.
    rows : tuple of int
        Of the case.
    similarities : tuple of float
        Cosines, or for ImageNet names the score less its mean over all names; comparable within one search only.
    present : int or None
        For words: in how many of all pictures the concept is present, at 5 % false alarms; None where that cannot
        be told.
    """

    query: str
    how: str
    rows: tuple[int, ...]
    similarities: tuple[float, ...]
    present: int | None = None


def search_words(
    case: Case, words: str, k: int, *, cache: Path, threads: int = 0, on_step: Progress = silent
) -> Search:
    """The k pictures that fit a few words best.

    Parameters
    ----------
    cache : Path
        Folder for exported networks.

    Raises
    ------
    UnknownName
        If the words cannot be scored in this space; the message says with what they could.
    """
    from embeddings.concepts import concepts_for
    from embeddings.presence import CannotCalibrate

    space = case.space
    encoder = _encoder(space.encoder.name, cache, threads, on_step) if space.encoder.has_text else None
    found = concepts_for(space, encoder, [words])
    if not found.scored:
        raise UnknownName(expected="words that can be scored here", seen=found.unscored[0].reason, todo=found.note)
    concept = found.scored[0]
    order = np.argsort(-concept.score, kind="stable")[:k]
    told = concept.presence
    present = None if isinstance(told, CannotCalibrate) else int(told.present.sum())
    how = found.note
    if found.source != "text":
        how = f"Scored as “{concept.scored_as}”. {how}"
    return Search(words, how, tuple(order.tolist()), _rounded(concept.score[order]), present)


def search_picture(
    case: Case, picture: str, k: int, *, cache: Path, threads: int = 0, on_step: Progress = silent
) -> Search:
    """The k pictures most like one of the case, named by id or file name, or like a picture file.

    Raises
    ------
    UnknownName
        If there is neither such an image nor such a file.
    UnreadableInput
        If the file is no picture, or the vectors came from a file so that none can be made.
    """
    from embeddings.search import Neighbours

    neighbours = Neighbours(case.space)
    row, vector = vector_of(case, picture, cache=cache, threads=threads, on_step=on_step)
    if row is not None:
        found = neighbours.by_row(row, k)
        how = f"Cosine similarity of vectors by {case.space.encoder.name}; the picture itself is left out."
    else:
        found = neighbours.by_vector(vector, k)
        how = f"Cosine similarity of vectors by {case.space.encoder.name}; the file is not one of the data set's."
    return Search(picture, how, tuple(found.rows.tolist()), _rounded(found.similarities))


def vector_of(
    case: Case, picture: str, *, cache: Path, threads: int = 0, on_step: Progress = silent
) -> tuple[int | None, NDArray[np.float32]]:
    """Row, None for a file, and unit vector of a picture of the case, named by id or file name, or of a picture file.

    Raises
    ------
    UnknownName
    UnreadableInput
        As ``search_picture``.
    """
    places = Places(case.dataset.index, case.dataset.root)
    row = places.find([picture])[0]
    if row is None and Path(picture).is_file():
        row = places.find([str(Path(picture).resolve())])[0]
    if row is not None:
        return row, case.space.vectors[row]
    return None, _vector(case, Path(picture), cache, threads, on_step)


def _encoder(name: str, cache: Path, threads: int, on_step: Progress) -> "Encoder":
    from embeddings.encoder import EncoderUnavailable
    from embeddings.resolve import resolve_encoder

    try:
        return resolve_encoder(name, cache=cache, threads=threads, on_step=on_step)[0]
    except EncoderUnavailable as reason:
        raise UnreadableInput(
            expected=f"the encoder {name} that made the vectors",
            seen=reason.seen,
            todo=reason.advice,
        ) from None


def _vector(case: Case, path: Path, cache: Path, threads: int, on_step: Progress) -> NDArray[np.float32]:
    from embeddings.given import GIVEN
    from embeddings.images import Unreadable, open_picture
    from embeddings.pipeline import DECODED_SIDE

    if not path.is_file():
        raise UnknownName(
            expected=f"an image of the data set, such as {case.ids[0]}, or a picture file",
            seen=encode_id(str(path)),
            todo="Name it as in `advisor audit`, or give a path.",
        )
    name = case.space.encoder.name
    if name == GIVEN:
        raise UnreadableInput(
            expected="an image of the data set",
            seen=f"the file {path}, and vectors that came from a file",
            todo="Add the picture's vector to your file and import again.",
        )
    try:
        pixels = open_picture(path, smallest_side=DECODED_SIDE).pixels
    except Unreadable as reason:
        raise UnreadableInput(expected=f"a picture at {path}", seen=reason.reason, todo="Give another file.") from None
    encoder = _encoder(name, cache, threads, on_step)
    if encoder.info.fingerprint != case.space.encoder.fingerprint:
        raise UnreadableInput(
            expected=f"the encoder {name} as it made the vectors ({case.space.encoder.fingerprint[:12]})",
            seen=f"other weights or preprocessing under that name ({encoder.info.fingerprint[:12]})",
            todo=f"Restore them, or import again with --encoder {name}.",
        )
    return np.asarray(encoder.encode(encoder.prepare(pixels)[None]).vectors[0], dtype=np.float32)


def _rounded(values: NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)
