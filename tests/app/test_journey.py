"""A person's whole way through the app, in a real browser over real pictures: import to report.

Pictures of each step are kept in ``.screenshots/`` (ignored by Git) for people to look at.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.edge import child_environment
from app.jobs import jobs
from app.serve import ADDRESS, PAGE, _ready, command
from tests.app.test_serve import free_port
from tools.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / ".screenshots"
COLOURS = {"cherry": (190, 30, 45), "lime": (120, 190, 50), "plum": (95, 50, 130)}
SLIPS = 8
MINUTES = 5 * 60_000


def draw(path: Path, colour: tuple[int, int, int], rng: np.random.Generator) -> None:
    """A disc of about one colour on a noisy table."""
    ground = rng.integers(150, 210, 3)
    image = Image.fromarray(np.clip(ground + rng.normal(0, 12, (96, 96, 3)), 0, 255).astype(np.uint8))
    x, y, r = rng.integers(30, 66), rng.integers(30, 66), rng.integers(16, 28)
    shade = tuple(int(v) for v in np.clip(np.array(colour) + rng.normal(0, 14, 3), 0, 255))
    ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill=shade)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


@pytest.fixture(scope="module")
def fruit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three fruits, 34 training and 12 test pictures each; some training pictures under a wrong label."""
    folder, rng = tmp_path_factory.mktemp("fruit"), np.random.default_rng(5)
    names = list(COLOURS)
    for number, name in enumerate(names):
        for split, count in (("train", 34), ("test", 12)):
            for i in range(count):
                wrong = split == "train" and i < SLIPS // 2 and name != "cherry"
                draw(folder / split / name / f"{i:02d}.png", COLOURS[names[number - 1] if wrong else name], rng)
        # a test picture that looks like another fruit, so that there is a confusion to click
        draw(folder / "test" / name / "odd.png", COLOURS[names[number - 1]], rng)
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[tuple[str, Path]]":
    workspace = tmp_path_factory.mktemp("served") / "workspace"
    port = free_port()
    environment = {
        k: v for k, v in child_environment(str(PAGE.parents[2])).items() if not k.startswith(("OPENAI", "ADVISOR"))
    }
    child = subprocess.Popen(command(workspace, port), env=environment, stdout=subprocess.DEVNULL)
    try:
        assert _ready(child, port)
        yield f"http://{ADDRESS}:{port}", workspace
    finally:
        child.terminate()
        child.wait(20)


@pytest.fixture
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = Path("/usr/bin/chromium")
    if not chromium.exists():
        pytest.skip("no browser at /usr/bin/chromium (apt-get install chromium)")
    with playwright.sync_playwright() as engine:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        opened = engine.chromium.launch(executable_path=str(chromium), args=options)
        yield opened
        opened.close()


