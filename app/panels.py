"""Draws an answer on the page: words, pictures beside them, numbers with intervals, measured effects."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.charts import effect_figure
from app.escaping import plain_markdown, safe_markdown
from app.views import (
    RUNGS,
    Document,
    Tile,
    action_title,
    effect_point,
    effect_sentence,
    evidence_rows,
    tiles,
)
from embeddings.images import Unreadable, thumbnail
from tools.findings import number_text

if TYPE_CHECKING:
    from tools.case import Case

COLUMNS = 4
PER_CAUSE = 8
VERDICT_COLOURS = {"helps": "green", "hurts": "red", "no_effect": "gray", "cannot_tell": "orange"}
STYLE = """<style>
[data-testid="stImage"] img {aspect-ratio: 1; object-fit: contain; background: #f4f6f5; border-radius: 6px;}
[data-testid="stImageContainer"] {width: 100%;}
</style>"""
"""Fixed text of ours: pictures of any shape stand in equal squares, none of them cropped."""


def draw_answer(answer: Document, case: "Case", key: str) -> None:
    """The whole of one answer.

    Parameters
    ----------
    answer : mapping
        As ``ask --json`` writes it.
    case : Case
        For pictures, labels and predictions.
    key : str
        Unique on the page.
    """
    st.markdown(safe_markdown(str(answer["answer"])))
    causes, actions = answer.get("causes") or [], answer.get("actions") or []
    if causes:
        st.subheader("Evidence", divider="gray")
    for number, cause in enumerate(causes):
        _draw_cause(cause, case, f"{key}-cause-{number}")
    tried = [action for action in actions if action.get("effect")]
    if tried:
        _draw_effects(tried, key)
    _draw_rest(answer, key)


def _draw_cause(cause: Document, case: "Case", key: str) -> None:
    pictures = tiles(case, [str(i) for i in cause.get("images") or ()], PER_CAUSE)
    with st.container(border=True):
        st.markdown(f"**{plain_markdown(cause['title'])}**")
        with st.container(horizontal=True):
            if cause.get("share_of_errors") is not None:
                st.badge(f"explains {number_text(cause['share_of_errors'], 'share')} of the errors", color="red")
            if cause.get("rung"):
                st.badge(RUNGS[cause["rung"]], color="blue")
        words, gallery = st.columns([5, 6], gap="medium") if pictures else (st.container(), None)
        with words:
            _draw_numbers(cause.get("evidence") or [], f"{key}-numbers")
        if gallery is not None:
            with gallery:
                draw_gallery(case, pictures)


def _draw_numbers(evidence: Sequence[Document], key: str) -> None:
    if evidence:
        rows = evidence_rows(evidence)
        st.dataframe(rows, hide_index=True, width="stretch", key=key, row_height=32)


def draw_gallery(case: "Case", pictures: Sequence[Tile]) -> None:
    """Pictures in equal squares, each with its id, label, prediction and score."""
    for start in range(0, len(pictures), COLUMNS):
        cells = st.columns(COLUMNS, gap="small")
        for cell, tile in zip(cells, pictures[start : start + COLUMNS], strict=False):
            with cell:
                _draw_tile(case, tile)


def _draw_tile(case: "Case", tile: Tile) -> None:
    dataset = case.dataset
    picture = _thumbnail(str(dataset.path(tile.id)), str(dataset.root), str(dataset.sha256[dataset.index[tile.id]]))
    if isinstance(picture, bytes):
        st.image(picture, width="stretch")
    else:
        st.caption(f"The picture cannot be shown: {plain_markdown(picture)}")
    said = plain_markdown(tile.said)
    label = plain_markdown(tile.label or "none")
    verdict = f":red[**{said}**]" if tile.wrong else said
    st.caption(f"label **{label}**  \nmodel {verdict}  \n{plain_markdown(tile.id)}")


@st.cache_data(max_entries=4000, show_spinner=False)
def _thumbnail(path: str, root: str, sha256: str) -> bytes | str:
    """A small picture by path and content, or why there is none."""
    from pathlib import Path

    try:
        return thumbnail(Path(path), root=Path(root))
    except Unreadable as reason:
        return str(reason)


def _draw_effects(actions: Sequence[Document], key: str) -> None:
    st.subheader("What happened when it was tried", divider="gray")
    plot, words = st.columns([6, 5], gap="medium")
    with plot:
        points = [effect_point(action_title(a), a["effect"]) for a in actions]
        options: Any = {"displayModeBar": False, "scrollZoom": False}
        st.plotly_chart(effect_figure(points), width="stretch", key=f"{key}-effects", config=options)
    with words:
        for action in actions:
            effect = action["effect"]
            colour = VERDICT_COLOURS[effect["verdict"]]
            st.markdown(
                f"**{plain_markdown(action_title(action))}**  \n:{colour}[{plain_markdown(effect_sentence(effect))}]"
            )
            if action.get("why"):
                st.caption(plain_markdown(action["why"]))


def _draw_rest(answer: Document, key: str) -> None:
    untried = [a for a in answer.get("actions") or [] if not a.get("effect")]
    if untried:
        with st.expander(f"Not tried here ({len(untried)})"):
            for action in untried:
                st.markdown(f"**{plain_markdown(action_title(action))}**: {plain_markdown(action.get('why') or '')}")
    facts = answer.get("facts") or []
    if facts:
        with st.expander(f"Every number behind this answer ({len(facts)} facts)"):
            _draw_facts(facts, key)
    unchecked = answer.get("not_checked") or []
    if unchecked:
        with st.expander(f"What could not be checked ({len(unchecked)})"):
            for reason in unchecked:
                st.markdown(f"- {plain_markdown(reason)}")


def _draw_facts(facts: Sequence[Document], key: str) -> None:
    for number, fact in enumerate(facts):
        st.markdown(f"**{plain_markdown(fact['id'])}** {plain_markdown(fact['text'])}")
        _draw_numbers(fact.get("evidence") or [], f"{key}-fact-{number}")
