"""Names from data do nothing in Markdown and hide nothing from a model."""

import pytest

from agent.display import markdown_safe, shown_names, visible


def test_invisible_characters_go() -> None:
    assert visible("a\u200b\u202e\u2066b\x00\x1b[31m\ufeff") == "ab[31m"
    assert visible("a\r\nb\u2028c") == "a b c"


@pytest.mark.parametrize(
    "name",
    ["<img src=x onerror=alert(1)>", "![x](http://e.x/p.png)", "[click](javascript:1)", "`x`", "# big", "a|b", "**b**"],
)
def test_nothing_acts(name: str) -> None:
    safe = markdown_safe(name)
    for sign in "<>[]`*|#!":
        assert safe.count(sign) == safe.count(f"\\{sign}")
    assert "://" not in safe


def test_ordinary_names_stay() -> None:
    assert markdown_safe("bad_cookies (2), 30 km/h") == "bad_cookies (2), 30 km/h"


def test_names_that_look_alike_are_told_apart() -> None:
    assert list(shown_names(["a", "a\u200b", "\u200b"])) == ["a", "a (2)", "unnamed"]
