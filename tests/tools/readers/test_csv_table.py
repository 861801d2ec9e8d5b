"""CSV of pictures: columns, splits, what is refused with its row."""

import os
from pathlib import Path

import pytest

from tools.errors import UnreadableInput
from tools.readers.csv_table import read_csv


def table(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    (tmp_path / "data").mkdir(exist_ok=True)
    for name in ("a", "b", "c", "nan"):
        (tmp_path / "data" / f"{name}.jpg").write_bytes(b"x")
    (tmp_path / "outside.jpg").write_bytes(b"x")
    path = tmp_path / "data" / "t.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_columns_splits_and_metadata(tmp_path: Path) -> None:
    path = table(
        tmp_path, "Image;Class;split;farm\nb.jpg;pear;valid;north\n./a.jpg;apple;;\nc.jpg;;production;south\n", "utf-16"
    )
    listing = read_csv(path)
    assert [(i.id, i.label, i.split, dict(i.metadata)) for i in listing.images] == [
        ("a.jpg", "apple", "train", {"farm": ""}),
        ("b.jpg", "pear", "val", {"farm": "north"}),
        ("c.jpg", None, "production", {"farm": "south"}),
    ]
    assert listing.root == (tmp_path / "data").resolve()


def test_missing_files_and_other_kinds_are_skipped_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "data" / "dir.jpg").mkdir(parents=True)
    listing = read_csv(table(tmp_path, "path,label\na.jpg,x\ngone.jpg,x\nt.csv,y\ndir.jpg,y\n"))
    assert [image.id for image in listing.images] == ["a.jpg"]
    found = {item.path: item.reason for item in listing.skipped}
    assert found["gone.jpg"].endswith("not there")
    assert ".csv" in found["t.csv"]
    assert "not a regular file" in found["dir.jpg"]


def test_absolute_paths_inside_windows_separators_and_repeated_rows(tmp_path: Path) -> None:
    inside = (tmp_path / "data").resolve()
    (inside / "deep").mkdir(parents=True)
    (inside / "deep" / "d.jpg").write_bytes(b"x")
    listing = read_csv(table(tmp_path, f"file,label\n{inside}/a.jpg,x\ndeep\\d.jpg,y\na.jpg,x\n"))
    assert [image.id for image in listing.images] == ["a.jpg", "deep/d.jpg"]


def test_our_own_ids_find_their_files(tmp_path: Path) -> None:
    path = table(tmp_path, "id,file,label\n1,caf\\xe9.jpg,x\n2,back\\x5cslash.jpg,x\n3,a\\xzz.jpg,x\n")
    for name in (b"caf\xe9.jpg", b"back\\slash.jpg"):
        (path.parent / os.fsdecode(name)).write_bytes(b"x")
    listing = read_csv(path)
    assert [image.id for image in listing.images] == ["back\\x5cslash.jpg", "caf\\xe9.jpg"]
    assert [item.path for item in listing.skipped] == ["a/xzz.jpg"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("filepath,name\na.jpg,x\n", r"columns filepath, name of .*t\.csv"),
        ("label\nx\n", "columns label"),
        ("filepath,label,xmin,ymin,xmax,ymax\na.jpg,x,1,2,3,4\n", "box columns xmin, ymin, xmax, ymax"),
        ("filepath,label,x,y,w,h\na.jpg,x,1,2,3,4\n", "Boxes are taken as COCO, YOLO or Pascal VOC"),
        ("filepath,label\na.jpg,x\na.jpg,y\n", r"label 'x' and again with 'y' in row 3.*one row per picture"),
        ("filepath,label,split\na.jpg,x,train\na.jpg,x,test\n", "split 'train' and again with 'test' in row 3"),
        ("filepath,label\na.jpg,x\nb.jpg,nan\n", "label 'nan'.*in row 3.*Empty the cell"),
        ("filepath,label\na.jpg,NULL\n", "label 'NULL'"),
        ("filepath,label,split\na.jpg,x,dev\n", "split among train, val.*'dev' in row 2"),
        ("filepath,label\na.jpg,x\n../outside.jpg,y\n", r"climbs with '\.\.' in row 3"),
        ("filepath,label\n/etc/passwd.jpg,y\n", "is absolute in row 2"),
        ("filepath,label\n,y\n", "is empty in row 2"),
        ("filepath,label\nlink.jpg,y\n", "through a link in row 2"),
        ("filepath,label\ngone.jpg,y\n", "none of them with a file there, e.g. gone.jpg"),
        ("filepath,label\n", "0 rows"),
    ],
)
def test_what_is_refused_names_file_and_row(tmp_path: Path, text: str, message: str) -> None:
    path = table(tmp_path, text)
    (path.parent / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    with pytest.raises(UnreadableInput, match=message) as caught:
        read_csv(path)
    assert "t.csv" in str(caught.value)


def test_a_picture_may_be_called_nan(tmp_path: Path) -> None:
    assert read_csv(table(tmp_path, "filepath,label\nnan.jpg,x\n")).images[0].id == "nan.jpg"
