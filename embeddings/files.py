"""Reading files that may be anything: links, pipes, devices and huge files are refused, not waited for."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO


class Unreadable(Exception):
    """A file that cannot be taken as a picture.

    Parameters
    ----------
    reason : str
        One short plain sentence without the file's name or bytes.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Limits:
    """What a picture may cost.

    Attributes
    ----------
    megapixels : float
        Largest width × height, in millions, read from the header before any pixel is decoded.
        Pillow itself refuses to open headers above 178 million, whatever is asked for here.
    megabytes : float
        Largest file, in millions of bytes.
    """

    megapixels: float = 64.0
    megabytes: float = 256.0


LIMITS = Limits()
"""What applies where nothing else is said."""


def read_file(path: Path, *, root: Path | None, limits: Limits) -> bytes:
    """Bytes of a regular file inside ``root``; never blocks on a fifo or a device.

    Raises
    ------
    Unreadable
    """
    try:
        with opened_file(path, root=root, limits=limits) as file:
            data = file.read()
    except (OSError, ValueError) as fault:
        raise Unreadable(_no_file(path, fault)) from None
    if not data:
        raise Unreadable("expected a picture, saw an empty file; copy it again")
    return data


@contextmanager
def opened_file(path: Path, *, root: Path | None, limits: Limits) -> Iterator[BinaryIO]:
    """A regular file inside ``root``, open for those who need only its beginning.

    Raises
    ------
    Unreadable
        For what is refused on opening; faults of reading are the caller's.
    """
    try:
        real = os.path.realpath(path, strict=True)
        if root is not None and not Path(real).is_relative_to(os.path.realpath(root, strict=True)):
            raise Unreadable("expected a file inside the folder, saw a link that leads out of it")
        _must_be_regular(os.lstat(real).st_mode)
        # A fifo put here since the check opens at once instead of waiting for a writer, and fails the check below.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        file = os.fdopen(os.open(real, flags), "rb")
    except (OSError, ValueError) as fault:
        raise Unreadable(_no_file(path, fault)) from None
    with file:
        state = os.fstat(file.fileno())
        _must_be_regular(state.st_mode)
        if state.st_size > limits.megabytes * 1e6:
            raise Unreadable(
                f"expected at most {limits.megabytes:g} MB, saw {state.st_size / 1e6:.0f} MB; save it smaller"
            )
        yield file


def digest_file(path: Path, *, root: Path | None = None, limits: Limits = LIMITS) -> str:
    """Hexadecimal sha256 of a regular file, refused like ``open_picture`` refuses it; nothing is decoded."""
    return sha256(read_file(path, root=root, limits=limits)).hexdigest()


def _must_be_regular(mode: int) -> None:
    kinds = (("folder", stat.S_ISDIR), ("named pipe", stat.S_ISFIFO), ("socket", stat.S_ISSOCK))
    if not stat.S_ISREG(mode):
        seen = next((name for name, test in kinds if test(mode)), "device")
        raise Unreadable(f"expected a file, saw a {seen}")


def _no_file(path: Path, fault: OSError | ValueError) -> str:
    if isinstance(fault, FileNotFoundError):
        return "the link leads nowhere" if os.path.islink(path) else "there is no such file"
    if isinstance(fault, PermissionError):
        return "the file may not be read by this user"
    if isinstance(fault, OSError) and fault.errno is not None:
        return f"the file cannot be read: {os.strerror(fault.errno).lower()}"
    return "the name is not one that a file can have"
