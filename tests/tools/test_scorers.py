"""Changed pictures are asked of the user's own network, and the finding says so."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import embeddings.resolve
from benchmarks.planting.own_networks import Looks
from benchmarks.planting.swapped_background import GridEncoder
from embeddings.encoder import EncoderUnavailable
from tests.tools.own_networks import added, workspace_of, written
from tests.tools.test_interventions import PAIR, ground_cue
from tools.background import swap_backgrounds
from tools.case import Case
from tools.checks.background_bias import check, measure_gap
from tools.cues import Cue, try_cue
from tools.findings import Finding, Scope
from tools.interventions import Effect, effect, intervene
from tools.own_model import FOLDER
from tools.registry import NotApplicable
from tools.scorers import BaselineScorer, OwnScorer, scorer, speaker


@pytest.fixture(scope="module", autouse=True)
def grid() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (GridEncoder(), ""))
        yield


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """One set of pictures, in which the baseline goes by the background, under either network."""
    folder = tmp_path_factory.mktemp("own")
    kept, case = workspace_of(folder, agreement=0.9)
    out = {"baseline": case}
    for looks in ("background", "thing"):
        out[looks] = added(kept, case, written(folder, looks), name=looks)[2]  # type: ignore[arg-type]
    return out


def of_ground(case: Case) -> Effect:
    cue = ground_cue(case)
    rows = np.flatnonzero(case.fit), np.flatnonzero(case.derived.judged)
    test = try_cue(case, cue, PAIR, *rows, case.derived.predicted)
    return effect(case, intervene(case, replace(test, looks_like_b=cue.values < 0)))


def test_each_network_answers_for_itself(cases: dict[str, Case]) -> None:
    found = {name: of_ground(case) for name, case in cases.items()}
    assert found["background"].causal
    assert found["background"].moved > 0.9
    assert not found["thing"].causal
    assert abs(found["thing"].moved) < 0.05
    assert found["baseline"].causal
    assert found["background"].flipped == 1 > found["baseline"].flipped


def test_the_gap_of_backgrounds_is_the_networks_own(cases: dict[str, Case]) -> None:
    gaps = {name: measure_gap(case, swap_backgrounds(case)) for name, case in cases.items()}
    assert gaps["background"].gap > 0.9
    assert abs(gaps["thing"].gap) < 0.05


@pytest.mark.parametrize(("looks", "found"), [("background", True), ("thing", False)])
def test_the_finding_says_whose_network_was_asked(looks: Looks, found: bool, cases: dict[str, Case]) -> None:
    findings = [f for f in check(cases[looks], Scope()) if isinstance(f, Finding)]
    causal = [f for f in findings if f.rung == "causal"]
    assert bool(causal) is found, [(f.rung, f.summary) for f in findings]
    assert all("your own network gets" in f.summary for f in causal)


def test_who_is_asked(cases: dict[str, Case]) -> None:
    assert isinstance(scorer(cases["baseline"]), BaselineScorer)
    assert isinstance(scorer(cases["thing"]), OwnScorer)
    assert speaker(cases["baseline"]) == "the baseline"
    assert speaker(cases["thing"]) == "your own network"
    closed = replace(cases["thing"], own_model=None)
    assert speaker(closed) == "the advisor's own baseline (not your model)"
    assert closed.fingerprint != cases["thing"].fingerprint


def test_a_property_needs_no_encoder_where_the_network_is_here(
    cases: dict[str, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = replace(cases["thing"], settings=replace(cases["thing"].settings, seed=3))

    def gone(name: str, **_: object) -> None:
        raise EncoderUnavailable("no such encoder", "get one")

    monkeypatch.setattr(embeddings.resolve, "resolve_encoder", gone)
    pixels = case.eyes.pixels(range(len(case.ids)))
    warmth = np.array([(p[..., 0].mean() - p[..., 2].mean()) / 255 for p in pixels])
    rows = np.flatnonzero(case.fit), np.flatnonzero(case.derived.judged)
    test = try_cue(
        case, Cue("warmth", "cooler", "warmer", warmth, change="warmth"), PAIR, *rows, case.derived.predicted
    )
    assert not effect(case, intervene(case, test)).causal
    with pytest.raises(NotApplicable, match="encoder"):
        scorer(replace(case, own_model=None))


def test_a_network_that_is_gone_is_not_replaced_by_the_baseline(tmp_path: Path) -> None:
    kept, case = workspace_of(tmp_path, each=12)
    found, _, after = added(kept, case, written(tmp_path, "thing"))
    (kept.path / FOLDER / f"{found.model.digest}.onnx").unlink()
    with pytest.raises(NotApplicable, match="your own network cannot be asked"):
        scorer(after)
