"""Checks are found by their files; a code claimed twice or a file without a sentence is an error."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from tools.errors import UnknownName
from tools.registry import checks, discover, find_check, sentence_of


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """An empty package and its name."""
    name = "planted_room"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text('"""Room."""\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / name, name
    for loaded in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
        del sys.modules[loaded]


def test_files_become_codes_in_order(room: tuple[Path, str]) -> None:
    folder, name = room
    (folder / "z_last.py").write_text('"""Finds the last.\n\nMore.\n"""\n')
    (folder / "a_first.py").write_text('"""Finds the first."""\n')
    found = discover(import_module(name))
    assert list(found) == ["a-first", "z-last"]
    assert sentence_of(found["z-last"]) == "Finds the last."


def test_a_file_without_a_docstring_is_refused(room: tuple[Path, str]) -> None:
    folder, name = room
    (folder / "silent.py").write_text("x = None\n")
    with pytest.raises(ValueError, match="needs a docstring"):
        discover(import_module(name))


def test_a_code_claimed_twice_is_refused(room: tuple[Path, str]) -> None:
    folder, name = room
    (folder / "a_b.py").write_text('"""One."""\n')
    (folder / "a-b.py").write_text('"""Two."""\n')
    with pytest.raises(ValueError, match="two files claim the code a-b"):
        discover(import_module(name))


def test_a_module_without_a_check_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = ModuleType("empty")
    empty.__doc__ = "Finds nothing."
    monkeypatch.setattr("tools.registry.discover", lambda package: {"empty": empty})
    checks.cache_clear()
    try:
        with pytest.raises(ValueError, match=r"empty must define check\(\)"):
            checks()
    finally:
        checks.cache_clear()


def test_the_checks_people_rely_on_are_there() -> None:
    promised = {
        "image-quantity",
        "class-balance",
        "near-duplicates",
        "split-leakage",
        "wrong-labels",
        "similar-classes",
        "grouped-images",
        "confusion-causes",
        "image-quality",
    }
    assert promised <= set(checks())
    assert list(checks()) == sorted(checks())
    assert all(check.sentence.endswith(".") and check.code == code for code, check in checks().items())


def test_an_unknown_code_lists_the_known() -> None:
    with pytest.raises(UnknownName, match=r"image-quantity.*Saw image-size"):
        find_check("image-size")
