"""One OpenAI-compatible language model, called so that it cannot hold anything up."""

import asyncio
import concurrent.futures
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from agent.context import Context, ModelSettings
from agent.state import Json

GRACE = 1.0
"""Seconds beyond the deadline for a cancelled call to end."""
LETTERS_PER_TOKEN = 4
"""By which tokens are estimated where a server does not count them."""
Heard = Callable[[str], None]


class _Function(BaseModel):
    name: str
    arguments: str


class _Called(BaseModel):
    function: _Function


class _Message(BaseModel):
    content: str | None = None
    tool_calls: list[_Called] | None = None


class _Choice(BaseModel):
    message: _Message


class _Usage(BaseModel):
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class _Completion(BaseModel):
    choices: list[_Choice]
    usage: _Usage | None = None


class Endpoint:
    """Calls a model and counts calls and tokens.

    Attributes
    ----------
    calls : int
        Made for this question so far.
    usage : dict
        Tokens of this question so far: ``sent``, ``received``, and whether they were ``estimated``.
    down : str
        Why it is not asked any more; empty while it may be. A model that fails once is not asked again for the same
        question, so that a dead server costs one deadline and no more.
    """

    def __init__(
        self, settings: ModelSettings, calls: int = 0, usage: Json | None = None,
        spent: Callable[[int, int], None] = lambda _sent, _received: None,
    ) -> None:  # fmt: skip
        self._settings, self._spent = settings, spent
        self.calls = calls
        self.down = ""
        self.usage: Json = dict(usage or {"sent": 0, "received": 0, "estimated": False})

    @property
    def settings(self) -> ModelSettings:
        """What it was opened with."""
        return self._settings

    def ask(
        self, messages: Sequence[Mapping[str, Any]], schema: Json | None = None, heard: Heard | None = None
    ) -> str | None:
        """The model's text; None if there is none to be had (``down`` says why).

        Parameters
        ----------
        messages : sequence of mapping
            ``role`` and ``content``.
        schema : dict, optional
            JSON Schema the text should follow. What comes back is validated by the caller all the same.
        heard : callable, optional
            Told the text piece by piece while it is written.
        """
        body: Json = {}
        if schema is not None:
            kind = {"name": "answer", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": kind}
        if heard is not None:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        message = self._message(messages, body, heard)
        if message is None:
            return None
        if not message.content or not message.content.strip():
            self.down = "sent an empty message"
            return None
        return message.content.strip()

    def call(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Json]) -> tuple[str, str] | None:
        """Name and arguments (JSON text) of the one tool that the model calls natively; None if it calls none."""
        body: Json = {"tools": list(tools), "tool_choice": "required", "parallel_tool_calls": False}
        message = self._message(messages, body, None)
        if message is None:
            return None
        if not message.tool_calls or len(message.tool_calls) != 1:
            self.down = "called no tool"
            return None
        return message.tool_calls[0].function.name, message.tool_calls[0].function.arguments

    def _message(self, messages: Sequence[Mapping[str, Any]], body: Json, heard: Heard | None) -> _Message | None:
        if self.down:
            return None
        if self.calls >= self._settings.max_calls:
            self.down = "used up its calls for this question"
            return None
        if self.usage["sent"] + self.usage["received"] >= self._settings.max_total_tokens:
            self.down = "used up its tokens for this question"
            return None
        self.calls += 1
        whole: Json = {
            "model": self._settings.model,
            "messages": [dict(m) for m in messages],
            "max_completion_tokens": self._settings.max_tokens,
            **body,
        }
        raw = self._within_deadline(whole, heard)
        if raw is None:
            self._count(_letters(whole), 0, estimated=True)
            return None
        return self._read(raw, whole)

    def _within_deadline(self, body: Json, heard: Heard | None) -> bytes | None:
        """Runs in a thread of its own: it works inside and outside a running event loop alike."""
        import contextvars

        import openai

        pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="language-model")
        inside = contextvars.copy_context()  # the stream of the graph that asks is one of its variables
        try:
            waiting = pool.submit(lambda: inside.run(lambda: asyncio.run(self._call(body, heard))))
            return waiting.result(self._settings.timeout + GRACE)
        except (TimeoutError, openai.APITimeoutError):
            self.down = f"did not answer within {self._settings.timeout:g} s"
        except openai.APIStatusError as fault:
            self.down = f"answered with HTTP status {fault.status_code}"
        except openai.APIConnectionError:
            self.down = "cannot be reached"
        except (openai.OpenAIError, OSError, ValueError) as fault:
            self.down = f"failed ({type(fault).__name__})"
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return None

    async def _call(self, body: Json, heard: Heard | None) -> bytes | None:
        from openai import AsyncOpenAI

        settings = self._settings
        async with asyncio.timeout(settings.timeout):
            async with AsyncOpenAI(
                base_url=settings.base_url, api_key=settings.api_key, max_retries=0, timeout=settings.timeout
            ) as client:
                reply: Any = client.chat.completions.with_streaming_response.create(**body)
                async with reply as stream:
                    out, told = bytearray(), 0
                    async for chunk in stream.iter_bytes():
                        out += chunk
                        if len(out) > settings.max_bytes:
                            self.down = f"sent more than {settings.max_bytes} bytes"
                            return None
                        if heard is not None and (end := out.rfind(b"\n")) >= told:
                            for piece in _pieces(bytes(out[told:end])):
                                heard(piece)
                            told = end + 1
                    return bytes(out)

    def _read(self, raw: bytes, body: Json) -> _Message | None:
        whole = _joined(raw) if raw.lstrip().startswith(b"data:") else raw
        try:
            completion = _Completion.model_validate_json(whole)
        except ValidationError:
            self.down = "sent something that is not a chat completion"
            self._count(_letters(body), len(raw) // LETTERS_PER_TOKEN, estimated=True)
            return None
        message = completion.choices[0].message if completion.choices else _Message()
        if completion.usage is not None:
            self._count(completion.usage.prompt_tokens, completion.usage.completion_tokens, estimated=False)
        else:
            received = len(message.content or "") + sum(len(c.function.arguments) for c in message.tool_calls or ())
            self._count(_letters(body), received // LETTERS_PER_TOKEN, estimated=True)
        return message

    def _count(self, sent: int, received: int, *, estimated: bool) -> None:
        self.usage = {
            "sent": self.usage["sent"] + sent,
            "received": self.usage["received"] + received,
            "estimated": self.usage["estimated"] or estimated,
        }
        self._spent(sent, received)


def _letters(body: Json) -> int:
    """Tokens of what is sent, estimated."""
    return len(json.dumps(body, ensure_ascii=False)) // LETTERS_PER_TOKEN


def _events(raw: bytes) -> list[Json]:
    """The JSON objects of a stream of server-sent events; half ones and comments are left out."""
    out: list[Json] = []
    for line in raw.decode("utf-8", "replace").splitlines():
        text = line.removeprefix("data:").strip() if line.startswith("data:") else ""
        if not text.startswith("{"):
            continue
        try:
            out.append(json.loads(text))
        except ValueError:
            continue
    return out


def _pieces(raw: bytes) -> list[str]:
    """The pieces of text in some whole lines of a stream."""
    found = [event["choices"][0]["delta"].get("content") for event in _events(raw) if _is_delta(event)]
    return [piece for piece in found if isinstance(piece, str) and piece]


def _is_delta(event: Json) -> bool:
    choices = event.get("choices")
    return isinstance(choices, list) and bool(choices) and isinstance(choices[0], dict) and isinstance(
        choices[0].get("delta"), dict
    )  # fmt: skip


def _joined(raw: bytes) -> bytes:
    """A stream as the one completion it stands for."""
    usage = next((e["usage"] for e in _events(raw)[::-1] if isinstance(e.get("usage"), dict)), None)
    return json.dumps({"choices": [{"message": {"content": "".join(_pieces(raw))}}], "usage": usage}).encode()


def open_endpoint(context: Context, calls: int = 0, down: str = "", usage: Json | None = None) -> Endpoint | None:
    """An endpoint that continues where an earlier node left off; None without a model or with one that failed."""
    if context.model is None or down:
        return None
    return Endpoint(context.model, calls, usage, context.spent)
