"""The shell around the pages: opens the workspace, says who looks, and leads from page to page. Streamlit's entry."""

import importlib
import logging
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import streamlit as st

from app.edge import prepare_libraries

PAGES = {
    "Understand": {
        "chat": ("Chat", "chat"),
        "overview": ("Overview", "dashboard"),
        "confusion": ("Confusion", "grid_on"),
        "findings": ("Findings", "fact_check"),
        "detector": ("Detector", "select_all"),
        "map": ("Map", "scatter_plot"),
    },
    "Improve": {
        "review": ("Review", "rate_review"),
        "inbox": ("Inbox", "inbox"),
        "cues": ("Cues", "label_important"),
        "thresholds": ("Thresholds", "tune"),
        "experiments": ("Experiments", "science"),
        "versions": ("Versions", "history"),
        "rounds": ("Rounds", "autorenew"),
    },
    "Use": {
        "tryit": ("Try it", "photo_camera"),
        "reports": ("Reports", "description"),
        "jobs": ("Work running", "hourglass_top"),
        "settings": ("Settings", "settings"),
    },
}
"""Section, page, and its title and icon. A page is a module of this folder with a function ``draw``."""
WITHOUT_DATA = frozenset({"settings", "jobs"})
"""Pages that work before anything was imported."""


def main() -> None:
    """Draw the page that the address names."""
    prepare_libraries()
    from app.look import ON_DARK, STYLE, dark, icon

    st.set_page_config(page_title="Image model advisor", page_icon=icon(), layout="wide")
    st.html(STYLE)
    if dark():
        st.html(ON_DARK)
    pages: dict[str, Any] = {}
    sections: dict[str, list[Any]] = {}
    for section, names in PAGES.items():
        for name, (title, symbol) in names.items():
            pages[name] = st.Page(
                _page(name, pages), title=title, icon=f":material/{symbol}:", url_path=name, default=name == "chat"
            )
            sections.setdefault(section, []).append(pages[name])
    st.navigation(sections, expanded=True).run()


def _page(name: str, pages: dict[str, Any]) -> Callable[[], None]:
    def page() -> None:
        draw_page(name, pages)

    page.__name__ = name
    return page


def draw_page(name: str, pages: dict[str, Any]) -> None:
    """One page, or what stands in its way; a fault of ours is one line, and its traceback goes to the server's log."""
    from app.place import person_here, roles_choice, secrets_here, workspace_path
    from tools.errors import AdvisorError, NoDataset

    path = workspace_path()
    try:
        person = person_here(roles_choice(path), secrets_here())
        if not person.may("viewer"):
            _draw_sign_in(person.name)
            return
        _draw_case(name, path, person, pages)
    except NoDataset:
        _draw_welcome(path, pages)
    except AdvisorError as error:
        from app.place import draw_error

        st.title("This cannot be shown", anchor=False)
        draw_error(error)
    except Exception:  # the last line of defence: one line for people, the rest in the log
        logging.getLogger("advisor").exception("the page %s failed", name)
        st.error("Something in the advisor failed here; the server's log says what. Reload the page, or go to another.")


def _draw_case(name: str, path: Any, person: Any, pages: dict[str, Any]) -> None:
    from app.place import Place, open_place
    from tools.errors import NoDataset
    from tools.workspace import Workspace

    place: Place | None = None
    try:
        place = open_place(path, person, pages)
    except NoDataset:
        if name not in WITHOUT_DATA:
            raise
    with st.spinner("Loading the page …"):
        module = importlib.import_module(f"app.pages.{name}")
    if place is None or (place.provisional and name in WITHOUT_DATA):
        module.draw_without_data(path, Workspace.open(path), person, pages)
        return
    from app.sidebar import draw_sidebar

    draw_sidebar(place)
    if place.provisional:
        from app.provisional import LOOKING, draw_provisional, draw_waiting

        draw_provisional(place)
        if name not in LOOKING:
            draw_waiting(_title(name))
            return
    module.draw(place)


def _title(name: str) -> str:
    return next(names[name][0] for names in PAGES.values() if name in names)


def _draw_sign_in(name: str) -> None:
    from app.escaping import plain_markdown

    if name or getattr(st.user, "is_logged_in", False):
        st.title("No access", anchor=False)
        st.markdown(
            f"You are signed in as {plain_markdown(name or 'somebody without a confirmed address')}, who has no role "
            "here. Ask the owner for one."
        )
        st.button("Sign out", on_click=st.logout)
        return
    st.title("Image model advisor", anchor=False)
    if find_spec("authlib") is None:
        st.error(
            'Signing in is set up, but what it needs is not installed: pip install "image-model-advisor[sign-in]".'
        )
        return
    st.markdown("Sign in to see this workspace.")
    st.button("Sign in", on_click=st.login, type="primary", icon=":material/login:")


def _draw_welcome(path: Any, pages: dict[str, Any]) -> None:
    from app.escaping import shown

    st.title("Nothing to look at yet", anchor=False)
    st.markdown(
        f"The workspace `{shown(path.name).replace('`', '')}` holds no pictures. Import a folder or an archive under "
        "Settings, or run one of these in a terminal:"
    )
    st.code(
        "# a folder of class folders, or a CSV\n"
        f"advisor import PATH --workspace {shown(path)}\n\n"
        "# pictures drawn by the advisor, with planted faults\n"
        "advisor demo",
        language="bash",
    )
    if st.button("Import under Settings", type="primary", icon=":material/upload:"):
        st.switch_page(pages["settings"])
    from app.provisional import watch_for_data

    watch_for_data(path)


main()
