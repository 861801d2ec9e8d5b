"""Documents to blocks of text for a terminal. Data enters only as literal text."""

import shlex
from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.escaping import shown, shown_lines
from app.views import (
    RUNGS,
    Document,
    action_title,
    counted,
    effect_sentence,
    evidence_of,
    evidence_rows,
    merged_advice,
    quiet_outcomes,
    ranked_findings,
    settled_findings,
    severity_text,
)
from tools.findings import number_text

MOST_PICTURED = 3
COLOURS = {"high": "bold red", "medium": "bold yellow", "low": "bold cyan"}
VERDICT_COLOURS = {"helps": "green", "hurts": "red"}
FIRST_IMAGES = 6
FIRST_NUMBERS = 10
FIRST_ARGUMENTS = 8
FEWEST_TOGETHER = 4
"""Files of a folder with one reason, from which on they are one line."""


def heading(text: str) -> Text:
    """A line that opens a part."""
    return Text(text, style="bold underline")


def table(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> Table:
    """Rows under their column names; empty columns are left out."""
    out = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    filled = [c for c in columns if any(row.get(c) for row in rows)]
    for name in filled:
        out.add_column(Text(name), justify="right" if name in {"Value", "Interval", "Pictures"} else "left")
    for row in rows:
        out.add_row(*(Text(row.get(name, "")) for name in filled))
    return out


def images_line(images: Sequence[str]) -> Text:
    """The first few file names and how many more there are."""
    first = ", ".join(map(shown, images[:FIRST_IMAGES]))
    more = len(images) - FIRST_IMAGES
    return Text(f"Look at: {first}" + (f" and {more} more" if more > 0 else ""))


def finding_block(code: str, finding: Document) -> RenderableType:
    """One finding: title, how much it matters, sentence, numbers, pictures, what to do."""
    level = str(finding["severity"]["level"])
    parts: list[RenderableType] = [Text(shown_lines(finding["summary"]))]
    if matters := severity_text(finding["severity"]):
        parts.append(Text(matters, style="dim"))
    if finding["rung"]:
        parts.append(Text(f"Evidence ladder: {RUNGS[finding['rung']]}", style="dim"))
    rows = evidence_rows(finding["evidence"])
    parts.append(table(rows[:FIRST_NUMBERS], ("Measured", "Value", "Interval", "Pictures")))
    if len(rows) > FIRST_NUMBERS:
        parts.append(Text(f"and {counted(len(rows) - FIRST_NUMBERS, 'more number')} in --json", style="dim"))
    if finding["images"]:
        parts.append(images_line(finding["images"]))
    for advice in merged_advice(finding["recommendations"]):
        parts.append(Text.assemble(("To do: ", "bold"), action_title(advice), f" — {shown(advice['why'])}"))
        if advice.get("effect"):
            primary, on = next(m for m in advice["effect"] if m["primary"]), advice.get("fidelity")
            where = f" on the baseline, which {on['resembles']} resembles {shown(on['model'])}" if on else ""
            line = f"Tried{where}: {effect_sentence(primary)}"
            parts.append(Text(line, style=VERDICT_COLOURS.get(str(primary["verdict"]), "")))
        elif advice["experiment"]:
            line = f"Try it: advisor experiment run {advice['experiment']}{argument_words(advice['arguments'])}"
            parts.append(Text(line, style="dim"))
    if finding.get("assigned"):
        parts.append(Text(f"Seen to by {shown(finding['assigned'])}", style="dim"))
    name = (f"  [{code} {finding['id']}]", "dim")
    title = Text.assemble((level.upper(), COLOURS[level]), "  ", (shown(finding["title"]), "bold"), name)
    return Group(title, Padding(Group(*parts), (0, 0, 1, 4)))


def argument_words(arguments: Document) -> str:
    """Arguments of an experiment as one types them."""
    return "".join(f" --argument {shlex.quote(shown(f'{name}={value}'))}" for name, value in arguments.items())


def outcome_lines(title: str, outcomes: Sequence[tuple[str, str]]) -> Iterable[RenderableType]:
    """Checks that found nothing, did not apply or failed, each with its reason."""
    if not outcomes:
        return
    yield heading(title)
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 2))
    for code, reason in outcomes:
        grid.add_row(Text(code), Text(reason))
    yield grid
    yield Text("")


