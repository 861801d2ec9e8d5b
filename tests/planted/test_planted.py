"""A reduced table of planted faults: medium strength, one seed each, and the counting itself by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.planted import line, main, share
from benchmarks.planting import vector_faults, view_faults
from benchmarks.planting.fault import Fault, Twin, of
from benchmarks.planting.judging import Cell, measure, quiet
from benchmarks.planting.photo_faults import photo_faults
from benchmarks.planting.vectors import vector_case

FAULTS = vector_faults.FAULTS + view_faults.FAULTS

QUICK = (
    "wrong labels, random",
    "wrong labels, nearest class, no test split",
    "wrong labels, whole bursts",
    "identical copies in training",
    "edited copies in test (vectors)",
    "copies with another label",
    "cue: a setting goes along with the label",
    "dark pictures",
    "two kinds under one label",
    "one class under two names (its pictures)",
    "test pictures taken otherwise",
    "a group the model fails on",
    "pictures of no class, labelled",
    "one background (share of a class)",
    "a standing camera (share of a class)",
)


def fault(name: str) -> Fault:
    return next(f for f in FAULTS if f.name == name)


@pytest.mark.parametrize("name", QUICK)
def test_a_medium_fault_is_found_with_its_pictures(name: str) -> None:
    found = measure(fault(name), fault(name).strengths[1], [1])
    assert found.found == 1
    if fault(name).whole:
        assert found.both >= 0.8 * found.affected
    if found.named:
        assert found.both >= 0.8 * found.named


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        ("one class under two names (its pictures)", 1),
        ("wrong labels, nearest class, no test split", 0),
        ("test pictures taken otherwise", 1),
    ],
)
def test_the_true_cause_is_first_where_it_added_ten_errors(name: str, seed: int) -> None:
    found = measure(fault(name), fault(name).strengths[1], [seed])
    assert (found.asked, found.first) == (1, 1)


def test_a_row_by_hand() -> None:
    # Wilson of 8 in 10: .4902 to .9433
    assert share(8, 10) == "8/10 (49–94 %)"
    assert share(0, 0) == "–"
    cell = Cell(seeds=10, found=8, named=4, both=4, affected=5)
    assert line(fault("dark pictures"), 25, cell).startswith("| dark pictures | 25 | 8/10 (49–94 %) | – | 4/4")


def test_what_is_true_of_a_twin_is_no_false_alarm_of_it() -> None:
    overlapping = Twin("overlapping", lambda seed: vector_case({"cat": 80, "dog": 80}, separation=0.3, seed=seed))
    count, loud, alarms = quiet(overlapping, [0])
    assert (count, loud) == (1, 1)
    assert alarms["similar-classes"] == 1
    assert "similar-classes" not in quiet(replace(overlapping, true=of("similar-classes")), [0])[2]


def test_a_strange_finding_is_a_false_alarm_unless_listed() -> None:
    dark = fault("dark pictures")
    assert measure(dark, 60, [1]).seeds_with_alarm == 0
    alone = measure(replace(dark, consequences=frozenset()), 60, [1])
    assert (alone.seeds_with_alarm, bool(alone.alarms)) == (1, True)


def test_one_command_prints_both_tables(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--quick", "--first", "3", "--only", "identical copies"])
    out = capsys.readouterr().out
    assert "| identical copies in training | 10 | 2/2" in out
    assert "| separable | 0/2" in out
    assert "2 seeds from 3" in out


@pytest.mark.real
def test_burnt_cookies_are_a_kind_of_their_own(shared_data: Path) -> None:
    burnt = next(f for f in photo_faults(shared_data) if "burnt" in f.name)
    assert measure(burnt, 1.0, [0]).found == 1


def test_every_fault_has_rising_or_falling_strengths_and_codes() -> None:
    for one in FAULTS:
        weak, medium, strong = one.strengths
        assert (weak < medium < strong) or (weak > medium > strong)
        assert one.codes
