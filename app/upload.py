"""Files that come through the browser: kept in the workspace under names of ours, archives unpacked without trust."""

import io
import zipfile
from pathlib import Path, PurePosixPath
from uuid import uuid4

from tools.errors import UnreadableInput
from tools.paths import inside
from tools.store import replace_file

FOLDER = "uploads"
MOST_FILES = 200_000
MOST_BYTES = 20_000_000_000
"""Unpacked; an archive that claims less and holds more is stopped while it is read."""
PIECE = 1 << 20


def keep_upload(workspace: Path, name: str, data: bytes) -> Path:
    """Keep one file; only the ending of its name is taken over."""
    ending = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    plain = ending if ending[1:].isalnum() and len(ending) <= 8 else ""
    folder = workspace / FOLDER / uuid4().hex[:12]
    folder.mkdir(parents=True)
    target = folder / f"file{plain}"
    replace_file(target, data)
    return target


def unpack(workspace: Path, data: bytes) -> Path:
    """Unpack a ZIP archive of pictures into a new folder of the workspace; returns that folder.

    Raises
    ------
    UnreadableInput
        For what is no ZIP, is encrypted, is larger than allowed, or holds a path that leads out.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        raise UnreadableInput(
            expected="a ZIP archive of class folders", seen="another format", todo="Pack the folder as .zip."
        ) from None
    with archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
        _check(members)
        folder = workspace / FOLDER / uuid4().hex[:12]
        folder.mkdir(parents=True)
        left = MOST_BYTES
        for member in members:
            target = inside(folder, member.filename)
            target.parent.mkdir(parents=True, exist_ok=True)
            left -= _copy(archive, member, target, left)
    entries = list(folder.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder


def _check(members: list[zipfile.ZipInfo]) -> None:
    size = sum(m.file_size for m in members)
    if not members or len(members) > MOST_FILES or size > MOST_BYTES:
        raise UnreadableInput(
            expected=f"1 to {MOST_FILES} files of at most {MOST_BYTES // 10**9} GB together",
            seen=f"{len(members)} files of {size / 1e9:.1f} GB", todo="Import such a folder by its path.",
        )  # fmt: skip
    if any(m.flag_bits & 1 for m in members):
        raise UnreadableInput(expected="an archive without a password", seen="an encrypted one", todo="Pack it anew.")


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, most: int) -> int:
    written = 0
    try:
        with archive.open(member) as source, target.open("xb") as out:
            while piece := source.read(PIECE):
                written += len(piece)
                if written > most:
                    raise UnreadableInput(
                        expected=f"at most {MOST_BYTES // 10**9} GB", seen="more than the archive says",
                        todo="Import the folder by its path.",
                    )  # fmt: skip
                out.write(piece)
    except (zipfile.BadZipFile, NotImplementedError, FileExistsError, EOFError) as fault:
        raise UnreadableInput(
            expected="a whole ZIP archive, each file once", seen=f"a damaged one ({type(fault).__name__})",
            todo="Pack it anew.",
        ) from None  # fmt: skip
    return written
