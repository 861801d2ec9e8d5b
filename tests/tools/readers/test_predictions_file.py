"""Predictions files: three formats, two shapes; malformed ones are one message."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tools.errors import UnreadableInput
from tools.readers.predictions_file import read_predictions

IDS = ["a/1.jpg", "b/2.jpg"]
PROBABILITIES = [[0.25, 0.75], [1.0, 0.0]]


def full(path: Path) -> Path:
    frame = pd.DataFrame({"id": IDS, "p_a": [0.25, 1.0], "p_b": [0.75, 0.0]})
    match path.suffix:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".tsv":
            frame.to_csv(path, index=False, sep="\t", encoding="utf-16")
        case ".parquet":
            frame.to_parquet(path)
        case ".npz":
            np.savez(path, id=np.array(IDS), classes=np.array(["a", "b"]), probabilities=np.array(PROBABILITIES))
    return path


def top(path: Path) -> Path:
    frame = pd.DataFrame({"filepath": IDS, "pred": ["b", "a"], "score": [0.75, 1.0], "label": ["a", "b"]})
    match path.suffix:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".parquet":
            frame.to_parquet(path)
        case ".npz":
            np.savez(path, id=np.array(IDS), pred=np.array(["b", "a"]), score=np.array([0.75, 1.0]))
    return path


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".npz"])
def test_one_probability_per_class(tmp_path: Path, ending: str) -> None:
    table = read_predictions(full(tmp_path / f"p{ending}"))
    assert table.ids.tolist() == IDS
    assert table.classes == ("a", "b")
    assert table.probabilities.tolist() == PROBABILITIES
    assert table.pred is None


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".npz"])
def test_the_top_class_and_its_score(tmp_path: Path, ending: str) -> None:
    table = read_predictions(top(tmp_path / f"p{ending}"))
    assert table.ids.tolist() == IDS
    assert table.classes == ()
    assert table.pred is not None
    assert table.score is not None
    assert table.pred.tolist() == ["b", "a"]
    assert table.score.tolist() == [0.75, 1.0]


def test_columns_may_bear_the_bare_class_names(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("image,label,a,crème\n1.jpg,a,0.5,0.5\n")
    assert read_predictions(tmp_path / "p.csv").classes == ("a", "crème")


def test_probabilities_win_over_a_predicted_class_beside_them(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,pred,score,p_a,p_b\n1.jpg,a,0.6,0.6,0.4\n")
    assert read_predictions(tmp_path / "p.csv").probabilities.tolist() == [[0.6, 0.4]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p_a,p_b\n1,0\n", "a column id"),
        ("id\nx\n", "one column p_<class> per class, or the columns pred and score"),
        ("id,p_a,p_b\nx,0.5,\n", "number in the column p_b.*'' in row 2"),
        ("id,p_a,p_b\nx,1,0\ny,0.5,high\n", "'high' in row 3"),
        ("id,p_a,p_b\nx,nan,1\n", "'nan' in row 2"),
        ("id,pred,score\nx,a,much\n", "'much' in row 2"),
        ('id;p_a;p_b\nx;"0,5";"0,5"\n', "decimals with a point"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(UnreadableInput, match=message) as caught:
        read_predictions(tmp_path / "p.csv")
    assert "p.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"id": np.array(IDS)}, "Add classes, probabilities"),
        ({"classes": np.array(["a"]), "probabilities": np.ones((2, 1))}, "Add id"),
        ({"id": np.array(IDS), "classes": np.array(["a", "b"]), "probabilities": np.ones((2, 3))}, r"shape \(2, 3\)"),
        ({"id": np.array(IDS), "classes": np.array(["a", "b"]), "probabilities": np.full((2, 2), "x")}, "<U1"),
        ({"id": np.array(IDS), "pred": np.array(["a"]), "score": np.ones(2)}, r"shape \(1,\)"),
        ({"id": np.array(IDS), "pred": np.array(["a", "b"]), "score": np.ones(3)}, r"shape \(3,\)"),
        ({"id": np.array([{}, {}], dtype=object)}, "arrays of Python objects"),
    ],
)
def test_npz_files_that_cannot_be_read(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    np.savez(tmp_path / "p.npz", allow_pickle=True, **arrays)
    with pytest.raises(UnreadableInput, match=message):
        read_predictions(tmp_path / "p.npz")


@pytest.mark.parametrize("ending", [".npz", ".parquet"])
@pytest.mark.parametrize("content", [b"", b"not that format at all", b"PK\x03\x04 cut"])
def test_broken_binary_files(tmp_path: Path, ending: str, content: bytes) -> None:
    (tmp_path / f"p{ending}").write_bytes(content)
    with pytest.raises(UnreadableInput, match=r"Export it again|numpy\.savez"):
        read_predictions(tmp_path / f"p{ending}")


def test_a_cut_npz(tmp_path: Path) -> None:
    path = full(tmp_path / "p.npz")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UnreadableInput, match=r"Export it again|numpy\.savez"):
        read_predictions(path)


def test_unknown_endings_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "p.pkl").write_bytes(b"x")
    with pytest.raises(UnreadableInput, match="is none of these"):
        read_predictions(tmp_path / "p.pkl")
    with pytest.raises(UnreadableInput, match="does not exist"):
        read_predictions(tmp_path / "p.csv")
