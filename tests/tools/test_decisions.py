"""What people decided is kept, obeyed, and open again when its evidence has grown."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tools.audit import run_check, run_checks
from tools.case import Case
from tools.dataset import Label
from tools.decisions import Decision, Decisions, WrongDecision, about_finding, finding_id, grown, settle
from tools.documents import audit_document, ranked
from tools.errors import UnknownName
from tools.findings import Evidence, Finding, Outcome, Scope, Severity
from tools.label_errors import case_suspects
from tools.registry import find_check
from tools.settings import Settings
from tools.workspace import Workspace

TODAY = date(2026, 11, 26)


@pytest.fixture
def kept(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "ws")


def finding(
    code: str = "similar-classes", classes: tuple[str, ...] = ("a", "b"), *, share: float = 0.1, images: int = 10,
    pair: tuple[str, str] | None = None,
) -> Finding:  # fmt: skip
    evidence = (Evidence("pictures", images, "images"),)
    return Finding(code, "t", Severity("medium", share), "s", evidence, Scope(classes, pair))


def settled(found: Finding, *decisions: Decision, today: date = TODAY) -> str:
    (outcome,) = settle([Outcome(found.code, "found", "", 0.0, (found,))], decisions, today)
    return outcome.findings[0].settled


def test_an_id_knows_what_a_finding_speaks_of_and_no_count() -> None:
    one = finding(pair=("a", "b"))
    assert finding_id(one) == finding_id(finding(pair=("b", "a"), share=0.5, images=99))
    assert finding_id(one) != finding_id(finding(pair=("a", "c")))
    assert finding_id(one) != finding_id(replace(one, scope=replace(one.scope, slice="kind A")))
    lime, orange = (
        replace(finding("learning-curve", (name,)), title=f"More pictures of {name} still help")
        for name in ("Lime", "Orange")
    )
    assert finding_id(lime) != finding_id(orange)
    small, dark = (replace(finding("image-quality", ()), title=title) for title in ("Small pictures", "Dark pictures"))
    assert finding_id(small) != finding_id(dark)
    two, three = (
        replace(finding("model-category", names), title=f"Bad classes: {words}")
        for names, words in ((("a1", "b"), "a1 and b"), (("c", "a1", "d"), "c, a1 and d"))
    )
    assert finding_id(two) == finding_id(three)
    of_all = finding("wrong-labels")
    assert finding_id(of_all) == finding_id(finding("wrong-labels", ("c",)))


def test_a_dismissed_finding_stays_away_until_it_has_grown() -> None:
    said = replace(about_finding(finding(), "dismiss", who="Ada", why="known"), at="2026-11-20T00:00:00")
    assert settled(finding(), said) == "dismissed by Ada on 2026-11-20: known"
    assert settled(finding(share=0.14, images=14), said)
    assert not settled(finding(share=0.15), said)
    assert not settled(finding(images=15), said)
    assert not settled(finding("typicality"), said)


def test_a_class_that_was_not_named_opens_a_finding_of_the_whole_data_set() -> None:
    said = about_finding(finding("image-quantity"), "dismiss", who="", why="")
    assert settled(finding("image-quantity", ("a",)), said)
    assert not settled(finding("image-quantity", ("a", "c")), said)
    ranking = about_finding(finding("wrong-labels"), "dismiss", who="", why="")
    assert settled(finding("wrong-labels", ("c", "d")), ranking)


def test_a_snooze_ends_on_its_day() -> None:
    said = about_finding(finding(), "snooze", who="", why="", until="2026-12-01")
    assert settled(finding(share=0.9), said)
    assert not settled(finding(), said, today=date(2026, 12, 1))


def test_an_owner_is_named_and_the_finding_stays_open() -> None:
    said = [
        about_finding(finding(), "own", who="", why="", owner=name, until=due)
        for name, due in (("Ada", ""), ("Bo", "2026-12-01"))
    ]
    (outcome,) = settle([Outcome("x", "found", "", 0.0, (finding(),))], said, TODAY)
    assert outcome.findings[0].assigned == "Bo, due 2026-12-01"
    assert not outcome.findings[0].settled


@pytest.mark.parametrize(
    ("kind", "more", "match"),
    [("snooze", {}, "a day to snooze"), ("snooze", {"until": "soon"}, "as 2026-12-24"), ("own", {}, "an owner")],
)
def test_wrong_decisions(kind: str, more: dict[str, str], match: str) -> None:
    with pytest.raises(WrongDecision, match=match):
        about_finding(finding(), kind, who="", why="", **more)  # type: ignore[arg-type]


def test_the_margin_by_hand() -> None:
    said = Decision("dismiss", "x", "t", share=0.2, images=2, classes=("a", "b"))
    assert not grown(said, finding(share=0.24, images=6))  # 1.5 x 2 = 3, but fewer than five more
    assert grown(said, finding(share=0.24, images=7))
    assert grown(said, finding(share=0.25, images=2))


def test_decisions_are_kept_once_and_taken_back(kept: Workspace) -> None:
    decisions = Decisions(kept)
    assert decisions.all() == ()
    said = about_finding(finding(classes=("x\ny", "|")), "dismiss", who="Ada", why="so")
    (first,) = decisions.take([said])
    assert first.number == 1
    assert decisions.take([said]) == ()
    assert decisions.standing() == (first,)
    assert decisions.all()[0].classes == ("x\ny", "|")
    decisions.undo(1)
    assert decisions.standing() == ()
    assert decisions.all()[0].undone
    with pytest.raises(UnknownName, match="none stands"):
        decisions.undo(1)
    assert decisions.take([said])[0].number == 2


def test_of_two_owners_the_later_holds_and_the_first_can_come_back(kept: Workspace) -> None:
    decisions = Decisions(kept)
    ada, bob = (about_finding(finding(), "own", who="", why="", owner=name) for name in ("Ada", "Bob"))
    off = about_finding(finding(), "snooze", who="", why="", until="20261224")
    assert off.until == "2026-12-24"
    known = about_finding(finding(), "dismiss", who="", why="")
    for one in (ada, bob, off, known, ada, off):
        assert len(decisions.take([one])) == 1
    assert decisions.take([ada, off]) == ()
    (said,) = settle([Outcome("similar-classes", "found", "", 0.0, (finding(),))], decisions.standing(), TODAY)
    assert said.findings[0].assigned == "Ada"
    assert said.findings[0].settled.startswith("put off until 2026-12-24")


def mislabelled() -> tuple[Case, np.ndarray]:
    case = vector_case({"cat": 80, "dog": 80}, separation=6)
    names, wrong = [case.classes[t] for t in case.targets], np.array([3, 40, 90])
    for row in wrong:
        names[row] = "dog" if names[row] == "cat" else "cat"
    digests = np.array([f"{row:064x}" for row in range(len(names))])
    labels = tuple(Label(str(i), name) for i, name in zip(case.ids, names, strict=True))
    return replace(case, dataset=replace(case.dataset, labels=labels, sha256=digests)), wrong


def test_a_confirmed_label_is_not_called_wrong_until_it_changes(kept: Workspace) -> None:
    case, wrong = mislabelled()
    kept.save_dataset(case.dataset, case.space)
    case = kept.case(Settings())
    assert set(np.flatnonzero(case_suspects(case).flagged)) >= set(wrong)
    row = int(wrong[0])
    said = Decision(
        "confirm-label", str(case.dataset.sha256[row]), str(case.ids[row]), label=case.classes[case.targets[row]]
    )
    Decisions(kept).take([said])
    again = kept.case(Settings())
    assert again.fingerprint != case.fingerprint
    assert not case_suspects(again).flagged[row]
    assert case_suspects(again).flagged[wrong[1]]
    (found,) = run_check(again, find_check("wrong-labels"), Scope()).findings
    assert str(case.ids[row]) not in found.images
    other = tuple(
        replace(label, name="dog" if label.name == "cat" else "cat") if i == row else label
        for i, label in enumerate(again.dataset.labels)
    )
    assert not replace(again, dataset=replace(again.dataset, labels=other)).confirmed_rows[row]


def test_what_is_settled_is_not_put_forward(kept: Workspace) -> None:
    case, _ = mislabelled()
    outcomes = run_checks(case, ["wrong-labels"])
    (found,) = ranked(outcomes)
    said = about_finding(found, "dismiss", who="", why="")
    after = settle(outcomes, [said], TODAY)
    assert ranked(after) == []
    document = audit_document(case, after)
    assert document["headline"].startswith("No check found anything")
    shown = document["outcomes"][0]["findings"][0]
    assert shown["settled"].startswith("dismissed")
    assert shown["id"] == finding_id(found)
