"""Contents that are to stay out: known by a salted digest alone, so that nobody can read off what they were."""

import json
import secrets
import sqlite3
from collections.abc import Callable, Collection
from hashlib import sha256
from typing import Any

from tools.errors import AdvisorError

KEY = "forgotten"
"""Among the workspace's choices: the salt, the digests, and the token of the last forgetting."""


REASON = "forgotten on request"
"""Why an import leaves a file out; such a file is counted, and its name kept nowhere."""


class WasForgotten(AdvisorError):
    """A picture that was forgotten would come in again."""


def known_in(db: sqlite3.Connection) -> Callable[[str], bool]:
    """Whether a content (hexadecimal sha256) was forgotten, inside a transaction."""
    kept = _kept(db)
    digests, salt = frozenset(kept.get("digests", ())), str(kept.get("salt", ""))
    return lambda content: bool(digests) and salted(salt, content) in digests


def salted(salt: str, content: str) -> str:
    """Digest of a content that says nothing to who has only a table of known contents."""
    return sha256(f"{salt}\0{content}".encode()).hexdigest()


def add(db: sqlite3.Connection, contents: Collection[str], token: str) -> None:
    """Remember contents as forgotten, inside a transaction."""
    kept = _kept(db)
    salt = str(kept.get("salt") or secrets.token_hex(16))
    digests = sorted({*kept.get("digests", ()), *(salted(salt, content) for content in contents)})
    value = json.dumps({"salt": salt, "digests": digests, "token": token})
    db.execute("INSERT OR REPLACE INTO choices VALUES (?,?)", (KEY, value))


def token_in(db: sqlite3.Connection) -> str:
    """Of the last forgetting that was committed."""
    return str(_kept(db).get("token", ""))


def refuse(db: sqlite3.Connection, contents: Collection[str]) -> None:
    """Stop a write of pictures that were forgotten while it was prepared.

    Raises
    ------
    WasForgotten
    """
    known = known_in(db)
    count = sum(map(known, contents))
    if count:
        raise WasForgotten(
            expected="pictures that nobody asked to forget",
            seen=f"{count} that were forgotten while these were read",
            todo="Run the command again: it leaves them out.",
        )


def _kept(db: sqlite3.Connection) -> dict[str, Any]:
    row = db.execute("SELECT value FROM choices WHERE name = ?", (KEY,)).fetchone()
    found: dict[str, Any] = {} if row is None else json.loads(row[0])
    return found
