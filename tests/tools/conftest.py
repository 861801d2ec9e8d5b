"""Fixtures that several tests of tools share."""

from pathlib import Path

import pytest

from tests.tools.small_network import small_case
from tools.case import Case
from tools.workspace import Workspace


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Workspace, Case]:
    """A workspace of drawn pictures, indexed by a small network that can be trained."""
    return small_case(tmp_path, monkeypatch)
