"""A proposed test set: whole groups, every class, and locked through imports, copies and undo."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.model_selection import StratifiedGroupKFold

from benchmarks.planting.vectors import vector_case
from tests.tools.coloured import COLOURS, orchard, picture, use_means
from tools.changing import NothingToChange, accept, history, undo
from tools.errors import AdvisorError
from tools.holding_out import deviation, hold_out, strata
from tools.importing import import_dataset
from tools.proposals import relabel
from tools.settings import Settings
from tools.splitting import draft_of, given_test, objects_for, propose, smallest_seen, spread_of_change
from tools.workspace import Workspace

SETTINGS = Settings(threads=1)


def test_groups_stay_whole_and_classes_are_spread() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), rng.integers(1, 9, 60))
    targets = (np.arange(60) % 4)[groups]
    found = strata(targets, groups, 4)
    held = hold_out(found, 0.25, np.random.default_rng(1))
    for group in range(60):
        assert len(np.unique(held[groups == group])) == 1
    assert deviation(found, held, 0.25) < 0.05


def test_no_further_from_the_wanted_shares_than_scikit_learn() -> None:
    """On uneven groups with several classes in some, against the first fold of StratifiedGroupKFold."""
    ours, theirs = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(50), rng.integers(1, 15, 50))
        main = rng.choice(3, 50, p=[0.6, 0.3, 0.1])[groups]
        targets = np.where(rng.uniform(size=len(groups)) < 0.1, rng.integers(0, 3, len(groups)), main)
        found = strata(targets, groups, 3)
        ours.append(deviation(found, hold_out(found, 0.2, rng), 0.2))
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(np.zeros(len(targets)), targets, groups)
        test = np.zeros(len(targets), dtype=bool)
        test[next(iter(folds))[1]] = True
        theirs.append(deviation(found, test, 0.2))
    assert np.mean(ours) <= np.mean(theirs)


def test_a_class_of_one_group_is_left_alone_and_named() -> None:
    case = vector_case({"a": 60, "b": 60, "c": 12}, burst=12, burst_spread=0.05, settings=Settings(group_column="g"))
    names = np.concatenate([np.arange(60) // 6, 10 + np.arange(60) // 6, np.full(12, 99)]).astype(str)
    case = replace(case, dataset=replace(case.dataset, metadata={"g": names}))
    found = propose(case)
    lone = found.parts[2]
    assert (lone.test_pictures, lone.groups, lone.missing) == (0, 1, objects_for(0.15))
    assert lone.reason == "all its pictures are one burst"
    assert found.groups.source == "column"
    assert all(part.test_groups >= 1 for part in found.parts[:2])
    for name in np.unique(names):
        assert len(np.unique(found.held[names == name])) == 1


def test_known_settings_are_spread_too() -> None:
    case = vector_case({"a": 120, "b": 120})
    hands = np.where(np.arange(240) % 120 < 12, "hand", "plate")
    case = replace(case, dataset=replace(case.dataset, metadata={"setting": hands}))
    found = propose(case, size=60)
    assert found.columns == ("setting",)
    assert 4 <= (found.held & (hands == "hand")).sum() <= 8  # a quarter of 24 is 6


def test_the_change_seen_by_hand() -> None:
    """(1.960 + 0.842) · √(0.09 / 360) = 0.0443."""
    assert smallest_seen(360, 0.09) == pytest.approx(0.0443, abs=1e-4)


def test_more_pictures_show_less() -> None:
    found = propose(vector_case({"a": 100, "b": 100}, separation=1.0), see=0.001)
    seen = [option.seen for option in found.options]
    assert seen == sorted(seen, reverse=True)
    assert not found.enough
    assert found.chosen.share == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize(("size", "see"), [(150, 0.05), (0, 0.05), (None, 0.0), (None, 1.5)])
def test_sizes_that_are_none(size: int | None, see: float) -> None:
    with pytest.raises(AdvisorError):
        propose(vector_case({"a": 100, "b": 100}), size=size, see=see)


def test_there_is_one_already() -> None:
    with pytest.raises(NothingToChange, match="--given"):
        propose(vector_case({"a": 60, "b": 60}, test_share=0.2))
    with pytest.raises(NothingToChange, match="none"):
        given_test(vector_case({"a": 60, "b": 60}))


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_means(monkeypatch)
    for at, (name, colour) in enumerate(COLOURS.items()):
        for number in range(12):
            picture(tmp_path / "photos" / name / f"{number}.png", 100 * at + number, colour, size=63)
    return tmp_path / "photos"


@pytest.fixture
def locked(photos: Path, tmp_path: Path) -> Workspace:
    kept = Workspace.open(tmp_path / "ws")
    import_dataset(kept, photos, SETTINGS)
    case = kept.case(SETTINGS)
    accept(kept, case.dataset, draft_of(case, propose(case, size=9).held), by="me")
    return kept


def held_ids(kept: Workspace) -> set[str]:
    data = kept.dataset()
    return set(data.ids[data.splits == "test"].tolist())


def test_later_imports_keep_the_lock(locked: Workspace, photos: Path) -> None:
    test = held_ids(locked)
    assert len(test) == pytest.approx(9, abs=2)
    assert locked.case(SETTINGS).has_test
    first = sorted(test)[0]
    moved = photos / first.replace(".png", "_renamed.png")
    (photos / first).rename(moved)
    picture(photos / "apple" / "new.png", 999, COLOURS["apple"], size=63)
    import_dataset(locked, photos, SETTINGS)
    assert held_ids(locked) == {*(test - {first}), str(moved.relative_to(photos))}
    data = locked.dataset()
    assert data.splits[data.index["apple/new.png"]] == "train"


def test_copies_of_test_pictures_stay_out_of_training(locked: Workspace, photos: Path) -> None:
    first, second = sorted(held_ids(locked))[:2]
    shutil.copy(photos / first, photos / "pear" / "copy.png")
    edited = Image.open(photos / second).convert("RGB").resize((48, 48)).resize((63, 63))
    edited.save(photos / "pear" / "edited.jpg", quality=90)
    done = import_dataset(locked, photos, SETTINGS)
    assert done.replay is not None
    assert dict(done.replay.copies) == {"pear/copy.png": first, "pear/edited.jpg": second}
    data = locked.dataset()
    assert not {"pear/copy.png", "pear/edited.jpg"} & set(data.ids.tolist())
    reasons = {item.path: item.reason for item in data.skipped}
    assert reasons["pear/copy.png"] == f"a copy of the locked test picture {first}"
    assert history(locked).changes[-1].summary.count("copies of locked test pictures, left out: 2") == 1


def test_undo_returns_exactly_the_former_state(locked: Workspace) -> None:
    before, now = locked.dataset(1), held_ids(locked)
    undo(locked)
    assert locked.dataset().fingerprint == before.fingerprint
    assert not held_ids(locked)
    undo(locked)
    assert held_ids(locked) == now


def test_relabelling_and_the_lock_go_together(locked: Workspace) -> None:
    case = locked.case(SETTINGS)
    first = sorted(held_ids(locked))[0]
    other = next(name for name in case.classes if not first.startswith(name))
    with pytest.raises(NothingToChange, match="--test-too"):
        relabel(case, [(case.dataset.index[first], other)], test_too=False)
    accept(locked, case.dataset, relabel(case, [(case.dataset.index[first], other)], test_too=True))
    data = locked.dataset()
    assert data.splits[data.index[first]] == "test"
    undo(locked, 1)
    assert not held_ids(locked)
    assert locked.case(SETTINGS).classes[locked.case(SETTINGS).targets[data.index[first]]] == other


def test_the_given_test_split_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_means(monkeypatch)
    photos, kept = orchard(tmp_path / "photos"), Workspace.open(tmp_path / "ws")
    import_dataset(kept, photos, SETTINGS)
    case = kept.case(SETTINGS)
    accept(kept, case.dataset, draft_of(case, given_test(case)))
    shutil.copy(photos / "test" / "apple" / "0.png", photos / "train" / "apple" / "again.png")
    done = import_dataset(kept, photos, SETTINGS)
    assert done.replay is not None
    assert done.replay.copies == (("train/apple/again.png", "test/apple/0.png"),)


def test_the_spread_is_measured_on_a_part_of_a_large_set(monkeypatch: pytest.MonkeyPatch) -> None:
    case = vector_case({"a": 300, "b": 300}, separation=1.0, burst=3)
    groups = np.arange(600) // 3
    whole = spread_of_change(case, groups)
    monkeypatch.setattr("tools.splitting.MOST_MEASURED", 300)
    assert spread_of_change(case, groups) == pytest.approx(whole, rel=1.0)
