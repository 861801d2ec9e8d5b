"""Rewrites the generated blocks of README.md and docs/scores.md from the code; ``--check`` only finds stale ones."""

import ast
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {
    "app": "people",
    "agent": "a question to a grounded answer",
    "tools": "labels and models to findings and experiments",
    "embeddings": "pictures to vectors to neighbours",
    "prompts": "what a language model is told, and the answer's templates",
    "benchmarks": "heavy measurements, and the code that plants faults",
    "docs": "decisions and this generator",
}

COLUMNS = {"checks": "check", "experiments": "experiment", "writers": "format"}
PROMPTS = {
    "asking_words.txt": "words that begin a question or an order, and no mere telling",
    "examples.txt": "questions as people ask them, which those that no pattern fits are compared with",
    "glossary.toml": "words that need explaining, each with a plain sentence",
    "intents.toml": "what a question asks for, by patterns",
    "everyday.toml": "where a class that is called like a word of every day is meant by it, and where not",
    "missing.toml": "where a word that is no class stands as a class would, and is asked back",
    "looking.toml": "words that ask for pictures, left out of what is looked for",
    "meanings.txt": "words of one meaning, by which a question is like an example in other words",
    "name.md": "how it names a group of pictures on a contact sheet",
    "ordinary_words.txt": "further words that are not taken for a missing class",
    "plan.md": "how a language model chooses the steps that answer a question",
    "question_words.txt": "words that questions are made of, so that none is taken for a misspelt class",
    "repair.md": "how it mends sentences that the facts do not carry",
    "write.md": "how it words numbered facts",
    "sentences.toml": "every sentence of the answers given without a language model",
    "tongues.toml": "common words by which a question in another language is known",
    "tools.toml": "the steps it may choose from, with an example each",
}


def first_line(file: Path) -> str:
    """First line of a module's docstring, or of the comment that opens a script or style."""
    if file.suffix != ".py":
        return file.read_text("utf-8").splitlines()[0].strip("/* ")
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return text.splitlines()[0] if text else ""


def files() -> str:
    """One line per file, room by room."""
    lines: list[str] = []
    for room, words in ROOMS.items():
        lines += [f"**{room}/**: {words}", ""]
        for file in sorted((ROOT / room).rglob("*")):
            if file.suffix in (".py", ".js", ".css") and file.name != "__init__.py":
                lines.append(f"- `{file.relative_to(ROOT).as_posix()}`: {first_line(file)}")
        if room == "prompts":
            lines += [
                f"- `prompts/{file.name}`: {PROMPTS[file.name]}" for file in sorted((ROOT / room).glob("*.[mt]*"))
            ]
            for file in sorted((ROOT / room / "concepts").glob("*.toml")):
                title = tomllib.loads(file.read_text("utf-8"))["title"]
                lines.append(f"- `prompts/concepts/{file.name}`: words for concepts: {title}")
        lines.append("")
    return "\n".join(lines).strip()


def registry(folder: str) -> str:
    """A table of the checks, experiments or formats on disk: code and sentence."""
    rows = [
        f"| `{file.stem.replace('_', '-')}` | {first_line(file)} |"
        for file in sorted((ROOT / "tools" / folder).glob("*.py"))
        if file.name != "__init__.py"
    ]
    return "\n".join([f"| {COLUMNS[folder]} | what it does |", "|---|---|", *rows])


READS = {
    "folder": "`PATH/[train\\|val\\|test/]class/picture`",
    "csv_table": "`FILE.csv`, `FILE.tsv`",
    "manifest": "`FILE.manifest`, `FILE.jsonl`, or a folder that holds `*.manifest`",
    "custom_vision": "a folder with answers of Azure Custom Vision, `*.json`",
}
"""What ``advisor import`` is given, by the reader that takes it."""


def reads() -> str:
    """A table of the formats that ``advisor import`` reads."""
    lines = {name: first_line(ROOT / "tools" / "readers" / f"{name}.py").replace("|", "\\|") for name in READS}
    rows = [f"| {given} | {lines[name]} |" for name, given in READS.items()]
    return "\n".join(["| given | what is read |", "|---|---|", *rows])


def score_columns() -> str:
    """A table of the columns of ``advisor export scores``."""
    sys.path.insert(0, str(ROOT))
    from tools.score_columns import COLUMNS

    rows = [f"| `{column.name}` | {column.kind} | {column.meaning} |" for column in COLUMNS]
    return "\n".join(["| column | holds | meaning |", "|---|---|---|", *rows])


BLOCKS = {
    "files": files,
    "checks": lambda: registry("checks"),
    "experiments": lambda: registry("experiments"),
    "formats": lambda: registry("writers"),
    "reads": reads,
}
SCORES = {"scores": score_columns}
PAGES: dict[str, dict[str, Callable[[], str]]] = {"README.md": BLOCKS, "docs/scores.md": SCORES}


def regenerated(text: str, blocks: dict[str, Callable[[], str]]) -> str:
    """A page with fresh blocks between ``<!-- name -->`` and ``<!-- /name -->``."""
    for name, make in blocks.items():
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        head, rest = text.split(start)
        text = f"{head}{start}\n{make()}\n{end}{rest.split(end, 1)[1]}"
    return text


if __name__ == "__main__":
    for page, blocks in PAGES.items():
        file = ROOT / page
        text = file.read_text("utf-8")
        fresh = regenerated(text, blocks)
        if "--check" not in sys.argv[1:]:
            file.write_text(fresh, "utf-8")
        elif fresh != text:
            sys.exit(f"{page} is stale: run python docs/generate.py")
