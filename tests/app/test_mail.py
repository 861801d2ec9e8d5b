"""Mail against a real server on loopback: whole messages, at most once, tried again where nothing was accepted."""

import json
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiosmtpd.controller import Controller
from typer.testing import CliRunner

from app import mail
from app.cli import app
from app.delivery import queue_report, send_waiting
from app.mail import MailSettings, WrongMail, compose, set_settings, settings_of, short_text
from benchmarks.planting.vectors import vector_case
from tests.app.test_report import PANGO
from tools.outbox import Outbox
from tools.settings import Settings
from tools.workspace import Workspace

RUN = CliRunner()
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


class Server:
    """Takes mail, or answers with a code."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answer = "250 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            found = message_from_bytes(envelope.content, policy=default)
            assert isinstance(found, EmailMessage)
            self.messages.append(found)
        return self.answer


@pytest.fixture
def server() -> Iterator[tuple[Server, int]]:
    handler = Server()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with this week's report."""
    kept = Workspace.open(tmp_path_factory.mktemp("mail") / "ws")
    case = vector_case({"cat": 60, "dog": 60}, separation=2, test_share=0.5)
    kept.save_dataset(case.dataset, case.space)
    words = ["report", "--workspace", str(kept.path), "--out", str(kept.path.parent / "r"), "--try", "1"]
    assert RUN.invoke(app, words).exit_code == 0
    return kept


@pytest.fixture
def kept(reported: Workspace) -> Iterator[Workspace]:
    yield reported
    with reported.database.writing() as db:
        db.execute("DELETE FROM outbox")
    set_settings(reported, None)


def settings(port: int, *to: str, **more: Any) -> MailSettings:
    return MailSettings("127.0.0.1", port, "none", "", "ada@example.org", to or ("team@example.org",), **more)


def posted(kept: Workspace) -> list[str]:
    return [letter.state for letter in send_waiting(kept, kept.case(Settings()))]


def week(kept: Workspace) -> str:
    from tools.reports import Reports

    return Reports(kept).all()[-1].week


def test_a_message_is_whole(kept: Workspace, server: tuple[Server, int]) -> None:
    handler, port = server
    set_settings(kept, settings(port, "team@example.org", "bo@example.org"))
    queue_report(kept, week(kept))
    assert posted(kept) == ["sent", "sent"]
    first, second = handler.messages
    assert {first["To"], second["To"]} == {"team@example.org", "bo@example.org"}
    assert first["Subject"].startswith(f"Image-model report, week {week(kept)}")
    kinds = [part.get_content_type() for part in first.walk()]
    assert kinds.count("text/plain") == 1
    assert kinds.count("text/html") == 1
    assert kinds.count("application/pdf") == PANGO
    text = first.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Balanced accuracy" in text
    assert ("The whole report is attached" in text) == PANGO
    page = first.get_body(("html",)).get_content()  # type: ignore[union-attr]
    for part in first.walk():
        if part.get_content_type() == "image/png":
            assert f'src="cid:{part["Content-ID"][1:-1]}"' in page
            assert part.get_content().startswith(b"\x89PNG")
    assert "data:" not in page
    assert "<svg" not in page


def test_nobody_gets_a_week_twice(kept: Workspace, server: tuple[Server, int]) -> None:
    handler, port = server
    set_settings(kept, settings(port))
    for _ in range(3):
        queue_report(kept, week(kept))
        posted(kept)
    assert len(handler.messages) == 1


def test_a_server_that_is_down_is_tried_again(kept: Workspace, server: tuple[Server, int]) -> None:
    handler, port = server
    set_settings(kept, settings(1))
    queue_report(kept, week(kept))
    assert posted(kept) == ["queued"]
    assert "no connection" in Outbox(kept).all()[0].error
    set_settings(kept, settings(port))
    handler.answer = "451 busy"
    assert posted(kept) == ["queued"]
    handler.answer = "250 fine"
    assert posted(kept) == ["sent"]
    assert Outbox(kept).all()[0].attempts == 3
    assert len(handler.messages) == 1


def test_a_refusal_is_kept_and_not_repeated(kept: Workspace, server: tuple[Server, int]) -> None:
    handler, port = server
    set_settings(kept, settings(port))
    handler.answer = "550 no such user"
    queue_report(kept, week(kept))
    assert posted(kept) == ["failed"]
    assert posted(kept) == []
    assert "550" in Outbox(kept).all()[0].error


def test_a_kill_after_handing_over_loses_the_letter_rather_than_repeating_it(kept: Workspace) -> None:
    class Killed(BaseException):
        pass

    def killed() -> None:
        raise Killed

    set_settings(kept, settings(1))
    queue_report(kept, week(kept))
    (letter,) = Outbox(kept).waiting()
    with pytest.raises(Killed):
        Outbox(kept).send(letter, killed)
    assert Outbox(kept).all()[0].state == "sending"
    assert posted(kept) == []


