"""Draws an answer on the page: words, pictures beside them, numbers with intervals, measured effects."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.charts import effect_figure
from app.escaping import cited_markdown, plain_markdown
from app.gallery import draw_gallery
from app.views import (
    Document,
    action_title,
    cause_badges,
    counted,
    effect_point,
    effect_sentence,
    evidence_rows,
    fact_rows,
    first_images,
    primary,
    tiles,
)

if TYPE_CHECKING:
    from app.place import Place

PER_CAUSE = 6
BESIDE = 6
VERDICT_COLOURS = {"helps": "blue", "hurts": "orange", "no_effect": "gray", "cannot_tell": "gray"}


def draw_answer(answer: Document, place: "Place", key: str) -> None:
    """The whole of one answer.

    Parameters
    ----------
    answer : mapping
        As ``ask --json`` writes it.
    place : Place
        For pictures, labels and predictions.
    key : str
        Unique on the page.
    """
    first = tiles(place.case, first_images(answer), BESIDE)
    words, beside = st.columns([8, 4], gap="medium") if first else (st.container(), None)
    with words:
        st.markdown(cited_markdown(str(answer["answer"])))
    if beside is not None:
        with beside:
            st.markdown("**Look at these first**")
            draw_gallery(place, first, f"{key}-first")
    tried = [action for action in answer["actions"] if action["effect"]]
    if tried:
        _draw_effects(tried, key)
    if answer["causes"]:
        st.subheader("The pictures and numbers behind it", anchor=False)
    for number, cause in enumerate(answer["causes"]):
        _draw_cause(cause, place, f"{key}-cause-{number}")
    _draw_rest(answer, key)


def _draw_cause(cause: Document, place: "Place", key: str) -> None:
    pictures = tiles(place.case, cause["images"], PER_CAUSE)
    with st.container(border=True):
        st.markdown(f"**{plain_markdown(cause['title'])}**")
        with st.container(horizontal=True):
            for text, colour in cause_badges(cause):
                st.badge(text, color=colour)
        words, gallery = st.columns([7, 5], gap="medium") if pictures else (st.container(), None)
        with words:
            _draw_numbers(cause["evidence"], f"{key}-numbers")
        if gallery is not None:
            with gallery:
                draw_gallery(place, pictures, f"{key}-pictures")


def _draw_numbers(evidence: Sequence[Document], key: str) -> None:
    rows = evidence_rows(evidence)
    if rows:
        columns: Any = {
            "Value": st.column_config.TextColumn(width=95),
            "Pictures": st.column_config.TextColumn("n", width=45, help="How many pictures stand behind the number."),
        }
        order = ("Measured", "Value", "Interval", "Pictures")
        st.dataframe(
            rows, hide_index=True, width="stretch", key=key, column_order=order, column_config=columns, row_height=32
        )


def _draw_effects(actions: Sequence[Document], key: str) -> None:
    st.subheader("What happened when it was tried", anchor=False)
    words, plot = st.columns([6, 7], gap="medium", vertical_alignment="center")
    with plot:
        points = [effect_point(action_title(a), primary(a["effect"])) for a in actions]
        options: Any = {"displayModeBar": False, "scrollZoom": False}
        st.plotly_chart(effect_figure(points), width="stretch", key=f"{key}-effects", config=options)
    with words:
        for action in actions:
            effect = primary(action["effect"])
            colour = VERDICT_COLOURS[effect["verdict"]]
            st.markdown(
                f"**{plain_markdown(action_title(action))}**  \n:{colour}[{plain_markdown(effect_sentence(effect))}]"
            )
            if action.get("why"):
                st.caption(plain_markdown(action["why"]))
        if fidelity := next((a["fidelity"] for a in actions if a.get("fidelity")), None):
            st.caption(plain_markdown(fidelity["sentence"]))


def _draw_rest(answer: Document, key: str) -> None:
    untried = [action for action in answer["actions"] if not action["effect"]]
    if untried:
        with st.expander(f"Advised, but not tried here ({len(untried)})"):
            for action in untried:
                st.markdown(f"**{plain_markdown(action_title(action))}**: {plain_markdown(action['why'])}")
    if answer["not_checked"]:
        with st.expander(f"What could not be checked ({len(answer['not_checked'])})"):
            st.markdown("\n".join(f"- {plain_markdown(reason)}" for reason in answer["not_checked"]))
    if answer["facts"]:
        with st.expander(f"Every number behind this answer ({counted(len(answer['facts']), 'fact')})"):
            st.markdown("  \n".join(f"**{f['id']}** {plain_markdown(f['text'])}" for f in answer["facts"]))
            st.dataframe(fact_rows(answer["facts"]), hide_index=True, width="stretch", key=f"{key}-facts")
    if answer["steps"]:
        with st.expander("How this was worked out"):
            st.markdown("\n".join(f"1. {plain_markdown(step)}" for step in answer["steps"]))
