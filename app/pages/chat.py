"""The chat: asks the same graph as ``advisor ask`` and shows words, pictures, numbers and effects."""

import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.answer_text import answer_markdown, follow_ups
from app.commands import record_answer
from app.edge import read_context
from app.escaping import plain_markdown, shown
from app.panels import draw_answer
from app.place import ASKED, Place
from app.views import suggested_questions

if TYPE_CHECKING:
    from langgraph.checkpoint.memory import InMemorySaver

    from tools.case import Case

ADVISOR, PERSON = ":material/image_search:", ":material/person:"
TITLE_LENGTH = 44


@dataclass
class Conversation:
    """Questions and answers of one thread, of one session alone."""

    thread: str = field(default_factory=lambda: uuid.uuid4().hex)
    turns: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Its first question, short."""
        text = shown(self.turns[0][0]) if self.turns else "New conversation"
        return text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1] + "…"


def draw(place: Place) -> None:
    """Draw the page."""
    conversations: list[Conversation] = st.session_state.setdefault("conversations", [Conversation()])
    asked_elsewhere = st.session_state.pop(ASKED, None)
    if asked_elsewhere and _current(conversations).turns:
        _begin(conversations)
    now = _current(conversations)
    _draw_conversations(conversations, now)
    st.title("What holds your model back?", anchor=False)
    if not now.turns:
        st.caption(
            "Ask in plain words and name classes as you call them. Every number in an answer was computed from your "
            "pictures by the advisor's own code, and the fixes it names were tried on held-out pictures."
        )
    for number, (past, answer) in enumerate(now.turns):
        _draw_question(past)
        with st.chat_message("assistant", avatar=ADVISOR):
            draw_answer(answer, place, f"{now.thread}-{number}")
            _draw_share(answer, f"{now.thread}-{number}")
    suggested = _draw_suggestions(place.case, now)
    fresh = st.container()
    with st.container():  # in the flow of the page: a new answer then starts where the question was typed
        asked = st.chat_input("Why is my model confusing … and …?")
    question: str | None = asked or suggested or asked_elsewhere
    if question:
        with fresh:
            _draw_question(question)
            now.turns.append((question, _ask(question, place, now.thread)))
        st.rerun()


def _current(conversations: list[Conversation]) -> Conversation:
    chosen = st.session_state.get("conversation")
    return next((c for c in conversations if c.thread == chosen), conversations[-1])


def _begin(conversations: list[Conversation]) -> None:
    if conversations[-1].turns:
        conversations.append(Conversation())
    st.session_state["conversation"] = conversations[-1].thread


def _draw_conversations(conversations: list[Conversation], now: Conversation) -> None:
    with st.sidebar:
        st.divider()
        if st.button("New conversation", width="stretch", icon=":material/add_comment:", disabled=not now.turns):
            _begin(conversations)
            st.rerun()
        past = [c for c in reversed(conversations) if c.turns]
        if len(past) > 1 or (past and past[0] is not now):
            st.caption("Conversations of this visit")
            for one in past:
                kind: Any = "primary" if one is now else "tertiary"
                if st.button(plain_markdown(one.title), key=f"open-{one.thread}", type=kind, width="stretch"):
                    st.session_state["conversation"] = one.thread
                    st.rerun()


def _ask(question: str, place: Place, thread: str) -> dict[str, Any]:
    """Run the graph, showing each step as it is done."""
    from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

    from agent.answer import Answer
    from agent.graph import stream_answer

    session = get_script_run_ctx()
    with st.chat_message("assistant", avatar=ADVISOR), st.status("Looking at your pictures …", expanded=True) as status:
        line = st.empty()

        def on_step(what: str, done: int, total: int) -> None:
            add_script_run_ctx(threading.current_thread(), session)  # the graph may work in threads of its own
            line.caption(f"{plain_markdown(what)} {done}/{total}")

        context = read_context(place.case, place.kept, on_step)
        for event in stream_answer(question, context, thread=thread, checkpointer=_memory()):
            if isinstance(event, Answer):
                status.update(label="Done", state="complete", expanded=False)
                document = event.to_json()
                record_answer(place.kept, place.case, document)
                return document
            line.empty()
            st.markdown(f":material/check: {plain_markdown(event.text)}")
            line = st.empty()
    raise AssertionError("the graph ends with an answer")


@st.cache_resource
def _memory() -> "InMemorySaver":
    """Remembers the questions of every conversation since the page was started; threads are told apart by their id."""
    from langgraph.checkpoint.memory import InMemorySaver

    return InMemorySaver()


def _draw_question(question: str) -> None:
    with st.chat_message("user", avatar=PERSON):
        st.markdown(plain_markdown(question))


def _draw_share(answer: dict[str, Any], key: str) -> None:
    """The answer as Markdown, to copy or to keep."""
    text = answer_markdown(answer)
    with st.popover("Share as Markdown", icon=":material/share:"):
        st.download_button(
            "Download", text, file_name="answer.md", mime="text/markdown", key=f"{key}-download",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.code(text, language="markdown", wrap_lines=True, height=300)


def _draw_suggestions(case: "Case", now: Conversation) -> str | None:
    asked = {question for question, _ in now.turns}
    if now.turns:
        questions = [q for q in follow_ups(now.turns[-1][1], _suggestions(case.fingerprint, case)) if q not in asked]
        st.caption("You could go on with")
    else:
        questions = _suggestions(case.fingerprint, case)
        st.markdown("**Worth asking of these pictures**")
    chosen = None
    with st.container(horizontal=bool(now.turns)):
        for number, question in enumerate(questions):
            key = f"suggested-{len(now.turns)}-{number}" if now.turns else f"suggested-{number}"
            if st.button(plain_markdown(question), key=key, icon=":material/help:"):
                chosen = question
    return chosen


@st.cache_data(max_entries=4, show_spinner="Looking at the errors …")
def _suggestions(fingerprint: str, _case: "Case") -> list[str]:
    return suggested_questions(_case)
