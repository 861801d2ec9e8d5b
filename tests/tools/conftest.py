"""Fixtures that several tests of tools share."""

from pathlib import Path

import pytest

from tests.tools.accepted import SETTINGS
from tests.tools.coloured import orchard, use_means
from tests.tools.small_network import small_case
from tools.case import Case
from tools.importing import import_dataset
from tools.workspace import Workspace


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Workspace, Case]:
    """A workspace of drawn pictures, indexed by a small network that can be trained."""
    return small_case(tmp_path, monkeypatch)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Class folders of coloured pictures, and the encoder that sees them."""
    use_means(monkeypatch)
    return orchard(tmp_path / "photos")


@pytest.fixture
def workspace(photos: Path, tmp_path: Path) -> Workspace:
    """The pictures, imported."""
    kept = Workspace.open(tmp_path / "ws")
    import_dataset(kept, photos, SETTINGS)
    return kept
