"""The commands model and why, as a user runs them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.model import read_asked
from app.terminal import WrongUse
from benchmarks.planting.own_networks import network
from benchmarks.planting.swapped_background import swapped_case

RUN = CliRunner()
NOTHING: dict[str, Any] = {
    "labels": None, "same": [], "size": 0, "layout": None, "scaling": None, "order": None, "resize": None,
    "mean": None, "std": None, "output": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn pictures in class folders, imported with the embedded encoder, and a network of thing and background."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "flat").mkdir()
    case = swapped_case(folder / "flat", agreement=0.8, each=24, weak=0.3)
    for image, split, number in zip(case.ids, case.dataset.splits, case.targets, strict=True):
        to = folder / "photos" / str(split) / case.classes[number]
        to.mkdir(parents=True, exist_ok=True)
        (folder / "flat" / str(image)).rename(to / str(image))
    done = run(folder, "import", str(folder / "photos"), "--encoder", "embedded")
    assert done.exit_code == 0, done.output
    for looks in ("thing", "background"):
        (folder / f"{looks}.onnx").write_bytes(network(looks).SerializeToString())  # type: ignore[arg-type]
    (folder / "labels.txt").write_text("apples\ncitrus\n")
    return folder


def run(folder: Path, *words: str) -> Any:
    return RUN.invoke(app, [*words, "--workspace", str(folder / "ws")])


def asked(folder: Path, *words: str) -> dict[str, Any]:
    done = run(folder, *words, "--json", str(folder / "out.json"))
    assert done.exit_code == 0, done.output + repr(done.exception)
    found: dict[str, Any] = json.loads((folder / "out.json").read_text())
    return found


def test_add_list_check_remove(place: Path) -> None:
    added = asked(place, "model", "add", str(place / "thing.onnx"), "--scaling", "0-255", "--resize", "stretch",
                  "--name", "shop", "--version", "7")  # fmt: skip
    assert added["preparations"]["warning"]
    assert added["subject"] == "user"
    added = asked(place, "model", "add", str(place / "thing.onnx"), "--mean", "0", "0", "0", "--std", "1", "1", "1",
                  "--resize", "stretch", "--name", "shop", "--version", "8")  # fmt: skip
    assert not added["preparations"]["warning"]
    assert added["metrics"][0]["value"] > 0.7
    listed = asked(place, "model", "list")["models"]
    assert [m["reference"] for m in listed] == ["shop@8", "shop@7"]
    assert [m["explained"] for m in listed] == [True, False]
    checked = asked(place, "model", "check", "shop@8")
    assert len(checked["consistency"]["sentences"]) == 2
    assert checked["consistency"]["sentences"][0].startswith("Your own network")
    shown = " ".join(run(place, "model", "check", "shop@7").output.split())
    assert "Warning: Your network gets" in shown
    removed = asked(place, "model", "remove", "shop@7")
    assert removed["predictions"] == 1
    asked(place, "model", "remove", "shop@8")
    assert asked(place, "model", "list")["models"] == []


def test_probe_there_and_back(place: Path) -> None:
    written = asked(place, "model", "probe", str(place / "probe"), "--most", "120")
    names = sorted(p.name for p in (place / "probe" / "pictures").iterdir())
    assert written["pictures"] == len(names) <= 120
    rows = [f"{name},{'apples' if number % 2 else 'citrus'},0.7" for number, name in enumerate(names)]
    (place / "scores.csv").write_text("\n".join(["id,pred,score", *rows]))
    found = asked(place, "model", "probe", str(place / "probe"), "--scores", str(place / "scores.csv"))
    assert found["subject"] == "service"
    assert found["causal"] == []
    assert found["measured_on"] == "answers alone"
    shown = " ".join(
        run(place, "model", "probe", str(place / "probe"), "--scores", str(place / "scores.csv")).output.split()
    )
    assert "Put on backgrounds of other classes, your service gets" in shown


def test_why_by_id_and_by_file(place: Path) -> None:
    image = next((place / "photos" / "test" / "citrus").iterdir())
    known = asked(place, "why", f"test/citrus/{image.name}")
    assert known["in_dataset"]
    assert known["label"] == "citrus"
    assert known["verdict"] in {"cause", "not_shown", "no_small_set", "no_mistake"}
    assert known["pictures"]
    assert asked(place, "why", str(image))["picture"] == str(image)
    copy = place / "elsewhere.png"
    copy.write_bytes(image.read_bytes())
    outside = asked(place, "why", str(copy), "--class", "citrus")
    assert not outside["in_dataset"]
    assert outside["said"] == known["said"]
    shown = " ".join(run(place, "why", f"test/citrus/{image.name}").output.split())
    assert known["pictures"][0]["image"] in shown


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (["model", "add", "none.onnx"], "there is no such file"),
        (["model", "add", "{labels}"], "another or a damaged format"),
        (["model", "add", "{net}", "--scaling", "odd"], "odd"),
        (["model", "add", "{net}", "--scaling", "0-1", "--mean", "1", "1", "1"], "both"),
        (["model", "add", "{net}", "--resize", "tall"], "tall"),
        (["model", "add", "{net}", "--same", "apples"], "apples"),
        (["model", "add", "{net}", "--same", "apple=apples"], "apple=apples"),
        (["model", "add", "{net}", "--output", "none"], "scores: tensor(float)"),
        (["model", "add", "{net}", "--input-size", "224"], "--input-size 224"),
        (["model", "check", "none@1"], "none@1"),
        (["model", "probe", "{labels}"], "labels.txt"),
        (["model", "last-layer", "{labels}", "--pair", "apples", "citrus", "--out", "x.npz"], "labels.txt"),
        (["model", "last-layer", "{labels}", "--pair", "apples", "pears", "--out", "x.npz"], "pears"),
        (["model", "probe", "none", "--scores", "{labels}"], "none"),
        (["model", "probe", "new", "--pair", "apples", "pears"], "pears"),
        (["why", "no-such.jpg"], "no-such.jpg"),
        (["why", "no-such.jpg", "--class", "pears"], "pears"),
    ],
)
def test_wrong_use_is_told(words: list[str], seen: str, place: Path) -> None:
    from tools.errors import AdvisorError

    named = {"{net}": str(place / "thing.onnx"), "{labels}": str(place / "labels.txt")}
    done = run(place, *(named.get(word, word) for word in words))
    assert isinstance(done.exception, AdvisorError)
    assert seen in done.exception.seen


def test_scales_of_mean_and_deviation() -> None:
    found = read_asked({**NOTHING, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225), "resize": "256"})
    assert found.mean == pytest.approx((123.675, 116.28, 103.53))
    assert (found.fit, found.shorter) == ("crop", 256)
    assert read_asked({**NOTHING, "mean": (127, 127, 127), "std": (128, 128, 128)}).std == (128, 128, 128)
    with pytest.raises(WrongUse):
        read_asked({**NOTHING, "resize": "100", "size": 224})


@pytest.mark.parametrize(
    "command", ["model add", "model list", "model check", "model remove", "model probe", "model last-layer", "why"]
)
def test_help_teaches_by_example(command: str) -> None:
    shown = RUN.invoke(app, [*command.split(), "--help"]).output
    assert "Example" in shown
    assert f"advisor {command}" in shown
