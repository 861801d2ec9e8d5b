"""Findings, effects and audits as plain JSON for machines; later versions only add keys."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from tools.case import Case
from tools.dataset import encode_id
from tools.deciding import Rule
from tools.decisions import finding_id
from tools.effects import Effect, Fidelity, Measure
from tools.fidelity import fidelity
from tools.findings import LEVELS, Change, Evidence, Finding, Outcome, Recommendation, Rung
from tools.metrics import quality
from tools.predicting import SAME, UNLIKE, Predicted
from tools.searching import Search

SCHEMA_VERSION = 1
TRUST = ("split-leakage", "grouped-images", "near-duplicates", "wrong-labels")
"""Checks that decide whether the other numbers can be believed; they speak first."""

Json = dict[str, Any]


def case_head(case: Case, headline: str) -> Json:
    """What every document starts with."""
    return {
        "schema_version": SCHEMA_VERSION,
        "case": case.fingerprint,
        "encoder": {"name": case.space.encoder.name, "fingerprint": case.space.encoder.fingerprint},
        "subject": case.subject,
        "seed": case.settings.seed,
        "headline": headline,
        **({"provisional": provisional_json(case)} if case.sample_of else {}),
    }


def provisional_json(case: Case) -> Json:
    """What a sample cannot say, while the whole is still being encoded."""
    text = (
        f"Provisional: from a stratified sample of {len(case.dataset)} of {case.sample_of} pictures, while the others "
        "are being encoded. Bursts and copies show only where both pictures were drawn."
    )
    return {"images": len(case.dataset), "of": case.sample_of, "text": text}


def evidence_json(evidence: Evidence) -> Json:
    """One number with its interval, and as people read it."""
    return {**asdict(evidence), "text": evidence.text, "interval": evidence.interval}


Effects = Mapping[Change, Effect]
UNTRIED: Effects = {}


def recommendation_json(recommendation: Recommendation, effects: Effects = UNTRIED) -> Json:
    """An action with its stable id, and what was measured if it was tried."""
    effect = effects.get(recommendation.change) if recommendation.change else None
    return {
        **asdict(recommendation),
        "id": recommendation.id,
        "images": list(recommendation.images),
        "effect": None if effect is None else [measure_json(m) for m in effect.measures],
        "verdict": None if effect is None else effect.primary.verdict,
        "fidelity": None if effect is None else fidelity_json(effect.fidelity),
    }


def proved_rung(finding: Finding, effects: Effects) -> Rung | None:
    """The rung of a cue, ``fixable`` where training against it was shown to raise the recall of what it hits."""
    pair = finding.scope.pair
    if finding.rung not in ("used", "causal") or pair is None:
        return finding.rung
    tried = (effects.get(r.change) for r in finding.recommendations if r.change is not None)
    return "fixable" if any(e is not None and e.raises_the_rare(pair) for e in tried) else finding.rung


def finding_json(finding: Finding, effects: Effects = UNTRIED) -> Json:
    """A finding with its recommendations."""
    return {
        "code": finding.code,
        "title": finding.title,
        "id": finding_id(finding),
        "settled": finding.settled or None,
        "assigned": finding.assigned or None,
        "severity": asdict(finding.severity),
        "scope": {
            "classes": list(finding.scope.classes),
            "pair": list(finding.scope.pair) if finding.scope.pair else None,
            "slice": finding.scope.slice,
        },
        "summary": finding.summary,
        "rung": proved_rung(finding, effects),
        "evidence": [evidence_json(e) for e in finding.evidence],
        "images": list(finding.images),
        "recommendations": [recommendation_json(r, effects) for r in finding.recommendations],
    }


def outcome_json(outcome: Outcome, effects: Effects = UNTRIED) -> Json:
    """What became of a check."""
    return {
        "code": outcome.code,
        "status": outcome.status,
        "reason": outcome.reason,
        "seconds": round(outcome.seconds, 3),
        "findings": [finding_json(f, effects) for f in outcome.findings],
        "measured": [evidence_json(e) for e in outcome.measured.evidence],
        "smallest_detectable": outcome.measured.smallest_detectable,
    }


def measure_json(measure: Measure) -> Json:
    """One metric before and after."""
    return {**asdict(measure), "delta": measure.delta}


def effect_json(effect: Effect) -> Json:
    """An experiment's result."""
    return {
        **asdict(effect),
        "arguments": dict(effect.arguments),
        "measures": [measure_json(m) for m in effect.measures],
        "verdict": effect.primary.verdict,
        "notes": list(effect.notes),
        "fidelity": fidelity_json(effect.fidelity),
    }


def fidelity_json(found: Fidelity | None) -> Json | None:
    """How far what-ifs may speak for the user's model; null where the baseline itself is the subject."""
    return None if found is None else {**asdict(found), "evidence": [evidence_json(e) for e in found.evidence]}


def dataset_json(case: Case) -> Json:
    """Version, counts and what was left out."""
    dataset = case.dataset
    names, counts = np.unique(dataset.splits, return_counts=True)
    return {
        "version": dataset.version,
        "images": len(dataset),
        "skipped": [{"path": s.path, "reason": s.reason} for s in dataset.skipped],
        "classes": dataset.counts,
        "splits": {str(n): int(c) for n, c in zip(names, counts, strict=True)},
    }


