"""Who may do what in the app: owner, editor or viewer, by the address a person signed in with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from tools.errors import AdvisorError

Role = Literal["viewer", "editor", "owner"]
ROLES: tuple[Role, ...] = get_args(Role)
EVERYONE = "*"
CHOICE = "app roles"
"""What an owner set in the app; owners themselves are named only in the secrets file, out of the app's reach."""


class WrongRole(AdvisorError):
    """Roles that cannot be kept as written."""


@dataclass(frozen=True)
class Person:
    """Who looks at the page.

    Attributes
    ----------
    name : str
        Address or user name; empty for one who may not come in.
    role : str or None
        None = signed in, but without a role here.
    alone : bool
        Whether no sign-in is set up: one person on this machine.
    """

    name: str
    role: Role | None
    alone: bool = False

    def may(self, role: Role) -> bool:
        """Whether this person may do what needs a role.

        >>> Person("a", "editor").may("viewer"), Person("a", "viewer").may("editor"), Person("a", None).may("viewer")
        (True, False, False)
        """
        return self.role is not None and ROLES.index(self.role) >= ROLES.index(role)


def role_of(address: str, owners: Mapping[str, Any], granted: Mapping[str, Any]) -> Role | None:
    """The highest role that an address has.

    Parameters
    ----------
    owners : mapping
        The ``[roles]`` table of the secrets file: lists of addresses under owner, editor, viewer; ``*`` = everyone
        who signed in.
    granted : mapping
        What an owner set in the app, for editor and viewer only.

    Examples
    --------
    >>> role_of("Ada@x.org", {"owner": ["ada@x.org"]}, {}), role_of("b@x.org", {}, {"viewer": ["*"]})
    ('owner', 'viewer')
    >>> role_of("b@x.org", {}, {"owner": ["b@x.org"]}) is None
    True
    """
    asked = address.strip().casefold()
    if not asked:
        return None
    for role in reversed(ROLES):
        named = list(owners.get(role, ())) + (list(granted.get(role, ())) if role != "owner" else [])
        known = {str(name).strip().casefold() for name in named}
        if asked in known or (EVERYONE in known and role != "owner"):
            return role
    return None


def addresses(text: str) -> list[str]:
    """Addresses from lines or commas.

    Raises
    ------
    WrongRole
        For one that is neither an address nor ``*``.

    Examples
    --------
    >>> addresses("a@x.org, b@x.org")
    ['a@x.org', 'b@x.org']
    """
    found = [word.strip() for word in text.replace(",", "\n").splitlines() if word.strip()]
    for word in found:
        if word != EVERYONE and (word.count("@") != 1 or " " in word or word.startswith("@") or word.endswith("@")):
            raise WrongRole(
                expected="addresses such as ada@example.org, or * for everyone who signed in",
                seen=word, todo="Write one a line.",
            )  # fmt: skip
    return list(dict.fromkeys(found))


def granted_of(choice: object) -> dict[str, Sequence[str]]:
    """What was set in the app, from the workspace's choice; empty if nothing was."""
    return {str(k): list(v) for k, v in choice.items() if k in ROLES} if isinstance(choice, Mapping) else {}
