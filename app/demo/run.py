"""Runs the whole advisor on drawn pictures with known faults and sets what it found beside what was planted."""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.demo.compare import compare, unplanted
from app.demo.plan import APPLE, BAD, CITRUS_FRUIT
from app.demo.truth import Truth
from app.edge import read_context, read_settings
from embeddings.progress import Progress, silent
from tools.errors import UnreadableInput

if TYPE_CHECKING:
    from tools.case import Case
    from tools.workspace import Workspace

ENCODER = "embedded"
"""Pinned, so that the demo shows the same everywhere and needs no download."""
MOST_EXPERIMENTS = 6


def run_demo(
    folder: Path,
    workspace: Path | None = None,
    *,
    seed: int = 0,
    on_step: Progress = silent,
    names: dict[str, str] | None = None,
    scale: float = 1.0,
) -> dict[str, Any]:
    """Draw, import, embed, audit, ask, try the fixes, compare.

    Parameters
    ----------
    folder : Path
        Gets ``seed-N/pictures``, ``seed-N/truth.json`` and, unless another is named, ``seed-N/workspace``.
    workspace : Path, optional
    seed : int
    names, scale
        As ``app.demo.draw.draw_demo`` takes them.

    Returns
    -------
    dict
        The document of ``demo --json``.
    """
    from app.kept_audit import keep_audit
    from tools.advice import try_advice
    from tools.audit import run_checks
    from tools.documents import audit_document, effect_json
    from tools.importing import import_dataset
    from tools.workspace import Workspace

    started = time.monotonic()
    home = folder / f"seed-{seed}"
    truth = _drawn(home, seed, on_step, names, scale)
    place = workspace or home / "workspace"
    kept = Workspace.open(place)
    settings = read_settings(place, encoder=ENCODER, seed=seed)
    import_dataset(kept, home / "pictures", settings, on_step=on_step)
    case = kept.case(settings)
    outcomes = run_checks(case, on_step=on_step, remember=kept)
    effects = try_advice(case, outcomes, most=MOST_EXPERIMENTS, on_step=on_step, remember=kept)
    keep_audit(kept, case, outcomes, effects)
    audit = audit_document(case, outcomes, effects)
    answers = [_asked(question, case, kept, on_step) for question in questions(truth)]
    rows = compare(truth, audit)
    whole = sum(row.hits > 0 for row in rows)
    return {
        **{key: audit[key] for key in ("schema_version", "case", "encoder", "subject", "seed")},
        "headline": f"{whole} of {len(rows)} kinds of planted fault were found",
        "planted": [row.to_json() for row in rows],
        "unplanted": unplanted(truth, audit),
        "answers": answers,
        "effects": [effect_json(effect) for effect in effects.values()],
        "audit": audit,
        "pictures": str(home / "pictures"),
        "truth": str(home / "truth.json"),
        "workspace": str(place),
        "seconds": round(time.monotonic() - started, 1),
    }


def questions(truth: Truth) -> tuple[str, str]:
    """The two questions the demo asks, in this data set's own names."""
    names = truth.names
    return (
        f"why is my model confusing {names[APPLE]} and {names[CITRUS_FRUIT]}?",
        f"should I split {names[BAD]}?",
    )


def _drawn(home: Path, seed: int, on_step: Progress, names: dict[str, str] | None, scale: float) -> Truth:
    """The truth of the pictures in ``home``, drawn now unless a former run drew them whole."""
    from app.demo.draw import draw_demo

    pictures, record, unfinished = home / "pictures", home / "truth.json", home / "unfinished"
    if pictures.exists():
        truth = Truth.load(record)
        if truth.seed == seed and all((pictures / i).is_file() for i in truth.kind):
            return truth
        raise UnreadableInput(
            expected=f"the whole demo of seed {seed} in {home}",
            seen="some of its pictures are missing",
            todo="Name another folder with --folder, or delete this one.",
        )
    if unfinished.exists():
        shutil.rmtree(unfinished)
    truth = draw_demo(unfinished, seed=seed, on_step=on_step, names=names, scale=scale)
    truth.save(record)
    unfinished.rename(pictures)
    return truth


def _asked(question: str, case: "Case", kept: "Workspace", on_step: Progress) -> dict[str, Any]:
    from agent.graph import ask

    return ask(question, read_context(case, kept, on_step)).to_json()
