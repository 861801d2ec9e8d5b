"""Finds the images that ids in a user's file stand for, however their tool wrote the paths."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from tools.dataset import encode_id
from tools.readers.listing import not_a_picture


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

    def spoken(self, text: str) -> int | None:
        """Row of the only image that people may mean, who write any case, no ending, or the last folders alone.

        >>> places = Places({"train/Lime/Lime_3.JPG": 0, "a/x1.png": 1, "b/X1.png": 2}, Path("/data"))
        >>> [places.spoken(text) for text in ("lime_3", "lime/lime_3.jpg", "x1", "B/x1")]
        [0, 0, None, 2]
        """
        said = encode_id(text.replace("\\", "/")).removeprefix("./").strip("/").casefold()
        name = said.rpartition("/")[2]
        with_ending = not not_a_picture(name)
        named = self._by_stem.get(_stem(name) if with_ending else name, ())
        ways = [(image, image.casefold()) for image in named]
        fits = [image for image, low in ways if f"/{low if with_ending else _stem(low)}".endswith(f"/{said}")]
        return self._rows[fits[0]] if len(fits) == 1 else None

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        """Ids by their file names in lower case without the ending; made when it is first needed."""
        out: dict[str, list[str]] = {}
        for image in self._rows:
            out.setdefault(_stem(image.rpartition("/")[2].casefold()), []).append(image)
        return out

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


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name
