"""Writes the newest labels in a format of the user's choice; nothing that is there is ever overwritten."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from embeddings.progress import Progress, silent
from tools.dataset import Dataset
from tools.errors import AdvisorError, UnknownName
from tools.registry import discover, sentence_of


@dataclass(frozen=True)
class Request:
    """What is to be written.

    Attributes
    ----------
    dataset : Dataset
    target : Path
        A file or folder that is not there yet.
    links : bool
        Hard links instead of copies, for formats that hold the pictures themselves.
    on_step : callable
    """

    dataset: Dataset
    target: Path
    links: bool = False
    on_step: Progress = silent


@dataclass(frozen=True)
class Written:
    """What a writer wrote.

    Attributes
    ----------
    images : int
    notes : tuple of str
        What the format cannot say, or says under another name.
    """

    images: int
    notes: tuple[str, ...] = ()


def of_inbox(count: int) -> tuple[str, ...]:
    """What a list of paths below the pictures' folder must say of pictures that came through the inbox."""
    if not count:
        return ()
    pictures, are, them = ("1 picture", "is", "it") if count == 1 else (f"{count} pictures", "are", "them")
    return (
        f"{pictures} from the inbox {are} not in it: the workspace does not lie below the pictures' folder. "
        f"An import into this workspace brings {them} back by itself; --format folder writes {them} with the others",
    )


@dataclass(frozen=True)
class Writer:
    """A format as found on disk."""

    format: str
    sentence: str
    write: Callable[[Request], Written]


@cache
def writers() -> dict[str, Writer]:
    """All formats by name."""
    import tools.writers

    found = discover(tools.writers)
    return {name: Writer(name, sentence_of(module), module.write) for name, module in found.items()}


def export(request: Request, format_: str) -> Written:
    """Write a data set.

    Raises
    ------
    UnknownName
        For a format that does not exist.
    AdvisorError
        If the target is there already or cannot be written, or what the format needs does not hold.
    """
    if format_ not in writers():
        raise UnknownName(
            expected=f"one of the formats {', '.join(writers())}", seen=format_, todo="Name one of these."
        )
    if request.dataset.task != "single":
        raise AdvisorError(
            expected="one class per picture", seen=f"a data set of the task {request.dataset.task}",
            todo="Formats for it are not there yet.",
        )  # fmt: skip
    if request.target.exists() or request.target.is_symlink():
        raise AdvisorError(
            expected="a new place to write to", seen=f"{request.target}, which is there already",
            todo="Name another, or remove it yourself first.",
        )  # fmt: skip
    if not request.target.parent.is_dir():
        raise AdvisorError(expected="a folder to write into", seen=str(request.target.parent), todo="Make it first.")
    try:
        return writers()[format_].write(request)
    except OSError as error:
        raise AdvisorError(
            expected=f"that {request.target} can be written",
            seen=f"{error.strerror or error}" + (f" at {error.filename}" if error.filename else ""),
            todo="Make room or give write access, or name another place.",
        ) from error
