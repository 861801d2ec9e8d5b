"""Finds classes where a question needs some and none was found at first sight."""

from collections.abc import Sequence

from agent.names import Match, Named, find_names
from agent.words import WORD, plain, singular, stems


def reread(question: str, classes: Sequence[str], named: Named) -> Named:
    """Where classes are missing, classes called like everyday words (``good``, ``bad``) may be meant."""
    again = find_names(question, classes, everyday=True)
    again = again if len(again.classes) > len(named.classes) else named
    return again if len(again.classes) > 1 else contrasted(question, classes, again)


def contrasted(question: str, classes: Sequence[str], named: Named) -> Named:
    """Also the class that differs from the one named in a single word which the question has.

    >>> classes = ["good_cookies", "bad_cookies"]
    >>> question = "why are good cookies taken as bad"
    >>> contrasted(question, classes, find_names(question, classes)).classes
    ('good_cookies', 'bad_cookies')
    """
    if len(named.matches) != 1 or not named.classes:
        return named
    only = named.matches[0]
    whole = stems(only.name)
    for word in WORD.finditer(plain(question)):
        if only.start <= word.start() < only.end:
            continue
        stem = singular(word.group())
        turned = [(*whole[:at], stem, *whole[at + 1 :]) for at in range(len(whole))] if len(whole) > 1 else []
        other = next((c for c in classes if c != only.name and stems(c) in turned), None)
        if other is not None:
            both = sorted((only, Match(other, word.start(), word.end())), key=lambda m: m.start)
            return Named(tuple(both), named.unknown)
    return named
