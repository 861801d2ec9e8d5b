"""Folders: what is a class, what is a split, what is deeper, and what is refused."""

import os
from pathlib import Path

import pytest

from embeddings.images import ENDINGS
from tools.errors import UnreadableInput
from tools.readers.folder import read_folder
from tools.readers.listing import IMAGE_ENDINGS, Listing


def make(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def rows(listing: Listing) -> list[tuple[str, str | None, str]]:
    return [(image.id, image.label, image.split) for image in listing.images]


def reasons(listing: Listing) -> dict[str, str]:
    return {item.path: item.reason for item in listing.skipped}


def test_the_endings_are_those_that_can_be_decoded() -> None:
    assert IMAGE_ENDINGS == ENDINGS


def test_class_folders(tmp_path: Path) -> None:
    listing = read_folder(make(tmp_path, "pear/2.JPG", "apple/1.png", "apple/0.webp"))
    assert rows(listing) == [
        ("apple/0.webp", "apple", "train"),
        ("apple/1.png", "apple", "train"),
        ("pear/2.JPG", "pear", "train"),
    ]
    assert listing.skipped == ()
    assert all(not image.metadata for image in listing.images)
    assert listing.root == tmp_path.resolve()


def test_splits_and_their_siblings(tmp_path: Path) -> None:
    make(tmp_path, "train/a/1.jpg", "valid/a/2.jpg", "Test/b/3.jpg", "masks/a/4.png", "README.md", "loose.jpg")
    listing = read_folder(make(tmp_path, "train/5.jpg", "train/list.txt", "test/no_class_folder.jpg"))
    assert rows(listing) == [
        ("Test/b/3.jpg", "b", "test"),
        ("train/a/1.jpg", "a", "train"),
        ("valid/a/2.jpg", "a", "val"),
    ]
    found = reasons(listing)
    assert "stands beside" in found["masks/a/4.png"]
    assert "ending .md" in found["README.md"]
    assert "ending .txt" in found["train/list.txt"]
    assert "at the root" in found["loose.jpg"]
    assert "directly in train/" in found["train/5.jpg"]
    assert len(listing.images) + len(listing.skipped) == 9


def test_deeper_folders_are_metadata_never_the_label(tmp_path: Path) -> None:
    listing = read_folder(make(tmp_path, "apple/green/small/1.jpg", "apple/2.jpg", "pear/3.jpg"))
    assert {image.id: (image.label, image.metadata["folder"]) for image in listing.images} == {
        "apple/green/small/1.jpg": ("apple", "green/small"),
        "apple/2.jpg": ("apple", ""),
        "pear/3.jpg": ("pear", ""),
    }


def test_a_class_may_be_called_test(tmp_path: Path) -> None:
    listing = read_folder(make(tmp_path, "test/1.jpg", "control/2.jpg"))
    assert {image.label for image in listing.images} == {"test", "control"}


def test_unlabelled_images_have_their_own_folder(tmp_path: Path) -> None:
    listing = read_folder(make(tmp_path, "a/1.jpg", "b/2.jpg", "_unlabeled/3.jpg"))
    assert ("_unlabeled/3.jpg", None, "train") in rows(listing)


def test_accents_written_apart_are_one_class(tmp_path: Path) -> None:
    listing = read_folder(make(tmp_path, "train/cre\u0300me/1.jpg", "test/crème/2.jpg", "test/other/3.jpg"))
    assert {image.label for image in listing.images} == {"crème", "other"}
    assert "train/cre\u0300me/1.jpg" in {image.id for image in listing.images}


def test_names_that_are_no_utf8_are_escaped(tmp_path: Path) -> None:
    make(tmp_path, os.fsdecode(b"caf\xe9/\xff.jpg"), "b/2.jpg")
    assert ("caf\\xe9/\\xff.jpg", "caf\\xe9", "train") in rows(read_folder(tmp_path))


def test_hidden_files_links_and_nameless_endings_are_listed(tmp_path: Path) -> None:
    make(tmp_path, "a/1.jpg", "a/._1.jpg", "a/noending", "b/2.jpg", "b/notes.json")
    (tmp_path / "a" / "away.jpg").symlink_to("/dev/null")
    found = reasons(read_folder(tmp_path))
    assert found["a/._1.jpg"] == "hidden"
    assert "no ending" in found["a/noending"]
    assert ".json" in found["b/notes.json"]
    assert "leaves the folder" in found["a/away.jpg"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "an empty folder"),
        (("1.jpg", "2.jpg"), "2 pictures outside any class folder, e.g. 1.jpg"),
        (("a/notes.txt",), "1 files, none of them a picture in a class folder"),
        (("images/train/1.jpg", "labels/train/1.txt", "data.yaml"), "YOLO"),
        (("train/images/1.jpg", "train/labels/1.txt", "data.yaml"), "YOLO"),
        (("train2017/1.jpg", "val2017/2.jpg", "annotations/instances_train2017.json"), "COCO"),
        (("images/1.jpg", "_annotations.coco.json"), "COCO"),
        (("V/JPEGImages/1.jpg", "V/Annotations/1.xml"), "Pascal VOC"),
        (("images/1.jpg", "output.manifest"), "Ground Truth"),
        (
            ("data/train/a/1.jpg", "data/test/b/2.jpg"),
            r"one folder data/ that holds test, train.*Import .*data instead",
        ),
    ],
)
def test_refusals_say_what_was_seen(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(UnreadableInput, match=message):
        read_folder(make(tmp_path, *names))


def test_two_class_folders_are_taken_whatever_lies_beside_them(tmp_path: Path) -> None:
    assert len(read_folder(make(tmp_path, "a/1.jpg", "b/2.jpg", "data.yaml")).images) == 2


def test_cells_of_a_photo_shoot_name_the_class(tmp_path: Path) -> None:
    listing = read_folder(
        make(tmp_path, "train/apples/1.jpg", "test/apples/2.jpg", "shoot-3/apples--in-hands/obj 1/3.jpg",
             "Shoot-12/a--b--on-plates/4.jpg", "shoot-3/loose.jpg", "shoot-x/apples--in-hands/5.jpg")
    )  # fmt: skip
    assert set(rows(listing)) == {
        ("train/apples/1.jpg", "apples", "train"),
        ("test/apples/2.jpg", "apples", "test"),
        ("shoot-3/apples--in-hands/obj 1/3.jpg", "apples", "train"),
        ("Shoot-12/a--b--on-plates/4.jpg", "a--b", "train"),
    }
    assert set(reasons(listing)) == {"shoot-3/loose.jpg", "shoot-x/apples--in-hands/5.jpg"}
    flat = read_folder(make(tmp_path / "flat", "apples/1.jpg", "pears/2.jpg", "shoot-1/apples--in-hands/3.jpg"))
    assert {image.label for image in flat.images} == {"apples", "pears"}
