"""Long work on a page: a button that starts it, how far it is, a button that stops it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.escaping import plain_markdown
from app.jobs import Job, cancel, jobs, result, start
from app.place import told
from app.roles import Role
from app.sidebar import watch

if TYPE_CHECKING:
    from app.place import Place

STATES = {
    "starting": ("starting", "blue"),
    "waiting": ("waiting for its turn", "blue"),
    "running": ("running", "blue"),
    "done": ("done", "green"),
    "failed": ("failed", "red"),
    "cancelled": ("cancelled", "gray"),
    "lost": ("ended by the system", "red"),
}
"""Words and colour of a job's state; the words alone tell it."""


def draw_start(
    place: "Place",
    label: str,
    command: Sequence[str],
    title: str,
    *,
    operands: Sequence[str] = (),
    role: Role = "editor",
    primary: bool = False,
    disabled: bool = False,
) -> Job | None:
    """A button that starts a job; while one of that title runs, its progress stands there instead.

    Returns
    -------
    Job or None
        The newest of that title, whatever became of it.
    """
    mine = [job for job in jobs(place.path) if job.title == title]
    newest = mine[0] if mine else None
    if newest is not None and newest.active:
        watch(place, [newest.id])
        if place.may(role) and st.button("Stop it", key=f"stop-{newest.id}", icon=":material/stop:"):
            cancel(place.path, newest.id)
            st.rerun()
        return newest
    kind: Any = "primary" if primary else "secondary"
    asked = st.button(
        label, key=f"start-{title}", type=kind, icon=":material/play_arrow:", disabled=disabled or not place.may(role),
        help=None if place.may(role) else place.reason(role),
    )  # fmt: skip
    if asked and place.may(role):  # a disabled button can still be spoken for by who writes to the server themselves
        start(place.path, command, title, operands=operands, who=place.person.name)
        st.rerun()
    if newest is not None and newest.state in ("failed", "lost", "cancelled"):
        draw_end(newest)
    return newest


def draw_end(job: Job) -> None:
    """How a job ended that did not end well."""
    words = STATES[job.state][0]
    if job.state == "failed":
        lines = "  \n".join(plain_markdown(told(line)) for line in job.told.splitlines())
        st.error(f"**{plain_markdown(job.title)}**: {words}.\n\n{lines or 'It said nothing of why.'}")
    elif job.state == "lost":
        st.warning(f"**{plain_markdown(job.title)}**: {words}, with nothing half done. Start it again.")
    else:
        st.caption(f"{plain_markdown(job.title)}: {words}.")


def last_result(place: "Place", title: str) -> dict[str, Any] | None:
    """What the newest job of a title that ended well gave; None if there is none."""
    for job in jobs(place.path):
        if job.title == title and job.state == "done":
            return result(place.path, job.id)
    return None
