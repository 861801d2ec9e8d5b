"""The one small family of errors that a user can cause and mend."""


class AdvisorError(Exception):
    """Something the user can put right.

    Parameters
    ----------
    expected, seen, todo : str
        What was expected, what was seen instead, what to do about it.
    """

    def __init__(self, *, expected: str, seen: str, todo: str) -> None:
        self.expected, self.seen, self.todo = expected, seen, todo
        super().__init__(f"Expected {expected}. Saw {seen}. {todo}")


class UnreadableInput(AdvisorError):
    """A folder, table or predictions file that cannot be taken; nothing was written."""


class UnknownName(AdvisorError):
    """A class, check, experiment, version or column that does not exist; the message lists what does."""


class NoDataset(AdvisorError):
    """The workspace holds no dataset yet."""


class WorkspaceDamaged(AdvisorError):
    """A stored file does not match its checksum, or the folder cannot be read or written."""
