"""Serves the app's pages on this machine only, until told to stop."""

import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

from app.edge import child_environment
from app.terminal import WrongUse, console
from app.warming import warm

ADDRESS = "127.0.0.1"
PAGE = Path(__file__).parent / "pages" / "shell.py"
READY_SECONDS = 60.0
GRACE_SECONDS = 5.0
OPTIONS = {
    "server.headless": "true",
    "server.address": ADDRESS,
    "server.fileWatcherType": "none",
    "server.showEmailPrompt": "false",
    "server.enableCORS": "true",
    "server.enableXsrfProtection": "true",
    "browser.gatherUsageStats": "false",
    "browser.serverAddress": ADDRESS,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "runner.magicEnabled": "false",
    "runner.postScriptGC": "false",
    "logger.level": "warning",
    "theme.light.primaryColor": "#0b6e5a",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f3f6f5",
    "theme.light.textColor": "#1d2a26",
    "theme.dark.primaryColor": "#4cc3a5",
    "theme.dark.backgroundColor": "#14191a",
    "theme.dark.secondaryBackgroundColor": "#20282a",
    "theme.dark.textColor": "#e8eeec",
    "theme.baseRadius": "small",
    "theme.showWidgetBorder": "true",
}
"""No browser opened, no address but this machine's, nothing reported to anyone.

Python collects garbage when it sees fit: going through all that the libraries hold after each click takes a quarter of
a second, most of what a click costs.
"""


def command(workspace: Path, port: int) -> list[str]:
    """The command line that serves the page with this interpreter."""
    options = [f"--{name}={value}" for name, value in {**OPTIONS, "server.port": str(port)}.items()]
    return [sys.executable, "-m", "streamlit", "run", str(PAGE), *options, "--", "--workspace", str(workspace)]


def serve(workspace: Path, port: int) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code.

    Raises
    ------
    WrongUse
        If the port is taken.
    """
    _port_is_free(port)
    notes = console(stderr=True)
    root = str(PAGE.parents[2])
    previous = signal.signal(signal.SIGTERM, _interrupt)
    child = subprocess.Popen(
        command(workspace.absolute(), port), env=child_environment(root), stdout=subprocess.DEVNULL
    )
    try:
        if not _ready(child, port):
            notes.print("Internal failure: the page did not start; what it said stands above.")
            return 1
        threading.Thread(target=warm, args=(ADDRESS, port), daemon=True).start()
        console().print(f"The advisor is at http://{ADDRESS}:{port} (only on this machine). Ctrl-C stops it.")
        return child.wait()
    except KeyboardInterrupt:
        notes.print("Stopped.")
        return 0
    finally:
        _stop(child)
        signal.signal(signal.SIGTERM, previous)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _port_is_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise WrongUse(
                expected=f"a free port on {ADDRESS}",
                seen=f"{port} ({error.strerror})",
                todo=f"Stop what uses it or name another: advisor app --port {port + 1 if port < 65535 else 8501}",
            ) from None


def _ready(child: "subprocess.Popen[bytes]", port: int) -> bool:
    """Wait until the page answers; False if the server ended or took too long."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{ADDRESS}:{port}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    return False


def _stop(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
