"""What a server for language models sends back, whole or as a stream of pieces, as one completion."""

import json

from pydantic import BaseModel, Field

from agent.state import Json


class Function(BaseModel):
    """Name of a tool, and its arguments as JSON text."""

    name: str
    arguments: str


class Called(BaseModel):
    """One native call of a tool."""

    function: Function


class Message(BaseModel):
    """What the model says, or which tools it calls."""

    content: str | None = None
    tool_calls: list[Called] | None = None


class Choice(BaseModel):
    """A message, and why it ended there: ``length`` = it was cut off."""

    message: Message
    finish_reason: str | None = None


class Usage(BaseModel):
    """Tokens, as the server counts them."""

    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class Completion(BaseModel):
    """The part of a reply that is read."""

    choices: list[Choice]
    usage: Usage | None = None


def _events(raw: bytes) -> list[Json]:
    """The JSON objects of a stream of server-sent events; half ones and comments are left out."""
    out: list[Json] = []
    for line in raw.decode("utf-8", "replace").split("\n"):
        text = line.removeprefix("data:").strip() if line.startswith("data:") else ""
        if not text.startswith("{"):
            continue
        try:
            out.append(json.loads(text))
        except ValueError:
            continue
    return out


def is_stream(raw: bytes) -> bool:
    """Whether a reply is a stream, whatever it opens with: slow servers send comments while they compute.

    >>> is_stream(b": ping\\n\\ndata: {}\\n"), is_stream(b'{"data:": 1}')
    (True, False)
    """
    return any(line.startswith(b"data:") for line in raw.splitlines())


def pieces(raw: bytes) -> list[str]:
    """The pieces of text in some whole lines of a stream."""
    found = [event["choices"][0]["delta"].get("content") for event in _events(raw) if _is_delta(event)]
    return [piece for piece in found if isinstance(piece, str) and piece]


def _is_delta(event: Json) -> bool:
    choices = event.get("choices")
    return isinstance(choices, list) and bool(choices) and isinstance(choices[0], dict) and isinstance(
        choices[0].get("delta"), dict
    )  # fmt: skip


def joined(raw: bytes) -> bytes:
    """A stream as the one completion it stands for."""
    events = _events(raw)
    usage = next((e["usage"] for e in events[::-1] if isinstance(e.get("usage"), dict)), None)
    ends = [e["choices"][0].get("finish_reason") for e in events if _is_delta(e)]
    end = next((word for word in ends[::-1] if isinstance(word, str)), None)
    choice = {"message": {"content": "".join(pieces(raw))}, "finish_reason": end}
    return json.dumps({"choices": [choice], "usage": usage}).encode()
