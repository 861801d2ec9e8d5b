"""The app at 50,000 pictures: first paint, and clicks on each page, by a real browser; run: python -m benchmarks.app.

A case of vectors (20 classes, bursts, a test split) whose pictures are hard links to a few drawn files, so that only
what the app does is measured. "Cold" is the first page of a fresh server that nothing has warmed, the others a new
visitor's afterwards, nothing in the browser's cache: "painted" until the way through the pages can be used, else until
the page's script has ended. Medians of ``REPEATS``. The processor time of the server stands beside, since the seconds
hold the browser too, which has no GPU here.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from app.edge import child_environment
from app.serve import ADDRESS, PAGE, _ready, command
from benchmarks.planting.vectors import vector_case
from tools.case import Case
from tools.dataset import Label
from tools.flat_map import flat_map
from tools.settings import Settings
from tools.workspace import Workspace

REPEATS = 5
FILES = 60
PATIENCE = 600_000
Note = Callable[[str, float], None]
DONE = "[data-testid=stApp][data-test-script-state=notRunning]"
BUSY = "[data-testid=stApp][data-test-script-state=running]"


def build(folder: Path, pictures: int) -> Path:
    """A workspace of so many pictures."""
    rng = np.random.default_rng(0)
    root = folder / "pictures"
    root.mkdir(parents=True)
    sources = []
    for number in range(FILES):
        pixels = np.kron(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), np.ones((80, 80, 1), dtype=np.uint8))
        sources.append(root / f"source-{number}.jpg")
        Image.fromarray(pixels).save(sources[-1], quality=85)
    sizes = {f"class {number:02d}": pictures // 20 for number in range(20)}
    case = vector_case(sizes, seed=1, separation=2.2, burst=3, test_share=0.2)
    ids = [f"{case.classes[case.targets[row]]}/{row:06d}.jpg" for row in range(len(case.ids))]
    for row, image in enumerate(ids):
        (root / image).parent.mkdir(exist_ok=True)
        os.link(sources[row % FILES], root / image)
    dataset = replace(
        case.dataset, root=root, ids=np.array(ids), sha256=np.array([sha256(i.encode()).hexdigest() for i in ids]),
        labels=tuple(Label(i, case.classes[t]) for i, t in zip(ids, case.targets.tolist(), strict=True)),
    )  # fmt: skip
    kept = Workspace.open(folder / "workspace")
    kept.save_dataset(dataset, replace(case.space, ids=np.array(ids)), record={"source": "benchmark"})
    whole: Case = kept.case(Settings())
    flat_map(whole)
    _ = whole.derived.baseline, whole.derived.grouping
    return folder / "workspace"


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def settled(page: Any, act: Callable[[], Any]) -> float:
    """Seconds from the end of an act (the last key, the click) until the page's script has run and ended."""
    from playwright.sync_api import TimeoutError as Late

    act()
    begun = time.perf_counter()
    with suppress(Late):  # a run may be shorter than the look
        page.wait_for_selector(BUSY, timeout=400)
    page.wait_for_selector(DONE, timeout=PATIENCE)
    return time.perf_counter() - begun


