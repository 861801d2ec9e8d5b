"""What people decided: findings known and fine, put off, owned or confirmed; labels confirmed. Kept over versions."""

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Literal, get_args

from tools import records
from tools.errors import AdvisorError, UnknownName
from tools.findings import Finding, Outcome
from tools.workspace import Workspace

Kind = Literal["dismiss", "snooze", "own", "confirm", "confirm-label"]
KINDS: tuple[str, ...] = get_args(Kind)
LAYOUT = records.DECISIONS_SINCE
GROWN_SHARE = 0.05
"""A dismissed finding comes back when it explains so much more of the errors than when it was dismissed, …"""
GROWN_IMAGES, FEWEST_MORE = 1.5, 5
"""… or names one and a half times as many pictures, at least five more, or a class that it did not name then."""
OF_ALL = frozenset(
    {
        "background-bias",
        "class-balance",
        "contradicting-duplicates",
        "grouped-images",
        "image-quantity",
        "outliers",
        "wrong-labels",
    }
)
"""Checks whose finding is one of the whole data set: the classes it names come and go."""
MASK = "\x01"
LIST = re.compile(f"{MASK}(?:(?:, | and ){MASK})+")
NUMBER = re.compile(r"\d+")
RANKED = frozenset({"wrong-labels", "outliers", "contradicting-duplicates"})
"""Of these a finding names the classes that happen to lead its ranking; another leader is nothing new."""


class WrongDecision(AdvisorError):
    """A decision that cannot be taken as written."""


@dataclass(frozen=True)
class Decision:
    """One decision; never changed, only taken back.

    Attributes
    ----------
    number : int
        0 before it is kept.
    at : str
        UTC, ISO 8601.
    kind : {"dismiss", "snooze", "own", "confirm", "confirm-label"}
    about : str
        A finding's id; for ``confirm-label`` the sha256 of the picture.
    title : str
        Of the finding, or the picture's id, as it was then.
    who, why : str
    until : str
        Snoozed until, or due on this day (ISO 8601); else empty.
    owner : str
        For ``own``.
    label : str
        For ``confirm-label``.
    share : float
        Share of the errors that the finding explained then; 0 where it was not known.
    images : int
        Pictures it named then.
    classes : tuple of str
    undone : str
        When it was taken back; empty while it holds.
    """

    kind: Kind
    about: str
    title: str
    who: str = ""
    why: str = ""
    until: str = ""
    owner: str = ""
    label: str = ""
    share: float = 0.0
    images: int = 0
    classes: tuple[str, ...] = ()
    number: int = 0
    at: str = ""
    undone: str = ""


def finding_id(finding: Finding) -> str:
    """What names a finding over versions of the data: its code, what it says, and the class or pair that it is about.

    Never a count, and never a list of classes: "many classes have few pictures" stays the same finding when one of
    them gets more.
    """
    scope = finding.scope
    names = scope.pair or scope.classes
    about = () if not scope.pair and (len(names) > 1 or finding.code in OF_ALL) else tuple(sorted(names))
    words = finding.title
    for name in sorted({*scope.classes, *(scope.pair or ())}, key=len, reverse=True):
        words = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", MASK, words)
    words = LIST.sub(MASK, NUMBER.sub("", words))
    return sha256("\0".join((finding.code, *about, scope.slice or "", words)).encode()).hexdigest()[:8]


NAMES = (
    *("number", "at", "kind", "about", "title", "who", "why", "until", "owner", "label", "share", "images", "undone"),
    "classes",
)


