"""The inbox page: pictures in the order of the last ranking, decided by keyboard, made into a version."""

import json
from pathlib import Path
from typing import Any

import pytest

from app import history
from tests.app.conftest import OpenPage, everything, page_named
from tests.app.test_change import Shell
from tests.tools.coloured import COLOURS, orchard, picture, use_means
from tools.inbox import Inbox
from tools.workspace import Workspace


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Path:
    """A workspace with six pictures in its inbox, put in order."""
    use_means(monkeypatch)
    monkeypatch.setattr(history, "user_name", lambda: "somebody")
    shell = Shell(monkeypatch, capsys, tmp_path)
    shell.run("import", orchard(tmp_path / "photos", each=8))
    for kind, (name, colour) in enumerate(COLOURS.items()):
        for number in range(2):
            picture(tmp_path / "arrived" / f"{name}{number}.png", 9000 + 10 * kind + number, colour)
    shell.run("inbox", "add", tmp_path / "arrived")
    ranked: Any = shell.json("inbox", "rank", "--order", "uncertainty", schema="inbox")
    workspace = next(p.parent for p in tmp_path.rglob("advisor.sqlite"))
    monkeypatch.setattr("app.pages.inbox.last_result", lambda place, title: json.loads(json.dumps(ranked)))
    monkeypatch.setattr("sys.argv", ["shell.py", "--workspace", str(workspace)])
    return workspace


def test_an_empty_inbox_says_how_pictures_come(open_page: OpenPage) -> None:
    page = open_page("inbox").run()

    assert not page.exception
    assert "0 pictures wait" in everything(page)
    assert "Nothing waits" in page.info[0].value


def test_pictures_are_decided_one_by_one_and_become_a_version(filled: Path) -> None:
    page = page_named("inbox").run()
    assert not page.exception
    page.button(key="inbox-accept").click().run()
    page.button(key="inbox-skip").click().run()
    page.button(key="inbox-remove").click().run()
    page.button(key="inbox-skip").click().run()
    page.button(key="inbox-undo").click().run()
    page.selectbox(key="inbox-other").set_value(next(iter(COLOURS))).run()
    page.button(key="inbox-label").click().run()
    assert not page.exception
    assert "2 to label, 1 to put off, 1 to throw out" in everything(page)

    again = page_named("inbox").run()  # another tab knows it all
    again.button(key="inbox-commit").click().run()

    assert not again.exception
    assert "Dataset version 2" in again.success[0].value
    kept = Workspace.open(filled)
    inbox = Inbox(kept)
    assert kept.dataset().version == 2
    assert [len(inbox.pictures(state)) for state in ("waiting", "skipped", "rejected")] == [2, 1, 1]
