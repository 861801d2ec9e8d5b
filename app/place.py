"""What every page works with: the workspace, its newest case, and who looks; opened once and shared by all sessions."""

import argparse
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.edge import read_settings, user_name
from app.escaping import plain_markdown
from app.roles import CHOICE, Person, Role, granted_of, role_of
from tools.errors import AdvisorError

if TYPE_CHECKING:
    from tools.case import Case
    from tools.settings import Settings
    from tools.workspace import Workspace

ABSOLUTE = re.compile(r"(?<![\w.…])/(?:[^\s/]+/)+")
ASKED = "asked elsewhere"
"""In the session: a question that another page asks of the chat."""


@dataclass(frozen=True, eq=False)
class Place:
    """One look at a workspace.

    Attributes
    ----------
    path : Path
    kept : Workspace
    case : Case
    person : Person
    pages : mapping of str to streamlit Page
        By name, for going from one to another.
    """

    path: Path
    kept: "Workspace"
    case: "Case"
    person: Person
    pages: Mapping[str, Any] = field(default_factory=dict)

    def ask(self, question: str) -> None:
        """Go to the chat and ask."""
        st.session_state[ASKED] = question
        st.switch_page(self.pages["chat"])

    def go(self, page: str) -> None:
        """Go to another page."""
        st.switch_page(self.pages[page])

    @property
    def provisional(self) -> bool:
        """Whether the case is a first sample of a set that is still being encoded."""
        return self.case is not None and self.case.sample_of > 0

    def may(self, role: Role) -> bool:
        """Whether who looks may do what needs a role; a sample can only be looked at."""
        return self.person.may(role) and (role == "viewer" or not self.provisional)

    def reason(self, role: Role) -> str:
        """Why what needs a role cannot be done here."""
        if self.provisional:
            return "This waits for the whole set: a sample can only be looked at."
        return f"You are signed in as {self.person.role}: this needs the role {role}."

    def refuse(self, role: Role = "editor") -> bool:
        """Say why nothing can be changed here, where that is so; True if it is."""
        if self.may(role):
            return False
        st.info(self.reason(role), icon=":material/lock:")
        return True


def workspace_path() -> Path:
    """The workspace that the server was started for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workspace", type=Path, default=Path(".advisor"))
    known, _ = parser.parse_known_args()
    return Path(known.workspace)


def open_place(path: Path, person: Person, pages: Mapping[str, Any]) -> Place:
    """The newest case of a workspace; while the whole is not there, its first sample.

    Raises
    ------
    AdvisorError
        NoDataset where nothing was imported yet.
    """
    from tools.workspace import Workspace

    kept = Workspace.open(path)
    settings = read_settings(path, seed=kept.choice("seed"), group_column=kept.choice("group"))
    from tools.first_look import first_look

    part = first_look(kept)
    if part is not None:
        case = _case(str(part.path), _state(part) + repr(settings), part, settings, sample=True)
        return Place(path, part, case, person, pages)
    return Place(path, kept, _case(str(path), _state(kept) + repr(settings), kept, settings), person, pages)


@st.cache_resource(max_entries=2, show_spinner="Opening the workspace …")
def _case(path: str, state: str, _kept: "Workspace", _settings: "Settings", *, sample: bool = False) -> "Case":
    """The case of one state of a workspace; ``path`` and ``state`` are the cache's key."""
    from tools.first_look import sampled

    return sampled(_kept, _settings) if sample else _kept.case(_settings)


def _state(kept: "Workspace") -> str:
    """What changes whenever a case does; cheap, because every click asks for it."""

    def look(db: sqlite3.Connection) -> str:
        newest = [
            db.execute(f"SELECT coalesce(max({column}), 0) FROM {table}").fetchone()[0]
            for table, column in (("datasets", "version"), ("imports", "number"), ("predictions", "number"))
        ]
        choices = db.execute("SELECT value FROM choices WHERE name IN ('encoder', 'boxes') ORDER BY name").fetchall()
        spaces = db.execute("SELECT count(*) FROM spaces").fetchone()[0]
        decided: list[Any] = []
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'decisions'").fetchone():
            decided = db.execute(
                "SELECT count(*), sum(undone = '') FROM decisions WHERE kind = 'confirm-label'"
            ).fetchall()
        return repr((newest, choices, spaces, decided))

    return kept.database.read(look) or ""


def person_here(kept_choice: object, secrets: Mapping[str, Any]) -> Person:
    """Who looks: whoever signed in, where sign-in is set up; else whoever sits at the machine."""
    if "auth" not in secrets:
        return Person(user_name(), "owner", alone=True)
    user = st.user
    if not getattr(user, "is_logged_in", False):
        return Person("", None)
    address = str(user.get("email") or "") if user.get("email_verified", True) else ""
    return Person(address, role_of(address, secrets.get("roles", {}), granted_of(kept_choice)))


def roles_choice(path: Path) -> object:
    """What an owner set; None where there is no workspace."""
    from tools.workspace import Workspace

    return Workspace.open(path).choice(CHOICE) if path.is_dir() else None


def secrets_here() -> Mapping[str, Any]:
    """The secrets file's tables; empty where there is none."""
    from streamlit.errors import StreamlitSecretNotFoundError

    try:
        return dict(st.secrets)
    except (StreamlitSecretNotFoundError, FileNotFoundError):
        return {}


def draw_error(error: AdvisorError, title: str = "") -> None:
    """What was expected, what was seen, what to do."""
    expected, seen, todo = (plain_markdown(told(text)) for text in (error.expected, error.seen, error.todo))
    text = f"**Expected** {expected}\n\n**Saw** {seen}\n\n**To do** {todo}"
    st.error((f"**{title}**\n\n" if title else "") + text)


def told(text: str) -> str:
    """A message; without the folders of this machine where people sign in from elsewhere."""
    return without_folders(text) if "auth" in secrets_here() else text


def without_folders(text: str) -> str:
    """A text in which absolute paths are names alone.

    >>> without_folders("a file at /srv/data/fruit/a.csv, or 3/4")
    'a file at …/a.csv, or 3/4'
    """
    return ABSOLUTE.sub("…/", text)


def attempt(work: Callable[[], Any]) -> bool:
    """Do what a person asked for; an error is said on the page. True if it was done."""
    from tools.registry import NotApplicable

    try:
        work()
    except AdvisorError as error:
        draw_error(error)
    except NotApplicable as reason:
        st.warning(f"Not possible here: {plain_markdown(told(str(reason)))}")
    else:
        return True
    return False
