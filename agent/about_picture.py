"""What is asked about one picture: others like it, a change of it, or neither. Only English."""

import re

from agent.names import Named

THE_PICTURE = "\ufffd"
"""Stands for the picture in the question."""

_IT = rf"(?:(?:an?|the|this|that|my|one|picture|image|photo|pic|file|shot|called|named|in|of|from) )*{THE_PICTURE}"
_LIKE = (
    r"(?:like|similar(?: to)?|resembl\w+|identical(?: to| with)?|(?:the )?same as|next to|close to|akin to|"
    r"comparable (?:to|with)|near(?:est)?(?: to)?|match(?:es|ing)?|equal(?: to)?|in the style of)"
)
_OTHERS = (
    r"(?:(?:an)?others?|any(?:thing|one)?|some(?:thing)?|everything|more|ones?|what else|pictures|images|photos|"
    r"photographs|pics|shots|examples|samples|files|things|which)"
)
_KIN = (
    r"(?:twins?|siblings?|brothers?|sisters?|cousins?|relatives?|look-? ?alikes?|doppelg\w+|clones?|counterparts?|kin|"
    r"duplicate[sd]?|cop(?:y|ies)|nearest|neighbou?rs?)"
)
_ALIKE = re.compile(
    rf"\b{_LIKE} (?:to |with )?{_IT}|\b{_KIN}\b|\bsimilar (?:pictures|images|photos|pics|ones|shots|examples)\b"
    rf"|\b{_OTHERS}(?: \S+){{0,5}}? (?:like|similar to|resembling|identical to) (?:it|this|that)(?: one)?\b(?! for\b)"
    r"|\b(?:have|is|got|exists?|there)\b.*\b(?:twice|more than once|a second time)\b"
    r"|\b(?:more|others?|another|rest) of (?:that|this|the same) (?:kind|sort|type|style)\b",
    re.IGNORECASE,
)

_ORDER = (
    r"(?:^|[,.;:!?–-]\s*|\b(?:and|so|then|please|pls|plz)\s+)(?:(?:please|pls|just|ok|then|now|go ahead and|let.?s|"
    r"(?:can|could|would|will) (?:you|we)|i(?:.d| would)? (?:want|like)(?: you)? to)[ ,]+)*"
)
_WHOLE = (
    r"(?:(?:the|this|that|one|picture|image|photo|pic|shot|file|named|called) )*"
    rf"(?:{THE_PICTURE}(?! label)|(?:it|this|that|one|the (?:picture|image|photo|pic|shot|file))\b)"
)
_OBJECT = rf"(?<!\w)(?:(?:it|this|that|the|its)\b|{THE_PICTURE})"
_REMOVED = re.compile(
    rf"{_ORDER}(?:delete|remove|drop|discard|exclude|erase|trash|toss|bin|ditch|scrap|chuck|get rid of|"
    rf"(?:throw|leave|take|kick|sort|chuck)(?: away| out)) {_WHOLE}"
    rf"|{_ORDER}(?:throw|leave|take|kick|sort|chuck) {_WHOLE} (?:away|out)\b",
    re.IGNORECASE,
)
_RELABELLED = re.compile(
    rf"{_ORDER}(?:(?:re-?label|re-?tag|re-?name|re-?class\w*|re-?assign|change|correct|fix|repair|switch|move) .*?"
    rf"{_OBJECT}|(?:label|tag|mark|file|set|make|put|turn) {_OBJECT}(?= .*\b(?:as|to|into|under|in|an?)\b))",
    re.IGNORECASE,
)
_NOT_THIS = re.compile(r"\b(?:from|not|no|instead of|rather than|than|called|labell?ed|tagged)(?: as)?(?: an?| the)? $")
_THIS = re.compile(r"(?:\b(?:to|as|into|under|be|is|really|actually)|.s)(?: an?| the| class)* $")


def wants_alike(question: str) -> bool:
    """Whether a question, in which ``THE_PICTURE`` stands for the picture, wants others like it.

    >>> wants_alike(f"pics like {THE_PICTURE}"), wants_alike(f"{THE_PICTURE}: has it a twin?")
    (True, True)
    >>> wants_alike(f"why did it answer like that for {THE_PICTURE}"), wants_alike(f"{THE_PICTURE} looks like a pear")
    (False, False)
    """
    return _ALIKE.search(" ".join(question.split())) is not None


def ordered_change(question: str, named: Named) -> tuple[str, ...] | None:
    """What an order makes of the picture: the class it is to have, nothing where it goes; None if none is ordered.

    Parameters
    ----------
    question : str
        In it ``THE_PICTURE`` stands for the picture.
    named : Named
        The classes it names.

    >>> from agent.names import find_names
    >>> said = [f"change {THE_PICTURE} from lime to lemon", f"delete {THE_PICTURE}", f"fix {THE_PICTURE}"]
    >>> [ordered_change(text, find_names(text, ["Lemon", "Lime"])) for text in said]
    [('Lemon',), (), None]
    """
    if _RELABELLED.search(question):
        stated = [(question[: m.start].lower(), m.name) for m in named.matches if m.name]
        left = [(before, name) for before, name in stated if not _NOT_THIS.search(before)]
        meant = [name for before, name in left if _THIS.search(before)] or [name for _, name in left]
        return (meant[-1],) if meant else None
    return () if _REMOVED.search(question) else None
