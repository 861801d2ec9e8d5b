"""Labels as the usual tools write them."""

import json
from pathlib import Path

import pytest

from tools.errors import UnreadableInput
from tools.readers.labels_file import labels_beside, labels_inside, read_labels

EXPECTED = ("cat", "dog", "hen")


@pytest.mark.parametrize(
    "found",
    [
        ["cat", "dog", "hen"],
        {"0": "cat", "2": "hen", "1": "dog"},
        {"dog": 1, "cat": 0, "hen": 2},
        {"id2label": {"0": "cat", "1": "dog", "2": "hen"}, "hidden_size": 768},
        {"labels": ["cat", "dog", "hen"]},
    ],
)
def test_json(found: object, tmp_path: Path) -> None:
    (tmp_path / "l.json").write_text(json.dumps(found))
    assert read_labels(tmp_path / "l.json") == EXPECTED


def test_lines(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_bytes("\ufeffcat\r\n dog\r\n\r\nhen\r\n".encode())
    assert read_labels(tmp_path / "labels.txt") == EXPECTED
    assert labels_beside(tmp_path / "model.onnx") == tmp_path / "labels.txt"
    assert labels_beside(tmp_path / "sub" / "model.onnx") is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("l.txt", "cat\n"),
        ("l.txt", "cat\ncat\n"),
        ("l.json", '{"0": "cat", "2": "dog"}'),
        ("l.json", '["cat", 3]'),
        ("l.json", "[" * 100_000),
        ("l.json", "7"),
        ("l.json", "not json"),
        ("none.txt", None),
    ],
)
def test_what_is_no_list_of_labels_is_refused(name: str, text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UnreadableInput, match="two different labels"):
        read_labels(tmp_path / name)


def test_inside_the_network() -> None:
    assert labels_inside({"names": "{0: 'cat', 1: 'dog', 2: 'hen'}"}) == EXPECTED
    assert labels_inside({"labels": '["cat", "dog", "hen"]'}) == EXPECTED
    assert labels_inside({"names": "__import__('os').getcwd()"}) == ()
    assert labels_inside({}) == ()
