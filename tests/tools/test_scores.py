"""One row per picture, every column documented, values that agree with the checks, cells that no spreadsheet runs."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from benchmarks.planting.cue import cue_case
from tools.audit import run_checks
from tools.case import Case
from tools.checks import outliers, weak_slices
from tools.dataset import Label
from tools.errors import AdvisorError
from tools.findings import Outcome
from tools.label_errors import case_suspects
from tools.ladder import candidates_climbed
from tools.predictions import Predictions
from tools.score_columns import COLUMNS, table
from tools.scores import write_scores

Judged = tuple[Case, dict[str, Outcome]]


@pytest.fixture(scope="module")
def judged() -> Judged:
    case, _ = cue_case()
    return case, {o.code: o for o in run_checks(case)}


def test_every_column_is_documented_and_every_documented_one_is_there(judged: Judged) -> None:
    case, outcomes = judged
    patterns = [re.compile(re.sub(r"<\w+>", ".+", re.escape(c.name).replace("\\<", "<"))) for c in COLUMNS]
    names = list(table(case, outcomes))
    properties = set(case.dataset.properties)
    for name in names:
        assert any(p.fullmatch(name) for p in patterns if p.pattern != ".+") or name in properties, name
    for column, pattern in zip(COLUMNS, patterns, strict=True):
        assert any(pattern.fullmatch(name) for name in names), column.name
    text = (Path(__file__).resolve().parents[2] / "docs" / "scores.md").read_text("utf-8")
    assert all(f"| `{c.name}` | {c.kind} | {c.meaning} |" in text for c in COLUMNS)


def test_values_agree_with_the_checks(judged: Judged) -> None:
    case, outcomes = judged
    found = {name: values for name, (_, values) in table(case, outcomes).items()}
    assert all(len(values) == len(case.ids) for values in found.values())
    suspects = case_suspects(case)
    assert np.array_equal(found["wrong_label"][suspects.rows], suspects.doubt)
    assert np.isnan(found["wrong_label"].astype(float)).sum() == len(case.ids) - len(suspects.rows)
    flagged = np.flatnonzero(found["wrong_label_flagged"].astype(float) == 1)
    assert flagged.tolist() == suspects.rows[suspects.flagged].tolist()
    assert [found["suggested_label"][r] for r in flagged] == [
        case.classes[n] for n in suspects.suggested[suspects.flagged].tolist()
    ]
    assert np.array_equal(found["oddness"], outliers.measure(case).distance)
    judged_rows = np.flatnonzero(case.derived.judged)
    right = found["correct"].astype(float)
    assert right[judged_rows].sum() == len(judged_rows) - case.derived.errors.sum()
    assert np.isnan(right).sum() == len(case.ids) - len(judged_rows)
    row = int(judged_rows[0])
    own = str(found["label"][row])
    assert found["p_label"][row] == found[f"p_{own}"][row] == case.derived.scores[row, case.number(own)]
    assert set(found["judged_by"]) == {"test", "training"} if case.has_test else {"out of fold"}
    leaning = candidates_climbed(case).leaning
    assert outcomes["spurious-cue"].findings
    test = leaning[0].test
    mine = (case.targets == case.number(test.pair[0])) & test.looks_like_b & np.isfinite(test.cue.values)
    holds = np.array([f"{test.cue.name} as of {test.pair[1]}" in text for text in found["cues"]])
    assert np.array_equal(holds, mine)
    if outcomes["weak-slices"].findings:
        first = weak_slices.weak(case).results[0]
        assert {r for r, text in enumerate(found["slices"]) if first.found.name in text} == set(first.rows.tolist())
    named = {image for f in outcomes["spurious-cue"].findings for image in f.images}
    assert set(case.ids[found["named_by_spurious-cue"].astype(float) == 1].tolist()) == named


def test_your_models_answers_on_training_pictures_are_shown_apart(judged: Judged) -> None:
    case, _ = judged
    scores = np.full((len(case.ids), len(case.classes)), 0.25)
    scores[:, 0] = 0.75
    mine = replace(case, predictions=Predictions("m", "1", scores, np.zeros(len(case.ids), np.int64), True))
    found = {name: values for name, (_, values) in table(mine, {}).items()}
    assert set(found["model_said"]) == {case.classes[0]}
    training = ~mine.evaluation
    if training.any():
        assert set(found["predicted"][training]) == {""}
        assert np.isnan(found["p_label"][training].astype(float)).all()
    assert np.isnan(found["named_by_outliers"].astype(float)).all()  # a check that did not run says nothing


def test_parquet_and_csv_hold_the_same(judged: Judged, tmp_path: Path) -> None:
    case, outcomes = judged
    written = write_scores(case, list(outcomes.values()), tmp_path / "s.parquet")
    write_scores(case, list(outcomes.values()), tmp_path / "s.csv")
    frame = parquet.read_table(tmp_path / "s.parquet")
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert frame.column_names == written == list(rows[0])
    assert frame.num_rows == len(rows) == len(case.ids)
    assert frame["id"].to_pylist() == [row["id"] for row in rows] == case.ids.tolist()
    for name in ("wrong_label", "oddness"):
        numbers = [float(row[name] or "nan") for row in rows]
        assert numbers == pytest.approx(frame[name].to_numpy().tolist(), rel=1e-6, nan_ok=True)
    assert [row["correct"] for row in rows] == [
        {None: "", True: "yes", False: "no"}[v] for v in frame["correct"].to_pylist()
    ]
    for target in (tmp_path / "s.csv", tmp_path / "s.txt", tmp_path / "no" / "s.csv"):
        with pytest.raises(AdvisorError):
            write_scores(case, [], target)
    assert not (tmp_path / "s.txt").exists()


def test_names_that_are_formulas_or_columns(judged: Judged, tmp_path: Path) -> None:
    case, _ = judged
    first, second = case.classes[:2]
    new = {first: "=cmd()", second: "label"}
    labels = tuple(Label(lb.image_id, new.get(lb.name, lb.name)) for lb in case.dataset.labels)
    renamed = Case(replace(case.dataset, labels=labels), case.space, case.settings)
    names = write_scores(renamed, [], tmp_path / "s.csv")
    assert {"p_label", "p_label_2", "p_=cmd()"} <= set(names)
    text = (tmp_path / "s.csv").read_text("utf-8")
    assert ",'=cmd()'," in text
    assert not re.search(r"(^|,)=", text, re.MULTILINE)


def test_without_a_second_class_nothing_breaks(judged: Judged) -> None:
    case, _ = judged
    labels = tuple(label for label in case.dataset.labels if label.name == case.classes[0])
    lone = Case(replace(case.dataset, labels=labels), case.space, case.settings)
    found = table(lone, {})
    assert np.isnan(found["typicality"][1].astype(float)).all()
    bare = Case(replace(case.dataset, labels=()), case.space, case.settings)
    assert set(table(bare, {})["judged_by"][1].tolist()) == {""}