def model_json(case: Case) -> Json:
    """The subject's metrics with intervals, and how far the baseline resembles the user's model."""
    judged = case.derived.judged
    where = "the given test split" if case.has_test else "held-out folds, groups of similar pictures kept together"
    subject = "the user's model" if case.subject == "user" else "the advisor's own baseline, not the user's model"
    out: Json = {
        "name": f"{case.predictions.model} {case.predictions.version}".strip()
        if case.subject == "user" and case.predictions
        else "advisor's baseline",
        "subject": case.subject,
        "evaluated_on": where,
        "images": int(judged.sum()),
        "coverage": float(judged.sum() / max(1, case.evaluation.sum())),
    }
    if judged.any():
        found = quality(case, case.derived.predicted, judged, f"{subject}, on {where}")
        out["accuracy"] = evidence_json(found.accuracy)
        out["balanced_accuracy"] = evidence_json(found.balanced_accuracy)
        out["recall"] = {e.name.removeprefix("recall of "): evidence_json(e) for e in found.recall}
        out["precision"] = {e.name.removeprefix("precision of "): evidence_json(e) for e in found.precision}
    if (alike := fidelity(case)) is not None:
        out["fidelity"] = [evidence_json(e) for e in alike.evidence]
        out["resemblance"] = fidelity_json(alike)
    return out


def ranked(outcomes: Sequence[Outcome]) -> list[Finding]:
    """All open findings, most severe first; what decides trust before what rests on it."""
    order = {code: number for number, code in enumerate(TRUST)}
    findings = [f for outcome in outcomes for f in outcome.findings if not f.settled]
    return sorted(
        findings,
        key=lambda f: (-LEVELS.index(f.severity.level), order.get(f.code, 9), -(f.severity.errors_explained or 0.0)),
    )


def headline(case: Case, outcomes: Sequence[Outcome]) -> str:
    """One or two sentences: what blocks trust, else the gravest finding, else that nothing was found."""
    findings = ranked(outcomes)
    blocking = [f for f in findings if f.severity.level == "high" and f.code in TRUST[:2]]
    if blocking:
        return " ".join(f.summary for f in blocking[:2])
    if findings and findings[0].severity.level != "low":
        return findings[0].summary
    return "No check found anything above low. " + _accuracy_sentence(case)


def _accuracy_sentence(case: Case) -> str:
    if not case.derived.judged.any():
        return "There is nothing to judge: no labelled picture with a prediction."
    found = quality(case, case.derived.predicted, case.derived.judged, "")
    return f"Accuracy is {found.accuracy.text} ({found.accuracy.interval})."


def audit_document(case: Case, outcomes: Sequence[Outcome], effects: Effects = UNTRIED) -> Json:
    """The whole of ``advisor audit --json``; ``effects`` as ``tools.advice.try_advice`` gives them."""
    return {
        **case_head(case, headline(case, outcomes)),
        "dataset": dataset_json(case),
        "model": model_json(case),
        "outcomes": [outcome_json(o, effects) for o in outcomes],
    }


def predictions_document(case: Case, found: Predicted, rule: Rule | None, *, top: int) -> Json:
    """What ``advisor predict --json`` writes; paths as they were given."""
    decide = (rule or Rule(None, {})).decide
    rows: list[Json] = []
    for row, path in enumerate(found.paths):
        scores = dict(zip(found.classes, found.scores[row].tolist(), strict=True))
        near = zip(found.nearest[row].tolist(), found.similarity[row].tolist(), strict=True)
        rows.append({
            "picture": encode_id(str(path)),
            "said": list(decide(scores)),
            "scores": [{"class": n, "score": scores[n]} for n in sorted(scores, key=lambda n: -scores[n])[:top]],
            "nearest": [
                {"image": str(case.ids[i]), "class": case.classes[case.targets[i]], "similarity": round(s, 4)}
                for i, s in near
            ],
            "nearness": float(found.nearness[row]),
            "unlike": bool(found.nearness[row] < UNLIKE),
            "known": bool(found.similarity[row, 0] >= SAME),
        })  # fmt: skip
    unlike, silent = sum(r["unlike"] for r in rows), sum(not r["said"] for r in rows)
    headline = (
        f"{len(rows)} picture{'s' if len(rows) != 1 else ''}: {unlike} unlike anything seen, {silent} left to a person"
    )
    skipped = [{"path": encode_id(str(path)), "reason": reason} for path, reason in found.skipped]
    head = {**case_head(case, headline), "subject": "baseline", "speaker": found.speaker}
    return {**head, "predictions": rows, "skipped": skipped}


def search_document(case: Case, found: Search) -> dict[str, Any]:
    """``search --json``: the pictures, best first, with class, split and similarity."""
    headline = f"{len(found.rows)} pictures nearest to {found.query}"
    if found.present is not None:
        headline += f"; present in {found.present} of {len(case.ids)} (at most 5 % false alarms)"
    pictures = [
        {
            "image": str(case.ids[row]),
            "similarity": similarity,
            "class": case.classes[case.targets[row]] if case.targets[row] >= 0 else None,
            "split": str(case.dataset.splits[row]),
        }
        for row, similarity in zip(found.rows, found.similarities, strict=True)
    ]
    return {
        **case_head(case, headline), "query": found.query, "how": found.how, "present": found.present, "found": pictures
    }  # fmt: skip
