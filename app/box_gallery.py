"""Parts of pictures with boxes drawn over them; boxes are lines of the page, so the pictures stay as they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.escaping import shown
from app.thumbnails import data_address
from app.view_boxes import BoxTile

if TYPE_CHECKING:
    from tools.detection.boxes import BoxSet

CSS = """
.grid {display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); gap: 0.8rem;
  font-family: var(--st-font); color: var(--st-text-color); padding: 2px;}
figure {margin: 0; min-width: 0;}
svg {width: 100%; aspect-ratio: 1; display: block; border-radius: 6px;
  background: var(--st-secondary-background-color);}
rect {fill: none; vector-effect: non-scaling-stroke;}
rect.label {stroke: #56b4e9; stroke-width: 3;}
rect.found {stroke: #e69f00; stroke-width: 3; stroke-dasharray: 6 4;}
rect.other {stroke: #56b4e9; stroke-width: 1.2; stroke-opacity: 0.75;}
figcaption {font-size: 0.75rem; line-height: 1.3; overflow-wrap: anywhere; padding-top: 0.25rem;}
figcaption .name {opacity: 0.75;}
.none {font-size: 0.75rem; padding: 0.6rem;}
"""
JS = """
export default function({data, parentElement}) {
  const space = "http://www.w3.org/2000/svg";
  const grid = document.createElement("div");
  grid.className = "grid";
  for (const tile of data.tiles) {
    const figure = document.createElement("figure");
    if (tile.address) {
      const svg = document.createElementNS(space, "svg");
      svg.setAttribute("viewBox", `0 0 ${tile.width} ${tile.height}`);
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", tile.alt);
      const image = document.createElementNS(space, "image");
      image.setAttribute("href", tile.address);
      image.setAttribute("width", tile.width);
      image.setAttribute("height", tile.height);
      svg.append(image);
      for (const box of tile.rects) {
        const rect = document.createElementNS(space, "rect");
        for (const [name, value] of Object.entries({x: box.x, y: box.y, width: box.w, height: box.h}))
          rect.setAttribute(name, value);
        rect.setAttribute("class", box.kind);
        const title = document.createElementNS(space, "title");
        title.textContent = box.text;
        rect.append(title);
        svg.append(rect);
      }
      figure.append(svg);
    } else {
      const none = document.createElement("div");
      none.className = "none";
      none.textContent = tile.missing;
      figure.append(none);
    }
    const caption = document.createElement("figcaption");
    for (const [text, kind] of [[tile.caption, "what"], [tile.name, "name"]]) {
      const line = document.createElement("div");
      line.className = kind;
      line.textContent = text;
      caption.append(line);
    }
    figure.append(caption);
    grid.append(figure);
  }
  parentElement.replaceChildren(...[...parentElement.querySelectorAll("style")], grid);
}
"""
_component: Any = st.components.v2.component("advisor_boxes", css=CSS, js=JS)
WORDS = {"label": "labelled", "found": "detected", "other": "labelled"}


def draw_boxes(boxset: "BoxSet", tiles: Sequence[BoxTile], key: str) -> None:
    """Draw parts of pictures, with the labelled boxes in one colour and the detected ones dashed in another."""
    if tiles:
        _component(key=key, data={"tiles": [_data(boxset, tile) for tile in tiles]})
        st.caption("Blue: labelled boxes (bold: the one meant). Orange, dashed: what the detector said.")


def _data(boxset: "BoxSet", tile: BoxTile) -> dict[str, Any]:
    picture = _part(str(boxset.root), tile.picture, tile.place)
    return {
        "address": data_address(picture) if isinstance(picture, bytes) else "",
        "missing": "" if isinstance(picture, bytes) else f"cannot be shown: {shown(picture)}",
        "width": tile.place[2], "height": tile.place[3], "alt": shown(tile.alt), "caption": shown(tile.caption),
        "name": shown(tile.picture),
        "rects": [
            {
                **dict(zip("xywh", rect.place, strict=True)), "kind": rect.kind,
                "text": f"{WORDS[rect.kind]} {shown(rect.text)}",
            }
            for rect in tile.rects
        ],
    }  # fmt: skip


@st.cache_data(max_entries=400, show_spinner=False)
def _part(root: str, picture: str, place: tuple[float, float, float, float]) -> bytes | str:
    """What is shown of a picture, as a JPEG, or why it cannot be."""
    from embeddings.crops import cut
    from embeddings.files import Unreadable
    from tools.dataset import decode_id

    try:
        return cut(Path(root) / decode_id(picture), [place], root=Path(root))[0]
    except Unreadable as reason:
        return reason.reason
    except ValueError as reason:
        return str(reason)
