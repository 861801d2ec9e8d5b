"""Words as data: what a user typed, without anything invisible, and what counts as the same word."""

import re
import unicodedata

_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters by category, but drawn as nothing."""
_FILLERS = frozenset({"a", "an", "the", "of", "in", "on", "at", "with", "by", "and", "or", "that", "is", "from", "to"})


def clean(text: str) -> str:
    r"""One line without control, bidirectional, private or invisible characters; runs of blanks become one.

    >>> clean("  a\u200b hand\n\u202e! ")
    'a hand !'
    """
    return " ".join("".join(" " if c.isspace() else c for c in text if c.isspace() or not _invisible(c)).split())


def key(text: str) -> str:
    """What two spellings of one word share: no capitals, hyphens, underscores or leading article.

    >>> key("A Granny-Smith"), key("the hand")
    ('granny smith', 'hand')
    """
    spaced = re.sub(r"[-_]+", " ", clean(text)).casefold().split()
    return " ".join(spaced[1:] if len(spaced) > 1 and spaced[0] in ("a", "an", "the") else spaced)


def singulars(text: str) -> tuple[str, ...]:
    """The key, and what it may be the plural of by the regular rules of English.

    >>> singulars("Lemons"), singulars("berries"), singulars("glass")
    (('lemons', 'lemon'), ('berries', 'berry', 'berrie'), ('glass',))
    """
    word = key(text)
    out = [word]
    if word.endswith("ies") and len(word) > 4:
        out.append(word[:-3] + "y")
    if word.endswith(("ches", "shes", "ses", "xes", "zes", "oes")):
        out.append(word[:-2])
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        out.append(word[:-1])
    return tuple(out)


def content_words(text: str) -> frozenset[str]:
    """Its words without articles and prepositions, each also without a plural's s.

    >>> sorted(content_words("a hand in the gloves"))
    ['glove', 'hand']
    """
    return frozenset(singulars(word)[-1] for word in re.findall(r"\w+", key(text)) if word not in _FILLERS)


def _invisible(c: str) -> bool:
    selector = "\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef"
    return selector or c in _BLANKS or unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
