"""Predictions laid onto a dataset: ways to name an image, what is covered, what is refused."""

from pathlib import Path

import numpy as np
import pytest

from tools.dataset import Dataset, Label, Skipped
from tools.errors import UnreadableInput
from tools.readers.align_predictions import align
from tools.readers.predictions_file import PredictionsTable

DATASET = Dataset(
    version=1,
    root=Path("/data/shop"),
    ids=np.array(["apple/1.jpg", "apple/caf\\xe9.jpg", "pear/1.jpg", "pear/3.jpg"]),
    sha256=np.array(["s1", "s2", "s3", "s4"]),
    widths=np.ones(4, np.int64),
    heights=np.ones(4, np.int64),
    splits=np.array(["train", "test", "test", "test"]),
    labels=(Label("apple/1.jpg", "apple"), Label("pear/1.jpg", "pear")),
    skipped=(Skipped("pear/cut.jpg", "cut short"),),
)


def full(ids: list[str], values: list[list[float]], classes: tuple[str, ...] = ("pear", "apple")) -> PredictionsTable:
    return PredictionsTable(Path("p.csv"), np.array(ids, dtype=object), classes, np.array(values), None, None)


def top(ids: list[str], pred: list[str], score: list[float]) -> PredictionsTable:
    said = np.array(pred, dtype=object)
    return PredictionsTable(Path("p.csv"), np.array(ids, dtype=object), (), np.empty((2, 0)), said, np.array(score))


def test_rows_and_columns_are_put_in_the_datasets_order() -> None:
    found, ignored = align(full(["pear/1.jpg", "apple/1.jpg"], [[0.7, 0.3], [0.1, 0.9]]), DATASET, ("theirs", "2"))
    assert (found.model, found.version, found.full_vectors, ignored) == ("theirs", "2", True, 0)
    assert found.predicted.tolist() == [0, -1, 1, -1]
    assert found.covered.tolist() == [True, False, True, False]
    assert found.probabilities[[0, 2]].tolist() == [[0.9, 0.1], [0.3, 0.7]]
    assert np.isnan(found.probabilities[[1, 3]]).all()


def test_a_top_class_fills_its_own_column_only() -> None:
    found, _ = align(top(["pear/1.jpg", "apple/1.jpg"], ["apple", "pear"], [0.7, 1.0]), DATASET, ("theirs", "2"))
    assert not found.full_vectors
    assert found.predicted.tolist() == [1, -1, 0, -1]
    np.testing.assert_array_equal(found.probabilities[[0, 2]], [[np.nan, 1.0], [0.7, np.nan]])


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("pear/1.jpg", 2),
        ("./pear/1.jpg", 2),
        ("pear\\1.jpg", 2),
        ("/data/shop/pear/1.jpg", 2),
        ("shop/pear/1.jpg", 2),
        ("3.jpg", 3),
        ("apple/caf\udce9.jpg", 1),
        ("apple/caf\\xe9.jpg", 1),
    ],
)
def test_ways_to_name_an_image(text: str, row: int) -> None:
    found, _ = align(full([text], [[1.0, 0.0]]), DATASET, ("m", "1"))
    assert np.flatnonzero(found.covered).tolist() == [row]


def test_rows_for_skipped_files_are_left_out_and_counted() -> None:
    found, ignored = align(full(["pear/cut.jpg", "pear/3.jpg"], [[1.0, 0.0], [0.0, 1.0]]), DATASET, ("m", "1"))
    assert ignored == 1
    assert found.predicted.tolist() == [-1, -1, -1, 0]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (full([], []), "at least one prediction"),
        (full(["x.jpg", "y.jpg", "3.jpg"], [[1, 0]] * 3), r"2 ids that the data set lacks, e\.g\. 'x\.jpg', in p\.csv"),
        (full(["1.jpg"], [[1, 0]]), "a name that 2 images share"),
        (full(["pear/3.jpg", "3.jpg"], [[1, 0]] * 2), r"1 images with more than one, e\.g\. pear/3\.jpg"),
        (full(["3.jpg"], [[np.nan, 1.0]]), "1 rows with NaN or infinite numbers"),
        (full(["3.jpg"], [[np.inf, 1.0]]), "NaN or infinite"),
        (full(["3.jpg"], [[-0.5, 1.5]]), r"negative numbers, e\.g\. for '3\.jpg'"),
        (
            full(["pear/1.jpg", "3.jpg"], [[0.999, 0.0], [0.25, 0.25]]),
            r"1 rows that do not.*'3\.jpg' with the sum 0\.5",
        ),
        (full(["3.jpg"], [[0.5, 0.5]], ("pear", "plum")), "unknown class columns: plum"),
        (full(["3.jpg"], [[1.0]], ("pear",)), "missing class columns: apple"),
        (full(["3.jpg"], [[0.5, 0.5, 0.0]], ("pear", "apple", "pear")), "repeated class columns: pear"),
        (top(["pear/1.jpg", "3.jpg"], ["pear", "plum"], [0.5, 0.5]), "1 others, e.g. 'plum'"),
        (top(["pear/1.jpg", "3.jpg"], ["pear", "pear"], [0.5, 97.0]), r"97 for '3\.jpg'.*Divide percentages by 100"),
        (top(["pear/1.jpg", "3.jpg"], ["pear", "pear"], [0.5, np.nan]), "scores from 0 to 1"),
    ],
)
def test_what_does_not_fit_is_one_message(table: PredictionsTable, message: str) -> None:
    with pytest.raises(UnreadableInput, match=message):
        align(table, DATASET, ("m", "1"))


def test_sums_within_the_tolerance_pass() -> None:
    found, _ = align(full(["3.jpg"], [[0.333, 0.666]]), DATASET, ("m", "1"))
    assert found.predicted.tolist() == [-1, -1, -1, 0]
