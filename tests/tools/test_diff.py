"""Differences between two versions, counted by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from tools.dataset import Dataset, Label
from tools.diff import compare


def dataset(rows: dict[str, tuple[str, str, str]], metadata: dict[str, list[str]] | None = None) -> Dataset:
    """Rows: id → content, split, label."""
    n = len(rows)
    return Dataset(
        version=1,
        root=Path("/data"),
        ids=np.array(list(rows)),
        sha256=np.array([content for content, _, _ in rows.values()]),
        widths=np.ones(n, np.int64),
        heights=np.ones(n, np.int64),
        splits=np.array([split for _, split, _ in rows.values()]),
        labels=tuple(Label(image, label) for image, (_, _, label) in rows.items() if label),
        metadata={name: np.array(values) for name, values in (metadata or {}).items()},
    )


def test_nothing_changed() -> None:
    data = dataset({"1": ("s1", "train", "a")})
    found = compare(data, replace(data, version=2))
    assert found.text == "nothing changed"
    assert set(found.counts.values()) == {0}


def test_of_two_copies_that_move_each_is_used_once() -> None:
    old = dataset({"1": ("same", "train", "a"), "2": ("same", "train", "a"), "3": ("s3", "train", "a")})
    new = dataset({"3": ("s3", "train", "a"), "7": ("same", "train", "a"), "8": ("same", "train", "a")})
    assert compare(old, new).moved == (("1", "7"), ("2", "8"))
    more = dataset({"7": ("same", "train", "a"), "8": ("same", "train", "a"), "9": ("same", "train", "a")})
    found = compare(old, more)
    assert (found.moved, found.added, found.removed) == ((("1", "7"), ("2", "8")), ("9",), ("3",))


def test_a_copy_beside_an_unmoved_original_is_added() -> None:
    old = dataset({"1": ("same", "train", "a")})
    found = compare(old, dataset({"1": ("same", "train", "a"), "2": ("same", "test", "b")}))
    assert (found.added, found.moved) == (("2",), ())


def test_labels_given_and_taken_away_count_as_relabelled() -> None:
    old = dataset({"1": ("s1", "train", "a"), "2": ("s2", "train", ""), "3": ("s3", "train", "a")})
    new = dataset({"1": ("s1", "train", ""), "2": ("s2", "train", "b"), "3": ("s3", "train", "a")})
    assert compare(old, new).relabelled == ("1", "2")


def test_columns() -> None:
    rows = {"1": ("s1", "train", "a"), "2": ("s2", "train", "a")}
    old = dataset(rows, {"same": ["x", "y"], "changed": ["x", "y"], "gone": ["", ""]})
    new = dataset(rows, {"same": ["x", "y"], "changed": ["x", "z"], "come": ["", ""]})
    assert compare(old, new).columns == ("changed", "come", "gone")
