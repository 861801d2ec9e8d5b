"""The predict command: a row per picture, what could not be read, and a case whose encoder is gone."""

from pathlib import Path

import pytest

import embeddings.resolve
from app import predict
from app.terminal import WrongUse
from benchmarks.planting.swapped_background import GridEncoder, swapped_case
from benchmarks.planting.vectors import vector_case
from tools.workspace import Workspace


def test_rows_and_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (GridEncoder(), ""))
    case = swapped_case(tmp_path, agreement=0.7)
    monkeypatch.setattr(predict, "open_case", lambda *_, **__: (Workspace.open(tmp_path / "none"), case))
    own = case.dataset.path(str(case.ids[0]))
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    predict.run_predict([own, text], thresholds=None, version=None, seed=None, workspace=tmp_path, json=None)
    out = " ".join(capsys.readouterr().out.split())
    assert "1 picture: 0 unlike anything seen" in out
    assert own.name in out
    assert "in the training data" in out
    assert "notes.txt" in out


def test_without_the_encoder_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = vector_case({"a": 40, "b": 40})
    monkeypatch.setattr(predict, "open_case", lambda *_, **__: (Workspace.open(tmp_path / "none"), without))
    with pytest.raises(WrongUse, match="Import with that encoder"):
        predict.run_predict([Path(__file__)], thresholds=None, version=None, seed=None, workspace=tmp_path, json=None)
