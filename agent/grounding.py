"""Checks in code that a text says nothing its facts do not say: every sentence against the one fact it cites.

A refused sentence costs a repair or the template, a wrong one costs trust: where the two are hard to tell apart,
this refuses. Checked are: numbers in their form, unit, order, sign, noun and class; names, their order and which of
them the model says; file names; verdicts, directions, denials, doubts, opposites such as right and wrong, quantities in
words, deeds; words with capitals that the fact lacks; links and markup; and that most words are the fact's. What the
few others say is not checked.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.claims import Number, Reading, normal, read
from agent.directions import certain_of, denies, foreign, lacking, meanings, other_deeds, strong_words, turned
from agent.facts import sentences
from agent.state import Fact

CITATION = re.compile(r"\[\s*(F\d+)\s*\]")
ANY_CITATION = re.compile(r"\[[^\[\]]*\bF\d+[^\[\]]*\]")
ACTIVE = re.compile(r"\]\(|https?:|www\.|<[a-z/!]|!\[|\]\[|^\s*#|\||[{}]", re.IGNORECASE | re.MULTILINE)
BULLET = re.compile(r"^\s*(?:[-*•–]\s+|\d{1,2}[.)]\s+)")
VERDICTS = frozenset({"helps", "hurts", "no effect", "cannot tell"})
ALWAYS_SAID = frozenset({"direction", "trust"})
"""Kinds of fact that a text may not leave out: how often, and what puts the counts in doubt."""


@dataclass(frozen=True)
class Claim:
    """A sentence and the facts it cites."""

    text: str
    cites: tuple[str, ...]


@dataclass(frozen=True)
class Problem:
    """Why a sentence cannot be kept."""

    sentence: str
    text: str


def claims(text: str) -> Iterator[Claim]:
    """Sentences of a text with what they cite; a sentence without a citation cites nothing."""
    for row in text.splitlines():
        rest = BULLET.sub("", row).strip()
        while rest:
            match = ANY_CITATION.search(rest)
            said = (rest[: match.start()] if match else rest).strip(" .")
            cites: tuple[str, ...] = ()
            rest = rest[match.end() :] if match else ""
            while match:
                cites += tuple(re.findall(r"F\d+", match.group()))
                match = re.match(r"[\s,;]*" + ANY_CITATION.pattern, rest)
                rest = rest[match.end() :] if match else rest
            parts = sentences(said)
            yield from (Claim(part, ()) for part in parts[:-1])
            if parts and (cites or re.search(r"\w", parts[-1])):
                yield Claim(parts[-1], cites)
            elif cites:
                yield Claim("", cites)


def check_text(text: str, facts: Sequence[Fact], classes: Sequence[str]) -> tuple[Problem, ...]:
    """Everything in a text that its facts do not carry; empty = grounded.

    Parameters
    ----------
    text : str
        Sentences that each end with ``[Fn]``.
    facts : sequence of Fact
    classes : sequence of str
        All class names of the data set.
    """
    known = {f["id"]: f for f in facts}
    out: list[Problem] = []
    if active := ACTIVE.search(CITATION.sub("", text)):
        out.append(Problem(text[:80], f"holds a link, a heading, a table or markup ({active.group().strip()!r})"))
    said: set[str] = set()
    for claim in claims(text):
        said.update(claim.cites)
        if not claim.text:
            out.append(Problem(f"[{', '.join(claim.cites)}]", "a citation without a sentence"))
        elif len(claim.cites) != 1:
            out.append(Problem(claim.text, "cites no fact" if not claim.cites else "cites several facts at once"))
        elif claim.cites[0] not in known:
            out.append(Problem(claim.text, f"cites {claim.cites[0]}, which does not exist"))
        else:
            reason = check_claim(claim.text, known[claim.cites[0]], classes)
            out += [Problem(claim.text, text) for text in reason]
    left_out = [f["id"] for f in facts if f["kind"] in ALWAYS_SAID and f["id"] not in said]
    return (*out, *(Problem(f"[{i}]", f"leaves out {i}, which has to be said") for i in left_out))


def check_claim(text: str, fact: Fact, classes: Sequence[str]) -> list[str]:
    """What one sentence says beyond one fact, in words."""
    claim = read(text, classes, fact["images"])
    source = read(fact["text"], classes, fact["images"])
    return [
        *_number_problems(claim, source),
        *_name_problems(claim, source),
        *_file_problems(claim, source, fact),
        *_word_problems(claim, source, fact, text),
    ]


def _number_problems(claim: Reading, source: Reading) -> Iterator[str]:
    """Numbers must stand in the fact, in the fact's order, with its unit, noun and class."""
    at = 0
    for number in claim.numbers:
        fits = [i for i, theirs in enumerate(source.numbers) if number.same_as(theirs)]
        if not fits:
            yield f"{number.text} is not in the fact in this form"
            continue
        later = [i for i in fits if i >= at]
        if not later:
            yield f"{number.text} stands in another order than in the fact"
            continue
        agreeing = [i for i in later if not _disagrees(number, source.numbers[i])]
        if not agreeing:
            yield f"{number.text} {_disagrees(number, source.numbers[later[0]])}"
            continue
        at = agreeing[0] + 1


