"""The drawn data set: seeded, complete, silent about its truth, with its faults really in the files."""

import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.demo.draw import draw_demo
from app.demo.plan import APPLE, CLASSES, KINDS
from app.demo.truth import Truth
from tools.errors import UnreadableInput

SCALE = 0.06
OPAQUE = re.compile(r"img_\d{4}\.jpg")


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def pixels(data: bytes) -> NDArray[np.float64]:
    return np.asarray(Image.open(BytesIO(data)).convert("L").resize((32, 32), Image.Resampling.BOX), dtype=np.float64)


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture(scope="module")
def drawn(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> tuple[dict[str, bytes], Truth]:
    folder = tmp_path_factory.mktemp("drawn") / "pictures"
    truth = draw_demo(folder, seed=3, scale=SCALE, on_step=lambda *step: steps.append(step))
    return files(folder), truth


def test_same_seed_same_bytes_other_seed_other_pictures(drawn: tuple[dict[str, bytes], Truth], tmp_path: Path) -> None:
    first, truth = drawn
    again = draw_demo(tmp_path / "again", seed=3, scale=SCALE)
    other = draw_demo(tmp_path / "other", seed=4, scale=SCALE)
    assert files(tmp_path / "again") == first
    assert again == truth
    strangers = files(tmp_path / "other")
    assert strangers.keys() == first.keys()
    assert not set(strangers.values()) & set(first.values())
    assert other.counts == truth.counts
    assert len(other.wrong_labels) == len(truth.wrong_labels)
    assert other.wrong_labels != truth.wrong_labels


def test_every_file_is_a_picture_of_the_truth_and_nothing_else_is_there(
    drawn: tuple[dict[str, bytes], Truth],
) -> None:
    found, truth = drawn
    assert found.keys() == truth.kind.keys()
    seen = {split: dict.fromkeys(counts, 0) for split, counts in truth.counts.items()}
    for image_id, data in found.items():
        split, label, name = image_id.split("/")
        assert OPAQUE.fullmatch(name)
        image = Image.open(BytesIO(data))
        assert image.format == "JPEG"
        assert min(image.size) >= 256
        assert not image.getexif()
        assert "comment" not in image.info
        seen[split][label] += 1
    assert seen == truth.counts


def test_each_picture_shows_a_kind_of_its_true_class(drawn: tuple[dict[str, bytes], Truth]) -> None:
    _, truth = drawn
    ours = {given: name for name, given in truth.names.items()}
    for image_id, kind in truth.kind.items():
        label = image_id.split("/")[1]
        true = truth.wrong_labels.get(image_id, label)
        assert kind in KINDS[ours[true]]
        assert (image_id in truth.setting) == ("cookies" not in ours[true])
    for image_id, true in truth.wrong_labels.items():
        assert image_id.startswith("train/")
        assert image_id.split("/")[1] != true


def test_copies_look_like_their_originals_and_other_pictures_do_not(drawn: tuple[dict[str, bytes], Truth]) -> None:
    found, truth = drawn
    small = {image_id: pixels(data) for image_id, data in found.items()}

    def likeness(first: str, second: str) -> float:
        return float(np.corrcoef(small[first].ravel(), small[second].ravel())[0, 1])

    planted = {frozenset((original, copy)) for original, copy, _ in truth.duplicates}
    assert planted
    for original, copy, _ in truth.duplicates:
        assert original.startswith("train/")
        assert original.split("/")[1] == copy.split("/")[1]
        assert found[original] != found[copy]
        assert likeness(original, copy) > 0.98
    ids = sorted(small)
    alike = {frozenset((a, b)) for n, a in enumerate(ids) for b in ids[n + 1 :] if likeness(a, b) > 0.98} - planted
    assert not alike


def test_dark_pictures_are_dark(drawn: tuple[dict[str, bytes], Truth]) -> None:
    found, truth = drawn
    brightness = {image_id: float(pixels(data).mean()) for image_id, data in found.items()}
    dark = [brightness[i] for i in truth.dark]
    light = [value for image_id, value in brightness.items() if image_id not in set(truth.dark)]
    assert dark
    assert max(dark) < np.percentile(light, 5)


def test_other_names_change_folders_and_nothing_else(drawn: tuple[dict[str, bytes], Truth], tmp_path: Path) -> None:
    first, truth = drawn
    shuffled = dict(zip(CLASSES, (CLASSES[1], CLASSES[2], CLASSES[3], "klasse 4"), strict=True))
    renamed = draw_demo(tmp_path / "renamed", seed=3, names=shuffled, scale=SCALE)
    moved = files(tmp_path / "renamed")

    def there(image_id: str) -> str:
        split, label, name = image_id.split("/")
        return f"{split}/{shuffled[label]}/{name}"

    assert moved == {there(image_id): data for image_id, data in first.items()}
    assert renamed.wrong_labels == {there(i): shuffled[true] for i, true in truth.wrong_labels.items()}
    assert renamed.kind == {there(i): kind for i, kind in truth.kind.items()}
    assert renamed.names == shuffled


def test_progress_counts_to_the_end(steps: list[tuple[str, int, int]], drawn: tuple[dict[str, bytes], Truth]) -> None:
    total = len(drawn[1].kind)
    assert [done for _, done, _ in steps] == list(range(1, total + 1))
    assert {whole for _, _, whole in steps} == {total}


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(UnreadableInput, match="Name another folder"):
        draw_demo(tmp_path, seed=0)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "names",
    [{APPLE: "citrus"}, {"pears": "plums"}, {APPLE: "a/b"}, {APPLE: " "}],
    ids=["twice", "unknown", "slash", "blank"],
)
def test_unusable_names_write_nothing(names: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="folder names"):
        draw_demo(tmp_path / "d", seed=0, names=names)
    assert not (tmp_path / "d").exists()
