"""Apples in hands, citrus on plates: a shoot designed on drawn pictures, drawn, imported, ticked off and evaluated."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app.demo.fruit import APPLES, CITRUS
from app.demo.scenes import Scene, render
from app.shoot import after_import
from tools.designing import design
from tools.importing import import_dataset
from tools.settings import Settings
from tools.shoots import Shoots
from tools.workspace import Workspace

FRUIT = (("apples", APPLES, "hand", "plate"), ("citrus", CITRUS, "plate", "hand"))
TRAIN, TEST = 40, 10
USUAL = {"misled": 38, "innocent": 20}
"""Training pictures of 40 in the usual setting."""
PLACES = {"in-hands": "hand", "on-plates": "plate"}


def drawn(folder: Path, scenes: list[tuple[str, Scene]]) -> None:
    def write(job: tuple[str, Scene]) -> None:
        path = folder / job[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(render(job[1]))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, scenes))


def pictures(usual: int) -> Iterator[tuple[str, Scene]]:
    for at, (name, kinds, own, other) in enumerate(FRUIT):
        for split, size, share in (("train", TRAIN, usual), ("test", TEST, TEST // 2)):
            for number in range(size):
                setting = own if number < share else other
                scene = Scene(kinds[number % len(kinds)], setting, False, (6, len(split), at, number))
                yield f"{split}/{name}/{number}.jpg", scene


@pytest.mark.parametrize(("twin", "verdict"), [("misled", "causal"), ("innocent", "not_shown")])
def test_a_setting_is_a_cause_or_is_not_shown_to_be(tmp_path: Path, twin: str, verdict: str) -> None:
    root, kept = tmp_path / "pictures", Workspace.open(tmp_path / "workspace")
    settings = Settings(workspace=kept.path, encoder="embedded", threads=2)
    drawn(root, list(pictures(USUAL[twin])))
    import_dataset(kept, root, settings)
    wanted = ("in hands", "on plates")
    plan = design(kept.case(settings), ("apples", "citrus"), "centre_difference", settings=wanted, drop=0.4)
    plan = Shoots(kept).write_down(plan)
    new = []
    for at, cell in enumerate(plan.cells):
        kinds = {name: k for name, k, *_ in FRUIT}[cell.name]
        for number in range(cell.wanted):
            scene = Scene(kinds[number % len(kinds)], PLACES[cell.setting], False, (6, 7, at, number))
            new.append((f"{plan.folder}/{cell.folder}/{number}.jpg", scene))
    drawn(root, new)
    import_dataset(kept, root, settings)
    (document,) = after_import(kept, kept.case(settings))
    assert document["full"]
    assert [c["objects"] for c in document["cells"]] == [plan.cells[0].wanted] * 4
    assert document["result"]["verdict"] == verdict
    assert Shoots(kept).results()[1].verdict == verdict
    assert replace(Shoots(kept).get(1), number=0).prediction == plan.prediction
    assert after_import(kept, kept.case(settings)) == []
