"""Opens the first page once, as a browser would, so that the first person does not wait for libraries to load."""

from contextlib import suppress

SECONDS = 300.0


def warm(address: str, port: int) -> None:
    """Have the server draw its first page; whatever goes wrong, the first person waits instead."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect
    from websockets.typing import Subprotocol

    message = BackMsg()
    message.rerun_script.query_string = ""
    with (
        suppress(OSError, TimeoutError, WebSocketException),
        connect(
            f"ws://{address}:{port}/_stcore/stream", subprotocols=[Subprotocol("streamlit")], max_size=None,
            open_timeout=SECONDS,
        ) as socket,
    ):  # fmt: skip
        socket.send(message.SerializeToString())
        while True:
            data = socket.recv(SECONDS)
            heard = ForwardMsg()
            heard.ParseFromString(data if isinstance(data, bytes) else data.encode())
            if heard.WhichOneof("type") == "script_finished":
                return
