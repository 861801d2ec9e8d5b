"""What findings recommend is tried once per distinct change, gravest first, and its effect stands in the document."""

from benchmarks.planting.cue import cue_case
from tools.advice import try_advice
from tools.audit import run_checks
from tools.documents import audit_document, ranked
from tools.findings import Recommendation
from tools.whatif import run_experiment


def test_every_effect_belongs_to_a_recommended_change_and_equals_the_experiment() -> None:
    case, _ = cue_case(each=100)
    outcomes = run_checks(case, ["spurious-cue", "wrong-labels"])
    effects = try_advice(case, outcomes, most=2)
    recommended = [r.change for f in ranked(outcomes) for r in f.recommendations if r.change]
    assert 1 <= len(effects) <= 2
    assert list(effects) == list(dict.fromkeys(recommended))[: len(effects)]
    for (kind, arguments), effect in effects.items():
        assert effect == run_experiment(case, kind, dict(arguments))


def test_the_document_shows_effects_where_tried_and_null_elsewhere() -> None:
    case, _ = cue_case(each=100)
    outcomes = run_checks(case, ["spurious-cue"])
    effects = try_advice(case, outcomes)
    document = audit_document(case, outcomes, effects)
    advice = [r for o in document["outcomes"] for f in o["findings"] for r in f["recommendations"]]
    tried = [r for r in advice if r["effect"] is not None]
    assert tried
    assert all(r["verdict"] in {"helps", "hurts", "no_effect", "cannot_tell"} for r in tried)
    assert all(r["effect"] is None and r["verdict"] is None for r in advice if r["experiment"] is None)


def test_nothing_is_tried_where_nothing_may_be() -> None:
    case, _ = cue_case(each=100)
    outcomes = run_checks(case, ["spurious-cue"])
    assert try_advice(case, outcomes, most=0) == {}


def test_recommendations_of_one_change_share_its_effect() -> None:
    one = Recommendation("split", "x", "hidden-subclasses", "a", experiment="split-class", arguments={"class": "x"})
    two = Recommendation("split", "y", "confusion-causes", "b", experiment="split-class", arguments={"class": "x"})
    assert one.change == two.change
    assert Recommendation("collect", "x", "image-quantity", "c").change is None
