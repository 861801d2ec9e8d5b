"""Weights from a hub: a small server on this machine stands in for it; without agreement nothing is fetched."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from embeddings import hub
from embeddings.encoder import EncoderUnavailable
from embeddings.hub import Fetching, cached_file, model_folder, sizes_on_hub, weights_file

COMMIT = "c" * 40
WEIGHTS = bytes(range(256)) * 12_000
FILES = {
    "open_clip_model.safetensors": WEIGHTS,
    "config.json": b"{}",
    "model.safetensors": WEIGHTS[:5000],
    "pytorch_model.bin": b"code may hide here",
    "README.md": b"words",
}


class Hub(BaseHTTPRequestHandler):
    """Answers as the hub does for one repository, someone/small."""

    asked: list[str]

    def do_HEAD(self) -> None:
        self._file(body=False)

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if "/tree/" in self.path and self.path.startswith("/api/models/someone/small"):
            tree = [{"type": "file", "path": name, "size": len(data), "oid": name} for name, data in FILES.items()]
            self._send(json.dumps(tree).encode(), {})
        elif self.path.startswith("/api/models/someone/small"):
            siblings = [{"rfilename": name, "size": len(data)} for name, data in FILES.items()]
            self._send(json.dumps({"id": "someone/small", "sha": COMMIT, "siblings": siblings}).encode(), {})
        else:
            self._file(body=True)

    def _file(self, *, body: bool) -> None:
        name = self.path.partition("?")[0].rpartition("/")[2]
        if not self.path.startswith("/someone/small/resolve/") or name not in FILES:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        head = {"X-Repo-Commit": COMMIT, "ETag": f'"{name}"', "Accept-Ranges": "bytes"}
        self._send(FILES[name], head, body=body)

    def _send(self, data: bytes, head: dict[str, str], *, body: bool = True) -> None:
        self.send_response(200)
        for name, value in {"Content-Length": str(len(data)), "Content-Type": "application/json", **head}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A hub that answers; what it was asked."""
    handler = type("Here", (Hub,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    use(monkeypatch, tmp_path, f"http://127.0.0.1:{server.server_port}")
    yield handler.asked
    server.shutdown()
    server.server_close()


def use(monkeypatch: pytest.MonkeyPatch, folder: Path, endpoint: str, *, offline: bool = False) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", offline)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder / "hub"))


class Agrees:
    """Agrees or not, and remembers what was proposed and how far it came."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.proposed: list[str] = []
        self.steps: list[tuple[str, int, int]] = []

    def __call__(self, what: str) -> bool:
        self.proposed.append(what)
        return self.answer

    @property
    def fetching(self) -> Fetching:
        return Fetching(self, lambda *step: self.steps.append(step))


NAMES = ("open_clip_pytorch_model.safetensors", "open_clip_model.safetensors")


def test_agreed_weights_are_fetched_whole_with_progress_and_then_kept(asked: list[str]) -> None:
    agrees = Agrees(True)
    file = weights_file("someone/small", NAMES, agrees.fetching)
    assert file.read_bytes() == WEIGHTS
    assert agrees.proposed == ["someone/small, 3 MB"]
    assert agrees.steps[-1] == ("downloading weights (MB)", 3, 3)
    before = len(asked)
    assert weights_file("someone/small", NAMES, None) == file
    assert cached_file("someone/small", NAMES[1]) == file
    assert len(asked) == before


def test_declined_weights_are_not_fetched(asked: list[str]) -> None:
    with pytest.raises(EncoderUnavailable, match="declined"):
        weights_file("someone/small", NAMES, Agrees(False).fetching)
    assert not any("resolve" in path for path in asked)


def test_without_leave_no_connection_is_opened(asked: list[str]) -> None:
    for get in (lambda: weights_file("someone/small", NAMES, None), lambda: model_folder("someone/small", None)):
        with pytest.raises(EncoderUnavailable, match="--download"):
            get()
    assert asked == []


def test_a_model_folder_has_no_weights_with_code(asked: list[str]) -> None:
    agrees = Agrees(True)
    folder = model_folder("someone/small", agrees.fetching)
    assert {file.name for file in folder.iterdir()} == {
        "config.json", "model.safetensors", "open_clip_model.safetensors"
    }  # fmt: skip
    assert model_folder("someone/small", None) == folder


def test_what_the_repository_lacks_is_said(asked: list[str]) -> None:
    with pytest.raises(EncoderUnavailable, match=r"none of the expected weights other\.bin"):
        weights_file("someone/small", ("other.bin",), Agrees(True).fetching)
    with pytest.raises(EncoderUnavailable, match="could not be fetched"):
        weights_file("someone/other", NAMES, Agrees(True).fetching)


def test_switched_off_it_is_not_asked(asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert sizes_on_hub("someone/small") is None
    assert asked == []


def test_a_hub_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "PATIENCE", 0.2)
    with socket.socket() as silent:  # accepts and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        use(monkeypatch, tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert sizes_on_hub("someone/small") is None


def test_a_name_look_up_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "PATIENCE", 0.2)
    over, left = threading.Event(), threading.Event()

    def hangs(*_: object, **__: object) -> None:
        over.wait(30)
        left.set()
        raise OSError("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    use(monkeypatch, tmp_path, "http://hub.invalid")
    assert sizes_on_hub("someone/small") is None
    assert not left.is_set()
    over.set()
    left.wait(30)
