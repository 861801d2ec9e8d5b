"""A replay says what would have been said, and what came later; without dates it does not apply."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agent.weekly_advice import replayed_sentences
from benchmarks.planting.vectors import assemble
from tools.backtest import back_test, backtest_document, by_date, cuts, days, headline, remember, remembered
from tools.case import Case
from tools.registry import NotApplicable
from tools.settings import Settings
from tools.workspace import Workspace


def dated_case(seed: int = 0) -> Case:
    """Two classes close together, with little of ``lemon`` in January and plenty of it from February on."""
    rng = np.random.default_rng(seed)
    names, dates, splits, rows = [], [], [], []
    for name, offset, months in (("apple", 0.0, (120, 20, 20)), ("lemon", 1.1, (14, 70, 70))):
        for month, count in enumerate(months, start=1):
            for number in range(count):
                names.append(name)
                dates.append(f"2026:{month:02d}:{1 + number % 27:02d} 10:00:00")
                splits.append("train")
                rows.append(rng.normal(size=32) + offset * np.eye(32)[0] * 2)
        for _ in range(90):
            names.append(name)
            dates.append("2026:01:01 09:00:00")
            splits.append("test")
            rows.append(rng.normal(size=32) + offset * np.eye(32)[0] * 2)
    return assemble(np.array(rows), names, splits, metadata={"taken": np.array(dates)}, settings=Settings())


def kept(case: Case, folder: Path) -> Workspace:
    workspace = Workspace(folder / "home")
    workspace.save_dataset(case.dataset, case.space)
    return workspace


def test_days_and_cuts_by_hand() -> None:
    assert days(["2026-11-02", "2026/1/9", "x", "12.01.2026"]).tolist() == ["2026-11-02", "2026-01-09", "", ""]
    dated = np.array(["2026-01-01"] * 40 + ["2026-02-01"] * 40 + ["2026-03-01"] * 20 + [""] * 5)
    assert cuts(dated, 4) == ["2026-01-01", "2026-02-01", "2026-03-01"]  # equal days are never torn apart


def test_each_moment_holds_what_was_there_then() -> None:
    case = dated_case()
    moments, undated = by_date(case)
    assert undated == 0
    assert [m.at for m in moments] == sorted(m.at for m in moments)
    assert len(moments[-1].dataset) == len(case.dataset)
    for moment in moments:
        texts = moment.dataset.metadata["taken"]
        assert (days([str(t) for t in texts]) <= moment.at).all()
        assert moment.vectors.ids.tolist() == moment.dataset.ids.tolist()


@pytest.mark.slow
def test_collecting_that_came_later_is_followed_and_measured(tmp_path: Path) -> None:
    case = dated_case()
    workspace = kept(case, tmp_path)
    before = sorted(p.name for p in (tmp_path / "home").rglob("*") if p.is_file())
    found = back_test(workspace, workspace.case(Settings()), tries=2)
    assert found.by == "the pictures' dates in taken"
    followed = [e for e in found.ledger.entries if e.followed.extent in ("partly", "fully")]
    assert any(e.advice.action == "collect" and "lemon" in (*e.advice.classes, e.advice.target) for e in followed)
    assert any(e.outcome is not None for e in followed)
    document = backtest_document(case, found)
    assert document["headline"] == headline(found)
    assert document["moments"][-1]["advice"] == 0
    assert all(moment["advice"] > 0 for moment in document["moments"][:-1])
    assert len(workspace.datasets()) == 1  # the user's workspace learns nothing of the past
    assert before == sorted(p.name for p in (tmp_path / "home").rglob("*") if p.is_file())
    remember(workspace, document)
    assert remembered(workspace) == document
    (sentence,) = replayed_sentences(workspace)
    assert sentence.text.startswith(headline(found))


def test_without_dates_and_with_one_version_it_does_not_apply(tmp_path: Path) -> None:
    case = dated_case()
    plain = assemble(case.space.vectors.astype(np.float64), [case.classes[t] for t in case.targets])
    workspace = kept(plain, tmp_path)
    with pytest.raises(NotApplicable, match="neither dates"):
        back_test(workspace, workspace.case(Settings()))
    with pytest.raises(NotApplicable, match="no column when"):
        back_test(workspace, workspace.case(Settings()), column="when")


def test_versions_date_themselves(tmp_path: Path) -> None:
    case = dated_case()
    half = np.arange(len(case.ids)) % 2 == 0
    plain = assemble(
        case.space.vectors.astype(np.float64), [case.classes[t] for t in case.targets], case.dataset.splits.tolist()
    )
    workspace = Workspace(tmp_path / "home")
    first = replace(plain.space, ids=plain.ids[half], vectors=plain.space.vectors[half], names=plain.space.names[half])
    workspace.save_dataset(plain.dataset.only(half), first)
    workspace.save_dataset(plain.dataset, plain.space)
    found = back_test(workspace, workspace.case(Settings()), tries=0)
    assert found.by == "the versions of the data"
    assert [pictures for _, pictures, _ in found.moments] == [int(half.sum()), len(plain.ids)]
    assert found.ledger.record.given > 0
