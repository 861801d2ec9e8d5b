"""What was planted in the drawn data set: the answers that the advisor is checked against."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.errors import UnreadableInput


@dataclass(frozen=True)
class Truth:
    """Everything the drawer knows and the pictures' names do not tell.

    Image ids are paths below the drawn folder with forward slashes, like ``train/bad cookies/img_0012.jpg``.

    Attributes
    ----------
    seed : int
    names : dict of str to str
        The class names of this module to the names used in this data set.
    counts : dict of str to dict of str to int
        Pictures per split and per class as labelled.
    wrong_labels : dict of str to str
        Wrongly labelled image to its true class.
    duplicates : tuple of (str, str, str)
        The original in train, its copy in train or test, and what was done to the copy.
    setting : dict of str to str
        ``hand``, ``plate`` or ``table`` for each picture that truly shows fruit.
    kind : dict of str to str
        What each picture truly shows: kind of cookie, apple or citrus fruit.
    dark : tuple of str
        Pictures taken in very low light.
    """

    seed: int
    names: dict[str, str]
    counts: dict[str, dict[str, int]]
    wrong_labels: dict[str, str]
    duplicates: tuple[tuple[str, str, str], ...]
    setting: dict[str, str]
    kind: dict[str, str]
    dark: tuple[str, ...]

    def save(self, path: Path) -> None:
        """Write the truth as JSON; keep it outside the drawn folder, which is given to the advisor."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @staticmethod
    def load(path: Path) -> "Truth":
        """Read what ``save`` wrote.

        Raises
        ------
        UnreadableInput
            The file is missing, is not JSON or lacks a field.
        """
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
            read["duplicates"] = tuple((first, second, how) for first, second, how in read["duplicates"])
            read["dark"] = tuple(read["dark"])
            return Truth(**read)
        except (OSError, ValueError, KeyError, TypeError) as reason:
            raise UnreadableInput(
                expected=f"the truth of a drawn demo in {path.name}",
                seen=f"{type(reason).__name__}: {reason}",
                todo="Draw the demo again.",
            ) from reason
