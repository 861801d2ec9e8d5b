"""Many thousand points on a canvas: drawn pixel by pixel, so that no GPU is needed; draw around some to choose them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

BESIDE = Path(__file__)
_component: Any = st.components.v2.component(
    "advisor_map",
    css=BESIDE.with_suffix(".css").read_text(encoding="utf-8"),
    js=BESIDE.with_suffix(".js").read_text(encoding="utf-8"),
)


def draw_points(data: Mapping[str, Any], key: str) -> str:
    """Draw the points of ``view_map.map_data``; returns the chosen rows as ``view_map.chosen_rows`` reads them."""
    found = _component(key=key, data=data, default={"chosen": ""}, on_chosen_change=_nothing).chosen
    return found if isinstance(found, str) else ""


def _nothing() -> None:
    """What was chosen is read from the component's value."""
