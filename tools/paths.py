"""The one door through which every path from an argument, a record or a page passes, and the one safe walk."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from tools.dataset import encode_id
from tools.errors import UnreadableInput

SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
WORKSPACE_FILE = "advisor.sqlite"
"""A folder that holds this file is a workspace, wherever the user put it: its files are not the user's pictures."""


def inside(root: Path, relative: str) -> Path:
    """Resolve a path that must stay within ``root``.

    Parameters
    ----------
    root : Path
    relative : str
        POSIX path as it came in; never percent-decoded for use, but refused if decoding would climb.

    Returns
    -------
    Path
        Absolute, links resolved at the time of the call. It need not exist.

    Raises
    ------
    UnreadableInput
        For an empty or absolute path, a NUL, ``..`` in any spelling, or a link that leaves ``root``.
    """
    problem = _climbs(relative)
    if not problem:
        base = root.resolve()
        try:
            target = (base / relative).resolve()
        except (OSError, RuntimeError):  # Python 3.11 raises RuntimeError for a link loop
            problem = "runs into a loop of links"
        else:
            if target.is_relative_to(base):
                return target
            problem = "leads outside it through a link"
    raise UnreadableInput(
        expected=f"a path inside {root}",
        seen=f"{relative!a}, which {problem}",
        todo="Give a path relative to that folder, without '..'.",
    )


def _climbs(relative: str) -> str:
    """Why a path may not be used, judged by its text alone; empty if it may."""
    if not relative:
        return "is empty"
    if "\0" in relative:
        return "holds a NUL character"
    decoded, before = relative, ""
    while decoded != before:  # %252e hides %2e; each round is shorter, so this ends
        before, decoded = decoded, unquote(decoded, errors="surrogateescape")
        if "\0" in decoded:
            return "hides a NUL character"
        parts = decoded.replace("\\", "/").split("/")
        if ".." in parts:
            return "climbs with '..'"
    if relative.startswith("/") or (relative[1:3] in (":\\", ":/") and relative[0].isalpha()):
        return "is absolute"
    return ""


@dataclass(frozen=True)
class Walked:
    """One thing met by ``walk``.

    Attributes
    ----------
    relative : str
        POSIX path below the root, undecodable bytes as surrogates (see ``tools.dataset.encode_id``);
        a folder that was not entered ends in ``/``.
    reason : str
        Why it is not a candidate; empty = a regular file inside the root.
    """

    relative: str
    reason: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """Names along the path."""
        return tuple(self.relative.rstrip("/").split("/"))

    @property
    def id(self) -> str:
        """The path as an id that can be printed and stored."""
        return encode_id(self.relative)


def walk(root: Path) -> Iterator[Walked]:
    """Every file below a folder, in a stable order: candidates and, with a reason, what was refused.

    Never opens a file, so a fifo or device cannot block it; enters no linked folder, so it ends on link loops and
    stays inside ``root``. Linked files count where their target is a regular file inside ``root``. The advisor's own
    workspaces are passed over without a word: they are no part of the user's data.

    Raises
    ------
    UnreadableInput
        If ``root`` itself cannot be listed.
    """
    base = root.resolve()
    try:
        waiting = _entries(base, "")
    except OSError as error:
        raise UnreadableInput(
            expected="a folder that can be read",
            seen=f"{root} ({error.strerror})",
            todo="Check that it exists and that you may read it.",
        ) from None
    while waiting:
        name, relative = waiting.pop()
        reason, folder = _judge(base, base / relative, name)
        if folder and (base / relative / WORKSPACE_FILE).is_file():
            continue
        if not folder:
            yield Walked(relative, reason)
        elif reason:
            yield Walked(f"{relative}/", reason)
        else:
            try:
                inner = _entries(base, relative)
            except OSError as error:
                yield Walked(f"{relative}/", f"the folder cannot be read ({error.strerror})")
                continue
            waiting += inner


def _entries(base: Path, relative: str) -> list[tuple[str, str]]:
    """Names and relative paths in one folder, last first, so that popping from the end goes in order."""
    names = sorted(os.listdir(base / relative), reverse=True)
    return [(name, f"{relative}/{name}" if relative else name) for name in names]


def _judge(base: Path, path: Path, name: str) -> tuple[str, bool]:
    """Reason to refuse (empty = none) and whether it is a folder."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return _judge_link(base, path), False
    except OSError as error:
        return f"cannot be looked at ({error.strerror})", False
    folder = stat.S_ISDIR(mode)
    if name.startswith("."):
        return "hidden", folder
    if name.casefold() in SYSTEM_FILES:
        return "a system file, not a picture", folder
    if not folder and not stat.S_ISREG(mode):
        return "not a regular file (a pipe, socket or device)", False
    return "", folder


def _judge_link(base: Path, path: Path) -> str:
    try:
        target = path.resolve(strict=True)
    except FileNotFoundError:
        return "a link to nothing"
    except (OSError, RuntimeError):
        return "a link that leads to itself or cannot be followed"
    if not target.is_relative_to(base):
        return "a link that leaves the folder"
    mode = target.stat().st_mode
    if stat.S_ISDIR(mode):
        return "a link to a folder; its files are taken where they lie"
    return "" if stat.S_ISREG(mode) else "a link to something that is not a regular file"
