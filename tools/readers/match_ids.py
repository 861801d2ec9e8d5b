"""Finds the images that ids in a user's file stand for, however their tool wrote the paths."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.dataset import encode_id


class Places:
    """Images by id, with the spellings that other tools use for them.

    Parameters
    ----------
    rows : mapping of str to int
        Row of each id; any number the caller wants back.
    root : Path
        Folder that ids are relative to.
    """

    def __init__(self, rows: Mapping[str, int], root: Path) -> None:
        self._rows = rows
        self._root = root
        self._named = Counter(image.rpartition("/")[2] for image in rows)
        self._by_name = {image.rpartition("/")[2]: row for image, row in rows.items()}

    def find(self, texts: Sequence[str]) -> list[int | None]:
        """Row of each text; None where no image is meant, or where only a name that several images share is given."""
        return [self._one(text) for text in texts]

    def sharing(self, text: str) -> int:
        """How many images have this file name."""
        return self._named[encode_id(text.rpartition("/")[2])]

    def _one(self, text: str) -> int | None:
        found = next((self._rows[way] for way in self._spellings(text) if way in self._rows), None)
        if found is None and "/" not in text and self._named[encode_id(text)] == 1:
            found = self._by_name[encode_id(text)]
        return found

    def _spellings(self, text: str) -> tuple[str, ...]:
        """Ids that a text may stand for, the likeliest first."""
        posix = text if "/" in text else text.replace("\\", "/")
        ways = [text, encode_id(posix), encode_id(posix.removeprefix("./"))]
        if posix.startswith("/"):
            ways.append(encode_id(posix.removeprefix(f"{self._root.as_posix()}/")))
        ways.append(encode_id(posix.removeprefix(f"{self._root.name}/")))
        return tuple(ways)
