"""Twenty people at once, each in a session of their own, spoken to as a browser speaks: no error, nothing crosses."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.serve import ADDRESS, _ready, command
from tests.app.test_serve import free_port

PEOPLE = 20
SECONDS = 240


@pytest.fixture
def address(own_workspace: Path) -> Iterator[str]:
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI", "ADVISOR"))}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    child = subprocess.Popen(command(own_workspace, port), env=environment, stdout=subprocess.DEVNULL)
    try:
        assert _ready(child, port)
        yield f"ws://{ADDRESS}:{port}/_stcore/stream"
    finally:
        child.terminate()
        child.wait(20)


class Session:
    """One browser's end of the conversation with the server."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.texts: list[str] = []
        self.errors: list[str] = []
        self.chat_input = ""

    async def run(self, states: Any = None) -> None:
        """Have the page run, and read all it sends until it has finished."""
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        message.rerun_script.query_string = ""
        if states is not None:
            message.rerun_script.widget_states.CopyFrom(states)
        await self.socket.send(message.SerializeToString())
        await self._until_finished()

    async def _until_finished(self) -> None:
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        runs = 0
        while True:
            data = await asyncio.wait_for(self.socket.recv(), SECONDS)
            message = ForwardMsg()
            message.ParseFromString(data)
            kind = message.WhichOneof("type")
            if kind == "delta":
                self._hear(message.delta.new_element)
            elif kind == "new_session":
                runs += 1
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                try:  # the page may run again at once, as after an answer
                    await asyncio.wait_for(self._peek(), 2.0)
                except TimeoutError:
                    return

    async def _peek(self) -> None:
        await self._until_finished()

    def _hear(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.errors.append(element.exception.message)
        elif kind == "markdown":
            self.texts.append(element.markdown.body)
        elif kind == "chat_input":
            self.chat_input = element.chat_input.id


async def person(address: str, number: int) -> Session:
    """Open the page, ask a question with a word of one's own, and look."""
    from streamlit.proto.WidgetStates_pb2 import WidgetStates
    from websockets.asyncio.client import connect

    async with connect(address, subprotocols=["streamlit"], max_size=None) as socket:  # type: ignore[list-item]
        session = Session(socket)
        await session.run()
        states = WidgetStates()
        state = states.widgets.add()
        state.id = session.chat_input
        state.chat_input_value.data = f"Which labels are wrong? person{number}x"
        await session.run(states)
        return session


@pytest.mark.slow
def test_twenty_people_ask_at_once_and_each_hears_only_their_own(address: str) -> None:
    async def everyone() -> list[Session]:
        return await asyncio.gather(*(person(address, number) for number in range(PEOPLE)))

    sessions = asyncio.run(everyone())

    for number, session in enumerate(sessions):
        text = "\n".join(session.texts)
        assert session.errors == []
        assert f"person{number}x" in text
        assert "F1" in text, "no fact was cited: nothing was answered"
        others = [n for n in range(PEOPLE) if n != number and f"person{n}x" in "\n".join(session.texts)]
        assert others == [], f"session {number} heard of {others}"
