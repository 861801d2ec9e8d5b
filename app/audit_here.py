"""The audit that pages show: read once per state of the workspace, and the button that makes one."""

from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.kept_audit import audit_shown, key_of, read_audit
from app.work import draw_start

if TYPE_CHECKING:
    from app.place import Place

TITLE = "Run every check"


def digest(text: str) -> str:
    """Names a text in a cache."""
    return sha256(text.encode()).hexdigest()


def audit_here(place: "Place") -> dict[str, Any] | None:
    """The audit of this case as JSON, decisions laid on; None, and a button, where there is none yet."""
    from tools.decisions import Decisions

    state = repr([(d.number, d.undone) for d in Decisions(place.kept).all()])
    made = place.kept.recall(key_of(place.case))
    found = None if made is None else _document(digest(made), state, date.today().isoformat(), made, place)
    if found is None and place.provisional:
        st.info("The import is running the checks on the sample; what they say shows here when they are done.")
        return None
    if found is None:
        st.info(
            "The checks have not been run on this version of the data yet. They look for wrong labels, leaks, cues, "
            "weak groups and more, and try the cheapest fixes; minutes on a thousand pictures.",
            icon=":material/fact_check:",
        )
        draw_start(place, "Run every check", ["audit"], TITLE, primary=True)
        return None
    if not found["of_this_code"] and not place.provisional:
        st.caption("Made by another version of the advisor.")
        draw_start(place, "Run every check again", ["audit"], TITLE)
    return dict(found["audit"])


@st.cache_data(max_entries=8, show_spinner="Reading what the checks said …")
def _document(made: str, decided: str, today: str, _text: str, _place: "Place") -> dict[str, Any]:
    audit = read_audit(_text)
    shown = audit_shown(_place.kept, _place.case, audit, date.fromisoformat(today))
    return {"audit": shown, "of_this_code": audit.of_this_code}
