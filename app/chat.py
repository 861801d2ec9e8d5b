"""The chat page: asks the same graph as ``advisor ask`` and shows words, pictures, numbers and effects."""

import argparse
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from agent.answer import Answer
from app.commands import record_answer
from app.edge import model_state, prepare_libraries, read_context, read_settings
from app.escaping import plain_markdown, shown
from app.panels import STYLE, draw_answer, icon
from app.printing import subject_text
from app.views import Document, counted, suggested_questions
from tools.errors import AdvisorError, NoDataset

if TYPE_CHECKING:
    from langgraph.checkpoint.memory import InMemorySaver

    from tools.case import Case
    from tools.settings import Settings
    from tools.workspace import Workspace

ADVISOR, PERSON = ":material/image_search:", ":material/person:"


def main() -> None:
    """Draw the page."""
    prepare_libraries()
    st.set_page_config(page_title="Image model advisor", page_icon=icon(), layout="wide")
    st.html(STYLE)
    workspace = _workspace()
    try:
        kept, case = _open(workspace)
    except NoDataset:
        _draw_welcome(workspace)
        return
    except AdvisorError as error:
        _draw_error(error)
        return
    _draw_sidebar(case, workspace)
    _draw_conversation(kept, case)


def _workspace() -> Path:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workspace", type=Path, default=Path(".advisor"))
    known, _ = parser.parse_known_args()
    return Path(known.workspace)


def _open(path: Path) -> "tuple[Workspace, Case]":
    from tools.workspace import Workspace

    kept = Workspace.open(path)
    settings = read_settings(path, seed=kept.choice("seed"), group_column=kept.choice("group"))
    return kept, _case(str(path), repr((kept.datasets(), kept.imports(1), settings)), kept, settings)


@st.cache_resource(max_entries=2, show_spinner="Opening the workspace …")
def _case(path: str, state: str, _kept: "Workspace", _settings: "Settings") -> "Case":
    """The case of one state of a workspace; ``path`` and ``state`` are the cache's key."""
    return _kept.case(_settings)


def _draw_welcome(workspace: Path) -> None:
    st.title("Nothing to look at yet", anchor=False)
    st.markdown(
        f"The workspace `{shown(workspace).replace('`', '')}` holds no pictures. In a terminal, run one of these:"
    )
    st.code(
        "# a folder of class folders, or a CSV\n"
        f"advisor import PATH --workspace {shown(workspace)}\n\n"
        "# pictures drawn by the advisor, with planted faults\n"
        "advisor demo",
        language="bash",
    )
    st.markdown("Then reload this page.")


def _draw_error(error: AdvisorError) -> None:
    st.title("The workspace cannot be opened", anchor=False)
    st.error(
        f"**Expected** {plain_markdown(error.expected)}\n\n**Saw** {plain_markdown(error.seen)}\n\n"
        f"**To do** {plain_markdown(error.todo)}"
    )


def _draw_sidebar(case: "Case", workspace: Path) -> None:
    facts = _standing(case.fingerprint, case)
    dataset, model = facts["dataset"], facts["model"]
    with st.sidebar:
        st.title("Image model advisor", anchor=False)
        if "accuracy" in model:
            accuracy = model["accuracy"]
            st.metric("Accuracy", accuracy["text"], help=plain_markdown(accuracy["how"]))
            st.caption(f"interval {accuracy['interval']}, {accuracy['n']} pictures, {model['evaluated_on']}")
        st.markdown(f"Errors counted: **{subject_text(case.subject)}**")
        st.divider()
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
        st.caption(f"Workspace: {plain_markdown(workspace)}")
        if st.button("New conversation", width="stretch"):
            st.session_state.clear()
            st.rerun()


@st.cache_data(max_entries=4, show_spinner="Measuring how good the model is …")
def _standing(fingerprint: str, _case: "Case") -> dict[str, Any]:
    from tools.documents import dataset_json, model_json

    return {"dataset": dataset_json(_case), "model": model_json(_case)}


def _skipped_rows(dataset: Document) -> list[dict[str, str]]:
    return [{"File": shown(s["path"]), "Reason": shown(s["reason"])} for s in dataset["skipped"]]


def _draw_conversation(kept: "Workspace", case: "Case") -> None:
    turns: list[tuple[str, dict[str, Any]]] = st.session_state.setdefault("turns", [])
    thread: str = st.session_state.setdefault("thread", uuid.uuid4().hex)
    st.title("What holds your model back?", anchor=False)
    if not turns:
        st.caption(
            "Ask in plain words and name classes as you call them. Every number in an answer was computed from your "
            "pictures by the advisor's own code, and the fixes it names were tried on held-out pictures."
        )
    for number, (past, answer) in enumerate(turns):
        _draw_question(past)
        with st.chat_message("assistant", avatar=ADVISOR):
            draw_answer(answer, case, f"turn-{number}")
    suggested = _draw_suggestions(case) if not turns else None
    fresh = st.container()
    with st.container():  # in the flow of the page: a new answer then starts where the question was typed
        asked = st.chat_input("Why is my model confusing … and …?")
    question: str | None = asked or suggested
    if question:
        with fresh:
            _draw_question(question)
            turns.append((question, _ask(question, kept, case, thread)))
        st.rerun()


def _ask(question: str, kept: "Workspace", case: "Case", thread: str) -> dict[str, Any]:
    """Run the graph, showing each step as it is done."""
    from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

    from agent.graph import stream_answer

    session = get_script_run_ctx()
    with st.chat_message("assistant", avatar=ADVISOR), st.status("Looking at your pictures …", expanded=True) as status:
        line = st.empty()

        def on_step(what: str, done: int, total: int) -> None:
            add_script_run_ctx(threading.current_thread(), session)  # the graph may work in threads of its own
            line.caption(f"{plain_markdown(what)} {done}/{total}")

        context = read_context(case, kept, on_step)
        for event in stream_answer(question, context, thread=thread, checkpointer=_memory()):
            if isinstance(event, Answer):
                status.update(label="Done", state="complete", expanded=False)
                document = event.to_json()
                record_answer(kept, case, document)
                return document
            line.empty()
            st.markdown(f":material/check: {plain_markdown(event.text)}")
            line = st.empty()
    raise AssertionError("the graph ends with an answer")


@st.cache_resource
def _memory() -> "InMemorySaver":
    """Remembers the questions of every conversation since the page was started."""
    from langgraph.checkpoint.memory import InMemorySaver

    return InMemorySaver()


def _draw_question(question: str) -> None:
    with st.chat_message("user", avatar=PERSON):
        st.markdown(plain_markdown(question))


def _draw_suggestions(case: "Case") -> str | None:
    st.markdown("**Worth asking of these pictures**")
    for number, question in enumerate(_suggestions(case.fingerprint, case)):
        if st.button(plain_markdown(question), key=f"suggested-{number}", icon=":material/help:"):
            return question
    return None


@st.cache_data(max_entries=4, show_spinner="Looking at the errors …")
def _suggestions(fingerprint: str, _case: "Case") -> list[str]:
    return suggested_questions(_case)


main()
