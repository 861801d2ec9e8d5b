"""Cells that no spreadsheet computes, and the same text back."""

import csv
import io

import pytest

from tools.cells import FORMULA, guarded, guarded_path, plain

ODD = [
    "apple", "=SUM(A1)", "+1+1", "-2+3", "@x", "\tx", "-5.2", "+7", "'tis", "''", "'", "'=x'", " x", "x ", " ", "",
    "a\nb", "a\r\nb", "x,y;z", '"q"', "＝x", "nan",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_round_trip_through_a_table(text: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([guarded(text, {"nan"})])
    ((cell,),) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert plain(cell.strip(), {"nan"}) == text


@pytest.mark.parametrize("text", ODD)
def test_nothing_begins_like_a_formula(text: str) -> None:
    cell = guarded(text)
    assert cell[:1] not in FORMULA or not cell or float(cell) is not None


@pytest.mark.parametrize("name", ["=a/1.jpg", "-1.jpg", "'a.jpg", " a.jpg", "C:/a.jpg", "é/1.jpg"])
def test_paths(name: str) -> None:
    assert guarded_path(name).removeprefix("./") == name
    assert guarded_path(name)[0] not in FORMULA
