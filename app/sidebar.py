"""What stands beside every page: how good the model is, what the data are, what work is running."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.edge import model_state
from app.escaping import plain_markdown, shown
from app.printing import subject_text
from app.views import Document, counted

if TYPE_CHECKING:
    from app.place import Place
    from tools.case import Case

WATCH_SECONDS = 2.0


def draw_sidebar(place: "Place") -> None:
    """Draw it."""
    case = place.case
    facts = standing(case.fingerprint, case)
    dataset, model = facts["dataset"], facts["model"]
    with st.sidebar:
        if "accuracy" in model:
            accuracy = model["accuracy"]
            st.metric("Accuracy", accuracy["text"], help=plain_markdown(accuracy["how"]))
            st.caption(f"interval {accuracy['interval']}, {accuracy['n']} pictures, {model['evaluated_on']}")
        st.markdown(f"Errors counted: **{subject_text(case.subject)}**")
        st.markdown(
            f"Dataset version **{dataset['version']}**: **{dataset['images']}** pictures, "
            f"**{len(dataset['classes'])}** classes"
        )
        if dataset["skipped"]:
            with st.expander(f"{counted(len(dataset['skipped']), 'file')} skipped"):
                st.dataframe(_skipped_rows(dataset), hide_index=True, width="stretch")
        with st.expander("Pictures per class"):
            counts = sorted(dataset["classes"].items(), key=lambda item: -item[1])
            st.dataframe(
                [{"Class": shown(name), "Pictures": n} for name, n in counts], hide_index=True, width="stretch"
            )
        st.caption(f"Encoder: {plain_markdown(case.space.encoder.name)}")
        st.caption(f"Wording: {plain_markdown(model_state())}")
        who = place.person
        st.caption(f"Workspace: {plain_markdown(place.path.name)}")
        if not who.alone:
            st.caption(f"Signed in: {plain_markdown(who.name)} ({who.role})")
            st.button("Sign out", on_click=st.logout, width="stretch")
        _draw_work(place)


@st.cache_data(max_entries=4, show_spinner="Measuring how good the model is …")
def standing(fingerprint: str, _case: "Case") -> dict[str, Any]:
    """The data set and how good the subject is, as ``audit --json`` writes both."""
    from tools.documents import dataset_json, model_json

    return {"dataset": dataset_json(_case), "model": model_json(_case)}


def _skipped_rows(dataset: Document) -> list[dict[str, str]]:
    return [{"File": shown(s["path"]), "Reason": shown(s["reason"])} for s in dataset["skipped"]]


def _draw_work(place: "Place") -> None:
    from app.jobs import jobs

    running = [job for job in jobs(place.path) if job.active]
    if running:
        st.divider()
        watch(place, [job.id for job in running])


@st.fragment(run_every=WATCH_SECONDS)
def watch(place: "Place", ids: list[str]) -> None:
    """How far jobs are; the page is drawn again when one ends, since data may have changed."""
    from app.jobs import job

    found = [job(place.path, id_) for id_ in ids]
    for one in found:
        if one.active:
            st.progress(one.share, text=plain_markdown(f"{one.title}: {one.text or one.state}"))
    if not all(one.active for one in found):
        st.rerun()
