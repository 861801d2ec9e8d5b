"""Burnt cookies hidden among broken ones: found as a kind of their own, described, and the split tried honestly."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.bad_cookies import bad_cookies_case, burn
from tools.audit import run_check
from tools.checks.hidden_subclasses import class_kinds
from tools.findings import Scope
from tools.registry import find_check
from tools.whatif import run_experiment


def test_burning_darkens_and_browns_what_is_baked_and_leaves_grey() -> None:
    picture = np.array([[[200, 150, 90], [90, 90, 90]]], dtype=np.uint8)
    burnt = burn(picture)
    assert burnt[0, 0].tolist() == [100, 57, 27]
    assert burnt[0, 1].tolist() == [90, 90, 90]
    np.testing.assert_array_equal(burn(picture, 0.0), picture)


@pytest.mark.real
def test_bad_cookies_are_burnt_and_broken(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    case, kind = bad_cookies_case(shared_data / "cookies", tmp_path_factory.mktemp("models"))
    kinds, _ = class_kinds(case, "bad")
    assert kinds is not None
    burnt = kind[kinds.rows] == "burnt"
    shares = {int(p): burnt[kinds.parts.labels == p].mean() for p in np.unique(kinds.parts.labels)}
    of_burnt = max(shares, key=lambda p: shares[p])
    assert shares[of_burnt] >= 0.9
    assert (kinds.parts.labels[burnt] == of_burnt).mean() >= 0.9
    (finding,) = run_check(case, find_check("hidden-subclasses"), Scope(classes=("bad",))).findings
    assert "plainer" in finding.summary or "darker" in finding.summary  # of the words there are, burnt is these
    assert finding.recommendations[0].experiment == "split-class"
    effect = run_experiment(case, "split-class", {"class": "bad"})
    assert effect.primary.verdict in {"helps", "cannot_tell"}
