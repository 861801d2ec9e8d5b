"""A big set answers from a sample first, says so, and the sample is gone when the whole is there."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app import cli
from app.first_answer import first_answer
from app.provisional import LOOKING, there
from tests.app.conftest import everything, page_named
from tools import first_look as firsts
from tools import indexing
from tools.case import Case
from tools.first_look import discard, draw, first_look, sampled
from tools.importing import import_dataset
from tools.settings import Settings
from tools.workspace import Workspace

CLASSES, EACH, SAMPLE = 3, 24, 36


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """72 small pictures in three classes, a third of them test."""
    rng = np.random.default_rng(0)
    for number in range(CLASSES):
        for at in range(EACH):
            split = "test" if at % 3 == 0 else "train"
            place = tmp_path / "pictures" / split / f"c{number}"
            place.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 90, (48, 48, 3), dtype=np.uint8)
            pixels[..., number] += 120
            Image.fromarray(pixels).save(place / f"{at:03d}.png")
    return tmp_path / "pictures"


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firsts, "ABOVE", 60)
    monkeypatch.setattr(firsts, "SAMPLE", SAMPLE)
    monkeypatch.setattr(firsts, "FEWEST", 2)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["advisor", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def test_a_sample_keeps_shares_and_raises_the_rare() -> None:
    strata = ["a"] * 900 + ["b"] * 90 + ["c"] * 9 + ["d"] * 3
    rows = draw(strata, 100, np.random.default_rng(0), fewest=5)
    taken = [strata[row] for row in rows]
    assert {name: taken.count(name) for name in "abcd"} == {"a": 90, "b": 9, "c": 5, "d": 3}
    assert rows.tolist() == sorted(set(rows.tolist()))
    again = draw(strata, 100, np.random.default_rng(0), fewest=5)
    assert rows.tolist() == again.tolist()
    assert rows.tolist() != draw(strata, 100, np.random.default_rng(1), fewest=5).tolist()


def test_every_picture_of_a_stratum_may_be_drawn() -> None:
    seen: set[int] = set()
    for seed in range(40):
        seen |= set(draw(["a"] * 10 + ["b"] * 10, 6, np.random.default_rng(seed), fewest=1).tolist())
    assert seen == set(range(20))


def test_the_sample_speaks_first_and_goes(pictures: Path, tmp_path: Path) -> None:
    kept, told = Workspace.open(tmp_path / "ws"), []

    def hear(case: object) -> None:
        told.append(case)
        there = first_look(kept)
        assert there is not None
        assert sampled(there, Settings()).sample_of == CLASSES * EACH

    done = import_dataset(kept, pictures, Settings(encoder="embedded"), on_first=hear)
    (case,) = told
    assert case.sample_of == CLASSES * EACH
    assert len(case.ids) == SAMPLE
    assert set(case.classes) == {"c0", "c1", "c2"}
    assert set(case.ids) <= set(done.dataset.ids)
    assert first_look(kept) is None
    assert not (kept.path / firsts.PLACE).exists()
    whole = kept.case(Settings())
    assert whole.sample_of == 0
    rows = [whole.dataset.index[str(i)] for i in case.ids]
    assert np.array_equal(whole.space.vectors[rows], case.space.vectors)  # the cache gave the very same
    assert not [info for info in kept.datasets() if info.version > 1]


def test_a_second_import_and_a_small_one_look_at_all_at_once(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    kept = Workspace.open(tmp_path / "ws")
    import_dataset(kept, pictures, Settings(encoder="embedded"), on_first=told.append)
    import_dataset(kept, pictures, Settings(encoder="embedded"), on_first=told.append)
    assert len(told) == 1
    monkeypatch.setattr(firsts, "ABOVE", 72)
    import_dataset(Workspace.open(tmp_path / "other"), pictures, Settings(encoder="embedded"), on_first=told.append)
    assert len(told) == 1


def test_a_stopped_import_leaves_the_sample_to_ask_and_goes_on(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "ws"
    measured, calls = indexing._measured, []

    def stopped(*given: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return measured(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(indexing, "_measured", stopped)
        assert run(broken, "import", str(pictures), "--encoder", "embedded", "--workspace", str(place)) == 130
    shown = capsys.readouterr().out
    assert f"stratified sample of {SAMPLE} of {CLASSES * EACH} pictures" in " ".join(shown.split())

    base = ["--workspace", str(place), "--json", "-"]
    assert run(monkeypatch, "audit", "--try", "0", *base) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["provisional"]["images"] == SAMPLE
    assert document["provisional"]["of"] == CLASSES * EACH
    assert run(monkeypatch, "ask", "which classes are worst?", "--offline", *base) == 0
    assert json.loads(capsys.readouterr().out)["provisional"]["of"] == CLASSES * EACH
    for command in (["retrain"], ["change", "list"], ["goal", "show"]):
        code = run(monkeypatch, *command, "--workspace", str(place))
        assert code == 2, command
        assert "a first sample of it" in " ".join(capsys.readouterr().err.split())

    assert run(monkeypatch, "import", str(pictures), "--encoder", "embedded", *base) == 0
    assert "provisional" not in json.loads(capsys.readouterr().out)
    assert run(monkeypatch, "audit", "--try", "0", *base) == 0
    assert "provisional" not in json.loads(capsys.readouterr().out)


def test_a_half_written_sample_is_none(tmp_path: Path) -> None:
    kept = Workspace.open(tmp_path / "ws")
    assert first_look(kept) is None
    Workspace.open(kept.path / firsts.PLACE).choose("sample of", 9)
    assert first_look(kept) is None
    discard(kept)
    assert not (kept.path / firsts.PLACE).exists()


def test_pages_answer_from_the_sample_and_say_so(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["shell.py", "--workspace", str(tmp_path / "ws")])
    kept, seen = Workspace.open(tmp_path / "ws"), []

    def hear(case: Case) -> None:
        seen.append(there(kept))
        overview = page_named("overview").run()
        assert not overview.exception
        assert "the checks on the sample" in everything(overview)
        first_answer(case, lambda *_: None, first_look(kept))
        seen.append(there(kept))
        for name in sorted(LOOKING):
            page = page_named(name).run()
            assert not page.exception, name
            assert f"{SAMPLE} of {CLASSES * EACH} pictures" in page.warning[0].value
            assert not [b for b in page.button if b.label in ("Dismiss", "Confirm") and not b.disabled]
        for name in ("review", "versions", "experiments", "reports"):
            page = page_named(name).run()
            assert not page.exception, name
            assert "waits for the whole set" in everything(page)
        assert page_named("settings").run().title[0].value == "Import your pictures"

    seen.append(there(kept))
    import_dataset(kept, pictures, Settings(encoder="embedded"), on_first=hear)
    seen.append(there(kept))
    assert seen == ["nothing", "sample", "answered sample", "whole"]
    assert not page_named("overview").run().warning
