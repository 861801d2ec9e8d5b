"""Results kept between runs under (case, code, arguments, code version)."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Protocol, TypeVar, cast

from pydantic import TypeAdapter

from tools.code_version import code_version

T = TypeVar("T")


class Memory(Protocol):
    """Keeps JSON texts by key; a workspace is one."""

    def recall(self, key: str) -> str | None:
        """The text kept under a key."""
        ...

    def remember(self, key: str, text: str) -> None:
        """Keep a text under a key."""
        ...


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def recalled(
    memory: Memory | None,
    kind: type[T],
    parts: Mapping[str, object],
    compute: Callable[[], T],
    keep: Callable[[T], bool] = lambda _: True,
) -> T:
    """A result from memory, else computed and kept.

    Parameters
    ----------
    memory : Memory or None
        None computes afresh.
    kind : type
        A frozen dataclass; rebuilt from JSON with its validation.
    parts : mapping
        What the result depends on, besides the code's version.
    compute : callable
    keep : callable
        Whether a fresh result may be kept (a failure may not).
    """
    if memory is None:
        return compute()
    key = json.dumps({**parts, "code": code_version(), "kind": kind.__name__}, sort_keys=True, default=str)
    adapter = _adapter(cast(Any, kind))
    text = memory.recall(key)
    if text is not None:
        known: T = adapter.validate_json(text)
        return known
    fresh = compute()
    if keep(fresh):
        memory.remember(key, adapter.dump_json(fresh).decode())
    return fresh
