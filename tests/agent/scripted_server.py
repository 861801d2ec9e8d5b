"""An OpenAI-compatible server on loopback that answers as a script says, and counts how often it is asked."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agent.context import ModelSettings

Reply = str | Callable[[dict[str, Any]], str] | Callable[[BaseHTTPRequestHandler], None]


class Script:
    """Replies in order, the last one for ever; requests are kept."""

    def __init__(self, *replies: Any, raw: bool = False) -> None:
        self.replies, self.raw = list(replies), raw
        self.requests: list[dict[str, Any]] = []

    @property
    def calls(self) -> int:
        return len(self.requests)


def completion(text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return json.dumps(
        {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    ).encode()


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, kind: str = "application/json") -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    if status == 429:
        handler.send_header("Retry-After", "3600")
    handler.end_headers()
    handler.wfile.write(body)


def drip(handler: BaseHTTPRequestHandler) -> None:
    """One byte every tenth of a second, for longer than any deadline here."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    try:
        for _ in range(150):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        return


def stall(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(10)


@contextmanager
def serving(script: Script, *, timeout: float = 3.0, max_calls: int = 3) -> Iterator[ModelSettings]:
    """Settings that point at a server which follows the script."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            script.requests.append(body)
            reply = script.replies[min(script.calls, len(script.replies)) - 1]
            if isinstance(reply, str):
                send(self, completion(reply))
            elif script.raw:
                reply(self)
            else:
                send(self, completion(reply(body)))

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        yield ModelSettings(url, "key", "scripted", timeout=timeout, max_calls=max_calls)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
