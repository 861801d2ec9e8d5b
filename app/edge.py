"""The only place that reads the environment; everything below gets it as arguments."""

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

from tools.settings import Settings

if TYPE_CHECKING:
    from agent.context import ModelSettings

LIBRARIES = {
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "LANGGRAPH_STRICT_MSGPACK": "true",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
}
"""Variables that only libraries read. A value that the user set stays, except for the checkpoint format."""


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


def read_model() -> "ModelSettings | None":
    """The language model that the environment names; None = rules and templates only.

    Reads ``OPENAI_API_KEY``, ``OPENAI_BASE_URL`` and ``ADVISOR_MODEL``.
    """
    return None


def interactive() -> bool:
    """Whether a person sits at both ends, so that a question may be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


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
