"""Cues and hidden kinds that have no name yet: a contact sheet of each, and "what is this?" for a person to say."""

import json
from typing import TYPE_CHECKING

import streamlit as st

from app.audit_here import audit_here
from app.escaping import plain_markdown
from app.gallery import draw_gallery
from app.place import Place, attempt
from app.views import RUNGS, Document, tiles
from tools.errors import AdvisorError

if TYPE_CHECKING:
    from tools.workspace import Workspace

CODES = (
    "spurious-cue", "background-bias", "hidden-subclasses", "weak-slices", "variety-background", "variety-lighting",
    "variety-angle", "variety-style", "variety-size", "negatives",
)  # fmt: skip
"""Checks whose findings are of something in the pictures that only a person can name for sure."""
SHEET = 12
LONGEST = 80
KEY = json.dumps({"names of findings": 1})


def draw(place: Place) -> None:
    """Draw the page."""
    st.title("Cues and kinds", anchor=False)
    audit = audit_here(place)
    if audit is None:
        return
    found = [
        f for o in audit["outcomes"] if o["code"] in CODES for f in o["findings"] if not f["settled"] and f["images"]
    ]
    if not found:
        st.info("No check found a cue, a hidden kind or a weak group that wants a name.", icon=":material/check:")
        return
    st.caption(
        "What the advisor calls these is measured; what they are, you see. Names are kept and shown beside them."
    )
    names = names_of(place.kept)
    for finding in found:
        _draw_one(place, finding, names.get(finding["id"], ""))


@st.fragment
def _draw_one(place: Place, finding: Document, name: str) -> None:
    key = finding["id"]
    with st.container(border=True):
        named = f"{plain_markdown(name)}: " if name else ""
        st.markdown(f"**{named}{plain_markdown(finding['title'])}**")
        if finding["rung"] not in (None, "none"):
            st.badge(RUNGS[finding["rung"]], color="blue")
        st.markdown(plain_markdown(finding["summary"]))
        draw_gallery(place, tiles(place.case, finding["images"], SHEET), f"sheet-{key}", cell=104)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            said = st.text_input(
                "What is this?", name, key=f"name-{key}", disabled=not place.may("editor"), max_chars=LONGEST
            )
            asked = st.button("Keep the name", key=f"keep-{key}", disabled=not place.may("editor") or said == name)
            pair = finding["scope"]["pair"]
            if pair and st.button("Why?", icon=":material/help:", key=f"ask-{key}"):
                place.ask(f"Why is my model confusing {pair[0]} and {pair[1]}?")
        if asked and place.may("editor") and attempt(lambda: keep_name(place.kept, key, said)):
            st.rerun()


def names_of(kept: "Workspace") -> dict[str, str]:
    """Names that people gave, by a finding's id."""
    found: dict[str, str] = json.loads(kept.recall(KEY) or "{}")
    return found


def keep_name(kept: "Workspace", id_: str, name: str) -> None:
    """Keep a name; an empty one forgets it.

    Raises
    ------
    AdvisorError
        For characters that cannot be printed.
    """
    clean = name.strip()
    if not clean.isprintable():
        raise AdvisorError(expected="a name of printable characters", seen=ascii(clean), todo="Write it anew.")
    known = {k: v for k, v in names_of(kept).items() if k != id_}
    kept.remember(KEY, json.dumps({**known, id_: clean} if clean else known))
