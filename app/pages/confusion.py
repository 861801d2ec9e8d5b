"""The confusion matrix: a click on a cell shows its pictures, and leads to why."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.escaping import plain_markdown, shown
from app.gallery import draw_gallery
from app.look import ink
from app.place import Place
from app.view_confusion import Confusion, cell_ids, cell_sentence, chosen_cell, confusion, heat_figure
from app.views import tiles, worst_pairs

if TYPE_CHECKING:
    from tools.case import Case

FIRST = 24


def draw(place: Place) -> None:
    """Draw the page."""
    st.title("Confusion", anchor=False)
    case = place.case
    found = _confusion(case.fingerprint, case)
    if not found.classes or not found.counts.any():
        st.info("Nothing can be judged: no labelled picture with a prediction. Import labels, or predictions of them.")
        return
    st.caption(
        "Rows: what pictures are labelled. Columns: what they are called. Colour: share of the row. Click a cell."
    )
    mode: Any = st.segmented_control("Show", ("counts", "mean score"), default="counts", key="confusion-mode")
    event: Any = st.plotly_chart(
        heat_figure(found, mode or "counts", ink()), width="stretch", key="confusion-matrix", on_select="rerun",
        selection_mode="points", config={"displayModeBar": False}, alt=_alt(found),
    )  # fmt: skip
    clicked = chosen_cell(event.selection.points if event else None, found.classes)
    if clicked is not None and clicked != st.session_state.get("confusion-clicked"):
        st.session_state["confusion-clicked"] = clicked
        st.session_state["confusion-true"], st.session_state["confusion-said"] = clicked
    worst = [pair[:2] for pair in worst_pairs(case, len(case.classes) ** 2) if set(pair[:2]) <= set(found.classes)]
    first = worst[0] if worst else (found.classes[0], found.classes[0])
    st.session_state.setdefault("confusion-true", first[0])
    st.session_state.setdefault("confusion-said", first[1])
    one, two = st.columns(2)
    true = one.selectbox("Labelled", found.classes, format_func=shown, key="confusion-true")
    said = two.selectbox("Called", found.classes, format_func=shown, key="confusion-said")
    _draw_cell(place, found, str(true), str(said))


@st.cache_data(max_entries=4, show_spinner="Counting …")
def _confusion(fingerprint: str, _case: "Case") -> Confusion:
    return confusion(_case)


def _alt(found: Confusion) -> str:
    right = int(found.counts.trace())
    return f"Confusion matrix of {len(found.classes)} classes: {right} of {int(found.counts.sum())} pictures are right."


def _draw_cell(place: Place, found: Confusion, true: str, said: str) -> None:
    st.markdown(f"**{plain_markdown(cell_sentence(found, true, said))}**")
    ids = cell_ids(place.case, true, said)
    if not ids:
        st.caption("No picture is in this cell.")
        return
    if true != said and st.button("Why?", icon=":material/help:", type="primary", key="confusion-why"):
        place.ask(f"Why is my model confusing {true} and {said}?")
    shown_now = st.session_state.get("confusion-more", FIRST)
    draw_gallery(place, tiles(place.case, ids, shown_now), f"cell-{true}-{said}")
    if len(ids) > shown_now:
        st.button(f"{len(ids) - shown_now} more", key="confusion-add", on_click=_more, args=(shown_now + FIRST,))


def _more(count: int) -> None:
    st.session_state["confusion-more"] = count
