"""All advice followed through the versions: what was done of it, what that changed, and how far it could be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from embeddings.progress import Progress, silent
from tools.case import Case
from tools.changes import History
from tools.changing import history
from tools.errors import AdvisorError
from tools.following import OF_TEST, PENDING, Followed, Passage, follow
from tools.ledger import Advice, advice_given
from tools.promises import Comparison, Outcome, Verdict, kept_promise
from tools.statistics import wilson
from tools.workspace import EncoderMismatch, Workspace

MEASURED = ("partly", "fully")
TOO_FEW = "too few pictures are common to both versions"


@dataclass(frozen=True)
class Entry:
    """One piece of advice, from when it was first given until it was followed or to this day.

    Attributes
    ----------
    advice : Advice
        As given for the version from which following it is counted: the last one before anything was done of it.
    given : tuple of int
        Dataset versions that it was given for.
    followed : Followed
    outcome : Outcome or None
        What following it changed, everything else left as it was.
    whole : bool
        Whether nothing else changed the training data since.
    unmeasured : str
        Why there is no outcome; empty where there is one, or nothing was followed.
    verdict : str or None
        kept, not kept or cannot tell; None without a promise or an outcome.
    reason : str
    """

    advice: Advice
    given: tuple[int, ...]
    followed: Followed
    outcome: Outcome | None = None
    whole: bool = False
    unmeasured: str = ""
    verdict: Verdict | None = None
    reason: str = ""


@dataclass(frozen=True)
class Step:
    """The measured change from a version that advice was given for to the newest one.

    Attributes
    ----------
    before, after : int
    outcome : Outcome or None
    unmeasured : str
    """

    before: int
    after: int
    outcome: Outcome | None
    unmeasured: str = ""


@dataclass(frozen=True)
class Share:
    """A count with its interval.

    Attributes
    ----------
    hits, of : int
    low, high : float
        Wilson.
    """

    hits: int
    of: int
    low: float
    high: float


@dataclass(frozen=True)
class TrackRecord:
    """How good the advice has been.

    Attributes
    ----------
    given, followed : int
        Entries; of those followed wholly or in part.
    kept : Share
        Promised gains that were kept, of those decided.
    undecided : int
        Promised gains that were followed and cannot be told.
    covered : Share
        Tried and wholly followed advice whose measured change lies in the interval that was promised.
    """

    given: int
    followed: int
    kept: Share
    undecided: int
    covered: Share


@dataclass(frozen=True)
class Ledger:
    """Everything that ``advisor ledger`` says."""

    entries: tuple[Entry, ...] = ()
    steps: tuple[Step, ...] = ()
    record: TrackRecord = field(default_factory=lambda: track_record((), 0.95))


def reckon(workspace: Workspace, case: Case, *, known: History | None = None, on_step: Progress = silent) -> Ledger:
    """Follow all advice up to the newest version.

    Parameters
    ----------
    case : Case
        The newest one of the workspace.
    known : History, optional
        Accepted changes; the workspace's own when left out.
    """
    watch = _Watch(workspace, case, history(workspace) if known is None else known)
    entries = [e for lives in _by_id(advice_given(workspace)) for e in watch.lives(lives)]
    entries.sort(key=lambda e: (e.given[0], e.advice.at, e.advice.place))
    measured = [watch.measured(entry, on_step) for entry in entries]
    steps = [
        Step(version, case.dataset.version, *watch.step(version, on_step))
        for version in sorted({e.advice.dataset for e in measured} - {case.dataset.version})
    ]
    return Ledger(tuple(measured), tuple(steps), track_record(measured, case.settings.confidence))


def _by_id(given: Sequence[Advice]) -> list[list[Advice]]:
    out: dict[str, list[Advice]] = {}
    for advice in given:
        out.setdefault(advice.id, []).append(advice)
    return list(out.values())


class _Watch:
    """Passages and comparisons of one run, each made once."""

    def __init__(self, workspace: Workspace, case: Case, known: History) -> None:
        self._workspace, self._case = workspace, case
        self._known = known
        self._passages: dict[tuple[int, int], Passage] = {}
        self._comparisons: dict[int, Comparison | str] = {}

    def _followed(self, advice: Advice, by: int) -> Followed:
        """How far advice was followed by a version."""
        if advice.dataset >= by:
            return PENDING
        key = advice.dataset, by
        if key not in self._passages:
            try:
                new = self._case if by == self._case.dataset.version else self._at(by)
            except EncoderMismatch:
                return Followed("unseen", 0, 0, f"version {by} was indexed with another encoder")
            self._passages[key] = Passage(self._workspace.dataset(advice.dataset), new, self._known)
        return follow(advice, self._passages[key])

    def _at(self, version: int) -> Case:
        """The case of an older version, without predictions."""
        case, data = self._case, self._workspace.dataset(version)
        space = self._workspace.space(data, case.space.encoder.name)
        return Case(data, space, case.settings, store=case.store, confirmed=case.confirmed)

    def lives(self, given: Sequence[Advice]) -> list[Entry]:
        """Entries of one recommendation: given again after it was followed wholly, it begins anew."""
        newest = self._case.dataset.version
        out: list[Entry] = []
        basis, versions = given[0], [given[0].dataset]
        for advice in given[1:]:
            so_far = self._followed(basis, advice.dataset)
            if so_far.extent == "fully":
                out.append(Entry(basis, tuple(versions), so_far))
                basis, versions = advice, []
            elif so_far.extent in ("not", "unseen", "pending"):
                basis = advice
            versions.append(advice.dataset)
        out.append(Entry(basis, tuple(versions), self._followed(basis, newest)))
        return out

    def _comparison(self, version: int) -> Comparison | str:
        """The version laid over the newest one, or why that cannot be done."""
        if version not in self._comparisons:
            try:
                old = self._workspace.dataset(version)
                key = version, self._case.dataset.version
                passage = self._passages.setdefault(key, Passage(old, self._case, self._known))
                space = self._workspace.space(old, self._case.space.encoder.name)
                if space.encoder.fingerprint != self._case.space.encoder.fingerprint:
                    raise EncoderMismatch(expected="", seen="", todo="")
                self._comparisons[version] = Comparison(passage, space, self._workspace)
            except EncoderMismatch:
                self._comparisons[version] = (
                    f"dataset version {version} was not indexed with the encoder {self._case.space.encoder.name}"
                )
            except AdvisorError as fault:
                self._comparisons[version] = fault.seen
        return self._comparisons[version]

    def measured(self, entry: Entry, on_step: Progress) -> Entry:
        """The entry with what following it changed."""
        advice = entry.advice
        if entry.followed.extent not in MEASURED:
            return entry
        if advice.code in OF_TEST:
            why = "it changes what is measured on, not the model"
            return Entry(advice, entry.given, entry.followed, unmeasured=why)
        found = self._comparison(advice.dataset)
        outcome, whole = (None, False) if isinstance(found, str) else found.of(advice, on_step=on_step)
        if outcome is None:
            why = found if isinstance(found, str) else TOO_FEW
            return Entry(advice, entry.given, entry.followed, unmeasured=why)
        verdict, reason = (None, "") if advice.promise is None else kept_promise(
            advice.promise, outcome.measure, whole=entry.followed.extent == "fully"
        )  # fmt: skip
        return Entry(advice, entry.given, entry.followed, outcome, whole, "", verdict, reason)

    def step(self, version: int, on_step: Progress) -> tuple[Outcome | None, str]:
        """The whole change since a version, or why it is not measured."""
        found = self._comparison(version)
        if isinstance(found, str):
            return None, found
        outcome = found.step(on_step=on_step)
        return outcome, "" if outcome else TOO_FEW


def track_record(entries: Sequence[Entry], confidence: float) -> TrackRecord:
    """Count what was kept; advice that asks for one and the same change counts once."""
    followed = [e for e in entries if e.followed.extent in MEASURED]
    distinct: dict[object, Entry] = {}
    for e in followed:
        same = (e.advice.dataset, e.advice.experiment, *sorted(e.advice.arguments.items()))
        distinct.setdefault(same if e.advice.experiment else (e.advice.dataset, e.advice.id), e)
    promised = [e for e in distinct.values() if e.advice.promise is not None and e.advice.promise.verdict == "helps"]
    decided = [e for e in promised if e.verdict in ("kept", "not kept")]
    tried = [
        (e.outcome.measure.delta, e.advice.promise)
        for e in distinct.values()
        if e.outcome is not None and e.advice.promise is not None and e.followed.extent == "fully"
    ]
    return TrackRecord(
        given=len(entries),
        followed=len(followed),
        kept=_share(sum(e.verdict == "kept" for e in decided), len(decided), confidence),
        undecided=len(promised) - len(decided),
        covered=_share(sum(p.low <= delta <= p.high for delta, p in tried), len(tried), confidence),
    )


def _share(hits: int, of: int, confidence: float) -> Share:
    return Share(hits, of, *wilson(hits, of, confidence))
