"""Things that do not belong together."""


class Mismatch(ValueError):
    """Vectors, an encoder or a kept file of one embedding space were used with another.

    Parameters
    ----------
    expected, seen, todo : str
        What was expected, what was seen instead, what to do about it.
    """

    def __init__(self, *, expected: str, seen: str, todo: str) -> None:
        self.expected, self.seen, self.todo = expected, seen, todo
        super().__init__(f"expected {expected}, saw {seen}; {todo}")
