"""The examples in this room's docstrings say what the code does."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOM = Path(__file__).resolve().parents[2] / "embeddings"
WITH_EXAMPLES = sorted(path.stem for path in ROOM.glob("*.py") if ">>> " in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name: str) -> None:
    found = doctest.testmod(import_module(f"embeddings.{name}"))
    assert found.attempted
    assert not found.failed
