import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.serve import ADDRESS, command, serve
from app.terminal import WrongUse


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


STARTED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from app.cli import main; main()"
"""A shell that runs these tests in the background has its children ignore Ctrl-C."""


@pytest.fixture
def server(own_workspace: Path) -> "Iterator[tuple[subprocess.Popen[str], int]]":
    port = free_port()
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            STARTED,
            "app",
            "--port",
            str(port),
            "--workspace",
            own_workspace,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith(("OPENAI", "ADVISOR"))},
    )
    try:
        yield child, port
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        child.communicate(timeout=30)


def test_served_on_loopback_alone_headless_and_silent() -> None:
    words = " ".join(command(Path("/w"), 8600))

    assert "--server.address=127.0.0.1" in words
    assert "--server.headless=true" in words
    assert "--server.port=8600" in words
    assert "--browser.gatherUsageStats=false" in words
    assert "--server.showEmailPrompt=false" in words
    assert "--server.enableCORS=true" in words
    assert "--server.enableXsrfProtection=true" in words
    assert words.endswith("-- --workspace /w")


def test_a_taken_port_is_one_message() -> None:
    with socket.socket() as taken:
        taken.bind((ADDRESS, 0))
        taken.listen()
        with pytest.raises(WrongUse, match="free port"):
            serve(Path("w"), taken.getsockname()[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_answers_and_stops_cleanly(
    server: "tuple[subprocess.Popen[str], int]", number: signal.Signals
) -> None:
    child, port = server
    assert child.stdout is not None
    line = child.stdout.readline()
    assert f"http://127.0.0.1:{port}" in line
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=10) as answer:
        assert answer.status == 200

    child.send_signal(number)

    assert child.wait(20) == 0
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((ADDRESS, port)):
                return
    pytest.fail("the page is still served")


@pytest.mark.browser
def test_a_person_asks_in_a_browser(server: "tuple[subprocess.Popen[str], int]", tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = Path("/usr/bin/chromium")
    if not chromium.exists():
        pytest.skip("no browser at /usr/bin/chromium (apt-get install chromium)")
    child, port = server
    assert child.stdout is not None
    child.stdout.readline()
    with playwright.sync_playwright() as engine:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = engine.chromium.launch(executable_path=str(chromium), args=options)
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        away: list[str] = []
        page.on("request", lambda r: away.append(r.url) if "127.0.0.1" not in r.url and r.url[:4] == "http" else None)
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_text("Worth asking of these pictures").wait_for(timeout=90_000)
        box = page.get_by_test_id("stChatInputTextArea")
        box.fill("why is my model confusing Lemon and Lime?")
        box.press("Enter")
        page.get_by_text("Every number behind this answer").wait_for(timeout=180_000)
        page.locator("figure img").first.wait_for(timeout=30_000)
        page.screenshot(path=tmp_path / "answer.png")
        words = page.locator("[data-testid=stMain]").inner_text()
        links = page.locator("[data-testid=stMain] a").count()
        browser.close()
    assert (tmp_path / "answer.png").stat().st_size > 20_000
    assert "Lemon" in words
    assert "Traceback" not in words
    assert links == 0
    assert away == []