def audit_blocks(audit: Document) -> Iterable[RenderableType]:
    """A whole audit: headline, what was looked at, findings, then every other outcome."""
    yield Text(shown_lines(str(audit["headline"])), style="bold")
    yield Text("")
    yield from case_lines(audit)
    findings = ranked_findings(audit)
    if findings:
        yield heading(f"Findings ({len(findings)})")
        yield Text("")
    for code, finding in findings:
        yield finding_block(code, finding)
    yield from outcome_lines("Settled: not put forward", settled_findings(audit))
    yield from outcome_lines("Passed: nothing found, and what could have been seen", quiet_outcomes(audit, "passed"))
    yield from outcome_lines("Not applicable here", quiet_outcomes(audit, "not_applicable"))
    yield from outcome_lines("Failed: a fault of ours, please report it", quiet_outcomes(audit, "failed"))


def case_lines(document: Document) -> Iterable[RenderableType]:
    """Dataset, whose errors are counted, encoder; first of all, whether it is a sample only."""
    if document.get("provisional"):
        yield Text(document["provisional"]["text"], style="bold yellow")
    dataset = document.get("dataset")
    if dataset:
        skipped = dataset["skipped"]
        yield Text(
            f"Dataset version {dataset['version']}: {counted(dataset['images'], 'image')}, "
            f"{counted(len(dataset['classes']), 'class', 'classes')}, {counted(len(skipped), 'file')} skipped"
        )
    yield Text(f"Errors counted: {subject_text(str(document['subject']))}")
    encoder = document["encoder"]
    name = encoder.get("name", "") if isinstance(encoder, dict) else encoder
    yield Text(f"Encoder: {shown(name)}, seed: {document['seed']}")
    yield from model_lines(document.get("model"))
    yield Text("")


def model_lines(model: Document | None) -> Iterable[RenderableType]:
    """Accuracy with its interval, and how far what-ifs may speak for the user's model."""
    pieces = [model[key] for key in ("accuracy", "balanced_accuracy") if key in model] if model else []
    for piece in pieces:
        evidence = evidence_of(piece)
        yield Text(f"{shown(evidence.name).capitalize()}: {evidence.text} ({evidence.interval}, n = {evidence.n})")
    yield from fidelity_lines((model or {}).get("resemblance"))


def fidelity_lines(fidelity: Document | None) -> Iterable[RenderableType]:
    """How far the baseline resembles the user's model; nothing where the baseline itself is judged."""
    if fidelity:
        yield Text(" ".join(shown(fidelity[key]) for key in ("sentence", "details") if fidelity[key]))


def subject_text(subject: str) -> str:
    """Whose errors are counted, in words that cannot be misread."""
    return "your model's" if subject == "user" else "those of the advisor's own baseline, not your model"


def answer_blocks(answer: Document, *, styled: bool) -> Iterable[RenderableType]:
    """An answer's Markdown: drawn on a terminal, as it stands elsewhere."""
    if answer.get("provisional"):
        yield Text(answer["provisional"]["text"], style="bold yellow")
    text = shown_lines(str(answer["answer"]))
    yield Markdown(text, hyperlinks=False) if styled else Text(text)
    pictured = [action for action in answer.get("actions", ()) if action["images"]]
    for action in pictured:
        yield Text("")
        yield _pictures_of(action_title(action), action["images"])
    if pictured:
        return
    told = text.lower()
    findings = [f for outcome in answer.get("outcomes", ()) for f in outcome["findings"] if f["images"]]
    findings = [f for f in findings if shown(str(f["title"]).rpartition(": ")[2]).lower() in told]
    seen: list[list[str]] = []
    for finding in findings:
        if finding["images"] not in seen and len(seen) < MOST_PICTURED:
            seen.append(finding["images"])
            yield Text("")
            yield _pictures_of(shown(finding["title"]), finding["images"])


