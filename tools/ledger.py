"""Every recommendation ever given, with what it promised; kept once per dataset version, however often it is given."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

from tools import records
from tools.case import Case
from tools.duplicates import duplicates
from tools.label_errors import case_suspects
from tools.workspace import Workspace

LAYOUT = 2
OF_SUSPECTS = "wrong-labels"
OF_COPIES = ("near-duplicates", "contradicting-duplicates")


@dataclass(frozen=True)
class Promise:
    """What was measured when the advice was tried; all in 0–1.

    Attributes
    ----------
    metric : str
        The measure that decides.
    before, after, low, high : float
    verdict : str
        Of ``tools.effects.Verdict``.
    """

    metric: str
    before: float
    after: float
    low: float
    high: float
    verdict: str

    @property
    def delta(self) -> float:
        """After − before."""
        return self.after - self.before


@dataclass(frozen=True)
class Advice:
    """A recommendation as it was given for one dataset version.

    Attributes
    ----------
    id : str
        ``tools.findings.Recommendation.id``.
    dataset : int
    at : str
        When it was first given; UTC, ISO 8601.
    place : int
        Its place in the audit or answer that gave it first.
    by : str
        ``audit`` or ``ask``.
    code, action, target, why : str
    classes : tuple of str
        Classes that it is about, else those that its finding names.
    images : tuple of str
        Pictures it names.
    asked : int
        Pictures to collect; 0 = no number was given.
    experiment : str or None
    arguments : mapping of str to str
    suggested : mapping of str to str
        Image → the class that fits better, for suspects.
    sets : mapping of str to int
        Image → its set of copies.
    promise : Promise or None
        None where it was not, or could not be, tried.
    """

    id: str
    dataset: int
    at: str
    place: int
    by: str
    code: str
    action: str
    target: str
    why: str
    classes: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    asked: int = 0
    experiment: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    suggested: Mapping[str, str] = field(default_factory=dict)
    sets: Mapping[str, int] = field(default_factory=dict)
    promise: Promise | None = None


def given_by_audit(case: Case, document: Mapping[str, Any]) -> list[Advice]:
    """The advice in an audit's document, gravest finding first as people saw it; what was settled is no advice."""
    found = [
        (finding, recommendation)
        for outcome in document["outcomes"]
        for finding in outcome["findings"]
        if not finding.get("settled")
        for recommendation in finding["recommendations"]
    ]
    return _advice(case, ((r, _classes(f["scope"])) for f, r in found), "audit")


def given_by_answer(case: Case, document: Mapping[str, Any]) -> list[Advice]:
    """The advice in an answer's document: its actions."""
    scopes = {
        recommendation["id"]: _classes(finding["scope"])
        for outcome in document["outcomes"]
        for finding in outcome["findings"]
        for recommendation in finding["recommendations"]
    }
    return _advice(case, ((a, scopes.get(a["id"], ())) for a in document["actions"]), "ask")


def _classes(scope: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*scope["classes"], *(scope["pair"] or ()))))


def _advice(case: Case, given: Iterable[tuple[Mapping[str, Any], tuple[str, ...]]], by: str) -> list[Advice]:
    out: dict[str, Advice] = {}
    for place, (piece, classes) in enumerate(given):
        images = tuple(piece["images"])
        own = _argued(case, piece["arguments"]) or ((piece["target"],) if piece["target"] in case.classes else ())
        advice = Advice(
            id=piece["id"],
            dataset=case.dataset.version,
            at=records.now(),
            place=place,
            by=by,
            code=piece["code"],
            action=piece["action"],
            target=piece["target"],
            why=piece["why"],
            classes=own or classes,
            images=images,
            asked=int(piece["cost"]["images"]),
            experiment=piece["experiment"],
            arguments=dict(piece["arguments"]),
            suggested=_suggested(case, images) if piece["code"] == OF_SUSPECTS else {},
            sets=_sets(case, images) if piece["code"] in OF_COPIES else {},
            promise=_promise(piece["effect"]),
        )
        out.setdefault(advice.id, advice)
    return list(out.values())


def _argued(case: Case, arguments: Mapping[str, str]) -> tuple[str, ...]:
    """Classes that an experiment's arguments name."""
    from tools.kinds import pair_of

    if "pair" in arguments:
        return pair_of(case, arguments)
    return (arguments["class"],) if "class" in arguments else ()


def _suggested(case: Case, images: Sequence[str]) -> dict[str, str]:
    found = case_suspects(case)
    better = dict(zip(case.ids[found.rows].tolist(), found.suggested.tolist(), strict=True))
    return {image: case.classes[better[image]] for image in images if image in better}


def _sets(case: Case, images: Sequence[str]) -> dict[str, int]:
    sets = duplicates(case).sets
    return {image: int(sets[case.dataset.index[image]]) for image in images}


def _promise(effect: Sequence[Mapping[str, Any]] | None) -> Promise | None:
    if not effect:
        return None
    decides = next(m for m in effect if m["primary"])
    return Promise(*(decides[name] for name in Promise.__dataclass_fields__))


# -- the table


@cache
def _documents() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Advice)


KEYS = ("id", "dataset", "at")


def record(workspace: Workspace, given: Sequence[Advice]) -> int:
    """Keep advice that is not kept yet, and what was promised where that became known; returns how many rows changed.

    Giving the same advice again for the same dataset version changes nothing, not even the time.
    """
    known = {(a.id, a.dataset): a for a in advice_given(workspace)}
    fresh = []
    for advice in given:
        before = known.get((advice.id, advice.dataset))
        if before is None:
            fresh.append(advice)
        elif before.promise is None and advice.promise is not None:
            fresh.append(replace(before, promise=advice.promise))
    if fresh:
        with workspace.database.writing() as db:
            for advice in fresh:
                document = {name: value for name, value in asdict(advice).items() if name not in KEYS}
                db.execute(
                    "INSERT OR REPLACE INTO advice VALUES (?,?,?,?)",
                    (advice.id, advice.dataset, advice.at, json.dumps(document)),
                )
    return len(fresh)


def advice_given(workspace: Workspace) -> list[Advice]:
    """All advice, by dataset version and then in the order in which it was given."""

    def look(db: sqlite3.Connection) -> list[Advice]:
        rows = db.execute("SELECT id, dataset, at, document FROM advice")
        return [
            _documents().validate_python({"id": key, "dataset": dataset, "at": at, **json.loads(document)})
            for key, dataset, at, document in rows
        ]

    found = workspace.database.read(look, layout=LAYOUT) or []
    return sorted(found, key=lambda a: (a.dataset, a.at, a.place, a.id))
