"""The map: every picture a point, alike ones near each other; draw around some to see what they are."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from app.escaping import plain_markdown, shown
from app.gallery import draw_gallery
from app.place import Place, attempt
from app.point_map import draw_points
from app.tags import forget_tag, tag, tagged, tags_of
from app.view_map import against, choices, chosen_rows, colouring, group_sentences, map_data
from app.views import counted, tiles
from app.work import draw_start
from tools.errors import AdvisorError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tools.case import Case

TITLE = "Lay out the map"
FIRST = 30
FEWEST = 2


def draw(place: Place) -> None:
    """Draw the page."""
    st.title("Map", anchor=False)
    _draw_search(place)
    positions = _positions(place.case.space.fingerprint, place.case)
    if positions is None:
        st.info(
            "The pictures have not been laid out yet: seconds for a thousand, a minute or two for a hundred thousand. "
            "The map is kept until the vectors change.",
            icon=":material/scatter_plot:",
        )
        draw_start(place, "Lay them out", ["map"], TITLE, role="viewer", primary=True)
        return
    _draw_map(place, positions)


def _positions(space: str, case: "Case") -> "NDArray[np.float32] | None":
    """Kept positions; what is not there yet is asked for again."""
    kept: dict[str, Any] = st.session_state.setdefault("map positions", {})
    if kept.get("space") != space:
        from tools.flat_map import kept_map

        found = kept_map(case)
        if found is None:
            return None
        st.session_state["map positions"] = kept = {"space": space, "positions": found}
    positions: NDArray[np.float32] = kept["positions"]
    return positions


@st.cache_data(max_entries=6, show_spinner=False)
def _data(fingerprint: str, by: str, state: str, _place: Place, _positions: Any) -> dict[str, Any]:
    case = _place.case
    tags = tagged(case, tags_of(_place.kept)) if by == "tag" else np.zeros(len(case.ids), dtype=np.str_)
    return map_data(_positions, colouring(case, by, _before(_place) if by == "version" else frozenset(), tags), by)


@st.fragment
def _draw_map(place: Place, positions: "NDArray[np.float32]") -> None:
    case = place.case
    tags = tags_of(place.kept)
    by = str(st.selectbox("Colour by", choices(case), format_func=shown, key="map-by"))
    state = repr({name: len(digests) for name, digests in tags.items()}) if by == "tag" else ""
    data = _data(case.fingerprint, by, state, place, positions)
    rows = chosen_rows(draw_points(data, f"map-{case.space.fingerprint}"), len(positions))
    if not rows:
        st.caption(
            "Draw around points, or click one; click a name below the map to hide its points. Shift and the pointer "
            "move the map; once clicked, the wheel zooms. By keyboard: arrows move a ring, [ and ] size it, "
            "Enter chooses what lies in it, Escape chooses nothing. "
            "Distances across the whole map mean little; who is next to whom does."
        )
        _draw_tags(place, tags)
        return
    _draw_group(place, rows)


def _before(place: Place) -> frozenset[str]:
    versions = [d.version for d in place.kept.datasets() if d.version < place.case.dataset.version]
    return _contents(str(place.path), versions[-1], place) if versions else frozenset()


@st.cache_data(max_entries=4, show_spinner=False)
def _contents(path: str, version: int, _place: Place) -> frozenset[str]:
    return frozenset(_place.kept.dataset(version).sha256.tolist())


def _draw_group(place: Place, rows: list[int]) -> None:
    case = place.case
    st.markdown("  \n".join(plain_markdown(line) for line in group_sentences(case, rows)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        explain = st.button(
            "Explain this group", icon=":material/help:", disabled=len(rows) < FEWEST, key="map-explain"
        )
        name = st.text_input("Tag it as", key="map-tag", disabled=not place.may("editor"), width=240)
        asked = st.button("Keep the tag", icon=":material/label:", key="map-keep", disabled=not name)
    if asked and place.may("editor") and attempt(lambda: tag(place.kept, case, rows, name)):
        st.toast(f"{counted(len(rows), 'picture')} tagged")
    if explain:
        from tools.contrast import contrast

        others, words = against(case, rows)
        if len(others) < FEWEST:
            st.info("There is nothing to hold it against: it is everything.")
        else:
            found = contrast(case, np.array(rows), others)
            st.info(f"Against {words} it is {plain_markdown(found.text)}.", icon=":material/lightbulb:")
    ids = [str(case.ids[row]) for row in rows]
    most = int(st.session_state.get("map-most", FIRST))
    draw_gallery(place, tiles(case, ids, most), "map-group")
    if len(ids) > most:
        st.button(f"{len(ids) - most} more", key="map-more", on_click=_more, args=(most + FIRST,))


def _more(count: int) -> None:
    st.session_state["map-most"] = count


def _draw_tags(place: Place, tags: dict[str, frozenset[str]]) -> None:
    if not tags:
        return
    with st.expander(f"Tags ({len(tags)})"):
        for name, digests in tags.items():
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{plain_markdown(name)}**: {counted(len(digests), 'picture')}")
                if place.may("editor"):
                    st.button("Forget it", key=f"map-forget-{name}", on_click=forget_tag, args=(place.kept, name))


def _draw_search(place: Place) -> None:
    with st.form("search", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        help_ = (
            "With an encoder that reads words any words; with the embedded one the names of ImageNet's 1,000 things."
        )
        words = st.text_input("Search by words, or by a picture's name", key="map-words", help=help_)
        asked = st.form_submit_button("Search", icon=":material/search:")
    if asked:
        st.session_state["map-search"] = words
    if not st.session_state.get("map-search"):
        return
    from tools.errors import UnknownName
    from tools.searching import search_picture, search_words

    case, query = place.case, str(st.session_state["map-search"])
    options: dict[str, Any] = {"cache": place.kept.path / "models", "threads": case.settings.threads}
    try:
        with st.spinner("Searching …"):
            try:
                found = search_picture(case, query, FIRST, **options) if _names_one(case, query) else search_words(
                    case, query, FIRST, **options
                )  # fmt: skip
            except UnknownName as error:
                st.warning(f"{plain_markdown(error.seen)}. {plain_markdown(error.todo)}")
                return
    except AdvisorError as error:
        st.warning(f"{plain_markdown(error.seen)}. {plain_markdown(error.todo)}")
        return
    st.markdown(f"**Nearest to “{plain_markdown(found.query)}”**")
    st.caption(plain_markdown(found.how))
    if found.present is not None:
        st.caption(f"Present in {found.present} of {len(case.ids)} pictures, at most 5 % of them false alarms.")
    ids = [str(case.ids[row]) for row in found.rows]
    draw_gallery(place, tiles(case, ids, FIRST), "map-found", notes=[f"{s:.2f}" for s in found.similarities])


def _names_one(case: "Case", query: str) -> bool:
    """Only pictures of the data set: a path on the server's disk is no query."""
    from tools.readers.match_ids import Places

    return Places(case.dataset.index, case.dataset.root).find([query])[0] is not None
