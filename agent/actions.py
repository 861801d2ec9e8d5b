"""What to do: recommendations gathered, tried, and put in order of measured gain per unit of work."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from agent.facts import FactList, established, sentences
from agent.plan import Trial
from agent.prompts import sentence
from agent.state import Json
from tools.documents import fidelity_json, measure_json
from tools.effects import Effect
from tools.findings import LEVELS, Cost, Finding, Recommendation

MOST_ACTIONS = 3
SECONDS_PER_CLICK = 5.0
"""As the relabel experiment counts a person's time per label."""
MINUTES_PER_PICTURE = 0.5
RETRAINING = 1.0
"""Minutes that even a free change costs: no gain is divided by zero."""
OPEN = {"helps": 0, None: 1, "cannot_tell": 2, "no_effect": 3, "hurts": 4}
"""Order of actions: shown to help, could not be tried, undecided, of no use, harmful."""
TRIED_ACTIONS = {
    "split-class": "split",
    "merge-classes": "merge",
    "group-balance": "reweight",
}


USUAL = (
    Recommendation(
        "reweight", "the classes, so that each counts the same in training", "class-balance",
        "in doubt the larger class wins", Cost(clicks=1, minutes=1), "reweight",
    ),
)  # fmt: skip
"""Cheap fixes worth a try whatever the causes; advised only when they are shown to help."""


def gather(findings: Iterable[Finding], trials: Sequence[Trial], usual: Iterable[Recommendation] = ()) -> list[Json]:
    """Actions not tried yet: what the question asks for, then by how much the finding explains, then the usual."""
    out: dict[str, Json] = {}
    for trial in trials:
        action = TRIED_ACTIONS.get(trial.kind, trial.kind)
        target = " and ".join(trial.arguments.get("pair", trial.arguments.get("class", "")).split("|"))
        asked = Recommendation(action, target, trial.kind, "you asked", Cost(), trial.kind, trial.arguments)
        out[_key(asked)] = {**_as_json(asked), "asked": True}
    weighed = sorted(findings, key=lambda f: (-LEVELS.index(f.severity.level), -(f.severity.errors_explained or 0.0)))
    for found in weighed:
        for recommendation in found.recommendations:
            fresh = {**_as_json(recommendation), "hint": found.errors is not None and not established(found)}
            known = out.setdefault(_key(recommendation), fresh)
            known["hint"] = known["hint"] and fresh["hint"]
            if known["asked"] and known["code"] == recommendation.experiment:
                out[_key(recommendation)] = {**_as_json(recommendation), "asked": True}
    for recommendation in usual:
        out.setdefault(_key(recommendation), {**_as_json(recommendation), "hint": True})
    return list(out.values())


def _key(recommendation: Recommendation) -> str:
    if recommendation.experiment is None:
        return f"{recommendation.action} for {recommendation.why}"
    return f"{recommendation.experiment} {sorted(recommendation.arguments.items())}"


def _as_json(recommendation: Recommendation) -> Json:
    return {
        "id": recommendation.id,
        "action": recommendation.action,
        "target": recommendation.target,
        "why": recommendation.why,
        "code": recommendation.code,
        "experiment": recommendation.experiment,
        "arguments": dict(recommendation.arguments),
        "effect": None,
        "verdict": None,
        "fidelity": None,
        "cost": asdict(recommendation.cost),
        "images": list(recommendation.images),
        "asked": False,
        "hint": False,
        "effect_target": "",
        "facts": [],
    }


def with_effect(action: Json, effect: Effect, facts: Sequence[str]) -> Json:
    """The action with what was measured when it was tried."""
    cost = action["cost"] if any(action["cost"].values()) else asdict(effect.cost)
    return {
        **action,
        "target": action["target"] or effect.target,
        "effect_target": effect.target,
        "effect": [measure_json(m) for m in effect.measures],
        "verdict": effect.primary.verdict,
        "fidelity": fidelity_json(effect.fidelity),
        "changed": effect.changed,
        "about": effect.about,
        "cost": cost,
        "facts": [*action["facts"], *facts],
    }


def work(cost: Mapping[str, float]) -> float:
    """Minutes of a person's work: the longer of the stated minutes and what clicks and pictures take."""
    by_hand = cost["clicks"] * SECONDS_PER_CLICK / 60 + cost["images"] * MINUTES_PER_PICTURE
    return RETRAINING + max(float(cost["minutes"]), by_hand)


def ranked(actions: Iterable[Json]) -> list[Json]:
    """By verdict, then by measured gain per minute of work."""

    def rank(action: Json) -> tuple[int, float]:
        primary = next((m for m in action["effect"] or () if m["primary"]), None)
        return OPEN[action["verdict"]], -(primary["delta"] if primary else 0.0) / work(action["cost"])

    return sorted(actions, key=rank)


def advised(actions: Sequence[Json]) -> list[Json]:
    """At most three worth doing; what the question itself asks about is among them whatever its verdict.

    Advice that rests on a hint alone and cannot be tried is given only where there is no better.
    """
    useful = [a for a in ranked(actions) if a["asked"] or _promising(a)]
    founded = [a for a in useful if not a["hint"] or a["verdict"] == "helps"]
    useful = founded or useful
    asked = [a for a in useful if a["asked"]]
    return ranked([*asked, *[a for a in useful if not a["asked"]]][:MOST_ACTIONS])


def _promising(action: Json) -> bool:
    """Shown to help, not triable, or undecided with more for it than against it."""
    if action["verdict"] == "cannot_tell":
        return any(m["primary"] and m["delta"] > 0 for m in action["effect"])
    return action["verdict"] in {None, "helps"}


def cost_text(cost: Mapping[str, float]) -> str:
    """Work in words; empty for none.

    >>> cost_text({"images": 30, "clicks": 0, "minutes": 30.0})
    'about 30 pictures to take, 30 minutes'
    """
    parts = []
    if cost["images"]:
        parts.append(f"{cost['images']:.0f} pictures to take")
    if cost["clicks"]:
        parts.append(f"{cost['clicks']:.0f} click{'s' if cost['clicks'] != 1 else ''}")
    if minutes := round(cost["minutes"]):
        parts.append(f"{minutes} minute{'s' if minutes != 1 else ''}")
    return f"about {', '.join(parts)}" if parts else ""


def asked_fact(facts: FactList, action: Json) -> str:
    """Answer the what-if that the question asks for in one sentence; returns it."""
    name = action["verdict"] if action["changed"] else "unchanged"
    name = "ruler" if action["about"] == "ruler" else name
    text = sentence(f"asked.{name}", target=action["effect_target"])
    return facts.state("answer", text, images=action["images"], code=action["code"])["text"]


def action_facts(facts: FactList, action: Json) -> list[str]:
    """State what to do, one fact per sentence; returns their ids."""
    why, *more = sentences(action["why"]) or [""]
    shared = {"action": action["action"].capitalize(), "target": action["target"], "why": why.rstrip(".")}
    cost = cost_text(action["cost"])
    text = sentence("action.line", cost=cost, **shared) if cost else sentence("action.free", **shared)
    said = [text, *(f"{s.rstrip('.')}." for s in more)]
    return [facts.state("action", s, images=action["images"], code=action["code"])["id"] for s in said]
