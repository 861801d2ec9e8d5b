"""Trained versions and their comparison as plain JSON; later versions only add keys."""

from collections.abc import Mapping, Sequence
from typing import Any

from tools.case import Case
from tools.comparing import Comparison
from tools.documents import case_head, evidence_json, measure_json
from tools.findings import number_text
from tools.metrics import quality
from tools.predictions import Predictions
from tools.versions import Version

Json = dict[str, Any]
WORDS = {
    "helps": "better",
    "hurts": "worse",
    "no_effect": "no difference worth having",
    "cannot_tell": "these pictures cannot tell",
}


def version_json(version: Version, in_use: Version | None = None, published: Version | None = None) -> Json:
    """One version with everything kept of it but its weights and scores."""
    return {
        **version.document,
        "number": version.number,
        "created": version.created,
        "in_use": in_use is not None and in_use.number == version.number,
        "published": published is not None and published.number == version.number,
    }


def metric(version: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """One of a version's metrics."""
    return next(m for m in version["metrics"] if m["name"] == name)


def version_sentence(version: Mapping[str, Any]) -> str:
    """What it reaches, on what."""
    parts = (
        f"{name} {(m := metric(version, name))['text']} ({m['interval']})" for name in ("balanced accuracy", "accuracy")
    )
    return f"{', '.join(parts)} on {version['judged_on']} pictures: {version['ruler']}"


def said_of(case: Case, said: Predictions) -> Json:
    """Metrics of predictions on the pictures of the case that count errors; none where they speak of none of these."""
    judged = said.covered & case.evaluation
    if not judged.any():
        return {"metrics": []}
    found = quality(case, said.predicted, judged, f"of {int(judged.sum())} pictures, by today's labels")
    return {"metrics": [evidence_json(e) for e in (found.accuracy, found.balanced_accuracy)]}


def versions_document(case: Case, versions: Sequence[Json]) -> Json:
    """``versions list --json``."""
    count = len(versions)
    headline = f"{count} trained version{'' if count == 1 else 's'}" if count else "No version was trained yet"
    return {**case_head(case, headline), "versions": list(versions)}


def comparison_json(case: Case, found: Comparison, first: str, second: str) -> Json:
    """Two models on the same pictures; ``better`` and ``worse`` list every picture on which only one is right."""

    def flips(rows: Sequence[int]) -> list[Json]:
        return [
            {
                "image": str(case.ids[row]),
                "label": case.classes[case.targets[row]],
                "first": case.classes[found.first[row]],
                "second": case.classes[found.second[row]],
            }
            for row in rows
        ]

    return {
        "first": first,
        "second": second,
        "sentence": comparison_sentence(found, first, second),
        "pictures": len(found.rows),
        "measures": [measure_json(m) for m in found.measures],
        "mcnemar_p": found.p,
        "better": flips(found.better.tolist()),
        "worse": flips(found.worse.tolist()),
    }


def comparison_sentence(found: Comparison, first: str, second: str) -> str:
    """Verdict, interval and flips in one line."""
    m = found.primary
    low, high = (number_text(v, "points") for v in (m.low, m.high))
    p = number_text(found.p, "p")
    return (
        f"{second} against {first} on {len(found.rows)} pictures: {m.metric} {number_text(m.before, 'share')} → "
        f"{number_text(m.after, 'share')} ({number_text(m.delta, 'points')}, interval "
        f"{low.removesuffix(' points')} to {high}): {WORDS[m.verdict]}. {len(found.better)} pictures are right only "
        f"with {second}, {len(found.worse)} only with {first} (McNemar p {p if p.startswith('<') else f'= {p}'})."
    )
