"""Keeping the lines that C libraries print away from a person's terminal."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

NAMES = ("stderr", "__stderrp")
"""What glibc and musl, and what macOS, call the variable behind C's ``stderr``."""

_lock = Lock()
_inside = 0


@contextmanager
def silent_c_stderr() -> Iterator[None]:
    """Send what C code prints to ``stderr`` nowhere; Python's own ``sys.stderr`` and file descriptor 2 are untouched.

    The libjpeg inside OpenCV prints a line for a damaged picture and OpenCV has no switch for it (opencv-python
    issue 610); the line would land in the middle of a progress bar. Redirecting descriptor 2 would swallow the
    progress bar of another thread, so the C variable is pointed at the null device while any thread is inside.
    Does nothing where ``can_silence`` is false.
    """
    global _inside
    streams = _streams()
    if streams is None:
        yield
        return
    variable, own, nowhere = streams
    with _lock:
        _inside += 1
        variable.value = nowhere
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                variable.value = own


def can_silence() -> bool:
    """Whether the C library's variable was found; it is a macro over a private table on Windows."""
    return _streams() is not None


@cache
def _streams() -> tuple[ctypes.c_void_p, int, int] | None:
    """The variable, its own stream and one that leads nowhere."""
    if os.name != "posix":
        return None
    library = ctypes.CDLL(None)
    library.fopen.argtypes, library.fopen.restype = [ctypes.c_char_p, ctypes.c_char_p], ctypes.c_void_p
    for name in NAMES:
        try:
            variable = ctypes.c_void_p.in_dll(library, name)
        except ValueError:
            continue
        nowhere = library.fopen(os.devnull.encode(), b"w")
        if variable.value and nowhere:
            return variable, variable.value, nowhere
    return None