def measure(browser: Any, address: str, server: int, *, cold: bool) -> dict[str, list[tuple[float, float]]]:
    """Seconds on the wall, and of the server's processor since the last note, by name."""
    times: dict[str, list[tuple[float, float]]] = {}
    spent = cpu_seconds(server)

    def note(name: str, seconds: float) -> None:
        nonlocal spent
        now = cpu_seconds(server)
        times.setdefault(name, []).append((seconds, now - spent))
        print(f"{name}: {seconds:.2f} s, server {now - spent:.2f} CPU-s", file=sys.stderr)
        spent = now

    def fresh() -> Any:
        return browser.new_page(viewport={"width": 1400, "height": 1000})

    def paint(name: str, path: str) -> Any:
        page = fresh()
        begun = time.perf_counter()
        page.goto(f"{address}/{path}")
        page.get_by_role("link", name="Overview").wait_for(timeout=PATIENCE)
        times.setdefault(f"{name}, painted", []).append((time.perf_counter() - begun, cpu_seconds(server) - spent))
        page.locator("h1").first.wait_for(timeout=PATIENCE)
        page.wait_for_selector(DONE, timeout=PATIENCE)
        note(name, time.perf_counter() - begun)
        return page

    paint("cold", "").close()
    if cold:
        return times
    for name in ("overview", "confusion", "findings", "map", "review", "thresholds", "experiments", "versions"):
        paint(f"cold {name}", name).close()
    for _ in range(REPEATS):
        paint("first page", "").close()
        _confusion(paint("confusion", "confusion"), note)
        _thresholds(paint("thresholds", "thresholds"), note)
        _map(paint("map", "map"), note)
        _review(paint("review", "review"), note)
    return times


def _confusion(page: Any, note: Note) -> None:
    note("confusion, another cell", settled(page, lambda: pick(page, "ArrowDown")))
    note("confusion, mean score", settled(page, lambda: page.get_by_text("mean score", exact=True).click()))
    pick(page, "ArrowUp")
    page.locator("figure button").first.wait_for(timeout=PATIENCE)
    note("picture opened", settled(page, lambda: page.locator("figure button").first.click()))
    page.close()


def _thresholds(page: Any, note: Note) -> None:
    slider = page.get_by_role("slider").first
    note("threshold moved", settled(page, lambda: slider.press("ArrowRight")))
    page.close()


def _map(page: Any, note: Note) -> None:
    page.wait_for_timeout(3000)
    note("map, another colour", settled(page, lambda: pick(page, "ArrowDown")))
    field = page.locator(".field").bounding_box()

    def around() -> None:
        x, y, far = field["x"] + field["width"] / 2, field["y"] + field["height"] / 2, field["height"] / 3
        page.mouse.move(x - far, y - far)
        page.mouse.down()
        for dx, dy in ((far, -far), (far, far), (-far, far)):
            page.mouse.move(x + dx, y + dy, steps=3)
        page.mouse.up()

    note("map, some drawn around", settled(page, around))
    page.close()


def _review(page: Any, note: Note) -> None:
    if page.get_by_role("button", name="Skip").count():
        note("review, a key", settled(page, lambda: page.keyboard.press("s")))
    note("to another page", settled(page, lambda: page.get_by_role("link", name="Thresholds").click()))
    page.close()


def pick(page: Any, key: str) -> None:
    """Choose the entry below or above in the page's first list."""
    box = page.get_by_test_id("stMain").get_by_role("combobox").first
    box.click()
    box.press(key)
    box.press("Enter")


def main() -> None:
    """Build, serve, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=50_000)
    parser.add_argument("--folder", type=Path, help="Keep the workspace there, or use the one that is there.")
    parser.add_argument("--cold", action="store_true", help="Only the first page of a fresh server.")
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        workspace = folder / "workspace"
        if not workspace.is_dir():
            workspace = build(folder, given.pictures)
        environment = child_environment(str(PAGE.parents[2]))
        child = subprocess.Popen(command(workspace, 8797), env=environment, stdout=subprocess.DEVNULL)
        try:
            if not _ready(child, 8797):
                raise SystemExit("the server did not start")
            with sync_playwright() as engine:
                options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
                browser = engine.chromium.launch(executable_path="/usr/bin/chromium", args=options)
                times = measure(browser, f"http://{ADDRESS}:8797", child.pid, cold=given.cold)
                browser.close()
        finally:
            child.terminate()
            child.wait(20)
    medians = {
        name: {"seconds": round(median(w for w, _ in found), 2), "server CPU-s": round(median(c for _, c in found), 2)}
        for name, found in times.items()
    }
    print(json.dumps(medians, indent=1))


if __name__ == "__main__":
    main()
