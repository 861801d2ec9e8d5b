"""The ``advisor versions`` commands: trained models listed, compared, restored, published, exported."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from app.commands import open_case
from app.escaping import shown
from app.printing import table
from app.terminal import Terminal, WrongUse
from tools.findings import number_text

FLIPS = 12


def run_list(*, workspace: Path, json: str | None) -> None:
    """List versions."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.version_documents import version_json, versions_document
    from tools.versions import Versions

    versions = Versions(kept)
    in_use, published = versions.in_use(), versions.published()
    document = versions_document(case, [version_json(v, in_use, published) for v in versions.all()])
    out.say(*list_blocks(document))
    out.deliver(document)


def run_compare(first: str, second: str, *, workspace: Path, json: str | None) -> None:
    """Compare two models."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.comparing import compare_models
    from tools.documents import case_head
    from tools.models import model_named
    from tools.registry import NotApplicable
    from tools.version_documents import comparison_json

    names, said = zip(*(model_named(kept, case, name) for name in (first, second)), strict=True)
    try:
        found = compare_models(case, *said)
    except NotApplicable as reason:
        raise WrongUse(
            expected="two models judged on the same pictures",
            seen=str(reason),
            todo="Train both on this data set, or give predictions for its test pictures.",
        ) from None
    comparison = comparison_json(case, found, *names)
    out.say(*comparison_blocks(comparison))
    out.deliver({**case_head(case, str(comparison["sentence"])), "comparison": comparison})


def run_choose(number: int, *, publish: bool, workspace: Path, json: str | None) -> None:
    """Take a version into use, or note that it serves."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.documents import case_head
    from tools.version_documents import version_json, version_sentence
    from tools.versions import Versions

    versions = Versions(kept)
    chosen = versions.publish(number) if publish else versions.restore(number)
    version = version_json(chosen, versions.in_use(), versions.published())
    headline = f"Version {number} is {'published' if publish else 'in use'}"
    out.say(Text(headline, style="bold"), Text(version_sentence(version)))
    out.deliver({**case_head(case, headline), "version": version})


def run_export(number: int, folder: Path, *, workspace: Path, json: str | None) -> None:
    """Write a bundle."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    from tools.bundles import export
    from tools.documents import case_head
    from tools.registry import NotApplicable
    from tools.versions import Versions

    versions = Versions(kept)
    version = versions.get(number)
    try:
        with out.steps() as steps:
            files = export(versions, version, case, folder, on_step=steps)
    except NotApplicable as reason:
        raise WrongUse(
            expected="the encoder that the version was trained with", seen=str(reason),
            todo="Export on a machine that has it.",
        ) from None  # fmt: skip
    headline = f"Version {number} is in {folder}"
    out.say(Text(shown(headline), style="bold"), f"Files: {', '.join(files)}")
    if "model.onnx" in files and "predict.py" in files:
        out.say(f"Try it: python {quote(shown(folder / 'predict.py'))} PICTURE")
    out.deliver({**case_head(case, headline), "folder": str(folder), "files": list(files)})


def list_blocks(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    """A row per version, newest first."""
    yield Text(shown(document["headline"]), style="bold")
    rows = []
    for version in reversed(document["versions"]):
        metrics = {m["name"]: m for m in version["metrics"]}
        marks = [word for word, key in (("in use", "in_use"), ("published", "published")) if version[key]]
        rows.append(
            {
                "Version": str(version["number"]),
                "Data": str(version["dataset"]["version"]),
                "By": shown(version["text"]),
                "Balanced": _with_interval(metrics["balanced accuracy"]),
                "Accuracy": _with_interval(metrics["accuracy"]),
                "Thresholds": shown(version["thresholds"]["goal"]["text"]) if version["thresholds"] else "",
                "": ", ".join(marks),
            }
        )
    if rows:
        yield table(rows, tuple(rows[0]))
        yield Text(
            "Balanced accuracy and accuracy in %, with 95 % intervals. Where these overlap, the same pictures may "
            "still tell: advisor versions compare A B",
            style="dim",
        )
    else:
        yield Text("Next: advisor retrain")


def comparison_blocks(comparison: Mapping[str, Any]) -> Iterable[RenderableType]:
    """The sentence, what changed beside it, and the pictures on which only one is right."""
    yield Text(shown(comparison["sentence"]), style="bold")
    for measure in comparison.get("measures", ())[1:]:
        if measure["verdict"] in {"helps", "hurts"}:
            yield Text(f"  {measure_words(measure)}")
    for key, name in (("better", "second"), ("worse", "first")):
        flips: Sequence[Mapping[str, Any]] = comparison.get(key, ())
        if flips:
            yield Text("")
            yield Text(f"Right only with {shown(comparison[name])} ({len(flips)})", style="bold")
            rows = [
                {
                    "Picture": shown(flip["image"]),
                    "Label": shown(flip["label"]),
                    shown(comparison["first"]): shown(flip["first"]),
                    shown(comparison["second"]): shown(flip["second"]),
                }
                for flip in flips[:FLIPS]
            ]
            yield table(rows, tuple(rows[0]))
            if len(flips) > FLIPS:
                yield Text(f"and {len(flips) - FLIPS} more in --json", style="dim")


def measure_words(measure: Mapping[str, Any]) -> str:
    """A measure that moved."""
    low, high = (number_text(measure[key], "points") for key in ("low", "high"))
    before, after = (number_text(measure[key], "share") for key in ("before", "after"))
    word = "better" if measure["verdict"] == "helps" else "worse"
    return f"{word}: {shown(measure['metric'])} {before} → {after} (interval {low.removesuffix(' points')} to {high})"


def _with_interval(metric: Mapping[str, Any]) -> str:
    low, high = (f"{100 * metric[side]:.0f}" for side in ("low", "high"))
    return f"{metric['text']} ({low}–{high})"


def share(value: float) -> str:
    """A share for people.

    >>> share(0.8246)
    '82.5 %'
    """
    return f"{100 * value:.1f} %"
