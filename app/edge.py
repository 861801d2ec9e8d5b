"""The only place that reads the environment; everything below gets it as arguments."""

import getpass
import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings.progress import Progress
from tools.errors import AdvisorError
from tools.settings import Settings

if TYPE_CHECKING:
    from agent.context import Context, ModelSettings
    from tools.case import Case
    from tools.workspace import Workspace

LIBRARIES = {
    # Idle OpenMP threads sleep instead of spinning: on two cores shared with others a what-if took 3 s, not 20 to 40.
    "OMP_WAIT_POLICY": "PASSIVE",
    # The products here are small: waiting for a second OpenBLAS thread cost 5 CPU-s where one thread took 0.07.
    "OPENBLAS_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "LANGGRAPH_STRICT_MSGPACK": "true",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
}
"""Variables that only libraries read. A value that the user set stays, except for the checkpoint format."""
MODEL_VARIABLES = ("ADVISOR_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL")
OPENAI = "https://api.openai.com/v1"
NOT_AGREED = "the language model is not asked before you agree: advisor ask --show-prompt, then --agree-model"
MOST = 1e9
LONGEST_WAIT = 3600.0
"""Seconds that one call to a language model may be given."""
OVER_CAP = "the language model is not asked, since this month has cost as much as ADVISOR_MODEL_CAP allows"


class WrongVariable(AdvisorError):
    """A variable of the environment that cannot be read."""


def prepare_libraries(environment: MutableMapping[str, str] | None = None, *, download: bool = False) -> None:
    """Set what libraries read at import; call before any of them is imported.

    Parameters
    ----------
    environment : mutable mapping of str to str, optional
        The process's when left out.
    download : bool
        Whether weights may be fetched from a model hub; otherwise the hub's client is told to stay offline.
    """
    target = os.environ if environment is None else environment
    for name, value in LIBRARIES.items():
        target.setdefault(name, value)
    target["LANGGRAPH_STRICT_MSGPACK"] = "true"
    if not download:
        target.setdefault("HF_HUB_OFFLINE", "1")


def read_settings(
    workspace: Path, *, encoder: str | None = None, seed: int | None = None, group_column: str | None = None
) -> Settings:
    """Settings of one run: what the command line says, else the defaults."""
    default = Settings()
    return Settings(
        workspace=workspace,
        encoder=encoder or default.encoder,
        seed=default.seed if seed is None else seed,
        group_column=group_column,
    )


def read_model(environment: Mapping[str, str] | None = None) -> "ModelSettings | None":
    """The language model that the environment names; None = rules and templates only.

    Parameters
    ----------
    environment : mapping of str to str, optional
        The process's when left out. ``ADVISOR_MODEL`` names the model, ``OPENAI_API_KEY`` the key,
        ``OPENAI_BASE_URL`` an OpenAI-compatible server (one on this machine may need no key).
    """
    source = os.environ if environment is None else environment
    model, key, server = (source.get(name, "").strip() for name in MODEL_VARIABLES)
    if not model or not (key or server):
        return None
    from agent.context import ModelSettings

    sent, received = _numbers(source, "ADVISOR_MODEL_PRICE", 2, example="0.15 0.60")
    (cap,) = _numbers(source, "ADVISOR_MODEL_CAP", 1)
    (seconds,) = _numbers(source, "ADVISOR_MODEL_SECONDS", 1, most=LONGEST_WAIT, example="120")
    return ModelSettings(
        base_url=server or OPENAI, api_key=key or "none", model=model, price_sent=sent, price_received=received,
        monthly_cap=cap, timeout=seconds or ModelSettings.timeout,
        pictures=source.get("ADVISOR_MODEL_PICTURES", "").strip().lower() in {"1", "yes", "true"},
    )  # fmt: skip


