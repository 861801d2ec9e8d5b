"""The ledger from end to end: wrong labels planted, audited, followed fully, partly or not, imported again."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from benchmarks.planting.wrong_labels import flip
from tests.tools.coloured import COLOURS, picture, use_means
from tools.advice import try_advice
from tools.audit import run_checks
from tools.changing import Draft, accept, undo
from tools.dataset import Label
from tools.documents import audit_document
from tools.importing import import_dataset
from tools.ledger import Advice, advice_given, given_by_answer, given_by_audit, record
from tools.ledger_documents import ledger_document
from tools.proposals import edits_to, merge, relabel
from tools.reckoning import Entry, Ledger, reckon
from tools.settings import Settings
from tools.workspace import Workspace

SETTINGS = Settings(threads=1)
SIZES = {"a": 120, "b": 120, "c": 120}


def audited(workspace: Workspace, *codes: str) -> list[Advice]:
    """Audit as the command does, and enter the advice."""
    case = workspace.case(SETTINGS)
    outcomes = run_checks(case, codes)
    given = given_by_audit(case, audit_document(case, outcomes, try_advice(case, outcomes)))
    record(workspace, given)
    return given


def reckoned(workspace: Workspace) -> tuple[Ledger, Mapping[str, Any]]:
    case = workspace.case(SETTINGS)
    ledger = reckon(workspace, case)
    return ledger, ledger_document(case, ledger)


def entry(ledger: Ledger, action: str, code: str = "wrong-labels") -> Entry:
    (found,) = (e for e in ledger.entries if (e.advice.action, e.advice.code) == (action, code))
    return found


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Workspace, dict[str, str]]:
    """A workspace whose training labels are wrong in a fifth; and the right ones."""
    case, truth = flip(vector_case(SIZES, separation=5.0, test_share=0.5), 0.2, seed=1)
    workspace = Workspace.open(tmp_path / "ws")
    workspace.save_dataset(case.dataset, case.space)
    return workspace, truth


def corrected(workspace: Workspace, truth: Mapping[str, str], images: tuple[str, ...]) -> None:
    """Accept the right labels of some pictures."""
    case = workspace.case(SETTINGS)
    wanted = [(case.dataset.index[i], truth.get(i, case.classes[case.targets[case.dataset.index[i]]])) for i in images]
    accept(workspace, case.dataset, relabel(case, wanted, test_too=False))


def test_nothing_given_and_nothing_followed_is_said_plainly(planted: tuple[Workspace, dict[str, str]]) -> None:
    workspace, _ = planted
    ledger, document = reckoned(workspace)
    assert document["headline"] == "No advice was given yet: run advisor audit"
    audited(workspace, "wrong-labels")
    ledger, document = reckoned(workspace)
    assert {e.followed.extent for e in ledger.entries} == {"pending"}
    assert "nothing followed yet" in document["headline"]
    assert document["track_record"]["text"] == "Nothing followed yet: there is no track record."
    assert document["track_record"]["kept"]["share"] is None
    assert ledger.steps == ()


def test_followed_fully_helps_and_the_promise_is_kept(planted: tuple[Workspace, dict[str, str]]) -> None:
    workspace, truth = planted
    given = {a.action: a for a in audited(workspace, "wrong-labels")}
    promise = given["relabel"].promise
    assert promise is not None
    assert promise.verdict == "helps"
    flagged = given["relabel"].images
    assert sum(i in truth for i in flagged) >= 0.9 * len(flagged)
    case = workspace.case(SETTINGS)
    draft = relabel(case, [(case.dataset.index[i], given["relabel"].suggested[i]) for i in flagged], test_too=False)
    accept(workspace, case.dataset, draft)
    ledger, document = reckoned(workspace)
    found = entry(ledger, "relabel")
    assert (found.followed.extent, found.followed.done) == ("fully", len(flagged))
    assert found.followed.words == f"{len(flagged)} of {len(flagged)} relabelled"
    assert found.whole
    assert found.outcome is not None
    assert found.outcome.measure.metric == "balanced accuracy" == promise.metric
    assert found.outcome.measure.low > 0
    assert found.outcome.measure.n == 180
    assert (found.verdict, found.reason) == ("kept", "it helped")
    (step,) = ledger.steps
    assert step.outcome == found.outcome  # nothing else changed
    assert ledger.record.kept == ledger.record.kept.__class__(1, 1, *_wilson(1, 1))
    assert (ledger.record.covered.hits, ledger.record.covered.of) == (1, 1)
    assert document["headline"].endswith("1 followed; 1 of 1 promised gains kept")
    other = entry(ledger, "remove")
    assert other.followed.extent == "not"
    assert other.followed.words == f"0 of {len(flagged)} taken out, {len(flagged)} relabelled instead"


def _wilson(hits: int, of: int) -> tuple[float, float]:
    from tools.statistics import wilson

    return wilson(hits, of, 0.95)


def test_followed_partly(planted: tuple[Workspace, dict[str, str]]) -> None:
    workspace, truth = planted
    given = {a.action: a for a in audited(workspace, "wrong-labels")}
    images = given["relabel"].images
    some = tuple(i for i in images if i in truth)[:5]
    corrected(workspace, truth, some)
    ledger, document = reckoned(workspace)
    found = entry(ledger, "relabel")
    assert (found.followed.extent, found.followed.done, found.followed.of) == ("partly", 5, len(images))
    assert found.followed.words.startswith(f"5 of {len(images)} relabelled")
    assert found.verdict in ("kept", "cannot tell")  # of half a change nobody promised anything
    assert found.reason in ("it helped, though followed in part", "followed in part only")
    assert document["entries"][0]["followed"]["done"] == 5


def test_taken_out_instead(planted: tuple[Workspace, dict[str, str]]) -> None:
    workspace, _ = planted
    given = {a.action: a for a in audited(workspace, "wrong-labels")}
    case = workspace.case(SETTINGS)
    rows = [case.dataset.index[i] for i in given["remove"].images]
    accept(workspace, case.dataset, Draft("remove", "out", edits_to(case, ((row, None) for row in rows))))
    ledger, _ = reckoned(workspace)
    assert entry(ledger, "remove").followed.extent == "fully"
    assert entry(ledger, "remove").verdict == "kept"
    assert entry(ledger, "relabel").followed.words == f"0 of {len(rows)} relabelled, {len(rows)} taken out"
    assert entry(ledger, "relabel").outcome == entry(ledger, "remove").outcome


def test_not_followed_and_a_version_that_says_the_same_again(planted: tuple[Workspace, dict[str, str]]) -> None:
    workspace, truth = planted
    first = {a.action: a for a in audited(workspace, "wrong-labels")}
    named = set(first["relabel"].images)
    case = workspace.case(SETTINGS)
    other = next(i for i in case.ids[case.fit].tolist() if i not in named and i not in truth)
    corrected(
        workspace, {other: "a" if case.classes[case.targets[case.dataset.index[other]]] != "a" else "b"}, (other,)
    )
    ledger, document = reckoned(workspace)
    found = entry(ledger, "relabel")
    assert (found.followed.extent, found.outcome, found.verdict) == ("not", None, None)
    assert document["track_record"]["text"] == "Nothing followed yet: there is no track record."
    undo(workspace)
    audited(workspace, "wrong-labels")  # the same advice, given for version 3 as well
    ledger, _ = reckoned(workspace)
    found = entry(ledger, "relabel")
    assert (found.given, found.advice.dataset, found.followed.extent) == ((1, 3), 3, "pending")


def test_what_else_changed_is_kept_apart(planted: tuple[Workspace, dict[str, str]]) -> None:
    workspace, truth = planted
    given = {a.action: a for a in audited(workspace, "wrong-labels")}
    corrected(workspace, truth, tuple(i for i in given["relabel"].images if i in truth))
    case = workspace.case(SETTINGS)
    half = np.flatnonzero(case.fit & (case.targets == 0))[::2].tolist()  # and something that hurts
    wrong = edits_to(case, ((row, "b") for row in half))
    accept(workspace, case.dataset, Draft("relabel", "spoilt", wrong))
    ledger, _ = reckoned(workspace)
    found = entry(ledger, "relabel")
    (step,) = ledger.steps
    assert not found.whole
    assert found.outcome is not None
    assert step.outcome is not None
    assert found.outcome.measure.low > 0
    assert step.outcome.measure.delta < found.outcome.measure.delta - 0.05


def test_labels_of_today_judge_both_models(planted: tuple[Workspace, dict[str, str]]) -> None:
    """Test labels that are spoilt in between spoil the figure of either side, not the comparison."""
    workspace, truth = planted
    given = {a.action: a for a in audited(workspace, "wrong-labels")}
    corrected(workspace, truth, tuple(i for i in given["relabel"].images if i in truth))
    case = workspace.case(SETTINGS)
    rows = np.flatnonzero(case.evaluation & (case.targets == 2))[:30].tolist()
    accept(workspace, case.dataset, Draft("relabel", "ruler", edits_to(case, ((row, "a") for row in rows))))
    ledger, _ = reckoned(workspace)
    (step,) = ledger.steps
    assert step.outcome is not None
    assert step.outcome.measure.after < 0.9  # 30 of 180 are now called wrong
    assert step.outcome.measure.low > 0


def test_merged_classes_are_judged_as_one_on_both_sides(planted: tuple[Workspace, dict[str, str]]) -> None:
    workspace, _ = planted
    audited(workspace, "wrong-labels")
    case = workspace.case(SETTINGS)
    accept(workspace, case.dataset, merge(case, ["a", "b"], "ab"))
    ledger, document = reckoned(workspace)
    (step,) = ledger.steps
    assert step.outcome is not None
    assert step.outcome.together == (("a", "ab", "b"),)
    assert abs(step.outcome.measure.delta) < 0.1
    assert document["steps"][0]["measured"]["judged_as_one"] == [["a", "ab", "b"]]


def test_without_a_test_split_held_out_folds_judge(tmp_path: Path) -> None:
    case, truth = flip(vector_case(SIZES, separation=5.0), 0.15, seed=2)
    workspace = Workspace.open(tmp_path / "ws")
    workspace.save_dataset(case.dataset, case.space)
    given = {a.action: a for a in audited(workspace, "wrong-labels")}
    corrected(workspace, truth, tuple(i for i in given["relabel"].images if i in truth))
    ledger, _ = reckoned(workspace)
    (step,) = ledger.steps
    assert step.outcome is not None
    assert step.outcome.evaluated_on.startswith("held-out folds")
    assert step.outcome.measure.n == 360
    assert step.outcome.measure.delta > 0
    assert step.outcome.measure.after > 0.93  # both are judged by the labels of now


def test_another_encoder_cannot_be_compared(planted: tuple[Workspace, dict[str, str]]) -> None:
    workspace, truth = planted
    given = {a.action: a for a in audited(workspace, "wrong-labels")}
    case = workspace.case(SETTINGS)
    labels = tuple(Label(x.image_id, truth.get(x.image_id, x.name)) for x in case.dataset.labels)
    encoder = replace(case.space.encoder, name="other", fingerprint="other")
    workspace.save_dataset(replace(case.dataset, labels=labels), replace(case.space, encoder=encoder))
    ledger, document = reckoned(workspace)
    found = entry(ledger, "relabel")
    assert found.followed.extent == "fully"
    assert found.unmeasured == "dataset version 1 was not indexed with the encoder other"
    assert document["steps"][0]["unmeasured"] == found.unmeasured
    assert len(given) == 2


# -- what is kept


def test_giving_it_again_changes_nothing(planted: tuple[Workspace, dict[str, str]]) -> None:
    workspace, _ = planted
    given = audited(workspace, "wrong-labels")
    before = advice_given(workspace)
    assert [a.id for a in before] == [a.id for a in given]
    assert record(workspace, [replace(a, at="2099-01-01T00:00:00+00:00") for a in given]) == 0
    assert advice_given(workspace) == before


def test_a_promise_that_becomes_known_later_is_entered(planted: tuple[Workspace, dict[str, str]]) -> None:
    workspace, _ = planted
    case = workspace.case(SETTINGS)
    outcomes = run_checks(case, ["wrong-labels"])
    record(workspace, given_by_audit(case, audit_document(case, outcomes)))
    (untried, _) = advice_given(workspace)
    assert untried.promise is None
    effects = try_advice(case, outcomes, most=1)
    assert record(workspace, given_by_audit(case, audit_document(case, outcomes, effects))) == 1
    (tried, _) = advice_given(workspace)
    assert tried.promise is not None
    assert replace(tried, promise=None) == untried


def test_the_advice_of_an_answer_is_kept_too(planted: tuple[Workspace, dict[str, str]]) -> None:
    from agent.context import Context
    from agent.graph import ask

    workspace, _ = planted
    case = workspace.case(SETTINGS)
    answer = ask("which labels are wrong?", Context(load_case=lambda: case)).to_json()
    assert answer["actions"]
    given = given_by_answer(case, answer)
    assert [a.id for a in given] == [a["id"] for a in answer["actions"]]
    assert record(workspace, given) == len(given)
    assert advice_given(workspace)[0].by == "ask"
    assert any(a.promise is not None and a.suggested for a in given)


def test_dismissed_findings_give_no_advice(planted: tuple[Workspace, dict[str, str]]) -> None:
    workspace, _ = planted
    case = workspace.case(SETTINGS)
    outcomes = run_checks(case, ["wrong-labels"])
    settled = tuple(replace(o, findings=tuple(replace(f, settled="dismissed") for f in o.findings)) for o in outcomes)
    assert given_by_audit(case, audit_document(case, settled)) == []


# -- with files, through imports


def misfiled(root: Path, each: int, wrong: int) -> dict[str, str]:
    """Class folders of which some training pictures lie in the wrong one; the right folder by id."""
    names = list(COLOURS)
    truth = {}
    for at, split in enumerate(("train", "test")):
        for kind, name in enumerate(names):
            for number in range(each):
                place = names[(kind + 1) % 3] if split == "train" and number < wrong else name
                file = f"{name}_{number}.png"
                picture(root / split / place / file, 1000 * at + 100 * kind + number, COLOURS[name])
                if place != name:
                    truth[f"{split}/{place}/{file}"] = name
    return truth


def test_files_put_right_by_hand_are_seen_at_the_next_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_means(monkeypatch)
    root = tmp_path / "photos"
    truth = misfiled(root, each=30, wrong=4)
    workspace = Workspace.open(tmp_path / "ws")
    import_dataset(workspace, root, SETTINGS)
    given = {a.action: a for a in audited(workspace, "wrong-labels")}
    assert set(given["relabel"].images) == set(truth)
    assert dict(given["relabel"].suggested) == truth
    for image in list(truth)[:9]:
        split, _, file = image.split("/")
        (root / image).rename(root / split / truth[image] / file)
    (root / list(truth)[9]).unlink()
    import_dataset(workspace, root, SETTINGS)
    ledger, document = reckoned(workspace)
    found = entry(ledger, "relabel")
    assert found.followed.words == "9 of 12 relabelled, 1 taken out"
    assert (found.followed.extent, found.followed.done, found.followed.of) == ("partly", 10, 12)
    assert entry(ledger, "remove").followed.words == "1 of 12 taken out, 9 relabelled instead"
    assert found.outcome is not None
    assert found.outcome.measure.n == 90
    assert document["steps"][0]["measured"]["n"] == 90
    for image in list(truth)[10:]:
        split, _, file = image.split("/")
        (root / image).rename(root / split / truth[image] / file)
    import_dataset(workspace, root, SETTINGS)
    ledger, _ = reckoned(workspace)
    assert entry(ledger, "relabel").followed.extent == "fully"


def test_new_pictures_of_the_class_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_means(monkeypatch)
    root = tmp_path / "photos"
    misfiled(root, each=30, wrong=0)
    workspace = Workspace.open(tmp_path / "ws")
    import_dataset(workspace, root, SETTINGS)
    asked = {a.target: a.asked for a in audited(workspace, "image-quantity") if a.action == "collect"}
    assert asked["plum"] == 20  # fifty are asked for
    for number in range(12):
        picture(root / "train" / "plum" / f"new_{number}.png", 5000 + number, COLOURS["plum"])
    (root / "train" / "plum" / "same.png").write_bytes((root / "train" / "plum" / "plum_0.png").read_bytes())
    (root / "train" / "plum" / "new_0_again.png").write_bytes((root / "train" / "plum" / "new_0.png").read_bytes())
    import_dataset(workspace, root, SETTINGS)
    ledger, _ = reckoned(workspace)
    found = {e.advice.target: e for e in ledger.entries if e.advice.action == "collect"}
    assert found["plum"].followed.extent == "partly"
    assert found["plum"].followed.words.endswith("of 20 new training pictures of plum")
    assert found["plum"].followed.done == 12  # neither the old picture nor the second copy of a new one counts
    assert found["apple"].followed.extent == "not"
