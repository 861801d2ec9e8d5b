"""A Custom Vision project fetched from a scripted server on this machine: by the SDK where it is installed."""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app import cli
from tests.tools.coloured import picture, use_means
from tools.clouds import downloads
from tools.clouds.custom_vision import ServiceFailed, connect, fetch_project
from tools.clouds.downloads import Wanted, download
from tools.importing import import_dataset
from tools.settings import Settings
from tools.workspace import Workspace

KEY = "secret-of-the-test"
PROJECT = "11111111-2222-3333-4444-555555555555"
APPLE, CITRUS = "a0000000-0000-0000-0000-000000000000", "c0000000-0000-0000-0000-000000000000"
ITERATION = "e0000000-0000-0000-0000-000000000000"


class Script:
    """What the server answers, and what it was asked."""

    def __init__(self, pictures: Path) -> None:
        self.pictures, self.asked, self.keys = pictures, [], set()
        self.kind: str | None = "Multiclass"
        self.status = 200
        self.tagged, self.untagged = 258, 2
        self.address = ""
        self.broken: set[str] = set()
        self.elsewhere: set[str] = set()

    def picture(self, name: str) -> bytes:
        path = self.pictures / f"{name}.png"
        if not path.exists():
            number = int(name.rpartition("-")[2])
            picture(path, number, (200, 40, 30) if number % 2 else (60, 190, 40), size=12)
        return path.read_bytes()

    def answer(self, path: str, query: dict[str, list[str]], body: bytes) -> Any:
        what = path.partition(f"/projects/{PROJECT}")[2]
        skip, take = (int(query.get(k, ["0"])[0]) for k in ("skip", "take"))
        if what == "":
            return {"id": PROJECT, "name": "Fruit", "description": "", "settings": {"classificationType": self.kind}}
        if what == "/images/tagged":
            return [self.image(n, True) for n in range(skip, min(skip + take, self.tagged))]
        if what == "/images/untagged":
            last = self.tagged + self.untagged
            return [self.image(n, False) for n in range(self.tagged + skip, min(self.tagged + skip + take, last))]
        if what == "/tags":
            return [{"id": key, "name": name, "type": "Regular", "imageCount": 1, "description": ""}
                    for key, name in ((APPLE, "Apple"), (CITRUS, "Citrus"))]  # fmt: skip
        if what == "/iterations":
            done = {"id": ITERATION, "name": "Iteration 1", "trainedAt": "2026-02-02T10:00:00Z", "status": "Completed"}
            return [done, {"id": PROJECT, "name": "Iteration 2", "status": "New"}]
        if what == f"/iterations/{ITERATION}/performance/images":
            return [{**self.image(n, True), "predictions": said(n)} for n in range(skip, min(skip + take, 4))]
        if what == "/predictions/query":
            asked = json.loads(body)
            page = int(asked.get("continuation") or 0)
            row = {"id": f"p-{900 + page}", "iteration": ITERATION, "project": PROJECT, "predictions": said(page),
                   "originalImageUri": f"{self.address}/pictures/p-{900 + page}"}  # fmt: skip
            return {"results": [row], "token": {"session": "s", "continuation": str(page + 1) if page < 2 else None}}
        raise AssertionError(path)

    def image(self, number: int, tagged: bool) -> dict[str, Any]:
        tag = {"tagId": APPLE if number % 2 else CITRUS, "tagName": "?", "created": "2026-01-01T00:00:00Z"}
        host = "http://169.254.169.254" if f"i-{number}" in self.elsewhere else self.address
        return {
            "id": f"i-{number}", "created": "2026-01-01T10:00:00Z", "width": 24, "height": 24, "regions": [],
            "originalImageUri": f"{host}/pictures/i-{number}?sig=signature", "tags": [tag] if tagged else [],
        }  # fmt: skip


def said(number: int) -> list[dict[str, Any]]:
    first = 0.9 if number % 2 else 0.2
    return [
        {"tagId": APPLE, "tagName": "Apple", "probability": first, "tagType": "Regular"},
        {"tagId": CITRUS, "tagName": "Citrus", "probability": 1 - first, "tagType": "Regular"},
    ]


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    play = Script(tmp_path / "source")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            play.asked.append(parts.path)
            name = parts.path.removeprefix("/pictures/")
            if name != parts.path:
                assert "Training-key" not in self.headers  # the key goes with no picture
                data = b"no picture" if name in play.broken else play.picture(name)
                self.send(200, data, "image/png")
            else:
                play.keys.add(self.headers.get("Training-key"))
                given = play.answer(parts.path, parse_qs(parts.query), body) if play.status == 200 else {}
                self.send(play.status, json.dumps(given).encode(), "application/json")

        do_POST = do_GET

        def send(self, status: int, data: bytes, kind: str) -> None:
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.2:1/elsewhere")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    play.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield play
    server.shutdown()
    server.server_close()
    thread.join()


class Plain(dict[str, Any]):
    """Stands for an object of the SDK where that is not installed."""

    def serialize(self, *, keep_readonly: bool) -> dict[str, Any]:
        assert keep_readonly
        return dict(self)

    def __getattr__(self, name: str) -> Any:
        value = self[name]
        return (
            [Plain(v) for v in value] if isinstance(value, list) else Plain(value) if isinstance(value, dict) else value
        )


