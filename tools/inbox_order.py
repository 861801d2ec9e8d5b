"""The pictures of the inbox in an order, each with what is said of it and why it stands where it does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.index import nearest
from embeddings.progress import Progress, silent
from tools.added import folder_of
from tools.case import Case
from tools.changing import history
from tools.dataset import decode_id
from tools.findings import Outcome
from tools.goals import goals_of
from tools.inbox import Inbox, Picture, Said, State
from tools.inbox_gaps import Gap, gaps_of, membership
from tools.inbox_ranking import Order, by_gain, by_value, margin, weights
from tools.inbox_vectors import encode_missing, vectors_of
from tools.predicting import UNLIKE, nearness_to_training
from tools.taking_in import encoder_of
from tools.training.baseline import parent_scores, plain_training
from tools.workspace import Workspace

BASELINE = "baseline"
BELONGS = 0.5
"""Membership from which a gap is named as a reason."""
NAMED = 2
"""Gaps named of one picture."""


@dataclass(frozen=True)
class Entry:
    """One picture in its place.

    Attributes
    ----------
    picture : Picture
    worth : float
        What the order goes by; for ``gain`` over the first picture's.
    said : str
        The likeliest class.
    score : float
    speaker : str
        ``model@version``, or ``baseline`` where no model spoke.
    nearness : float
        Share of held-out training pictures that are less like the training pictures than this one is.
    gaps : tuple of str
        What it is wanted for.
    why : tuple of str
        Why it is where it is, in words.
    vanished : bool
        Whether its copy is gone; add the file again to bring it back.
    """

    picture: Picture
    worth: float
    said: str
    score: float
    speaker: str
    nearness: float
    gaps: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    vanished: bool = False

    @property
    def unlike(self) -> bool:
        """Whether it is unlike anything seen."""
        return self.nearness <= UNLIKE


@dataclass(frozen=True)
class Ordering:
    """The inbox in an order.

    Attributes
    ----------
    order : Order
    entries : tuple of Entry
    gaps : tuple of Gap
        Those that counted.
    unreadable : tuple of (Picture, str)
        Pictures that could not be encoded, and why.
    """

    order: Order
    entries: tuple[Entry, ...]
    gaps: tuple[Gap, ...] = ()
    unreadable: tuple[tuple[Picture, str], ...] = ()


def arranged(
    workspace: Workspace,
    case: Case,
    outcomes: Iterable[Outcome] = (),
    *,
    order: Order = "gain",
    model: str | None = None,
    most: int | None = None,
    states: Sequence[State] = ("waiting",),
    on_step: Progress = silent,
) -> Ordering:
    """Put the inbox in an order.

    Parameters
    ----------
    outcomes : iterable of Outcome
        Of the checks in ``tools.inbox_gaps.CHECKS``; asked by the order ``gain``.
    model : str, optional
        ``NAME`` or ``NAME@VERSION``: only pictures of which it spoke, by what it said.
    most : int, optional
        So many are placed with care; the rest follow.

    Raises
    ------
    UnknownName
        For a model that never spoke here.
    AdvisorError
        If pictures must be encoded and the encoder is not here.
    """
    inbox = Inbox(workspace)
    pictures = inbox.pictures(*states)
    spoke = {said.sha256: said for said in inbox.said(model)}
    if model is not None:
        pictures = tuple(p for p in pictures if p.sha256 in spoke)
    if not pictures:
        return Ordering(order, ())
    failed = _encode(workspace, case, pictures, on_step)
    unreadable = tuple((p, failed[p.sha256]) for p in pictures if p.sha256 in failed)
    pictures = tuple(p for p in pictures if p.sha256 not in failed)
    if not pictures:
        return Ordering(order, (), unreadable=unreadable)
    vectors = vectors_of(workspace, case.space.encoder.fingerprint, [p.sha256 for p in pictures])
    scores, speakers = _scores(workspace, case, pictures, spoke, vectors)
    nearness = nearness_to_training(case, vectors)
    rng = case.rng("inbox")
    gaps: tuple[Gap, ...] = ()
    belongs = np.zeros((len(pictures), 0))
    match order:
        case "gain":
            gaps = gaps_of(case, outcomes, goals_of(workspace))
            belongs = membership(case, gaps, vectors, scores)
            importance = np.array([gap.importance for gap in gaps])
            ranked = by_gain(weights(margin(scores), belongs, importance), vectors, rng, most)
        case "uncertainty":
            ranked = by_value(margin(scores))
        case "newest":
            ranked = by_value(np.arange(len(pictures), dtype=np.float64))
        case "unlike":
            ranked = by_value(-nearest(case.space.vectors[case.fit], vectors, 1)[0][:, 0].astype(np.float64))
        case "random":
            ranked = by_value(rng.random(len(pictures)))
    folder = folder_of(workspace.path)
    entries = []
    for place, row in enumerate(ranked.rows.tolist()):
        picture = pictures[row]
        best = int(scores[row].argmax())
        mine = [gaps[g] for g in np.argsort(-belongs[row], kind="stable").tolist() if belongs[row, g] >= BELONGS]
        mine = sorted(mine, key=lambda gap: -gap.importance)[:NAMED]
        entry = Entry(
            picture, float(ranked.worth[place]), case.classes[best], float(scores[row, best]), speakers[row],
            float(nearness[row]), tuple(gap.name for gap in mine),
            _reasons(case, scores[row], mine, int(ranked.speaks_for[place]), float(nearness[row])),
            not (folder / decode_id(picture.name)).is_file(),
        )  # fmt: skip
        entries.append(entry)
    return Ordering(order, tuple(entries), gaps, unreadable)


def _encode(workspace: Workspace, case: Case, pictures: Sequence[Picture], on_step: Progress) -> dict[str, str]:
    """Encode what was never, or whose vectors were lost; the encoder is loaded only then."""
    from embeddings.cache import VectorCache

    known = VectorCache(workspace.vectors, case.space.encoder.fingerprint).rows(p.sha256 for p in pictures)
    missing = [p for p in pictures if p.sha256 not in known]
    return encode_missing(workspace, encoder_of(case), missing, case.settings.threads, on_step) if missing else {}


def _scores(
    workspace: Workspace,
    case: Case,
    pictures: Sequence[Picture],
    spoke: dict[str, Said],
    vectors: NDArray[np.float32],
) -> tuple[NDArray[np.float64], list[str]]:
    """Chances of the case's classes, shape (n, k), and who says so: the model where it spoke, else the baseline."""
    known, k = history(workspace), len(case.classes)
    out = np.zeros((len(pictures), k))
    speakers = [BASELINE] * len(pictures)
    for row, picture in enumerate(pictures):
        said = spoke.get(picture.sha256)
        if said is None:
            continue
        given = said.scores or {said.said: said.score}
        for name, score in given.items():
            name = known.new_name(name, case.classes)
            if name in case.classes:
                out[row, case.number(name)] += score
        if not said.scores and out[row].any():  # only the first was given: the rest is shared
            out[row] += np.where(out[row] > 0, 0.0, (1 - said.score) / max(1, k - 1))
        if out[row].any():
            out[row] /= out[row].sum()
            speakers[row] = said.name
    silent_rows = np.array([row for row, name in enumerate(speakers) if name == BASELINE], dtype=np.int64)
    if len(silent_rows):
        together = np.concatenate([case.space.vectors, vectors[silent_rows]])
        training = plain_training(np.flatnonzero(case.fit), case.targets, k)
        new = len(case.ids) + np.arange(len(silent_rows))
        out[silent_rows] = parent_scores(together, [training], [new], k)[0]
    return out, speakers


def _reasons(
    case: Case, scores: NDArray[np.float64], gaps: Sequence[Gap], speaks_for: int, nearness: float
) -> tuple[str, ...]:
    first, *rest = np.argsort(-scores, kind="stable")[:2].tolist()
    why = [f"{case.classes[first]} {scores[first]:.2f}"]
    if rest:
        why[0] += f" or {case.classes[rest[0]]} {scores[rest[0]]:.2f}"
    why += [f"wanted: {', '.join(f'{gap.name} ({gap.code})' for gap in gaps)}"] if gaps else []
    if speaks_for > 0:
        why.append(f"stands for {speaks_for} other{'s' if speaks_for > 1 else ''} here")
    if nearness <= UNLIKE:
        why.append("unlike anything seen")
    return tuple(why)