def shot(page: Any, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    page.wait_for_timeout(700)
    page.screenshot(path=SHOTS / f"{name}.png")


def calm(page: Any) -> None:
    """Wait until the script of the page has run."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=MINUTES)


def test_import_ask_click_review_measure_download(
    served: tuple[str, Path], fruit: Path, browser: Any, tmp_path: Path
) -> None:
    address, workspace = served
    page = browser.new_page(viewport={"width": 1400, "height": 1000}, accept_downloads=True)
    away: list[str] = []
    page.on("request", lambda r: away.append(r.url) if ADDRESS not in r.url and r.url[:4] == "http" else None)

    # import
    page.goto(address)
    page.get_by_text("Nothing to look at yet").wait_for(timeout=MINUTES)
    shot(page, "1-welcome")
    page.get_by_role("button", name="Import under Settings").click()
    box = page.get_by_label("Path on this machine")
    box.wait_for(timeout=MINUTES)
    box.fill(str(fruit))
    box.press("Enter")
    page.get_by_role("button", name="Import this path").click()
    page.get_by_text("141 pictures").wait_for(timeout=MINUTES)
    shot(page, "2-imported")

    # ask
    page.get_by_role("link", name="Chat").click()
    page.get_by_test_id("stChatInputTextArea").wait_for(timeout=MINUTES)
    question = page.get_by_test_id("stChatInputTextArea")
    question.fill("Which labels are wrong?")
    question.press("Enter")
    page.get_by_text("Every number behind this answer").wait_for(timeout=MINUTES)
    shot(page, "3-answer")

    # click a cell of the confusion matrix, and ask why
    page.get_by_role("link", name="Confusion").click()
    plot = page.locator(".js-plotly-plot .nsewdrag").first
    plot.wait_for(timeout=MINUTES)
    calm(page)
    field = plot.bounding_box()
    page.mouse.click(field["x"] + field["width"] * 2.5 / 3, field["y"] + field["height"] * 0.5 / 3)
    page.get_by_text("judged pictures of cherry is called plum").or_(
        page.get_by_text("judged pictures of cherry are called plum")
    ).first.wait_for(timeout=MINUTES)
    page.locator("figure img").first.wait_for(timeout=MINUTES)
    shot(page, "4-cell")
    page.locator("figure button").first.click()
    page.get_by_role("dialog").get_by_text("Most like it").wait_for(timeout=MINUTES)
    shot(page, "5-picture")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Why?").click()
    page.get_by_text("Every number behind this answer").first.wait_for(timeout=MINUTES)
    shot(page, "6-why")

    # accept five suggestions by keyboard
    page.get_by_role("link", name="Review").click()
    page.get_by_text("suspects decided").wait_for(timeout=MINUTES)
    shot(page, "7-review")
    for done in range(1, 6):
        calm(page)
        page.keyboard.press("a")
        page.get_by_text(f"{done} of ").first.wait_for(timeout=MINUTES)
        page.get_by_text(f"{done} of {done}", exact=False).first.wait_for(timeout=MINUTES)
    shot(page, "8-five")
    page.get_by_role("button", name="Make it a version of the data set").click()
    page.get_by_text("Dataset version 2").first.wait_for(timeout=MINUTES)
    kept = Workspace.open(workspace)
    assert kept.dataset().version == 2

    # what it brought
    page.get_by_role("button", name="Measure what changes brought").click()
    page.get_by_text("Version 1 → 2").wait_for(timeout=MINUTES)
    shot(page, "9-measured")
    assert "balanced accuracy" in page.locator("[data-testid=stMain]").inner_text()

    # the report
    page.get_by_role("link", name="Reports").click()
    page.get_by_role("button", name="Make this week's report").click()
    page.get_by_text("Image-model report").wait_for(timeout=MINUTES)
    shot(page, "10-report")
    with page.expect_download(timeout=MINUTES) as download:
        page.get_by_role("button", name="HTML").click()
    download.value.save_as(tmp_path / "report.html")
    assert "Image-model report" in (tmp_path / "report.html").read_text("utf-8")
    assert all(job.state == "done" for job in jobs(workspace))
    assert away == []
    page.close()


@pytest.mark.parametrize("width", [1400, 420])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_readable(served: tuple[str, Path], browser: Any, scheme: Any, width: int) -> None:
    """Nothing is wider than the window, nothing failed, every picture has words; runs after the journey."""
    address, workspace = served
    if not workspace.is_dir():
        pytest.skip("the journey has not imported anything")
    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    names = (
        "overview confusion findings detector map review cues thresholds experiments versions rounds tryit reports "
        "jobs settings"
    )
    for name in names.split():
        page.goto(f"{address}/{name}")
        page.locator("h1").first.wait_for(timeout=MINUTES)
        calm(page)
        shot(page, f"page-{name}-{scheme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        assert not page.get_by_text("Something in the advisor failed").count(), name
        assert not page.get_by_test_id("stException").count(), name
        assert page.evaluate("[...document.images].every(i => i.alt || i.closest('[aria-hidden=true]'))"), name
    page.close()
