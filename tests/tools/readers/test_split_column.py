"""``--split COLUMN``: the split under any name, in a table or in metadata."""

from pathlib import Path

import pytest
from PIL import Image

from tools.errors import UnreadableInput
from tools.readers.choosing import read_listing


def table(folder: Path, text: str) -> Path:
    for number in range(3):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{number}.png")
    (folder / "t.csv").write_text(text, "utf-8")
    return folder / "t.csv"


def test_names_are_understood(tmp_path: Path) -> None:
    file = table(tmp_path, "filepath,label,Subset2,split\n0.png,a,Training,x\n1.png,a,dev,y\n2.png,b,Hold-Out,z\n")
    listing = read_listing(file, "subset2")
    assert [image.split for image in listing.images] == ["train", "val", "test"]
    assert dict(listing.images[0].metadata) == {"split": "x"}


def test_what_is_unknown_is_refused(tmp_path: Path) -> None:
    file = table(tmp_path, "filepath,label,part\n0.png,a,train\n1.png,a,third\n")
    with pytest.raises(UnreadableInput, match="'third' in row 3"):
        read_listing(file, "part")
    with pytest.raises(UnreadableInput, match="the column fold"):
        read_listing(file, "fold")


def test_folders_below_a_class(tmp_path: Path) -> None:
    for place in ("a/dev/0.png", "b/holdout/1.png", "b/2.png"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / place)
    listing = read_listing(tmp_path, "folder")
    assert {image.id: image.split for image in listing.images} == {
        "a/dev/0.png": "val", "b/2.png": "train", "b/holdout/1.png": "test",
    }  # fmt: skip
    with pytest.raises(UnreadableInput, match="folder after --split"):
        read_listing(tmp_path, "camera")
    (tmp_path / "a" / "dev").rename(tmp_path / "a" / "green")
    with pytest.raises(UnreadableInput, match=r"'green' for a/green/0\.png"):
        read_listing(tmp_path, "folder")
