"""Round trips through scripted services: one that goes by the background, one that does not; and what goes wrong."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import embeddings.resolve
from benchmarks.planting.swapped_background import GridEncoder, swapped_case
from benchmarks.planting.vectors import vector_case
from embeddings.images import open_picture
from tools.case import Case
from tools.errors import UnreadableInput
from tools.probe import MANIFEST, NOTES, PICTURES, CannotProbe, Probe, counted, write_probe
from tools.probe_documents import probed_document, written_document
from tools.probe_scores import judge_probe, read_probe
from tools.registry import NotApplicable

Service = Callable[[NDArray[np.uint8]], float]


@pytest.fixture(scope="module", autouse=True)
def grid() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (GridEncoder(), ""))
        yield


def by_background(pixels: NDArray[np.uint8]) -> float:
    """Probability of citrus: brown frame against blue."""
    frame = np.concatenate([pixels[:6].reshape(-1, 3), pixels[-6:].reshape(-1, 3)]).astype(float)
    return float(1 / (1 + np.exp(-(frame[:, 0] - frame[:, 2]).mean() / 12)))


def by_thing(pixels: NDArray[np.uint8]) -> float:
    """Probability of citrus: green in the middle."""
    h, w = pixels.shape[:2]
    middle = pixels[h // 2 - 8 : h // 2 + 8, w // 2 - 8 : w // 2 + 8, 1].astype(float)
    return float(1 / (1 + np.exp(-(middle.mean() - 90) / 12)))


def scored(folder: Path, service: Service, *, answers: bool = False, leave: int = 0) -> Path:
    """What a service writes of every picture it is given; it sees the pictures and nothing else."""
    file = folder.with_suffix(".csv")
    with file.open("w", newline="") as handle:
        rows = csv.writer(handle)
        rows.writerow(["id", "pred", "score"] if answers else ["id", "p_apples", "p_citrus"])
        for picture in sorted((folder / PICTURES).iterdir())[leave:]:
            p = service(open_picture(picture).pixels)
            said = ("citrus", p) if p > 0.5 else ("apples", 1 - p)
            rows.writerow([picture.name, *said] if answers else [picture.name, 1 - p, p])
    return file


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Path, Probe]:
    """A case in whose training pictures the background follows the label, and its probe."""
    folder = tmp_path_factory.mktemp("probe")
    (folder / "photos").mkdir()
    case = swapped_case(folder / "photos", agreement=0.9)
    return case, folder / "probe", write_probe(case, folder / "probe", pair=("apples", "citrus"))


def test_the_folder(asked: tuple[Case, Path, Probe]) -> None:
    case, folder, probe = asked
    assert len(probe.entries) <= 300
    assert counted(probe.entries)["background"] > 50
    assert counted(probe.entries)["cue"] > 50
    files = sorted(p.name for p in (folder / PICTURES).iterdir())
    assert files == sorted(e.id for e in probe.entries)
    assert all(re.fullmatch(r"[0-9a-f]{8}\.jpg", name) for name in files)
    assert read_probe(folder).removed == probe.removed
    assert {e.edit for e in probe.entries if e.control} == {
        "on another background of its class",
        "equal change without the cue",
    }
    document = written_document(case, probe, "probe")
    assert document["pictures"] == len(files)
    assert document["pair"] in (["apples", "citrus"], ["citrus", "apples"])


def test_names_do_not_follow_the_edit(asked: tuple[Case, Path, Probe]) -> None:
    _, _, probe = asked
    entries = sorted(probe.entries, key=lambda e: e.id)
    kinds = np.array([e.edit for e in entries])
    neighbours = (kinds[1:] == kinds[:-1]).mean()
    expected = sum((kinds == kind).mean() ** 2 for kind in set(kinds))
    assert abs(neighbours - expected) < 0.12


@pytest.mark.parametrize("answers", [False, True])
def test_a_service_that_goes_by_the_background_is_found_out(answers: bool, asked: tuple[Case, Path, Probe]) -> None:
    case, folder, _ = asked
    found = judge_probe(case, folder, scored(folder, by_background, answers=answers))
    assert found.full_vectors is not answers
    assert found.by_background
    assert found.gap is not None
    assert found.gap.gap > 0.8
    assert found.effect is not None
    assert found.effect.causal
    document = json.loads(json.dumps(probed_document(case, found, "probe"), allow_nan=False))
    assert document["causal"] == ["background", "cue"]
    assert "It goes by the background." in document["sentences"][0]
    assert "your service moves" in document["sentences"][1]
    assert ("of probability" in document["sentences"][0]) is not answers


@pytest.mark.parametrize("answers", [False, True])
def test_a_service_that_goes_by_the_thing_is_not(answers: bool, asked: tuple[Case, Path, Probe]) -> None:
    case, folder, _ = asked
    found = judge_probe(case, folder, scored(folder, by_thing, answers=answers))
    assert not found.by_background
    assert found.gap is not None
    assert abs(found.gap.gap) < 0.1
    assert found.effect is not None
    assert not found.effect.causal
    assert abs(found.effect.moved) < 0.1
    document = probed_document(case, found, "probe")
    assert document["causal"] == []
    assert "not shown" in document["sentences"][0]
    assert document["headline"].startswith("Nothing that was asked about")


def test_a_service_that_says_one_thing_tells_nothing_apart(asked: tuple[Case, Path, Probe]) -> None:
    case, folder, _ = asked
    found = judge_probe(case, folder, scored(folder, lambda _: 0.3))
    assert not found.by_background
    assert found.effect is None
    assert any("does not tell" in reason for reason in found.reasons)


def test_missing_answers_leave_their_pictures_out(asked: tuple[Case, Path, Probe]) -> None:
    case, folder, probe = asked
    whole = judge_probe(case, folder, scored(folder, by_background))
    part = judge_probe(case, folder, scored(folder, by_background, leave=20))
    assert part.scored == len(probe.entries) - 20
    assert whole.gap is not None
    assert part.gap is not None
    assert part.gap.pictures < whole.gap.pictures
    few = judge_probe(case, folder, scored(folder, by_background, leave=len(probe.entries) - 30))
    assert few.gap is None
    assert few.effect is None
    assert len(few.reasons) == 2


def test_scores_that_do_not_fit_are_refused(asked: tuple[Case, Path, Probe], tmp_path: Path) -> None:
    case, folder, _ = asked
    (tmp_path / "s.csv").write_text("id,p_apples,p_citrus\nunknown.jpg,0.5,0.5\n")
    with pytest.raises(UnreadableInput, match="ids"):
        judge_probe(case, folder, tmp_path / "s.csv")


@pytest.mark.parametrize("harm", ["none", "torn", "renamed", "twice", "other data"])
def test_a_folder_that_is_no_probe_is_refused(harm: str, asked: tuple[Case, Path, Probe], tmp_path: Path) -> None:
    case, folder, _ = asked
    copy = tmp_path / "copy"
    if harm != "none":
        copy.mkdir()
        text, notes = (folder / MANIFEST).read_text(), (folder / NOTES).read_text()
        first = text.splitlines()[1]
        text = {
            "torn": text[: len(text) // 2],
            "renamed": text.replace("pictures/", "../", 1),
            "twice": f"{text}{first}\r\n",
            "other data": text.replace(first.split(",")[2], "elsewhere.png"),
        }[harm]
        (copy / MANIFEST).write_text(text)
        (copy / NOTES).write_text(notes)
    with pytest.raises(CannotProbe):
        judge_probe(case, copy, tmp_path / "s.csv")


def test_a_folder_that_is_taken_and_too_few_pictures(asked: tuple[Case, Path, Probe], tmp_path: Path) -> None:
    case, folder, _ = asked
    with pytest.raises(CannotProbe, match="does not exist yet"):
        write_probe(case, folder)
    with pytest.raises(CannotProbe, match="at least 100"):
        write_probe(case, tmp_path / "p", most=10)
    with pytest.raises(NotApplicable):
        write_probe(vector_case({"a": 40, "b": 40}), tmp_path / "q")
    assert not list(tmp_path.iterdir())
