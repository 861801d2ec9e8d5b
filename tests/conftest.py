"""Fixtures that every room's tests share."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # idle threads sleep: tests share their cores with others
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as app.edge does

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real photographs beside the checkout; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no real photographs at {SHARED.name}/ beside the checkout (a public copy)")
    return SHARED
