"""Which reader reads what a person names: class folders, a table, manifests, or a cloud service's answers.

A new format is a file beside this one that returns a ``Listing``, and a line here that knows it.
"""

from collections.abc import Callable
from pathlib import Path

from tools.errors import UnreadableInput
from tools.readers.csv_table import read_csv
from tools.readers.custom_vision import is_dump, read_custom_vision
from tools.readers.folder import read_folder
from tools.readers.listing import Listing, resplit
from tools.readers.manifest import ENDINGS, manifests_in, read_manifest

TABLE_READERS: dict[str, Callable[[Path, str | None], Listing]] = {".csv": read_csv, ".tsv": read_csv}


def read_listing(path: Path, split: str | None = None, root: Path | None = None) -> Listing:
    """List the labelled images that ``path`` names, by the reader for its kind.

    Parameters
    ----------
    split : str, optional
        The column that holds the split, where folders or a column called so do not.
    root : Path, optional
        Where the pictures lie, for the formats that name pictures elsewhere.

    Raises
    ------
    UnreadableInput
    """
    elsewhere = _reader_of_names(path)
    if root is not None and (elsewhere is None or not root.is_dir()):
        raise UnreadableInput(
            expected="--root DIR with a manifest or a folder of a service's answers",
            seen=f"--root {root} with {path}",
            todo="Name the folder that holds the pictures; leave --root out for class folders and tables.",
        )
    table = TABLE_READERS.get(path.suffix.lower())
    if elsewhere is None and path.is_file() and table is not None:
        return table(path, split)
    if elsewhere is None and not path.is_dir():
        raise UnreadableInput(
            expected="a folder of class folders, a .csv or .tsv table with filepath,label, or a .manifest",
            seen=f"{path}, which {'is neither' if path.exists() else 'does not exist'}",
            todo="Name the folder that holds the class folders, or the table.",
        )
    listing = read_folder(path) if elsewhere is None else elsewhere(path, root)
    return listing if split is None else resplit(listing, split)


def _reader_of_names(path: Path) -> "Callable[[Path, Path | None], Listing] | None":
    """The reader of a format that names pictures as a service does; None for others."""
    if path.is_file() and path.suffix.lower() in ENDINGS:
        return read_manifest
    if path.is_dir() and is_dump(path):
        return read_custom_vision
    return read_manifest if path.is_dir() and manifests_in(path) else None