def _disagrees(number: Number, theirs: Number) -> str:
    if number.noun and theirs.noun and number.noun != theirs.noun:
        return f"counts {theirs.noun}, not {number.noun}"
    if number.owner and theirs.owner and number.owner != theirs.owner:
        return f"belongs to {theirs.owner}, not {number.owner}"
    return ""


def _name_problems(claim: Reading, source: Reading) -> Iterator[str]:
    """Names must stand in the fact, in its order, in the same part: what the picture shows or what the model says."""
    for name in lacking(claim.names, source.names):
        yield f"{name} is not in the fact"
    if set(claim.names) <= set(source.names) and not _within(claim.names, source.names):
        yield f"{' → '.join(claim.names)} is not the fact's direction"
    for name in sorted(claim.said & set(source.names)):
        if source.said and name not in source.said:
            yield f"the fact does not say that anything is called {name}"
    for name in sorted(claim.true & (source.said - source.true)):
        yield f"{name} is what the model says in the fact, not what the pictures show"


def _file_problems(claim: Reading, source: Reading, fact: Fact) -> Iterator[str]:
    """Files must be among the fact's pictures, by whole id or by the name at its end."""
    known = {*source.files, *fact["images"]}
    for file in claim.files:
        if file not in known and not any(i.endswith(f"/{file}") for i in known):
            yield f"the file {file} is not in the fact"


def _within(some: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether ``some`` is a subsequence of ``whole``."""
    rest = iter(whole)
    return all(item in rest for item in some)


def _word_problems(claim: Reading, source: Reading, fact: Fact, text: str) -> Iterator[str]:
    mine, theirs = meanings(claim.rest), meanings(source.rest) | _implied(source, fact)
    for meaning in lacking(mine, theirs):
        yield f"the fact does not carry the meaning {meaning!r}"
    for meaning in turned(claim.rest, source.rest):
        yield f"says {meaning!r} in another order than the fact"
    if denies(claim.rest) != denies(source.rest):
        yield "denies what the fact says" if denies(claim.rest) else "drops the fact's denial"
    if foreign(claim.rest, normal(fact["text"]).lower(), len(claim.numbers) + len(claim.names) + len(claim.files)):
        yield "says other things than the fact"
    for deed in other_deeds(claim.rest, source.rest):
        yield f"would {deed}, which the fact does not"
    if certain_of(claim.rest, source.rest):
        yield "is sure of what the fact only suspects"
    for word in lacking(strong_words(claim.rest), strong_words(source.rest)):
        yield f"{word!r} is not in the fact"
    verdict = meanings(source.rest) & VERDICTS
    if fact["kind"].startswith("effect") and verdict and not verdict <= mine:
        yield f"leaves out the verdict ({', '.join(sorted(verdict))})"
    words = set(re.findall(r"\w+", normal(fact["text"]).lower()))
    for word in claim.capitals:
        if not _known(word.lower(), words):
            yield f"{word} is not in the fact"
    for quoted in re.findall(r"[\"“«]([^\"”»]+)[\"”»]", normal(text)):
        if normal(quoted).lower() not in normal(fact["text"]).lower():
            yield f"the words {quoted!r} are not in the fact"
    for number in claim.numbers:
        if _loses_sign(number, source) and not mine & {"down", "hurts", "less"}:
            yield f"{number.text} is a loss in the fact"


def _known(word: str, words: set[str]) -> bool:
    """Whether a word stands in a fact, if need be with another ending: German nouns have capitals and cases."""
    stem = word[: max(4, len(word) - 2)]
    return word in words or any(w.startswith(stem) and len(w) <= len(word) + 2 for w in words)


def _implied(source: Reading, fact: Fact) -> frozenset[str]:
    """Directions that a fact's verdict or a written sign carries without the word."""
    carried = meanings(source.rest) & VERDICTS
    out: set[str] = set()
    if "helps" in carried:
        out.add("up")
    if "hurts" in carried:
        out.add("down")
    if not carried:
        for number in source.numbers:
            if number.form == "single" and number.signed[0]:
                out.add("up" if number.values[0] > 0 else "down")
    return frozenset(out)


def _loses_sign(number: Number, source: Reading) -> bool:
    same = [n for n in source.numbers if number.same_as(n)]
    return number.form == "single" and not number.signed[0] and bool(same) and all(n.values[0] < 0 for n in same)
