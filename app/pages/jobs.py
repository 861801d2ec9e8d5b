"""Work that runs, waits or has ended: one list, with a button to stop what runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.escaping import plain_markdown
from app.jobs import Job, cancel, jobs
from app.place import Place, told
from app.roles import Person
from app.sidebar import WATCH_SECONDS
from app.work import STATES

if TYPE_CHECKING:
    from tools.workspace import Workspace


def draw(place: Place) -> None:
    """Draw the page."""
    draw_without_data(place.path, place.kept, place.person, place.pages)


def draw_without_data(path: Path, kept: "Workspace", person: Person, pages: Any) -> None:
    """Draw the page; it needs no data."""
    st.title("Work running", anchor=False)
    st.caption("Each in a process of its own, one at a time. Closing this page stops none of it.")
    _draw_list(path, person)


@st.fragment(run_every=WATCH_SECONDS)
def _draw_list(path: Path, person: Person) -> None:
    found = jobs(path)
    if not found:
        st.info("Nothing was started from the app yet.")
    for job in found:
        _draw_job(path, job, person)


def _draw_job(path: Path, job: Job, person: Person) -> None:
    words, colour = STATES[job.state]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain_markdown(job.title)}**")
            kind: Any = colour
            st.badge(words, color=kind)
            if job.active and person.may("editor"):
                st.button("Stop", key=f"cancel-{job.id}", icon=":material/stop:", on_click=cancel, args=(path, job.id))
        if job.state == "running":
            st.progress(job.share, text=plain_markdown(job.text or "starting"))
        lines = "  \n".join(plain_markdown(told(line)) for line in job.told.splitlines())
        if job.state == "failed" and lines:
            st.error(lines)
        by = f" by {plain_markdown(job.who)}" if job.who else ""
        length = f" · {job.seconds:.0f} s" if job.seconds else ""
        st.caption(f"{job.started[:16].replace('T', ' ')} UTC{by}{length}")
