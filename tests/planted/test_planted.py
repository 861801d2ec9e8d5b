"""A reduced table of planted faults: medium strength, one seed each, and the counting itself by hand."""

import pytest

from benchmarks.planted import FAULTS, Cell, Fault, line, measure, share

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
        ("a group the model fails on", 1),
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


def test_every_fault_has_rising_or_falling_strengths_and_codes() -> None:
    for one in FAULTS:
        weak, medium, strong = one.strengths
        assert (weak < medium < strong) or (weak > medium > strong)
        assert one.codes
