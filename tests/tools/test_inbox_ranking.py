"""Orders of the inbox: hand-made cases, the greedy choice against its definition, gaps and who speaks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tests.tools.coloured import COLOURS, orchard, picture, use_means
from tests.tools.test_inbox import SETTINGS, add, give_labels, predictions
from tools.changing import accept
from tools.errors import AdvisorError, UnreadableInput
from tools.findings import Evidence, Finding, Outcome, Recommendation, Scope, Severity
from tools.goals import Goals, Limit, set_goals
from tools.importing import import_dataset
from tools.inbox import Inbox
from tools.inbox_gaps import Gap, gaps_of, membership
from tools.inbox_order import BASELINE, arranged
from tools.inbox_production import production_case
from tools.inbox_ranking import by_gain, by_value, margin, weights
from tools.labelling import labelled, read_inbox_sheet, write_inbox_sheet
from tools.proposals import merge
from tools.registry import NotApplicable
from tools.workspace import Workspace


def unit(rows: list[list[float]]) -> np.ndarray:
    found = np.array(rows, dtype=np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def test_the_margin_by_hand() -> None:
    found = margin(np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [1.0, 0.0, 0.0]]))
    assert found.tolist() == pytest.approx([0.8, 1.0, 0.0])
    assert margin(np.ones((2, 1))).tolist() == [1.0, 1.0]


def test_a_gap_counts_by_its_importance_and_only_where_a_picture_belongs() -> None:
    belongs = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.5, 1.0]])
    found = weights(np.full(4, 0.5), belongs, np.array([0.4, 0.1]))
    # 0.5 × (1 + 2 × highest of membership × importance / 0.4)
    assert found.tolist() == pytest.approx([1.5, 0.75, 0.5, 1.0])
    assert weights(np.array([0.3]), np.zeros((1, 0)), np.zeros(0)).tolist() == [0.3]


def test_a_burst_is_spoken_for_by_one_of_it() -> None:
    rng = np.random.default_rng(0)
    centres = np.eye(8)[:5]
    vectors = unit([(centres[i % 5] + 0.02 * rng.normal(size=8)).tolist() for i in range(50)])
    found = by_gain(np.ones(50), vectors, rng)
    assert sorted(int(i) % 5 for i in found.rows[:5]) == [0, 1, 2, 3, 4]
    assert (found.speaks_for[:5] >= 5).all()
    assert found.worth[0] == 1.0
    assert (np.diff(found.worth) <= 1e-9).all()


def test_the_greedy_choice_is_the_one_of_its_definition() -> None:
    rng = np.random.default_rng(1)
    vectors = unit(rng.normal(size=(40, 6)).tolist())
    worth = rng.random(40)
    found = by_gain(worth, vectors, np.random.default_rng(3))
    from tools.inbox_ranking import alike_from

    threshold = alike_from(vectors, np.random.default_rng(3))
    alike = np.maximum(0, (vectors @ vectors.T - threshold) / (1 - threshold))
    np.fill_diagonal(alike, 1)
    covered, chosen = np.zeros(40), []
    for _ in range(40):
        gains = (worth * np.maximum(alike - covered, 0)).sum(axis=1)
        gains[chosen] = -1
        chosen.append(int(gains.argmax()))
        covered = np.maximum(covered, alike[chosen[-1]])
    assert found.rows[:30].tolist() == chosen[:30]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_pictures(n: int) -> None:
    vectors = unit(np.random.default_rng(0).normal(size=(n, 4)).tolist())
    assert sorted(by_gain(np.ones(n), vectors, np.random.default_rng(0)).rows.tolist()) == list(range(n))


def test_identical_pictures_and_nothing_to_gain() -> None:
    same = by_gain(np.ones(4), unit([[1, 0, 0]] * 4), np.random.default_rng(0))
    assert sorted(same.rows.tolist()) == [0, 1, 2, 3]
    none = by_gain(np.zeros(4), unit(np.eye(4).tolist()), np.random.default_rng(0), 2)
    assert sorted(none.rows.tolist()) == [0, 1, 2, 3]


def test_highest_first_and_the_earlier_of_equals() -> None:
    assert by_value([1.0, 3.0, 3.0, 2.0]).rows.tolist() == [1, 2, 3, 0]


# -- gaps


def finding(target: str, images: tuple[str, ...] = (), share: float | None = 0.3, settled: str = "") -> Outcome:
    advice = Recommendation("collect", target, "weak-slices", "because", images=images)
    number = (Evidence("n", 1, "count"),)
    found = Finding("weak-slices", "t", Severity("medium", share), "s", number, Scope(classes=("cat",)), (), (advice,))
    return Outcome("weak-slices", "found", "", 0.0, (replace(found, settled=settled),))


def test_gaps_are_what_findings_and_goals_ask_for(tmp_path: Path) -> None:
    case = vector_case({"cat": 60, "dog": 60}, separation=6, test_share=0.5)
    goals = Goals((Limit("dog", "miss", 0.0),))
    gaps = gaps_of(case, [finding("pictures of cat that are dark", images=("x",))], goals)
    assert [(g.code, g.classes, g.importance) for g in gaps if g.code != "confusion"] == [
        ("weak-slices", ("cat",), 0.3),
        ("goal", ("dog",), pytest.approx(0.1)),
    ]
    assert gaps_of(case, [finding("cat", settled="dismissed")], None) == ()
    assert gaps_of(case, [replace(finding("x"), findings=())], None) == ()


def test_confused_pairs_are_gaps_with_their_pictures() -> None:
    case = vector_case({"cat": 80, "dog": 80}, separation=1, test_share=0.5)
    gaps = gaps_of(case, [], None)
    assert {g.classes for g in gaps} == {("cat", "dog"), ("dog", "cat")}
    first = gaps[0]
    assert first.name == f"{first.classes[0]} that is called {first.classes[1]}"
    rows = [case.dataset.index[i] for i in first.images]
    assert all(case.derived.errors[rows])


def test_membership_is_chance_of_the_class_times_likeness_to_the_pictures_meant() -> None:
    case = vector_case({"cat": 30, "dog": 30}, separation=6)
    cat = int(np.flatnonzero(case.targets == 0)[0])
    new = np.stack([case.space.vectors[cat], -case.space.vectors[cat]])
    scores = np.array([[0.9, 0.1], [0.6, 0.4]])
    plain = Gap("pictures of cat", "c", ("cat",), (), 1.0)
    meant = Gap("such", "c", ("cat",), (str(case.ids[cat]),), 1.0)
    anything = Gap("such", "c", (), (str(case.ids[cat]),), 1.0)
    found = membership(case, [plain, meant, anything], new, scores)
    assert np.allclose(found, [[0.9, 0.9, 1.0], [0.6, 0.0, 0.0]])


# -- the inbox in an order


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    use_means(monkeypatch)
    kept = Workspace.open(tmp_path / "ws")
    import_dataset(kept, orchard(tmp_path / "photos", each=8), SETTINGS)
    return kept


@pytest.fixture
def arrived(tmp_path: Path) -> Path:
    for kind, (name, colour) in enumerate(COLOURS.items()):
        for number in range(4):
            picture(tmp_path / "arrived" / f"{name}{number}.png", 9000 + 10 * kind + number, colour)
    picture(tmp_path / "arrived" / "white.png", 99, (250, 250, 250))
    return tmp_path / "arrived"


def test_each_picture_says_why_it_is_there(workspace: Workspace, arrived: Path) -> None:
    add(workspace, arrived)
    set_goals(workspace, workspace.case(SETTINGS), Goals((Limit("plum", "miss", 0.0),)))
    found = arranged(workspace, workspace.case(SETTINGS))
    assert len(found.entries) == 13
    assert {e.speaker for e in found.entries} == {BASELINE}
    plum = next(e for e in found.entries if e.picture.source == "plum0.png")
    assert "miss at most 0 % of plum" in plum.gaps
    assert any(reason.startswith("wanted: miss at most 0 % of plum (goal)") for reason in plum.why)
    assert all(e.said in e.why[0] and f"{e.score:.2f}" in e.why[0] for e in found.entries)
    assert found.entries[0].worth == 1.0


@pytest.mark.parametrize("order", ["uncertainty", "newest", "unlike", "random"])
def test_other_orders(workspace: Workspace, arrived: Path, order: str) -> None:
    add(workspace, arrived)
    case = workspace.case(SETTINGS)
    found = arranged(workspace, case, order=order)  # type: ignore[arg-type]
    assert len({e.picture.sha256 for e in found.entries}) == 13
    again = arranged(workspace, case, order=order)  # type: ignore[arg-type]
    assert [e.picture for e in again.entries] == [e.picture for e in found.entries]
    if order == "unlike":
        assert found.entries[0].picture.source == "white.png"
        assert found.entries[0].unlike
        assert "unlike anything seen" in found.entries[0].why


def test_a_model_speaks_where_it_did_and_filters_where_it_is_named(workspace: Workspace, arrived: Path) -> None:
    add(
        workspace, arrived, predictions(arrived / "shop@7.csv", [("apple0.png", "pear", 0.6), ("plum0.png", "plum", 1)])
    )
    case = workspace.case(SETTINGS)
    found = {e.picture.source: e for e in arranged(workspace, case, order="uncertainty").entries}
    assert (found["apple0.png"].speaker, found["apple0.png"].said, found["apple0.png"].score) == ("shop@7", "pear", 0.6)
    assert found["apple1.png"].speaker == BASELINE
    only = arranged(workspace, case, order="uncertainty", model="shop@7")
    assert [e.picture.source for e in only.entries] == ["apple0.png", "plum0.png"]


def test_scores_follow_a_class_that_was_renamed(workspace: Workspace, arrived: Path) -> None:
    add(workspace, arrived, predictions(arrived / "shop@7.csv", [("apple0.png", "pear", 0.6)]))
    case = workspace.case(SETTINGS)
    accept(workspace, case.dataset, merge(case, ["pear"], "Birne"))
    only = arranged(workspace, workspace.case(SETTINGS), order="newest", model="shop")
    assert only.entries[0].said == "Birne"


def test_an_empty_inbox(workspace: Workspace) -> None:
    assert arranged(workspace, workspace.case(SETTINGS)).entries == ()
    with pytest.raises(NotApplicable, match="inbox"):
        production_case(workspace, workspace.case(SETTINGS))


def test_waiting_pictures_are_production_pictures_beside_the_data(workspace: Workspace, arrived: Path) -> None:
    add(workspace, arrived)
    give_labels(workspace, "apple0.png", to="apple")
    case = workspace.case(SETTINGS)
    joined = production_case(workspace, case)
    assert int((joined.dataset.splits == "production").sum()) == 12
    assert len(joined.ids) == len(case.ids) + 12
    assert joined.dataset.labels == case.dataset.labels
    for image in case.ids.tolist():
        a, b = case.dataset.index[image], joined.dataset.index[image]
        assert np.array_equal(case.space.vectors[a], joined.space.vectors[b])
    assert workspace.dataset().fingerprint == case.dataset.fingerprint


# -- the sheet


def test_a_sheet_comes_back_filled_in(workspace: Workspace, arrived: Path, tmp_path: Path) -> None:
    add(workspace, arrived)
    case, inbox = workspace.case(SETTINGS), Inbox(workspace)
    entries = arranged(workspace, case, order="newest").entries
    sheet = tmp_path / "sheet.csv"
    write_inbox_sheet(sheet, workspace.path, entries[:4])
    with pytest.raises(AdvisorError, match="there already"):
        write_inbox_sheet(sheet, workspace.path, entries[:4])
    lines = sheet.read_text("utf-8-sig").splitlines()
    assert lines[0] == '"id","file","says","score","why","label"'
    words = ["plum", "Skip", "reject", ""]
    filled = [line.removesuffix('""') + f'"{word}"' for line, word in zip(lines[1:], words, strict=True)]
    sheet.write_text("\n".join([lines[0], *filled]))
    found = read_inbox_sheet(sheet, inbox, case, new_class=False)
    assert [(p, name) for p, name in found.wanted] == [(entries[0].picture, "plum")]
    assert (found.skipped, found.rejected, found.undecided) == ((entries[1].picture,), (entries[2].picture,), 1)
    draft = labelled(case, found.wanted, split="test", undecided=1)
    assert "test pictures" in draft.notes[0]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["apple0.png,kiwi"], "kiwi"),
        (["nothing.png,plum"], "nothing.png"),
        (["apple0.png,plum", "apple0.png,pear"], "again"),
    ],
)
def test_a_sheet_that_does_not_fit(
    workspace: Workspace, arrived: Path, tmp_path: Path, rows: list[str], told: str
) -> None:
    add(workspace, arrived)
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("\n".join(["id,label", *rows]))
    with pytest.raises(UnreadableInput, match=told):
        read_inbox_sheet(sheet, Inbox(workspace), workspace.case(SETTINGS), new_class=False)
