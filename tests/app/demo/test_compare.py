from typing import Any

import pytest

from app.demo.compare import Row, compare, unplanted
from app.demo.plan import CLASSES
from app.demo.truth import Truth

NAMES = dict(zip(CLASSES, ("fine", "spoilt", "A", "C"), strict=True))
TRUTH = Truth(
    seed=0,
    names=NAMES,
    counts={"train": {"fine": 9, "spoilt": 3, "A": 4, "C": 4}, "test": {"fine": 2, "spoilt": 2, "A": 4, "C": 4}},
    wrong_labels={"train/A/1": "C", "train/A/2": "C", "train/C/1": "A", "train/C/2": "A"},
    duplicates=(("train/fine/1", "test/fine/1", "re-encoded"), ("train/fine/2", "train/fine/3", "cropped")),
    setting={f"test/{c}/{i}": "hand" if (c == "A") == (i < 3) else "plate" for c in "AC" for i in range(1, 5)},
    kind={
        **{f"train/spoilt/{i}": "burnt" if i < 3 else "broken" for i in range(1, 5)},
        **{f"test/{c}/{i}": c for c in "AC" for i in range(1, 5)},
        **{f"test/fine/{i}": "golden" for i in range(1, 5)},
    },
    dark=("test/A/1", "test/A/2"),
)


def finding(
    code: str,
    images: list[str],
    *,
    classes: list[str] | None = None,
    pair: list[str] | None = None,
    rung: str | None = None,
    evidence: list[dict[str, Any]] | None = None,
    level: str = "medium",
) -> dict[str, Any]:
    # a cause keeps the code of its own check; what counts is the outcome it stands in
    return {
        "code": "some-cause",
        "outcome": code,
        "title": f"{code} of {classes}",
        "severity": {"level": level},
        "scope": {"classes": classes or [], "pair": pair, "slice": None},
        "rung": rung,
        "images": images,
        "evidence": evidence or [],
    }


def audit(*findings: dict[str, Any]) -> dict[str, Any]:
    return {"outcomes": [{"code": f["outcome"], "findings": [f]} for f in findings]}


def row(name: str, *findings: dict[str, Any]) -> Row:
    (found,) = [r for r in compare(TRUTH, audit(*findings)) if name in r.fault]
    return found


def test_wrong_labels_are_counted_by_picture() -> None:
    found = row("wrong labels", finding("wrong-labels", ["train/A/1", "train/C/1", "train/fine/9"]))

    assert (found.planted, found.found, found.hits) == (4, 3, 2)
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(0.5)
    assert found.missed == ("train/A/2", "train/C/2")


def test_copies_and_leaks_are_told_apart() -> None:
    copies = finding("near-duplicates", ["train/fine/1", "test/fine/1"])
    leaks = finding("split-leakage", ["test/fine/1"])

    assert (row("copies of", copies).planted, row("copies of", copies).hits) == (4, 2)
    assert (row("test pictures", leaks).planted, row("test pictures", leaks).hits) == (1, 1)


def test_a_cue_counts_when_the_model_uses_it_and_the_exceptions_are_shown() -> None:
    against = ["test/A/3", "test/A/4"]
    used = finding("spurious-cue", against, pair=["A", "C"], rung="used")

    assert row("hands", used).hits == 1
    assert row("hands", finding("spurious-cue", against, pair=["A", "C"], rung="present")).hits == 0
    assert row("hands", finding("spurious-cue", against, pair=["A", "fine"], rung="used")).hits == 0
    assert row("hands", finding("spurious-cue", ["test/A/1", "test/A/2"], pair=["C", "A"], rung="used")).hits == 0


def test_imbalance_must_name_the_small_class() -> None:
    assert row("imbalance", finding("class-balance", [], classes=["spoilt"])).hits == 1
    assert row("imbalance", finding("class-balance", [], classes=["fine"])).hits == 0


def test_kinds_must_be_the_true_ones() -> None:
    two = [{"name": "kinds found", "value": 2.0}]
    apart = ["train/spoilt/1", "train/spoilt/2", "train/spoilt/3", "train/spoilt/4"]
    mixed = ["train/spoilt/1", "train/spoilt/3", "train/spoilt/2", "train/spoilt/4"]

    assert row("two kinds", finding("hidden-subclasses", apart, classes=["spoilt"], evidence=two)).hits == 1
    assert row("two kinds", finding("hidden-subclasses", mixed, classes=["spoilt"], evidence=two)).hits == 0
    assert row("two kinds").note == "no finding names kinds of this class"


def test_a_slice_needs_a_finding_that_is_mostly_about_it() -> None:
    assert row("dark", finding("confusion-causes", ["test/A/1", "test/A/2", "test/A/3"])).hits == 1
    missed = row("dark", finding("confusion-causes", ["test/A/1", "test/A/3", "test/A/4"]))
    assert (missed.hits, missed.recall) == (0, 0.0)
    assert "33%" in missed.note


def test_what_was_not_planted_is_named() -> None:
    alarms = unplanted(
        TRUTH,
        audit(
            finding("wrong-labels", []),
            finding("hidden-subclasses", [], classes=["spoilt"]),
            finding("hidden-subclasses", [], classes=["fine"]),
            finding("spurious-cue", [], pair=["fine", "A"], level="high"),
            finding("spurious-cue", [], pair=["fine", "A"], level="low"),
            finding("spurious-cue", [], pair=["C", "A"]),
            finding("background-bias", [], classes=["C", "fine"]),
            finding("distribution-shift", [], classes=["fine"], level="high"),
        ),
    )

    assert [(a["code"], a["severity"]) for a in alarms] == [
        ("hidden-subclasses", "medium"),
        ("spurious-cue", "high"),
        ("distribution-shift", "high"),
    ]


def test_nothing_found_is_all_misses_and_no_precision() -> None:
    rows = compare(TRUTH, audit())

    assert len(rows) == 7
    assert all(r.hits == 0 and r.recall == 0.0 and r.precision is None for r in rows)
