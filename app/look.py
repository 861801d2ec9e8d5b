"""The style and the tab's picture of every page; light, so that a fresh server paints at once."""

import numpy as np
import streamlit as st
from PIL import Image

STYLE = """<style>
[data-testid="stMainBlockContainer"] {padding-top: 3rem; max-width: 82rem;}
div[data-testid="stCaptionContainer"] {opacity: 0.85;}
[data-testid="stCaptionContainer"] p {font-size: 0.8rem; line-height: 1.35; overflow-wrap: anywhere;}
@media (max-width: 640px) {[data-testid="stMainBlockContainer"] {padding-left: 1rem; padding-right: 1rem;}}
</style>"""
"""Fixed text of ours."""
ON_DARK = """<style>
[data-testid^="stBaseButton-primary"], [data-testid^="stBaseButton-primary"] * {color: #0c1f1a;}
</style>"""
"""White on the bright green that a dark page needs cannot be read."""


def dark() -> bool:
    """Whether the page is light on dark."""
    return st.context.theme.type == "dark"


def ink() -> str:
    """Colour of the page's text, for what a chart writes on clear ground."""
    return "#e8eeec" if dark() else "#1d2a26"


def icon() -> Image.Image:
    """The browser tab's picture, a lens: drawn here, because a named icon would be fetched from another server."""
    y, x = np.mgrid[:32, :32] - 12.5
    radius, along = np.hypot(x, y), np.abs(x - y)
    inked = ((radius > 6.5) & (radius < 10)) | ((along < 3) & (x + y > 13) & (x + y < 34))
    return Image.fromarray(np.where(inked[..., None], (31, 111, 92), 255).astype(np.uint8))
