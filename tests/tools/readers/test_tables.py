"""Text tables in every dress."""

from pathlib import Path

import pytest

from tools.errors import UnreadableInput
from tools.readers.tables import read_table


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_separators_and_line_ends(tmp_path: Path, separator: str, encoding: str, newline: str) -> None:
    rows = [["File Path", "label"], [" crème/1.jpg", "crème "], [f'"a{separator} b.jpg"', "nan"], ["c.jpg", ""]]
    path = tmp_path / "t.csv"
    path.write_bytes(newline.join(separator.join(row) for row in rows).encode(encoding))
    frame = read_table(path).frame
    assert [*frame.columns] == ["File Path", "label"]
    assert frame.to_numpy().tolist() == [["crème/1.jpg", "crème"], [f"a{separator} b.jpg", "nan"], ["c.jpg", ""]]


def test_cells_stay_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,label\n007,1e5\nTrue,NA\n")
    assert read_table(tmp_path / "t.csv").frame.to_numpy().tolist() == [["007", "1e5"], ["True", "NA"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty file"),
        (b"\n\n", "empty file"),
        (b"a,b\n1,2\n3\n", "1 cells in row 3"),
        (b"a,b\n1,2\n3,4,5\n", "3 cells in row 3"),
        (b"a,A\n1,2\n", "'A' twice"),
        (b"a,b\n\xff\xfe,2\n", "position 4"),
        (b"a,b\n1\x00,2\n", "NUL"),
        (b'a,b\n"1,2\n', "unexpected end of data"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(UnreadableInput, match=message) as caught:
        read_table(tmp_path / "t.csv")
    assert "t.csv" in str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"No such file.*Check its name"):
        read_table(tmp_path / "t.csv")