class Client:
    """Answers as the SDK does, without a network."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def _say(self, what: str, body: object = None, **page: int) -> Any:
        query = {name: [str(value)] for name, value in page.items()}
        found = self._script.answer(f"/projects/{PROJECT}{what}", query, json.dumps(body).encode())
        return [Plain(item) for item in found] if isinstance(found, list) else Plain(found)

    def get_project(self, project: str) -> Any:
        assert project == PROJECT
        return self._say("")

    def get_tagged_images(self, project: str, *, take: int, skip: int) -> Any:
        return self._say("/images/tagged", take=take, skip=skip)

    def get_untagged_images(self, project: str, *, take: int, skip: int) -> Any:
        return self._say("/images/untagged", take=take, skip=skip)

    def get_tags(self, project: str) -> Any:
        return self._say("/tags")

    def get_iterations(self, project: str) -> Any:
        return self._say("/iterations")

    def get_image_performances(self, project: str, *, iteration_id: str, take: int, skip: int) -> Any:
        return self._say(f"/iterations/{iteration_id}/performance/images", take=take, skip=skip)

    def query_predictions(self, project: str, token: Any) -> Any:
        return self._say("/predictions/query", token)


@pytest.fixture(params=["sdk", "stand-in"])
def client(request: pytest.FixtureRequest, script: Script) -> Any:
    if request.param == "stand-in":
        return Client(script)
    pytest.importorskip(
        "azure.cognitiveservices.vision.customvision", reason="Microsoft's SDK is not installed (custom-vision extra)"
    )
    return connect(script.address, KEY)


def test_a_project_is_saved_and_imported(
    client: Any, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.broken = {"i-7"}
    script.elsewhere = {"i-9"}
    folder = tmp_path / "dump"
    done = fetch_project(client, script.address, PROJECT, folder)
    assert (done.project, done.images, done.production, done.iterations) == ("Fruit", 260, 3, 1)
    assert (done.fetched, done.there) == (261, 0)
    reasons = dict(done.failed)
    assert "saw text" in reasons.pop("i-7")
    assert reasons == {"i-9": "its address was not asked: not https"}
    assert script.keys <= {KEY}
    every = b"".join(file.read_bytes() for file in folder.rglob("*.json"))
    assert KEY.encode() not in every
    assert b"signature" not in every

    use_means(monkeypatch)
    imported = import_dataset(Workspace.open(tmp_path / "ws"), folder, Settings(threads=1))
    assert len(imported.dataset) == 261
    assert imported.dataset.counts == {"Apple": 127, "Citrus": 129}
    assert imported.dataset.splits.tolist().count("production") == 3
    assert "custom-vision Iteration 1: 7 of 261 images have a prediction" in imported.predictions


def test_a_run_that_was_stopped_goes_on(client: Any, script: Script, tmp_path: Path) -> None:
    script.tagged = 200
    folder = tmp_path / "dump"

    def stop(what: str, done: int, total: int) -> None:
        if (what, done) == ("fetching pictures", 10):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_project(client, script.address, PROJECT, folder, on_step=stop)
    there = len([f for f in (folder / "images").iterdir() if not f.name.startswith(".")])
    assert 10 <= there <= 10 + downloads.AHEAD  # those under way, not all
    script.asked.clear()
    done = fetch_project(client, script.address, PROJECT, folder)
    assert (done.there, done.fetched) == (there, 205 - there)
    assert sum(path.startswith("/pictures/") for path in script.asked) == 205 - there


@pytest.mark.parametrize(("kind", "seen"), [(None, "object detection"), ("Multilabel", "Multilabel")])
def test_other_projects_are_refused_with_what_works(
    client: Any, script: Script, tmp_path: Path, kind: str | None, seen: str
) -> None:
    script.kind = kind
    with pytest.raises(ServiceFailed, match=rf"{seen}.*Works: a Multiclass project"):
        fetch_project(client, script.address, PROJECT, tmp_path / "dump")
    assert not (tmp_path / "dump").exists()


@pytest.mark.parametrize(("status", "todo"), [(401, "VISION_TRAINING_KEY"), (404, "--project"), (302, "again")])
def test_errors_of_the_service_are_told_without_the_key(script: Script, tmp_path: Path, status: int, todo: str) -> None:
    pytest.importorskip("azure.cognitiveservices.vision.customvision", reason="Microsoft's SDK is not installed")
    script.status = status
    with pytest.raises(ServiceFailed) as error:
        fetch_project(connect(script.address, KEY), script.address, PROJECT, tmp_path / "dump")
    assert todo in error.value.todo
    assert KEY not in str(error.value)


def test_no_sdk_no_key_no_https(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ServiceFailed, match="endpoint, as https"):
        connect("http://fruit.example", KEY)
    line = [
        "advisor",
        "fetch",
        "custom-vision",
        str(tmp_path / "d"),
        "--endpoint",
        "https://x.example",
        "--project",
        "p",
    ]
    monkeypatch.setattr(sys, "argv", line)
    monkeypatch.delenv("VISION_TRAINING_KEY", raising=False)
    with pytest.raises(SystemExit, match="2"):
        cli.main()
    assert "the training key in the variable VISION_TRAINING_KEY" in capsys.readouterr().err
    monkeypatch.setenv("VISION_TRAINING_KEY", KEY)
    monkeypatch.setitem(sys.modules, "azure.cognitiveservices.vision.customvision.training", None)
    with pytest.raises(SystemExit, match="2"):
        cli.main()
    said = capsys.readouterr().err
    assert "image-model-advisor[custom-vision]" in said
    assert KEY not in said


def test_pictures_that_are_too_large_or_answered_with_an_error(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [Wanted("i-1", f"{script.address}/pictures/i-1"), Wanted("x", f"{script.address}/other")]
    script.status = 500
    none = lambda _: ""  # noqa: E731
    limits = downloads.Limits(megabytes=0.0001)
    fetched, there, failed = download(wanted, tmp_path / "d", none, lambda *_: None, limits=limits)
    assert (fetched, there) == (0, 0)
    assert failed == [("i-1", "expected at most 0.0001 MB, saw more"), ("x", "the service answered 500")]
    assert list((tmp_path / "d").iterdir()) == []
