"""Lines that C libraries print stay away from the terminal, and only those."""

import subprocess
import sys
from pathlib import Path

import pytest

from embeddings.stderr import can_silence, silent_c_stderr
from tests.embeddings.pictures import (
    encoded,
    scene,
)

DAMAGED = """
import sys
from embeddings.images import decode
decode(sys.stdin.buffer.read())
sys.stderr.write("said by Python")
"""


def test_a_damaged_scan_prints_nothing() -> None:
    data = encoded(scene(400, 300), quality=95)
    broken = data[: len(data) // 2] + b"\xff\xd9"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", DAMAGED], input=broken, capture_output=True, cwd=root, check=True)
    assert done.stderr == b"said by Python"


def test_c_output_is_heard_again_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    import ctypes

    if not can_silence():
        pytest.skip("this C library hides its stderr")
    library = ctypes.CDLL(None)
    with silent_c_stderr():
        with silent_c_stderr():
            library.perror(b"one")
        library.perror(b"two")  # as another thread that is still inside
    library.perror(b"three")
    heard = capfd.readouterr().err
    assert "three" in heard
    assert "one" not in heard
    assert "two" not in heard