def _names(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _kept(db: sqlite3.Connection) -> tuple[Decision, ...]:
    rows = db.execute(f"SELECT {', '.join(NAMES)} FROM decisions ORDER BY number")
    return tuple(Decision(**{**dict(zip(NAMES, row, strict=True)), "classes": _names(row[-1])}) for row in rows)


def _place(d: Decision) -> tuple[str, str]:
    """Of two decisions in one place the later holds; a finding may be put off and have an owner."""
    return d.about, d.kind if d.kind in ("own", "confirm", "confirm-label") else "settled"


class Decisions:
    """The decisions of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def all(self) -> tuple[Decision, ...]:
        """Every decision, oldest first, those taken back included."""

        return self._workspace.database.read(_kept, layout=LAYOUT) or ()

    def standing(self) -> tuple[Decision, ...]:
        """Those that were not taken back."""
        return tuple(d for d in self.all() if not d.undone)

    def take(self, decisions: Iterable[Decision]) -> tuple[Decision, ...]:
        """Keep decisions, all or none; one that says what holds already is left out."""
        kept = []
        with self._workspace.database.writing() as db:
            holds = {_place(d): replace(d, number=0, at="", undone="") for d in _kept(db) if not d.undone}
            for d in decisions:
                if holds.get(_place(d)) == replace(d, number=0, at="", undone=""):
                    continue
                holds[_place(d)] = replace(d, number=0, at="", undone="")
                fresh = replace(d, at=records.now())
                row = {**asdict(fresh), "number": None, "classes": json.dumps(d.classes)}
                places = ", ".join(f":{name}" for name in NAMES)
                done = db.execute(f"INSERT INTO decisions ({', '.join(NAMES)}) VALUES ({places})", row)
                kept.append(replace(fresh, number=int(done.lastrowid or 0)))
        return tuple(kept)

    def undo(self, number: int) -> Decision:
        """Take one back; the record of it stays.

        Raises
        ------
        UnknownName
        """
        found = next((d for d in self.standing() if d.number == number), None)
        if found is None:
            raise UnknownName(
                expected=f"a standing decision ({', '.join(str(d.number) for d in self.standing()) or 'none stands'})",
                seen=str(number), todo="See: advisor decide list.",
            )  # fmt: skip
        at = records.now()
        with self._workspace.database.writing() as db:
            db.execute("UPDATE decisions SET undone = ? WHERE number = ?", (at, number))
        return replace(found, undone=at)


def about_finding(finding: Finding, kind: Kind, *, who: str, why: str, until: str = "", owner: str = "") -> Decision:
    """A decision about a finding, with how large it is now.

    Raises
    ------
    WrongDecision
        For a day that is none, a snooze without a day, or an owner without a name.
    """
    if until:
        try:
            until = date.fromisoformat(until).isoformat()  # 20261224 is a day too
        except ValueError:
            raise WrongDecision(expected="a day as 2026-12-24", seen=until, todo="Write year-month-day.") from None
    if kind == "snooze" and not until:
        raise WrongDecision(expected="a day to snooze until", seen="none", todo="Write, e.g., --until 2026-12-24.")
    if kind == "own" and not owner:
        raise WrongDecision(expected="an owner", seen="none", todo="Write, e.g., --owner Ada.")
    return Decision(
        kind,
        finding_id(finding),
        finding.title,
        who=who,
        why=why,
        until=until,
        owner=owner,
        share=finding.severity.errors_explained or 0.0,
        images=_pictures(finding),
        classes=finding.scope.classes,
    )


def settle(outcomes: Sequence[Outcome], decisions: Sequence[Decision], today: date) -> tuple[Outcome, ...]:
    """Outcomes whose findings say what was decided about them.

    A dismissed finding whose evidence has grown past the margin, and a snoozed one whose day has come, are open again.
    """
    by_finding: dict[str, list[Decision]] = {}
    for d in decisions:
        by_finding.setdefault(d.about, []).append(d)

    def one(finding: Finding) -> Finding:
        mine = by_finding.get(finding_id(finding), [])
        for d in mine:
            if d.kind == "own":  # the last one holds
                finding = replace(finding, assigned=d.owner + (f", due {d.until}" if d.until else ""))
        for d in reversed(mine):
            if d.kind == "dismiss" and not grown(d, finding):
                return replace(finding, settled=f"dismissed{_by(d)}")
            if d.kind == "snooze" and today < date.fromisoformat(d.until):
                return replace(finding, settled=f"put off until {d.until}{_by(d)}")
        return finding

    return tuple(replace(o, findings=tuple(one(f) for f in o.findings)) for o in outcomes)


def grown(decision: Decision, finding: Finding) -> bool:
    """Whether a finding is past what was dismissed.

    >>> from tools.findings import Evidence, Severity
    >>> before = Decision("dismiss", "x", "t", share=0.10, images=10)
    >>> [grown(before, Finding("c", "t", Severity("low", s), "", (Evidence("e", 1, "images"),))) for s in (0.14, 0.16)]
    [False, True]
    """
    if (finding.severity.errors_explained or 0.0) >= decision.share + GROWN_SHARE - 1e-9:
        return True
    if _pictures(finding) >= max(GROWN_IMAGES * decision.images, decision.images + FEWEST_MORE):
        return True
    return finding.code not in RANKED and not set(finding.scope.classes) <= set(decision.classes)


def _pictures(finding: Finding) -> int:
    """How many it speaks of: the largest number of pictures that it counted as its own, else those it lists."""
    first = next((e for e in finding.evidence if e.unit == "images"), None)
    return len(finding.images) if first is None else int(first.value)


def _by(decision: Decision) -> str:
    who = f" by {decision.who}" if decision.who else ""
    return f"{who} on {decision.at[:10]}" + (f": {decision.why}" if decision.why else "")
