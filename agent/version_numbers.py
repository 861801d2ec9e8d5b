"""Reads numbers of versions out of a question."""

import re

from agent.numbers import figures

_PLACES = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_ORDINALS = {word: at for at, word in enumerate(_PLACES.split(), start=1)}
_NTH = rf"(?:{'|'.join(_ORDINALS)}|\d+(?:st|nd|rd|th))"
_THING = (
    r"(?:versions?|vers?|releases?|models?|runs?|iterations?|iters?|checkpoints?|ckpts?|attempts?|rounds?|builds?|"
    r"trainings?|snapshots?|revisions?|revs?|generations?|gens?|editions?|candidates?|weights)"
)
_CALLED = rf"(?:v\.?|{_THING}\.?|numbers?|no\.?|nr\.?|num|mk|mark|experiment|exp)"
_NUMBER = r"\d+\b(?!\s*%|[.,]\d|\s*per ?cent)"
_LINK = (
    r"\s*(?:,|and|with|to|against|or|vs\.?|versus|&|/|->|→|-|–|\.\.|by|than|the|over|beats?|through|until|next to|"
    r"compared (?:to|with)|up against|"
    r"(?:(?:any|much|really|actually|even|a (?:lot|bit)|far|clearly) )*(?:better|worse|stronger|weaker|ahead|different|"
    r"good|faster|bad|strong)(?: or worse)? (?:than|of|as|from)(?: was| the)?)\s*"
)
_PLACED = re.compile(rf"\b((?:{_NTH}(?: one)?{_LINK}(?:the )?)*)({_NTH}) {_THING}\b")
_ELSE = (
    rf"(?:[a-z]+ )?(?:{_THING}|weeks?|days?|months?|hours?|years?|pictures|photos|images|classes|times|people)\b|"
    r"(?:that|which|i|we|of)\b|"
    r"(?!(?:is|was|has|does|vs|versus|beats|wins|loses|plus|yes|this|pls)\b)[a-z]{3,}s\b"
)
_MONTHS = "jan|feb|mar(?:ch)?\\b|apr|may\\b|jun|jul|aug|sep|oct|nov|dec"
_BARE = re.compile(
    rf"(?<![\w.,%$€£])(?<![a-z]-)\d{{1,3}}\b(?!(?:\s*(?:to|-|–|and|or)\s*\d+)?\s*(?:%|per ?cent)|[.,]\d|\s+(?:{_ELSE}))"
)


def versions_of(text: str, *, bare: bool = False) -> tuple[int, ...]:
    """Numbers of versions that a lower-case text names, each once, in its order.

    Parameters
    ----------
    text : str
    bare : bool
        Whether numbers alone count where none is called a version.

    >>> versions_of("compare version 3 and 5"), versions_of("is v5 better than v4"), versions_of("98 % of version 2")
    ((3, 5), (5, 4), (2,))
    >>> versions_of("is number four any better than three"), versions_of("2 or 5?", bare=True)
    ((4, 3), (2, 5))
    >>> versions_of("the first against the third model"), versions_of("we have nine models", bare=True)
    ((1, 3), ())
    """
    one = r"(?<=\b{} )one\b"
    for word in ("version", "versions", "v", "number", "model", "run", "iteration", "vs", "versus"):
        text = re.sub(one.format(word), "1", text)
    text = re.sub(r"\bone(?= (?:vs\.?|versus|against) )", "1", text)
    text = figures(text)
    text = _PLACED.sub(lambda m: f"version {_cardinal(m[1])}{_cardinal(m[2])}", text)
    if bare:
        text = re.sub(rf"\b(?:{_MONTHS})\w* \d{{1,2}}\b|\b\d{{1,2}} (?:{_MONTHS})\w*", "", text)
        text = re.sub(
            rf"\b(the|my|our) ({_NTH})\b(?! (?:time|thing|place|step|day|week|month|of|half|class)\b)",
            lambda m: f"version {_cardinal(m[2])}",
            text,
        )
    further = rf"{_LINK}(?:(?:the |with |my |our )?{_CALLED}\s*)?#?{_NUMBER}"
    found: list[int] = []
    for match in re.finditer(rf"\b{_CALLED}\s*#?({_NUMBER})((?:{further})*)", text):
        found += [int(match[1]), *map(int, re.findall(r"\d+", match[2]))]
    if bare and len(found) < 2:
        others = [n for n in (int(number[0]) for number in _BARE.finditer(text)) if n not in found]
        found += others if not found or len(others) == 1 else []
    return tuple(dict.fromkeys(found))


def _cardinal(words: str) -> str:
    """First as 1, 4th as 4."""
    words = re.sub(r"\b(?:the|one) ?", "", words)
    words = re.sub(r"\b(\d+)(?:st|nd|rd|th)\b", r"\1", words)
    return re.sub(rf"\b(?:{'|'.join(_ORDINALS)})\b", lambda m: str(_ORDINALS[m[0]]), words)
