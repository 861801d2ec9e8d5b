"""The label table: ids, numbering, validation, fingerprints."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tools.dataset import Dataset, Label, decode_id, encode_id


def dataset() -> Dataset:
    return Dataset(
        version=1,
        root=Path("/data"),
        ids=np.array(["a/1.jpg", "b/2.jpg", "b/3.jpg"]),
        sha256=np.array(["s1", "s2", "s3"]),
        widths=np.array([10, 20, 30]),
        heights=np.array([10, 20, 30]),
        splits=np.array(["train", "train", "test"]),
        labels=(Label("a/1.jpg", "pear"), Label("b/2.jpg", "apple")),
    )


@pytest.mark.parametrize("relative", ["a/b.jpg", "caf\udce9/\udcff.jpg", "back\\slash\\x41.jpg", "\\x", "ünï.jpg"])
def test_ids_round_trip_and_can_be_stored_as_utf8(relative: str) -> None:
    encode_id(relative).encode("utf-8")
    assert decode_id(encode_id(relative)) == relative


def test_two_names_never_share_an_id() -> None:
    assert encode_id("\udce9") != encode_id("\\xe9")


def test_classes_targets_and_counts() -> None:
    data = dataset()
    assert data.classes == ("apple", "pear")
    assert data.targets.tolist() == [1, 0, -1]
    assert data.counts == {"apple": 1, "pear": 1}
    assert data.path("a/1.jpg") == Path("/data/a/1.jpg")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": np.array(["a/1.jpg", "a/1.jpg", "b/3.jpg"])}, "unique"),
        ({"splits": np.array(["train", "dev", "test"])}, "dev"),
        ({"widths": np.array([1])}, "widths has 1 rows for 3"),
        ({"metadata": {"camera": np.array(["x"])}}, "camera"),
        ({"properties": {"brightness": np.zeros(4, np.float32)}}, "brightness"),
    ],
)
def test_what_does_not_fit_together_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(dataset(), **change)


def test_the_fingerprint_follows_contents_and_labels_but_not_the_version() -> None:
    first = dataset()
    assert first.fingerprint == replace(first, version=7).fingerprint
    others = [
        replace(first, sha256=np.array(["s1", "s2", "s4"])),
        replace(first, splits=np.array(["train", "val", "test"])),
        replace(first, labels=first.labels[:1]),
        replace(first, metadata={"camera": np.array(["x", "", ""])}),
    ]
    assert len({first.fingerprint, *(other.fingerprint for other in others)}) == 5
