"""The chat: asks the same graph as ``advisor ask`` and shows words, pictures, numbers and effects."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.answer_text import answer_markdown, follow_ups
from app.commands import record_answer
from app.consent import draw_consent
from app.conversations import Turn, conversations, new_thread, put_turn, remembering, turns
from app.edge import read_context
from app.escaping import plain_markdown, shown
from app.panels import draw_answer
from app.place import ASKED, Place
from app.views import suggested_questions

if TYPE_CHECKING:
    from langgraph.checkpoint.memory import InMemorySaver

    from agent.context import Context
    from tools.case import Case

ADVISOR, PERSON = ":material/image_search:", ":material/person:"
TITLE_LENGTH = 44
LONGEST_DRAFT = 600
"""Letters of what a language model is writing that are shown, its latest."""
THREAD, WAITING = "chat thread", "chat waits for"


@st.cache_resource(show_spinner=False)
def _learn_examples() -> threading.Thread:
    """Learns to read questions once for the server, while the page is drawn and the first one is typed."""
    from agent.examples import examples

    learning = threading.Thread(target=examples, daemon=True)
    learning.start()
    return learning


def draw(place: Place) -> None:
    """Draw the page."""
    _learn_examples()
    who = place.person.name
    thread: str = st.session_state.setdefault(THREAD, new_thread(who))
    said = turns(place.kept, who, thread)
    asked_elsewhere = st.session_state.pop(ASKED, None)
    if asked_elsewhere and said:
        thread = st.session_state[THREAD] = new_thread(who)
        said = []
    _draw_conversations(place, thread, bool(said))
    st.title("What holds your model back?", anchor=False)
    if not said:
        st.caption(
            "Ask in plain words and name classes as you call them. Every number in an answer was computed from your "
            "pictures by the advisor's own code, and the fixes it names were tried on held-out pictures."
        )
    for number, turn in enumerate(said):
        _draw_question(turn.question)
        with st.chat_message("assistant", avatar=ADVISOR):
            if turn.answer is not None:
                draw_answer(turn.answer, place, f"{thread}-{number}")
                _draw_share(turn.answer, f"{thread}-{number}")
            elif number == len(said) - 1:
                _draw_unanswered(place, thread, number, turn)
            else:
                st.caption("This was not answered.")
    open_ = bool(said) and said[-1].answer is None
    suggested = None if open_ else _draw_suggestions(place.case, said)
    fresh = st.container()
    with st.container():  # in the flow of the page: a new answer then starts where the question was typed
        typed = st.chat_input("Why is my model confusing … and …?")
    question: str | None = typed or suggested or asked_elsewhere
    if question:
        with fresh:
            _draw_question(question)
            put_turn(place.kept, who, thread, len(said), question, None)
            _ask(place, thread, len(said), question)
        st.rerun()


def _draw_conversations(place: Place, thread: str, begun: bool) -> None:
    with st.sidebar:
        st.divider()
        if st.button("New conversation", width="stretch", icon=":material/add_comment:", disabled=not begun):
            _open(place, new_thread(place.person.name))
        past = conversations(place.kept, place.person.name)
        if past:
            st.caption("Conversations")
        for one in past:
            kind: Any = "primary" if one.thread == thread else "tertiary"
            title = shown(one.title)
            title = title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + "…"
            if st.button(plain_markdown(title), key=f"open-{one.thread}", type=kind, width="stretch"):
                _open(place, one.thread)


def _open(place: Place, thread: str) -> None:
    st.session_state[THREAD] = thread
    st.session_state.pop(WAITING, None)
    st.rerun()


def _context(place: Place, on_step: Any) -> "Context":
    return replace(read_context(place.case, place.kept, on_step), user=place.person.name)


def _ask(place: Place, thread: str, number: int, question: str) -> None:
    from agent.graph import stream_answer

    with remembering(place.kept, _memory()) as saver:
        _follow(
            place, thread, number, question,
            lambda on_step: stream_answer(question, _context(place, on_step), thread=thread, checkpointer=saver),
        )  # fmt: skip


def _go_on(place: Place, thread: str, number: int, question: str, decision: Mapping[str, Any] | None) -> None:
    """Resume with a decision, or, after a kill, where the question was left."""
    from agent.graph import resume

    st.session_state.pop(WAITING, None)
    with remembering(place.kept, _memory()) as saver:
        _follow(
            place, thread, number, question,
            lambda on_step: resume(decision, _context(place, on_step), thread=thread, checkpointer=saver),
        )  # fmt: skip


def _follow(place: Place, thread: str, number: int, question: str, begin: Any) -> None:
    """Show each step as it is done; keep the answer, or what it waits for."""
    from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

    from agent.answer import Answer
    from agent.events import Consent, Progress, Token

    session, written = get_script_run_ctx(), ""
    with st.chat_message("assistant", avatar=ADVISOR), st.status("Looking at your pictures …", expanded=True) as status:
        line = st.empty()

        def on_step(what: str, done: int, total: int) -> None:
            add_script_run_ctx(threading.current_thread(), session)  # the graph may work in threads of its own
            line.caption(f"{plain_markdown(what)} {done}/{total}")

        events: Iterable[Any] = begin(on_step)
        for event in events:
            if isinstance(event, Consent):
                status.update(label="This needs your consent", state="complete", expanded=False)
                st.session_state[WAITING] = (thread, dict(event.proposal))
            elif isinstance(event, Answer):
                status.update(label="Done", state="complete", expanded=False)
                document = event.to_json()
                record_answer(place.kept, place.case, document)
                put_turn(place.kept, place.person.name, thread, number, question, document)
            elif isinstance(event, Progress):
                line.caption(f"{plain_markdown(event.text)} {event.done}/{event.total}")
            elif isinstance(event, Token):
                written += event.text
                line.caption(f"The language model writes, not checked yet: {plain_markdown(written[-LONGEST_DRAFT:])}")
            else:
                written = ""
                line.empty()
                st.markdown(f":material/check: {plain_markdown(event.text)}")
                line = st.empty()


@st.cache_resource
def _memory() -> "InMemorySaver":
    """Remembers threads where the disk cannot; threads are told apart by names that nobody guesses."""
    from langgraph.checkpoint.memory import InMemorySaver

    return InMemorySaver()


def _draw_unanswered(place: Place, thread: str, number: int, turn: Turn) -> None:
    """A question that waits for consent, was cut off, or was lost."""
    waiting = _waiting(place, thread)
    if isinstance(waiting, dict):
        decision = draw_consent(place, waiting)
        if decision is not None:
            _go_on(place, thread, number, turn.question, decision)
            st.rerun()
    elif isinstance(waiting, str):
        st.info("This question was cut off. What was done of it is kept.", icon=":material/pause:")
        if st.button("Go on with it", icon=":material/play_arrow:", key="chat-go-on"):
            _go_on(place, thread, number, turn.question, None)
            st.rerun()
    else:
        st.info("This question was not answered.", icon=":material/error:")
        if st.button("Ask it again", icon=":material/refresh:", key="chat-again"):
            _ask(place, thread, number, turn.question)
            st.rerun()


def _waiting(place: Place, thread: str) -> dict[str, Any] | str | None:
    """A proposal, the question of a thread that was killed, or nothing."""
    known = st.session_state.get(WAITING)
    if known is not None and known[0] == thread:
        proposal: dict[str, Any] = known[1]
        return proposal
    from agent.events import Consent
    from agent.graph import pending

    with remembering(place.kept, _memory()) as saver:
        found = pending(thread, saver)
    return dict(found.proposal) if isinstance(found, Consent) else found


def _draw_question(question: str) -> None:
    with st.chat_message("user", avatar=PERSON):
        st.markdown(plain_markdown(question))


def _draw_share(answer: Mapping[str, Any], key: str) -> None:
    """The answer as Markdown, to copy or to keep."""
    text = answer_markdown(answer)
    with st.popover("Share as Markdown", icon=":material/share:"):
        st.download_button(
            "Download", text, file_name="answer.md", mime="text/markdown", key=f"{key}-download",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.code(text, language="markdown", wrap_lines=True, height=300)


def _draw_suggestions(case: "Case", said: list[Turn]) -> str | None:
    asked = {turn.question for turn in said}
    questions = _suggestions(case.fingerprint, case)
    last = said[-1].answer if said else None
    if last is not None:
        second = [str(last["second"])] if last.get("second") else []
        questions = [q for q in [*second, *follow_ups(last, questions)] if q not in asked]
        st.caption("You could go on with")
    else:
        st.markdown("**Worth asking of these pictures**")
    chosen = None
    with st.container(horizontal=bool(said)):
        for number, question in enumerate(questions):
            key = f"suggested-{len(said)}-{number}" if said else f"suggested-{number}"
            if st.button(plain_markdown(question), key=key, icon=":material/help:"):
                chosen = question
    return chosen


@st.cache_data(max_entries=4, show_spinner="Looking at the errors …")
def _suggestions(fingerprint: str, _case: "Case") -> list[str]:
    return suggested_questions(_case)