def _numbers(
    source: Mapping[str, str], name: str, count: int, *, most: float = MOST, example: str = "5"
) -> list[float]:
    """So many numbers from 0 up to ``most`` from a variable; zeros where it is not set.

    Raises
    ------
    WrongVariable
    """
    text = source.get(name, "").strip()
    if not text:
        return [0.0] * count
    try:
        found = [float(word) for word in text.replace(",", " ").split()]
    except ValueError:
        found = []
    if len(found) != count or not all(0 <= number <= most for number in found):
        limits = f" from 0 to {most:g}" if most < MOST else ""
        raise WrongVariable(
            expected=f"{'two numbers' if count > 1 else 'a number'}{limits} in {name}", seen=text[:40],
            todo=f"Write, e.g., {name}={example}, or unset it.",
        )  # fmt: skip
    return found


def read_language(environment: Mapping[str, str] | None = None) -> str:
    """Language of the answers, by ``ADVISOR_LANGUAGE``; empty = English.

    Raises
    ------
    WrongVariable
    """
    text = (os.environ if environment is None else environment).get("ADVISOR_LANGUAGE", "").strip().lower()
    if text in {"", "en"}:
        return ""
    from agent.prompts import languages

    if text not in languages():
        raise WrongVariable(
            expected=f"ADVISOR_LANGUAGE to be one of en, {', '.join(languages())}", seen=text[:40],
            todo="Set one of these, or unset it.",
        )  # fmt: skip
    return text


def read_smtp_password(environment: Mapping[str, str] | None = None) -> str:
    """``ADVISOR_SMTP_PASSWORD``, kept nowhere; empty if it is not set."""
    return (os.environ if environment is None else environment).get("ADVISOR_SMTP_PASSWORD", "")


def read_training_key(environment: Mapping[str, str] | None = None) -> str:
    """``VISION_TRAINING_KEY``, the name that Microsoft's own examples use; kept nowhere; empty if it is not set."""
    return (os.environ if environment is None else environment).get("VISION_TRAINING_KEY", "").strip()


def model_state(environment: Mapping[str, str] | None = None) -> str:
    """Who words the answers, in one line; never the key."""
    source = os.environ if environment is None else environment
    if model := read_model(source):
        return f"language model {model.model}, checked against the facts"
    if any(source.get(name, "").strip() for name in MODEL_VARIABLES):
        return "rules and templates (a language model needs ADVISOR_MODEL and OPENAI_API_KEY or OPENAI_BASE_URL)"
    return "rules and templates (no key needed)"


def read_context(case: "Case", kept: "Workspace", on_step: Progress, *, offline: bool = False) -> "Context":
    """What the graph may use to answer a question about one case.

    Parameters
    ----------
    offline : bool
        Whether no language model may be asked, so that nothing leaves this machine.
    """
    from dataclasses import replace

    from agent.context import Context, ModelSettings

    context = Context(
        load_case=lambda: case, on_step=on_step, memory=kept, workspace=kept, user=user_name(),
        language=read_language(),
    )  # fmt: skip
    model = None if offline else read_model()
    if model is None:
        return context
    from agent.privacy import agreement
    from agent.spending import note_call, over_cap

    agreed = agreement(kept, model)
    if agreed is None:
        return replace(context, model_note=NOT_AGREED)
    if over_cap(kept, model):
        return replace(context, model_note=OVER_CAP)
    known = replace(
        model, native=bool(agreed.get("native")), plans=bool(agreed.get("plans", True)),
        form=str(agreed.get("form", model.form)),
    )  # fmt: skip
    slower = known.max_calls * max(0.0, known.timeout - ModelSettings.timeout)
    return replace(
        context, model=known, seconds=context.seconds + slower,
        spent=lambda sent, received: note_call(kept, known, sent, received),
    )  # fmt: skip


def interactive() -> bool:
    """Whether a person sits at both ends, so that a question may be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def user_name() -> str:
    """Who sits at the machine, as its operating system says; empty if it does not."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def child_environment(root: str) -> dict[str, str]:
    """Environment of a page server started by us: ours, able to import what we import.

    Parameters
    ----------
    root : str
        Folder that holds the ``app`` package.
    """
    out = dict(os.environ)
    prepare_libraries(out)
    known = out.get("PYTHONPATH")
    out["PYTHONPATH"] = root if not known else f"{root}{os.pathsep}{known}"
    return out
