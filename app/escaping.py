"""Shows text that came from data so that it can neither hide, reorder, style nor link."""

import re
import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters by category, but drawn as nothing."""
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=&@/])")
_OPENING = re.compile(r"(\\*)([\[\]<$&])")
_CITATION = re.compile(r"\\\[(F[0-9]{1,4})\\\]")
_ADDRESS = re.compile(r"(https?\\?:)(?=\\?/)|(www\\?\.)(?=\S)", re.IGNORECASE)
_MAIL = re.compile(r"(?<=[\w.+-])(\\?@)(?=\S+\.)")


def shown(text: object) -> str:
    r"""One line of text with control, bidirectional and invisible characters written as escapes.

    >>> shown("gpj\u202eexe.\n")
    'gpj\\u202eexe.\\x0a'
    """
    return "".join(_escaped(c) if _invisible(c) else c for c in str(text))


def shown_lines(text: str) -> str:
    r"""As ``shown``, but line breaks stay.

    >>> shown_lines("a\r\nb\x1b[31m")
    'a\nb\\x1b[31m'
    """
    return "\n".join(shown(line) for line in text.replace("\r\n", "\n").split("\n"))


def _invisible(c: str) -> bool:
    selector = "\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef"
    return selector or c in _BLANKS or unicodedata.category(c) in _HIDDEN


def _escaped(c: str) -> str:
    number = ord(c)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def plain_markdown(text: object) -> str:
    r"""Data as Markdown that renders as exactly these characters: no emphasis, link, image, element or formula.

    The one change is a blank inside web and mail addresses: Markdown links those even when they are escaped.

    >>> plain_markdown("[a](b)")
    '\\[a\\]\\(b\\)'
    """
    return _PUNCTUATION.sub(r"\\\1", _unlinked(shown(text)))


def safe_markdown(text: str) -> str:
    r"""Markdown by the advisor or a language model: its structure stays, whatever could load or lead away goes.

    Headings, lists, tables, emphasis and code remain. Links, images, HTML and formulas become the characters they
    were written with. Code is disarmed too, since what is code and what is not is for the renderer to say.

    >>> safe_markdown("**so** ![x](http://e.x/p.png) <b>")
    '**so** !\\[x\\](http: //e.x/p.png) \\<b>'
    """
    return _OPENING.sub(_disarmed, _unlinked(shown_lines(text)))


def cited_markdown(text: str) -> str:
    """As ``safe_markdown``, with the answer's citations set small and grey.

    >>> cited_markdown("12 of 30. [F3]")
    '12 of 30. :small[:gray[F3]]'
    """
    return _CITATION.sub(r":small[:gray[\1]]", safe_markdown(text))


def _disarmed(match: re.Match[str]) -> str:
    slashes, character = match.groups()
    return f"{slashes}{character}" if len(slashes) % 2 else f"{slashes}\\{character}"


def _unlinked(text: str) -> str:
    spaced = _ADDRESS.sub(lambda m: f"{m.group()} ", text)
    return _MAIL.sub(r" \1", spaced)
