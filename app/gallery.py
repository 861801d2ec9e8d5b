"""Pictures in equal squares, each a button that can be reached by keyboard; a click shows it large with all it got."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.escaping import plain_markdown, shown
from app.thumbnails import data_address, large, small
from app.views import Tile, score_rows, tiles
from tools.findings import number_text

if TYPE_CHECKING:
    from app.place import Place

SMALLEST = 118
NEIGHBOURS = 6
CSS = """
.grid {display: grid; grid-template-columns: repeat(auto-fill, minmax(var(--cell), 1fr)); gap: 0.6rem;
  font-family: var(--st-font); color: var(--st-text-color); padding: 2px;}
figure {margin: 0; min-width: 0;}
button {display: block; width: 100%; padding: 0; border: 2px solid transparent; border-radius: 6px; cursor: zoom-in;
  background: var(--st-secondary-background-color); aspect-ratio: 1; overflow: hidden;}
button:hover, button:focus-visible {border-color: var(--st-primary-color); outline: none;}
button.wrong {border-bottom: 4px solid #d55e00;}
img {width: 100%; height: 100%; object-fit: contain; display: block;}
.none {font-size: 0.75rem; color: var(--st-text-color); padding: 0.4rem; white-space: normal;}
figcaption {font-size: 0.75rem; line-height: 1.3; overflow-wrap: anywhere; padding-top: 0.2rem;}
figcaption .note {opacity: 0.75;}
figcaption .said.wrong {font-weight: 600;}
figcaption .said.wrong::before {content: "✕ "; color: #d55e00;}
"""
JS = """
export default function({data, parentElement, setTriggerValue}) {
  const grid = document.createElement("div");
  grid.className = "grid";
  grid.style.setProperty("--cell", data.cell + "px");
  const line = (caption, text, kind) => {
    if (!text) return;
    const part = document.createElement("div");
    part.className = kind;
    part.textContent = text;
    caption.append(part);
  };
  for (const tile of data.tiles) {
    const figure = document.createElement("figure");
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", "Show large: " + tile.alt);
    if (tile.wrong) button.className = "wrong";
    if (tile.address) {
      const image = document.createElement("img");
      image.alt = tile.alt; image.src = tile.address; image.loading = "lazy";
      button.append(image);
    } else {
      const none = document.createElement("span");
      none.className = "none"; none.textContent = tile.missing;
      button.append(none);
    }
    button.onclick = () => setTriggerValue("clicked", tile.id);
    const caption = document.createElement("figcaption");
    line(caption, tile.label, "label");
    line(caption, tile.said, "said" + (tile.wrong ? " wrong" : ""));
    line(caption, tile.note, "note");
    figure.append(button, caption);
    grid.append(figure);
  }
  parentElement.replaceChildren(...[...parentElement.querySelectorAll("style")], grid);
}
"""
_component: Any = st.components.v2.component("advisor_gallery", css=CSS, js=JS)


def draw_gallery(
    place: "Place", pictures: Sequence[Tile], key: str, *, cell: int = SMALLEST, notes: Sequence[str] = ()
) -> None:
    """Draw pictures; a clicked one opens large.

    Parameters
    ----------
    pictures : sequence of Tile
    key : str
        Unique on the page.
    cell : int
        Smallest width of a picture in pixels.
    notes : sequence of str, optional
        A line under each, as data.
    """
    if not pictures:
        return
    lines = notes or [""] * len(pictures)
    data = {"cell": cell, "tiles": [_tile(place, t, note) for t, note in zip(pictures, lines, strict=True)]}
    clicked = _component(key=key, data=data, on_clicked_change=_nothing).clicked
    if clicked and any(t.id == clicked for t in pictures):
        show_picture(place, str(clicked))


def _nothing() -> None:
    """A click is read from the component's value."""


def _tile(place: "Place", tile: Tile, note: str) -> dict[str, Any]:
    picture = small(place.path, place.case, tile.id)
    return {
        "id": tile.id,
        "alt": tile.alt,
        "label": f"labelled {shown(tile.label)}" if tile.label else "no label",
        "said": f"model: {shown(tile.said)}",
        "wrong": tile.wrong,
        "note": shown(note or tile.id.rpartition("/")[2]),
        "address": data_address(picture) if isinstance(picture, bytes) else "",
        "missing": "" if isinstance(picture, bytes) else f"cannot be shown: {shown(picture)}",
    }


@st.dialog("Picture", width="large")
def show_picture(place: "Place", image_id: str) -> None:
    """A picture large, with label, prediction, all scores, and what is most like it."""
    case = place.case
    found = tiles(case, [image_id], 1)
    if not found:
        st.warning("This picture is not part of the newest version of the data set any more.")
        return
    tile, row = found[0], case.dataset.index[image_id]
    left, right = st.columns([6, 5], gap="medium")
    with left:
        picture = large(case, image_id)
        if isinstance(picture, bytes):
            st.image(picture, width="stretch", alt=tile.alt)
        else:
            st.warning(f"The picture cannot be shown: {plain_markdown(picture)}")
        st.caption(f"{plain_markdown(image_id)} · {case.dataset.widths[row]} × {case.dataset.heights[row]} pixels")
    with right:
        said = plain_markdown(tile.said)
        st.markdown(
            f"Labelled **{plain_markdown(tile.label or 'nothing')}**  \nThe model says **{said}**  \n"
            f"Split: {plain_markdown(tile.split)}"
        )
        rows = score_rows(case, row)
        if rows:
            columns: Any = {"Score": st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.3f")}
            st.dataframe(
                rows, hide_index=True, width="stretch", column_config=columns, height=min(38 + 35 * len(rows), 290)
            )
        else:
            st.caption("No scores: the model did not judge this picture.")
        if st.button("Why does it say so?", icon=":material/help:", key=f"why-{image_id}"):
            place.ask(f'Why is "{image_id}" called {tile.predicted or "so"}?')
    graph = case.derived.graph
    near = [str(case.ids[i]) for i in graph.neighbours[row][:NEIGHBOURS].tolist()]
    if near:
        st.markdown("**Most like it**")
        similar = [f"similarity {number_text(float(s), 'similarity')}" for s in graph.similarities[row][: len(near)]]
        data = [_tile(place, t, note) for t, note in zip(tiles(case, near, NEIGHBOURS), similar, strict=True)]
        _component(key=f"near-{image_id}", data={"cell": 96, "tiles": data}, on_clicked_change=_nothing)
