import pytest
from markdown_it import MarkdownIt

from app.escaping import plain_markdown, safe_markdown, shown, shown_lines

HOSTILE = [
    "[a](http://evil.example)",
    "![a](http://evil.example/p.png)",
    r"\[a](http://evil.example)",
    r"\\[a](http://evil.example)",
    "<http://evil.example>",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt; &#91;a](javascript:alert(1))",
    "see http://evil.example now",
    "see www.evil.example now",
    r"see http\://evil.example now",
    r"see http:\//evil.example now",
    "`code` [a](http://evil.example) `",
    "a `\n\n[a](http://evil.example)` b",
    "```\n</code><script>x</script>",
    "[a]: http://evil.example\n\n[a]",
    "mail me@evil.example now",
    r"mail me\@evil.example now",
]


def rendered(text: str) -> str:
    # gfm-like is what Streamlit renders: tables, strikethrough and bare addresses as links
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return markdown.render(text)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("make", [safe_markdown, plain_markdown])
def test_nothing_leads_away_or_becomes_an_element(text: str, make: object) -> None:
    html = rendered(make(text))  # type: ignore[operator]

    assert "<a " not in html
    assert "<img" not in html
    assert "<script" not in html
    assert "<b>" not in html


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("make", [safe_markdown, plain_markdown])
def test_no_text_is_left_that_a_renderer_links_by_itself(text: str, make: object) -> None:
    html = rendered(make(text)).replace("&amp;", "&")  # type: ignore[operator]

    assert "http://" not in html
    assert "www.evil" not in html
    assert "me@evil" not in html


def test_structure_of_an_answer_stays() -> None:
    html = rendered(safe_markdown("## Why\n\n- **12 of 30** errors\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"))

    assert "<h2>Why</h2>" in html
    assert "<strong>12 of 30</strong>" in html
    assert "<td>1</td>" in html


@pytest.mark.parametrize(
    "text", ["*a*", "__a__", "# a", "- a", "1. a", "a | b", "$x$", ":red[a]", "~~a~~", "a\\b", "`a`"]
)
def test_data_is_shown_as_its_very_characters(text: str) -> None:
    assert rendered(plain_markdown(text)).strip() == f"<p>{text}</p>"


def test_invisible_characters_are_shown_as_escapes() -> None:
    assert shown("a\u202eb\u200bc\x1b[0m\n\ufe0f\u3164\udce9") == (
        "a\\u202eb\\u200bc\\x1b[0m\\x0a\\ufe0f\\u3164\\udce9"
    )
    assert shown("Äpfel 🍎 日本") == "Äpfel 🍎 日本"
    assert shown_lines("a\nb\tc") == "a\nb\\x09c"
