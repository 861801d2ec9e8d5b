"""One OpenAI-compatible language model, called so that it cannot hold anything up."""

import asyncio
import concurrent.futures
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from agent.completions import Completion, Message, is_stream, joined, pieces
from agent.context import Context, ModelSettings
from agent.display import visible
from agent.state import Json
from embeddings.progress import Progress, silent

GRACE = 1.0
"""Seconds beyond the deadline for a cancelled call to end."""
REFUSED = frozenset({400, 422})
"""HTTP statuses of a request that a server does not take as it is."""
OF_FORM = re.compile(r"response_format|schema|grammar", re.IGNORECASE)
"""Words by which a server that fails with another status tells that it was about the form."""
LETTERS_PER_TOKEN = 4
"""By which tokens are estimated where a server does not count them."""
MOST_REASON = 160
"""Letters of what a server says of its refusal that are told on."""
LEAST_KEY = 8
"""A shorter key is no secret, but a word such as "none"."""
WAITING = "waiting for the language model"
LIMITS = frozenset({"minItems", "maxItems"})
"""Words of a schema that keep a small model from filling a list for ever, and that some strict servers refuse."""
FORMS = ("limits", "schema", "object", "none")
"""How a reply's form is asked for: by a schema, by one without limits, as an object of that schema (llama-cpp-python),
or by the prompt alone; the first that is taken."""
Heard = Callable[[str], None]


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
    form : str
        One of ``FORMS``: the first that the server has not refused.
    """

    def __init__(
        self, settings: ModelSettings, calls: int = 0, usage: Json | None = None,
        spent: Callable[[int, int], None] = lambda _sent, _received: None, on_step: Progress = silent,
    ) -> None:  # fmt: skip
        self._settings, self._spent, self._on_step = settings, spent, on_step
        self._refused = False
        self.form = settings.form
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
            JSON Schema the text should follow. What comes back is validated by the caller all the same. A server that
            refuses it is asked again with less of it; a refused request counts as no call.
        heard : callable, optional
            Told the text piece by piece while it is written.
        """
        streamed = {"stream": True, "stream_options": {"include_usage": True}} if heard is not None else {}
        message = self._message(messages, {**streamed, **_format(schema, self.form)}, heard)
        while self._refused and schema is not None and self.form != FORMS[-1]:
            self.form, self.down = FORMS[FORMS.index(self.form) + 1], ""
            message = self._message(messages, {**streamed, **_format(schema, self.form)}, heard)
        if self._refused:  # whatever its form: that was not what is wrong with it
            self.form = self._settings.form
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

    def _message(self, messages: Sequence[Mapping[str, Any]], body: Json, heard: Heard | None) -> Message | None:
        self._refused = False
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
        self._on_step(WAITING, 0, 1)
        raw = self._within_deadline(whole, heard)
        return None if raw is None else self._read(raw, whole)

    def _within_deadline(self, body: Json, heard: Heard | None) -> bytes | None:
        """Runs in a thread of its own: it works inside and outside a running event loop alike.

        What a request that was cut off has cost is estimated; one that no model has seen costs nothing.
        """
        import contextvars

        import openai

        pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="language-model")
        inside = contextvars.copy_context()  # the stream of the graph that asks is one of its variables
        try:
            waiting = pool.submit(lambda: inside.run(lambda: asyncio.run(self._call(body, heard))))
            raw = waiting.result(self._settings.timeout + GRACE)
            if raw is not None:
                return raw
        except (TimeoutError, openai.APITimeoutError):
            self.down = f"did not answer within {self._settings.timeout:g} s"
        except openai.APIStatusError as fault:
            reason = self._reason(fault.body)
            self._refused = fault.status_code in REFUSED or OF_FORM.search(reason) is not None
            self.calls -= self._refused
            self.down = f"answered with HTTP status {fault.status_code}{reason}"
            return None
        except openai.APIConnectionError:
            self.down = "cannot be reached"
            return None
        except (openai.OpenAIError, OSError, ValueError) as fault:
            self.down = f"failed ({type(fault).__name__})"
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        self._count(_letters(body), 0, estimated=True)
        return None

    def _reason(self, body: object) -> str:
        """What a server says of its refusal, such as that the request is too long for it; never the key."""
        said = body.get("message") if isinstance(body, Mapping) else None
        text = visible(said).strip() if isinstance(said, str) else ""
        if len(self._settings.api_key) >= LEAST_KEY:
            text = text.replace(self._settings.api_key, "…")
        return f" ({text if len(text) <= MOST_REASON else text[: MOST_REASON - 1] + '…'})" if text else ""

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
                            for piece in pieces(bytes(out[told:end])):
                                heard(piece)
                            told = end + 1
                    return bytes(out)

    def _read(self, raw: bytes, body: Json) -> Message | None:
        whole = joined(raw) if is_stream(raw) else raw
        try:
            completion = Completion.model_validate_json(whole)
        except ValidationError:
            self.down = "sent something that is not a chat completion"
            self._count(_letters(body), len(raw) // LETTERS_PER_TOKEN, estimated=True)
            return None
        message = completion.choices[0].message if completion.choices else Message()
        if completion.usage is not None:
            self._count(completion.usage.prompt_tokens, completion.usage.completion_tokens, estimated=False)
        else:
            received = len(message.content or "") + sum(len(c.function.arguments) for c in message.tool_calls or ())
            self._count(_letters(body), received // LETTERS_PER_TOKEN, estimated=True)
        if completion.choices and completion.choices[0].finish_reason == "length":
            self.down = "was cut off before its end"
            return None
        return message

    def _count(self, sent: int, received: int, *, estimated: bool) -> None:
        self.usage = {
            "sent": self.usage["sent"] + sent,
            "received": self.usage["received"] + received,
            "estimated": self.usage["estimated"] or estimated,
        }
        self._spent(sent, received)


def _format(schema: Json | None, form: str) -> Json:
    if schema is None or form == "none":
        return {}
    if form == "object":
        return {"response_format": {"type": "json_object", "schema": schema}}
    kept = without_limits(schema) if form == "schema" else schema
    shape = {"name": "answer", "schema": kept, "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": shape}}


def without_limits(node: Any) -> Any:
    """A schema without what some strict servers refuse.

    >>> without_limits({"type": "array", "maxItems": 2})
    {'type': 'array'}
    """
    if isinstance(node, list):
        return [without_limits(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: without_limits(value) for key, value in node.items() if key not in LIMITS}


def _letters(body: Json) -> int:
    """Tokens of what is sent, estimated."""
    return len(json.dumps(body, ensure_ascii=False)) // LETTERS_PER_TOKEN


def open_endpoint(context: Context, calls: int = 0, down: str = "", usage: Json | None = None) -> Endpoint | None:
    """An endpoint that continues where an earlier node left off; None without a model or with one that failed."""
    if context.model is None or down:
        return None
    return Endpoint(context.model, calls, usage, context.spent, context.on_step)
