"""While a big set is being encoded: pages answer from its first sample, marked as such, until the whole is there."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app.escaping import plain_markdown

if TYPE_CHECKING:
    from app.place import Place
    from tools.workspace import Workspace

WATCH_SECONDS = 4.0
LOOKING = frozenset({"chat", "overview", "confusion", "findings", "map"})
"""Pages that only look, and so work on a sample."""


def draw_provisional(place: "Place") -> None:
    """Say above a page that it speaks of a sample."""
    from tools.documents import provisional_json

    st.warning(
        f"{plain_markdown(provisional_json(place.case)['text'])} This page changes to all of them by itself once they "
        "are there; what is asked here until then is not kept.",
        icon=":material/hourglass_top:",
    )
    watch_for_data(place.path)


def draw_waiting(title: str) -> None:
    """What stands on a page that needs the whole set."""
    st.title(title, anchor=False)
    st.info(
        "This page decides, changes or measures, and so it waits for the whole set. Chat, Overview, Confusion, "
        "Findings and Map answer from the sample meanwhile. If the import was stopped, start it again under Settings: "
        "what was encoded is kept.",
        icon=":material/hourglass_top:",
    )


@st.fragment(run_every=WATCH_SECONDS)
def watch_for_data(path: Path) -> None:
    """Draw the page again when what there is to look at has changed."""
    from tools.workspace import Workspace

    now = there(Workspace.open(path))
    if st.session_state.setdefault("data there", now) != now:
        st.session_state["data there"] = now
        st.rerun()


def there(kept: "Workspace") -> str:
    """The whole set, a sample with or without its first checks, or nothing."""
    from app.first_answer import ANSWERED
    from tools.first_look import first_look

    if kept.datasets():
        return "whole"
    part = first_look(kept)
    return "nothing" if part is None else "answered sample" if part.choice(ANSWERED) else "sample"
