"""Finds the local copy of a picture that a service names: by its path, by the end of it, or by its file name."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from tools.paths import Walked, walk
from tools.readers.listing import not_a_picture


class LocalPictures:
    """The pictures below a folder.

    What a file names is only ever compared with what a safe walk of the folder met, so that no path from a file is
    opened: ``..``, absolute paths and links lead nowhere.

    Parameters
    ----------
    root : Path
    any_ending : bool
        Count files of any name as pictures: services write some without an ending.

    Attributes
    ----------
    refused : list of Walked
        What the walk met and did not take.
    """

    def __init__(self, root: Path, *, any_ending: bool = False) -> None:
        self.root = root.resolve()
        walked = list(walk(root))
        self.refused = [item for item in walked if item.reason]
        self._there = [i for i in walked if not i.reason and (any_ending or not not_a_picture(i.parts[-1]))]
        self._by_path = {item.relative: item for item in self._there}
        self._by_name: dict[str, list[Walked]] = defaultdict(list)
        self._by_stem: dict[str, list[Walked]] = defaultdict(list)
        for item in self._there:
            self._by_name[item.parts[-1]].append(item)
            self._by_stem[item.parts[-1].partition(".")[0].casefold()].append(item)

    def __len__(self) -> int:
        return len(self._there)

    def __iter__(self) -> Iterator[Walked]:
        return iter(self._there)

    def exactly(self, path: str) -> str:
        """The id of the file with this path below the root; empty if there is none."""
        found = self._by_path.get(path)
        return found.id if found is not None else ""

    def at(self, path: str, names: Counter[str]) -> tuple[str, str]:
        """The id of a picture that a service keeps under a path; else empty, with the reason.

        Parameters
        ----------
        path : str
            POSIX, without the service's scheme.
        names : Counter of str
            How often each file name is used by the service: one that it uses twice is not enough to go by.
        """
        parts = [part for part in path.split("/") if part not in ("", ".")]
        for start in range(max(1, len(parts) - 1)):
            found = self._by_path.get("/".join(parts[start:]))
            if found is not None:
                return found.id, ""
        name = parts[-1] if parts else ""
        return self._only(self._by_name.get(name, []), names[name] > 1)

    def called(self, stem: str) -> tuple[str, str]:
        """The id of the picture whose file name is ``stem`` without its ending, in any case; else the reason."""
        return self._only(self._by_stem.get(stem.casefold(), []), False)

    def _only(self, found: list[Walked], shared: bool) -> tuple[str, str]:
        if not found:
            return "", f"no picture of that name below {self.root.name}/"
        if len(found) > 1 or shared:
            return "", "its name alone is not enough: several pictures are called so"
        return found[0].id, ""