def _pictures_of(title: str, images: Sequence[str]) -> Text:
    return Text.assemble((title[:1].upper() + title[1:], "bold"), ". ", images_line(images))


def effect_blocks(title: str, effect: Document) -> Iterable[RenderableType]:
    """An experiment's result."""
    yield Text(shown(title), style="bold")
    unclear, about = [], str(effect.get("about", "model"))
    colours = VERDICT_COLOURS if about == "model" else {}
    for measure in effect.get("measures", [effect]):
        primary, verdict = measure.get("primary", True), str(measure["verdict"])
        if primary or verdict in {"helps", "hurts"}:
            yield Text(("" if primary else "  ") + effect_sentence(measure, about), style=colours.get(verdict, ""))
        else:
            unclear.append(shown(measure["metric"]))
    if unclear:
        yield Text(f"  not shown to change, or not worth having: {', '.join(unclear)}", style="dim")
    yield from fidelity_lines(effect.get("fidelity"))
    for note in effect.get("notes", ()):
        yield Text(f"Note: {shown(note)}", style="dim")


def experiment_blocks(headline: str, listed: Iterable[Document]) -> Iterable[RenderableType]:
    """Kinds of experiment, each on one line however long, and below it what it can be tried on."""
    yield Text(headline, style="bold")
    entries = list(listed)
    width = max(len(str(entry["kind"])) for entry in entries)
    for entry in entries:
        yield f"{entry['kind']:{width}}  {shown(entry['sentence'])}"
        options = entry["arguments"]
        words = [argument_words(a).strip() for a in options]
        if not options:
            needs = f"; it needs {shown(entry['needs'])}" if entry.get("needs") else ""
            yield f"    nothing to work on here{needs}"
        for line in [w for w in words if w][:FIRST_ARGUMENTS]:
            yield f"    {line}"
        if len(words) > FIRST_ARGUMENTS:
            yield f"    and {len(words) - FIRST_ARGUMENTS} more; --json lists all of them"


def ranking_blocks(headline: str, kind: str, ranked: Sequence[Document]) -> Iterable[RenderableType]:
    """Arguments of a kind, the most promising first, and how to get a verdict on the first."""
    yield Text(headline, style="bold")
    rows = [
        {
            "Gain": number_text(one["gain"], "points"),
            "Balanced accuracy": f"{number_text(one['before'], 'share')} → {number_text(one['after'], 'share')}",
            "Tried on": argument_words(one["arguments"]).strip() or "the whole data",
        }
        for one in ranked
    ]
    yield table(rows, ("Gain", "Balanced accuracy", "Tried on"))
    first = argument_words(ranked[0]["arguments"])
    yield Text(f"For a verdict on the test pictures: advisor experiment run {kind}{first}")


def search_blocks(document: Document) -> Iterable[RenderableType]:
    """What a search found, best first."""
    yield Text(shown(document["headline"]), style="bold")
    yield Text(shown(document["how"]))
    rows = [
        {
            "Value": f"{found['similarity']:.3f}",
            "Picture": shown(found["image"]),
            "Class": shown(found["class"] or "unlabelled"),
            "Split": found["split"],
        }
        for found in document["found"]
    ]
    yield table(rows, ("Value", "Picture", "Class", "Split"))


def gathered(skipped: Sequence[dict[str, str]]) -> list[tuple[str, str]]:
    """What was skipped and why, in the order given; many files of a folder with one reason are one line.

    >>> gathered([{"path": f"masks/{n}.png", "reason": "no class"} for n in range(5)])
    [('masks/ (5 files)', 'no class')]
    """
    together: dict[tuple[str, str], list[str]] = {}
    for one in skipped:
        together.setdefault((one["path"].rpartition("/")[0], one["reason"]), []).append(one["path"])
    lines: list[tuple[str, str]] = []
    for (folder, reason), paths in together.items():
        if len(paths) < FEWEST_TOGETHER:
            lines += [(path, reason) for path in paths]
        else:
            lines.append((f"{folder}/ ({len(paths)} files)" if folder else f"{len(paths)} files", reason))
    return lines
