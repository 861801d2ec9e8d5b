"""The card on which a person agrees to a change, after seeing exactly what it is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.escaping import plain_markdown, shown
from app.gallery import draw_gallery
from app.views import tiles

if TYPE_CHECKING:
    from app.place import Place

SHOWN = 12


def draw_consent(place: "Place", proposal: Mapping[str, Any]) -> dict[str, Any] | None:
    """Draw what would be done; the person's decision once there is one.

    Parameters
    ----------
    proposal : mapping
        As ``agent.proposals.Proposal.to_json`` writes it.

    Returns
    -------
    dict or None
        For ``agent.graph.resume``.
    """
    from agent.events import Consent

    asked = Consent("", proposal)
    with st.container(border=True):
        st.markdown(f":material/front_hand: **{plain_markdown(proposal['title'])}**")
        for line in (*proposal["scope"], proposal["cost"]):
            if line:
                st.markdown(plain_markdown(line))
        for note in proposal["notes"]:
            st.warning(plain_markdown(note))
        examples = {e["image"]: e for e in proposal["examples"]}
        found = tiles(place.case, list(examples), SHOWN)
        notes = [f"{examples[t.id]['before']} → {examples[t.id]['after']}" for t in found]
        draw_gallery(place, found, f"consent-{proposal['digest'][:8]}", notes=notes)
        if proposal["pictures"] > len(found) and found:
            st.caption(f"The first {len(found)} of {proposal['pictures']} pictures.")
        if proposal["command"]:
            st.caption("The same in a terminal:")
            st.code(shown(proposal["command"]), language="bash")
        edits = _draw_edits(proposal, list(examples))
        editor = place.may("editor")
        if not editor:
            st.caption(place.reason("editor"))
        with st.container(horizontal=True):
            agreed = st.button("Do it", type="primary", icon=":material/check:", key="consent-yes",
                               disabled=not editor or bool(edits))  # fmt: skip
            changed = bool(edits) and st.button("Show it changed so", key="consent-edit", disabled=not editor)
            left = st.button("Leave everything as it is", icon=":material/close:", key="consent-no")
    if agreed and editor:  # a disabled button can still be spoken for by who writes to the server themselves
        return asked.approval
    if changed:
        return asked.edited(**edits)
    return asked.rejection if left else None


def _draw_edits(proposal: Mapping[str, Any], examples: list[str]) -> dict[str, Any]:
    """What the person would have otherwise; empty where nothing was touched."""
    edits: dict[str, Any] = {}
    if "leave_out" in proposal["editable"] and len(examples) > 1:
        known = list(proposal["edits"].get("leave_out", ()))
        chosen = st.multiselect("Leave these as they are", examples, format_func=shown, key="consent-leave")
        if chosen:
            edits["leave_out"] = [*known, *chosen]
    if "name" in proposal["editable"]:
        name = st.text_input("Name of the merged class", proposal["edits"].get("name", ""), key="consent-name")
        if name.strip() and name.strip() != proposal["edits"].get("name", ""):
            edits["name"] = name.strip()
    if "names" in proposal["editable"]:
        before = "\n".join(proposal["edits"].get("names", ()))
        text = st.text_area("Names of the kinds, the largest first, one a line", before, key="consent-names")
        names = [line.strip() for line in text.splitlines() if line.strip()]
        if names and "\n".join(names) != before:
            edits["names"] = names
    return edits
