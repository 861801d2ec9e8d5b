"""Takes names out of texts and JSON: list items that are about them are dropped, elsewhere a name is written over."""

import json
import re
from collections.abc import Collection
from functools import cached_property
from typing import Any

INSTEAD = "(forgotten)"
BEFORE, AFTER = r"(?<![\w/\\-])(?<!\w\.)", r"(?![\w/\\-]|\.\w)"
"""A name inside a longer one, as ``a.jpg`` in ``data.jpg``, is another name."""
PAIR = 3
"""Lists of at most so many texts, as ``[before, after]``, are one item."""


class Names:
    """What is to be taken out.

    Parameters
    ----------
    exact : collection of str
        Ids, paths and digests.
    """

    def __init__(self, exact: Collection[str]) -> None:
        self.exact = frozenset(exact)

    @cached_property
    def _spelled(self) -> list[tuple[str, str]]:
        """Each name as it is, and as JSON writes it; the longest first."""
        return [(name, json.dumps(name)[1:-1]) for name in sorted(self.exact, key=lambda n: (-len(n), n))]

    def among(self, text: str) -> list[str]:
        """Names that a text may hold, plain or as JSON."""
        return [name for name, escaped in self._spelled if name in text or escaped in text]

    def text(self, text: str) -> str:
        """A text without them.

        >>> Names({"a.jpg"}).text("a.jpg is like data.jpg, see a.jpg.")
        '(forgotten) is like data.jpg, see (forgotten).'
        """
        for name in self.among(text):
            text = re.sub(f"{BEFORE}{re.escape(name)}{AFTER}", INSTEAD, text)
        return text

    def json(self, text: str) -> str:
        """A JSON text without them; what is no JSON counts as text.

        >>> Names({"a"}).json('{"images": ["a", "b"], "edits": [{"id": "a"}], "of": {"a": 1}, "say": "a, b"}')
        '{"images": ["b"], "edits": [], "of": {}, "say": "(forgotten), b"}'
        """
        if not self.among(text):
            return text
        try:
            document = json.loads(text)
        except ValueError:
            return self.text(text)
        return json.dumps(self._value(document))

    def cell(self, text: str) -> str:
        """A database cell without them."""
        return self.json(text) if text[:1] in ("{", "[") else self.text(text)

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return INSTEAD if value in self.exact else self.text(value)
        if isinstance(value, list):
            return [self._value(item) for item in value if not self._about(item)]
        if isinstance(value, dict):
            return {self.text(key): self._value(item) for key, item in value.items() if key not in self.exact}
        return value

    def _about(self, item: Any) -> bool:
        """Whether a list's item is about one of them."""
        if isinstance(item, str):
            return item in self.exact
        parts = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        small = isinstance(item, dict) or (len(parts) <= PAIR and all(isinstance(part, str) for part in parts))
        return small and any(isinstance(part, str) and part in self.exact for part in parts)
