"""Files that survive a kill: atomic writes, content-addressed arrays with checksums, one lock for writers."""

import errno
import fcntl
import hashlib
import os
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import numpy as np

from tools.case import Arrays
from tools.errors import WorkspaceDamaged

WAIT_SECONDS = 30.0
"""A writer holds the lock for one commit, not for an import: waiting longer means that something hangs."""
UNFINISHED = ".unfinished"


def unwritable(path: Path, error: OSError) -> WorkspaceDamaged:
    """The message for a full disk, a read-only folder or a failing device."""
    free = ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        with suppress(OSError):
            space = os.statvfs(path if path.exists() else path.parent)
            free = f", {space.f_bavail * space.f_frsize} bytes free"
    return WorkspaceDamaged(
        expected=f"that {path} can be written",
        seen=f"{error.strerror or error}{free}",
        todo="Make room or give write access, or choose another workspace; what was stored before is intact.",
    )


class ArrayFiles:
    """Arrays in files named after their own digest, so that a name is a checksum.

    Parameters
    ----------
    folder : Path
        Created on the first write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, arrays: Arrays) -> str:
        """Keep arrays; returns their digest. Equal arrays give equal files."""
        temporary = self.folder / f"{uuid4().hex}{UNFINISHED}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as handle:
                _write_zip(handle, arrays)  # type: ignore[arg-type]
                handle.flush()
                os.fsync(handle.fileno())
            with temporary.open("rb") as handle:
                digest = hashlib.file_digest(handle, "sha256").hexdigest()
            os.replace(temporary, self.folder / f"{digest}.npz")
            sync_folder(self.folder)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise unwritable(self.folder, error) from error
        return digest

    def read(self, digest: str) -> Arrays:
        """Arrays of a digest.

        Raises
        ------
        WorkspaceDamaged
            If the file is gone or holds other bytes than were written.
        """
        path = self.folder / f"{digest}.npz"
        try:
            with path.open("rb") as handle:
                if hashlib.file_digest(handle, "sha256").hexdigest() != digest:
                    raise _damaged(path, "other bytes than were written")
                handle.seek(0)
                with np.load(handle, allow_pickle=False) as kept:
                    return {name: kept[name] for name in kept.files}
        except OSError as error:
            raise _damaged(path, error.strerror or str(error)) from error

    def sweep(self) -> None:
        """Remove what a killed writer left; only for the holder of the writers' lock."""
        for left in self.folder.glob(f"*{UNFINISHED}"):
            left.unlink(missing_ok=True)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; it is on the disk when this returns.

    Raises
    ------
    OSError
    """
    temporary = path.with_name(f".{path.name[:40]}.{uuid4().hex}{UNFINISHED}")
    try:
        with temporary.open("xb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _write_zip(handle: "os.PathLike[str]", arrays: Arrays) -> None:
    """As ``numpy.savez``, but without the time of day, which would change the digest."""
    with zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(arrays[name]), allow_pickle=False)


def _damaged(path: Path, seen: str) -> WorkspaceDamaged:
    return WorkspaceDamaged(
        expected=f"the stored file {path}",
        seen=seen,
        todo="Import the same data again: what is damaged is rebuilt, nothing else is lost.",
    )


def sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def writer(path: Path, *, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the one writers' lock of a workspace; the kernel releases it if the process dies.

    Parameters
    ----------
    path : Path
        The lock file; it stays.
    wait : float
        Seconds.

    Raises
    ------
    WorkspaceDamaged
        If another process keeps the lock, or the file cannot be created.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        _acquire(handle, path, wait)
        yield
    finally:
        os.close(handle)


def _acquire(handle: int, path: Path, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise WorkspaceDamaged(
                    expected=f"one writer at a time in {path.parent}",
                    seen=f"another process has held {path} for more than {wait:.0f} s",
                    todo="Wait for it or stop it; what was stored before is intact.",
                ) from None
            time.sleep(0.02)
        else:
            return
