"""What is said of shares without being a goal: scores that the model gives, how things are, and whether they are so."""

import re

from agent.mistakes import FOUND, PRECISION, RECALL, RIGHT
from agent.numbers import RATE, SHARE

_SAYS = (
    r"(?:says?|said|saying|shows?|showed|showing|claims?|claimed|reports?|reads?|writes?|wrote|outputs?|prints?|"
    r"displays?|gives?|gave|tells?|told)"
)
_FILLED = (
    r"[\s\"'(]*(?:(?:it is|it's|it|that|about|around|of|is|are|was|at|to|set|above|over|below|under|sure|an?|only|like|"
    r"me|us|=|>=|<=|≥|>|<)\s*)*"
)
_SCORE = re.compile(rf"(?:score|confidence|threshold|cut-?off|limit|probability)s?{_FILLED}$")
_SHOWN = re.compile(rf"\b(?<!, ){_SAYS}{_FILLED}$|\bit(?: is|'s) only $")
"""What stands before a score that the model gives, which is no goal."""
_OF = r"(?:in|out of|of|/)\b"
_SCORED = re.compile(rf"\b{_SAYS}{_FILLED}(?:{SHARE})(?! ?{_OF})")
_WHETHER = re.compile(r"^\W*(?:so |and |but )*(?:is|are|does|do)\b(?! there)")
_HOW_OFTEN = re.compile(
    r"\bhow (?:often|many|likely|accurate|reliable)\b|"
    rf"\b(?:what|which|how) (?:{PRECISION}|{RECALL})\b(?! should| must| do i need)"
)
_WHETHER_TOO = re.compile(
    r"\b(?:is|are|do|does|did|will|can|would) (?:it|that|this|they|those|these|its|\d)\b|\bmeans?\b|"
    r"\b(?:this|that|it)(?: is|'s) (?:really|actually|truly|in fact|real)\b"
)
DEMAND = re.compile(
    r"\b(?:may|must|should|shall|ha(?:s|ve) to|ought|wants?|needs?|at (?:most|least)|max\w*|min\w*|tops|only|"
    r"(?:more|less) than|no less|fewer|below|under|above|over|up to|accept\w* (?!or)|tolera\w*|swallow|stomach|"
    r"allow\w*|live with|afford|goals?|targets?|requir\w*|demand\w*|aim\w*|expects?|insists?|be|got to|gotta|"
    r"fine with|ok with|hold|better)\b|"
    r"[<>]|≤|≥|\bor (?:less|more|fewer|better)\b"
)
_TOLD = re.compile(
    r"\b(?:currently|at (?:the moment|present)|right now|so far|today|yesterday|nowadays|was|were|had|has been|"
    r"have been|missed (?=\d)|keeps?|lately|last (?:week|month|year|night)|already)\b|\bit got (?=\d)"
)


def asks_whether(text: str) -> bool:
    """Whether a text asks how a share is, instead of saying how it is to be.

    >>> asks_whether("when it says 0.9, is it right in 9 in 10 cases"), asks_whether("it is to be right in 90 %")
    (True, False)
    """
    if _WHETHER.match(text) or _HOW_OFTEN.search(text):
        return True
    scored = _SCORED.search(text)
    return scored is not None and _WHETHER_TOO.search(text, scored.end()) is not None


def is_shown(text: str, amount: re.Match[str]) -> bool:
    """Whether an amount is what the model says of itself: "it says 90 %"."""
    return not re.fullmatch(RATE, amount[0]) and _SHOWN.search(text[: amount.start()]) is not None


def is_score(text: str, amount: re.Match[str]) -> bool:
    """Whether an amount is a score: a cutoff of 0.9, but not a cutoff for 90 % correct or a cutoff, 90 % correct."""
    if _SCORE.search(text[: amount.start()]) is None:
        return False
    return re.match(rf" (?:{RIGHT}|{FOUND}|{PRECISION}|{RECALL})(?!\w)", text[amount.end() :]) is None


def is_told(text: str, amount: re.Match[str]) -> bool:
    """Whether the clause of an amount tells how things are, and demands nothing."""
    start = max((m.end() for m in re.finditer(r"[.;?!,](?!\d)|\bbut\b", text[: amount.start()])), default=0)
    stop = re.search(r"[.;?!,](?!\d)|\bbut\b", text[amount.end() :])
    clause = text[start : amount.end() + stop.start() if stop else len(text)]
    return _TOLD.search(clause) is not None and DEMAND.search(clause) is None
