"""Makes the scripted server importable under --import-mode=importlib."""

import importlib.util
import sys
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("scripted_server", Path(__file__).parent / "scripted_server.py")
assert _SPEC is not None
assert _SPEC.loader is not None
scripted_server = importlib.util.module_from_spec(_SPEC)
sys.modules["scripted_server"] = scripted_server
_SPEC.loader.exec_module(scripted_server)


@pytest.fixture(scope="session", autouse=True)
def _language_model_library_is_loaded() -> None:
    """The first import of the client takes seconds on a busy machine; deadlines are not for it."""
    import openai

    assert openai.AsyncOpenAI
