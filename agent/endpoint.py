"""One OpenAI-compatible language model, called so that it cannot hold anything up."""

import asyncio
import concurrent.futures
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from agent.context import ModelSettings
from agent.state import Json

GRACE = 1.0
"""Seconds beyond the deadline for a cancelled call to end."""


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message


class _Completion(BaseModel):
    choices: list[_Choice]


class Endpoint:
    """Calls a model and counts the calls.

    Attributes
    ----------
    calls : int
        Made for this question so far.
    down : str
        Why it is not asked any more; empty while it may be. A model that fails once is not asked again for the same
        question, so that a dead server costs one deadline and no more.
    """

    def __init__(self, settings: ModelSettings, calls: int = 0) -> None:
        self._settings = settings
        self.calls = calls
        self.down = ""

    def ask(self, messages: Sequence[Mapping[str, str]], schema: Json | None = None) -> str | None:
        """The model's text; None if there is none to be had (``down`` says why).

        Parameters
        ----------
        messages : sequence of mapping
            ``role`` and ``content``.
        schema : dict, optional
            JSON Schema the text should follow. What comes back is validated by the caller all the same.
        """
        if self.down:
            return None
        if self.calls >= self._settings.max_calls:
            self.down = "used up its calls for this question"
            return None
        self.calls += 1
        body: Json = {
            "model": self._settings.model,
            "messages": [dict(m) for m in messages],
            "max_completion_tokens": self._settings.max_tokens,
        }
        if schema is not None:
            kind = {"name": "answer", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": kind}
        raw = self._within_deadline(body)
        return None if raw is None else self._content(raw)

    def _within_deadline(self, body: Json) -> bytes | None:
        """Runs in a thread of its own: it works inside and outside a running event loop alike."""
        import openai

        pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="language-model")
        try:
            waiting = pool.submit(lambda: asyncio.run(self._call(body)))
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

    async def _call(self, body: Json) -> bytes | None:
        from openai import AsyncOpenAI

        settings = self._settings
        async with asyncio.timeout(settings.timeout):
            async with AsyncOpenAI(
                base_url=settings.base_url, api_key=settings.api_key, max_retries=0, timeout=settings.timeout
            ) as client:
                reply: Any = client.chat.completions.with_streaming_response.create(**body)
                async with reply as stream:
                    out = bytearray()
                    async for chunk in stream.iter_bytes():
                        out += chunk
                        if len(out) > settings.max_bytes:
                            self.down = f"sent more than {settings.max_bytes} bytes"
                            return None
                    return bytes(out)

    def _content(self, raw: bytes) -> str | None:
        try:
            completion = _Completion.model_validate_json(raw)
        except ValidationError:
            self.down = "sent something that is not a chat completion"
            return None
        text = completion.choices[0].message.content if completion.choices else None
        if not text or not text.strip():
            self.down = "sent an empty message"
            return None
        return text.strip()


def open_endpoint(settings: ModelSettings | None, calls: int = 0, down: str = "") -> Endpoint | None:
    """An endpoint that continues where an earlier node left off; None without a model or with one that failed."""
    if settings is None or down:
        return None
    return Endpoint(settings, calls)