def test_two_senders_hand_a_letter_over_once(kept: Workspace) -> None:
    calls: list[str] = []
    set_settings(kept, settings(1))
    queue_report(kept, week(kept))
    (letter,) = Outbox(kept).waiting()
    Outbox(kept).send(letter, lambda: calls.append("first"))
    Outbox(kept).send(letter, lambda: calls.append("second"))
    assert calls == ["first"]


def test_someone_taken_out_of_the_settings_gets_nothing(kept: Workspace, server: tuple[Server, int]) -> None:
    handler, port = server
    set_settings(kept, settings(port, "old@example.org"))
    queue_report(kept, week(kept))
    set_settings(kept, settings(port, "new@example.org"))
    assert posted(kept) == []
    assert not handler.messages


def test_no_password_goes_over_an_open_line() -> None:
    with pytest.raises(WrongMail, match="secured"):
        MailSettings("h", 25, "none", "ada", "ada@example.org", ("bo@example.org",))


def test_starttls_that_the_server_lacks_is_a_refusal(kept: Workspace, server: tuple[Server, int]) -> None:
    handler, port = server
    set_settings(kept, MailSettings("127.0.0.1", port, "starttls", "", "ada@example.org", ("bo@example.org",)))
    queue_report(kept, week(kept))
    assert posted(kept) == ["failed"]
    assert not handler.messages


@pytest.mark.parametrize("address", ["ada", "ada@", "@example.org", "a@b\nBcc: x@y.z", ""])
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(WrongMail):
        MailSettings("h", 25, "starttls", "", "ada@example.org", (address,))


DOCUMENT: dict[str, Any] = {
    "week": "2026-W48", "headline": "Nothing changed.\r\nBcc: evil@example.org <b>", "quality": [], "actions": [],
    "next_due": "2026-11-30",
}  # fmt: skip


def test_what_data_says_stays_data() -> None:
    message = compose(DOCUMENT, settings(25), "bo@example.org", pdf=None)
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]
    assert "<b>" not in message.get_body(("html",)).get_content()  # type: ignore[union-attr]


def test_a_pdf_that_is_too_large_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "MOST_BYTES", 100)
    message = compose(DOCUMENT, settings(25), "bo@example.org", pdf=b"%PDF" + b"0" * 100, pictures=[("x", PNG)])
    assert "application/pdf" not in [part.get_content_type() for part in message.walk()]
    assert "too large to attach" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_pictures_can_be_left_out() -> None:
    message = compose(DOCUMENT, settings(25, pictures=False), "b@example.org", pdf=None, pictures=[("x", PNG)])
    assert "image/png" not in [part.get_content_type() for part in message.walk()]


def test_a_link_stands_only_where_people_can_follow_it() -> None:
    assert "http" not in short_text(DOCUMENT, settings(25), attached=True)
    linked = short_text(DOCUMENT, settings(25, base_url="https://example.org/r/"), attached=True)
    assert "https://example.org/r/report-2026-W48.html" in linked


class Hook(BaseHTTPRequestHandler):
    answers: ClassVar[list[int]] = []
    bodies: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        code = Hook.answers.pop(0)
        if code == 200:
            Hook.bodies.append(json.loads(body))
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def hook() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Hook)
    Hook.answers, Hook.bodies = [], []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_webhook_is_told_once(kept: Workspace, hook: str) -> None:
    set_settings(kept, MailSettings(webhook=hook))
    queue_report(kept, week(kept))
    Hook.answers = [503, 429, 200]
    assert [posted(kept), posted(kept), posted(kept), posted(kept)] == [["queued"], ["queued"], ["sent"], []]
    assert Hook.bodies[0]["text"].startswith("Image-model report, week")


def test_a_webhook_that_sends_elsewhere_is_not_followed(kept: Workspace, hook: str) -> None:
    set_settings(kept, MailSettings(webhook=hook))
    queue_report(kept, week(kept))
    Hook.answers = [302]
    assert posted(kept) == ["failed"]


def test_the_commands(kept: Workspace, server: tuple[Server, int], tmp_path: Path) -> None:
    handler, port = server
    place = ["--workspace", str(kept.path)]
    words = ["mail", "set", "--host", "127.0.0.1", "--port", str(port), "--security", "none", "--from", "a@example.org"]
    assert RUN.invoke(app, [*words, *place]).exit_code != 0
    assert settings_of(kept) is None
    assert RUN.invoke(app, [*words, "--to", "bo@example.org", *place]).exit_code == 0
    dry = RUN.invoke(app, ["mail", "send", "--dry-run", str(tmp_path / "dry"), *place])
    assert dry.exit_code == 0, dry.output
    assert not handler.messages
    (file,) = (tmp_path / "dry").iterdir()
    assert message_from_bytes(file.read_bytes())["To"] == "bo@example.org"
    sent = RUN.invoke(app, ["mail", "send", "--json", "-", *place])
    assert [letter["state"] for letter in json.loads(sent.stdout)["letters"]] == ["sent"]
    assert len(handler.messages) == 1
    assert "sent" in RUN.invoke(app, ["mail", "show", *place]).output
    assert RUN.invoke(app, ["mail", "clear", *place]).exit_code == 0
    assert settings_of(kept) is None
