"""How long-running code tells the edge how far it is."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, how many there are."""


def silent(what: str, done: int, total: int) -> None:
    """Say nothing."""
