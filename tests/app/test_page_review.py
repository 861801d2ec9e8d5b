"""The review: decisions by keyboard, kept as they are made, and the version that becomes of them."""

from pathlib import Path

import pytest

from app.commands import open_case
from app.reviewing import Review, Step, decisions, load, save, waiting
from app.roles import addresses, role_of
from tests.app.conftest import OpenPage, everything
from tools.decisions import Decisions
from tools.suggestions import Suspect, suspects
from tools.workspace import Workspace


def test_precision_counts_only_what_was_decided() -> None:
    review = Review()
    for digest, verb in (("a", "accept"), ("b", "reject"), ("c", "skip"), ("d", "label"), ("e", "remove")):
        review = review.take(Step(digest, "x", verb))  # type: ignore[arg-type]

    right, of, low, high = review.precision
    assert (right, of) == (3, 4)
    assert (round(low, 4), round(high, 4)) == (0.3006, 0.9544)  # Wilson's interval of 3 in 4, by hand
    assert Review().precision == (0, 0, 0.0, 1.0)


def test_the_last_word_about_a_picture_counts_and_undo_takes_the_last_word_back() -> None:
    review = Review().take(Step("a", "x", "reject")).take(Step("b", "x", "skip")).take(Step("a", "x", "accept", "y"))

    assert [s.verb for s in review.steps] == ["skip", "accept"]
    assert [s.verb for s in review.undo().steps] == ["skip"]
    assert Review.from_json(review.to_json()) == review
    assert Review.from_json(None) == Review()
    assert review.of([("b", "x")]).steps == (Step("b", "x", "skip"),)


def test_skipped_suspects_come_again_last() -> None:
    queue = [Suspect(i, name, "train", "x", "y", 0.9) for i, name in enumerate("abc")]
    digests = {name: name for name in "abc"}
    review = Review().take(Step("a", "x", "skip")).take(Step("b", "x", "accept", "y"))

    assert [s.id for s in waiting(queue, review, digests)] == ["c", "a"]


@pytest.fixture
def first(own_workspace: Path) -> Suspect:
    _, case = open_case(own_workspace)
    found = suspects(case, test_too=False)
    if not found:
        pytest.fail("the small workspace has no suspect to review")
    return found[0]


def test_what_is_decided_survives_the_session_and_becomes_a_version(
    own_workspace: Path, open_page: OpenPage, first: Suspect
) -> None:
    page = open_page("review").run()
    assert not page.exception
    assert first.suggested in everything(page).replace("\\", "")
    page.button(key="review-accept").click().run()
    assert not page.exception
    assert "1 of 1** labels were indeed wrong" in everything(page)

    again = open_page("review").run()
    assert "1 of 1** labels were indeed wrong" in everything(again)
    again.text_input(key="review-why").set_value("looked at it").run()
    again.button(key="review-commit").click().run()

    assert not again.exception
    assert "Dataset version 2" in again.success[0].value
    kept = Workspace.open(own_workspace)
    dataset = kept.dataset()
    assert dataset.version == 2
    assert dataset.classes[dataset.targets[dataset.index[first.id]]] == first.suggested
    assert load(kept, "") == Review() or not load(kept, "").steps


def test_undo_and_confirm(own_workspace: Path, open_page: OpenPage, first: Suspect) -> None:
    page = open_page("review").run()
    page.button(key="review-skip").click().run()
    page.button(key="review-undo").click().run()
    page.button(key="review-reject").click().run()
    assert "0 of 1** labels were indeed wrong" in everything(page)
    page.button(key="review-commit").click().run()

    assert not page.exception
    assert Workspace.open(own_workspace).dataset().version == 1
    standing = Decisions(Workspace.open(own_workspace)).standing()
    assert [(d.kind, d.label, d.title) for d in standing] == [("confirm-label", first.given, first.id)]


def test_two_people_do_not_meet_in_each_others_reviews(own_workspace: Path, first: Suspect) -> None:
    kept, case = open_case(own_workspace)
    digest = str(case.dataset.sha256[first.row])
    save(kept, "ada@x.org", Review().take(Step(digest, first.given, "accept", first.suggested)))

    assert load(kept, "bob@x.org") == Review()
    asked = decisions(case, load(kept, "ada@x.org"))
    assert asked.wanted == ((first.row, first.suggested),)


def test_roles_come_from_the_secrets_file_first_and_owners_only_from_there() -> None:
    owners = {"owner": ["Ada@x.org"], "viewer": ["*"]}
    assert role_of("ada@X.org ", owners, {}) == "owner"
    assert role_of("bob@x.org", owners, {"editor": ["bob@x.org"], "owner": ["bob@x.org"]}) == "editor"
    assert role_of("eve@x.org", owners, {}) == "viewer"
    assert role_of("", owners, {"editor": ["*"]}) is None
    assert role_of("eve@x.org", {"owner": ["*"]}, {}) is None
    with pytest.raises(Exception, match="addresses such as"):
        addresses("no address")
