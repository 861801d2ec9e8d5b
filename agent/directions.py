"""Words that carry a verdict or a direction, and whether they are denied."""

import re
from collections.abc import Iterable

from agent.prompts import languages, table


def _other_words(group: str) -> list[str]:
    """Patterns of a group in every language but English."""
    found = (table("grounding", language).get(group, "") for language in languages())
    return [words for words in found if words]


_ENGLISH: dict[str, str] = {
    "up": r"improv\w*|rises?|rose|risen|rising|gain(?:s|ed|ing)?|increas\w*|higher|better|best|boost\w*|raises?|raised|"
    r"grow(?:s|n|ing)?|grew|climb\w*",
    "down": r"falls?|fell|fallen|falling|drops?|dropped|los(?:es|t|s|ing)|decreas\w*|lower(?:s|ed)?|worse|worst|"
    r"worsen\w*|degrad\w*|declin\w*|reduc\w*|shrink\w*|sinks?|sank",
    "more": r"more|larger|largest|bigger|biggest|greater|exceed\w*|above|outnumber\w*|most|majority",
    "less": r"fewer|fewest|less|smaller|smallest|below|minority|least",
    "helps": r"help(?:s|ed|ful|ing)?|works?|worked|effective|beneficial|pays? off|solv\w+|fix(?:es|ed)",
    "hurts": r"hurt(?:s|ing)?|harm\w*|damag\w*|backfir\w*|counterproductive",
    "no effect": r"no (?:real |measurable |useful )?(?:effect|difference|change|benefit|impact)\b(?: worth having)?|"
    r"useless|pointless|ineffective",
    "cannot tell": r"cannot (?:be )?(?:tell|told|say|said)|can't (?:tell|say)|can not (?:tell|say)|unclear|undecided|"
    r"inconclusive|uncertain",
    "causes": r"because|caus(?:es|ed|ing)|due to|leads? to|led to|responsible|prov(?:es|ed|en)|makes?|owing to|"
    r"explain(?:s|ed)?|culprit",
    "right": r"right|correct(?:ly)?|accurate(?:ly)?|flawless\w*|perfect\w*",
    "wrong": r"wrong(?:ly)?|incorrect(?:ly)?|mislabell?ed|inaccurate(?:ly)?|faulty",
    "missed": r"miss(?:es|ed|ing)?|overlook\w*",
    "found": r"found|recogni[sz]ed|detected|identified",
    "enough": r"enough|sufficient(?:ly)?|plenty|ample",
    "too few": r"too few|insufficient(?:ly)?|scarce|lack(?:s|ing)|shortage",
    "balanced": r"balanced(?! accuracy)|evenly",
    "imbalanced": r"imbalanced?|unbalanced|skewed|uneven(?:ly)?",
    "training": r"training|trained on",
    "test": r"test|held-out|evaluation|unseen",
    "trust": r"trust(?:ed|s|worthy)?|reliabl[ey]|dependabl[ey]",
    "same": r"same|equal(?:ly)?|identical|as (?:good|bad|often|many) as|unchanged",
}
GROUPS: dict[str, str] = {group: "|".join((words, *_other_words(group))) for group, words in _ENGLISH.items()}
"""Direction words by meaning, of every language at once; a claim may use a meaning only if the fact it cites does."""

OPPOSITES = (
    ("up", "down"), ("more", "less"), ("helps", "hurts"), ("right", "wrong"), ("missed", "found"),
    ("enough", "too few"), ("training", "test"),
)  # fmt: skip

DOUBTED = (
    (r"looks? wrong|suspect(?:s|ed)?|probabl[ey] wrong", r"wrong|incorrect|mislabell?ed|faulty"),
    (r"(?:may|might|could) be chance", r"chance|coincidence|random"),
    (r"(?:may|might) (?:help|hurt)", r"helps?|hurts?"),
)
"""What a fact only suspects, and the words by which a claim takes it up; such a claim must keep some doubt."""
DOUBTING = (
    r"looks?|seems?|may|might|probabl[ey]|likely|suspect\w*|perhaps|appears?|possibl[ey]|not shown|unproven|hint\w*"
)

_STRONG = (
    r"half|halves|thirds?|quarters?|twice|thrice|doubl\w*|tripl\w*|all|every|always|never|dozens|hundreds|thousands|"
    r"entire(?:ly)?|only|exactly|certain(?:ly)?|definitely|clearly|significant(?:ly)?|guarantee\w*|roughly|nearly|"
    r"almost|approximately|around|at least|at most|up to|over|under|about|"
    r"removed|deleted|deduplicated|relabell?ed|merged|retrained|corrected|replaced|collected|cleaned|applied|done|"
    r"left out|taken out|yes"
)
"""Quantities, assurances and deeds in words; each must stand in the fact as it is."""

STRONG = "|".join((_STRONG, *_other_words("strong")))

_DEEDS: dict[str, str] = {
    "remove": r"remov\w*|delet\w*|discard\w*|leav(?:e|es|ing) out|tak(?:e|es|ing) (?:\w+ ){0,4}out|entfern\w*",
    "relabel": r"re-?label\w*|umbenenn\w*",
    "merge": r"merg\w*|zusammenleg\w*",
    "reweight": r"re-?weigh\w*|gewicht\w*",
    "collect": r"collect\w*|photograph (?:more|further)|sammeln?",
}
"""What may be done, by its kind: an advice must not turn into another."""

_PLAIN = re.compile(
    r"the|this|that|these|those|here|there|and|but|for|from|with|into|than|then|them|they|their|its|his|her|our|your|you|"
    r"are|was|were|has|have|had|been|being|can|could|would|will|should|may|might|does|did|who|which|what|when|where|why|"
    r"how|also|too|very|just|each|some|any|such|other|others|both|one|out|own|per|because|while|though|although|however|"
    r"see|show|shows|shown|say|says|said|look|looks|get|gets|take|taken|takes|mean|means|give|gives|goes|come|comes|"
    r"der|die|das|den|dem|des|ein|eine|einen|einem|einer|und|aber|oder|von|mit|aus|bei|auf|für|als|wie|sind|ist|war|wird|"
    r"werden|wurde|wurden|hat|haben|sich|sie|dass|auch|noch|dies|diese|dieser|dieses|diesen|ihre|ihr|zum|zur|im|am"
)
"""Words that tell nothing of what a sentence is about."""
_DIRECTION = re.compile("|".join(GROUPS.values()))

_DENIED = (
    r"\b(?:not|no|none|never|nor|neither|nothing|nobody|without|hardly|barely|cannot|n't|fails? to|failed to)\b|n't\b"
)
_DENIAL = "|".join((_DENIED, *(rf"\b(?:{words})\b" for words in _other_words("denial"))))
_FIXED = ("no effect", "cannot tell")


def meanings(text: str) -> frozenset[str]:
    """Directions in a lower-case text; a denied one is ``not helps``.

    >>> sorted(meanings("it does not help")), sorted(meanings("it cannot tell"))
    (['not helps'], ['cannot tell'])
    """
    out = set()
    for group in _FIXED:
        if re.search(rf"\b(?:{GROUPS[group]})", text):
            out.add(group)
            text = re.sub(rf"\b(?:{GROUPS[group]})", " ", text)
    for group, words in GROUPS.items():
        if group in _FIXED:
            continue
        for match in re.finditer(rf"\b(?:{words})\b", text):
            window = " ".join(re.split(r"[.;:,()]", text[: match.start()])[-1].split()[-4:])
            out.add(f"not {group}" if re.search(_DENIAL, window) else group)
    return frozenset(out)


def denies(text: str) -> bool:
    """Whether a lower-case text denies something, fixed verdicts aside.

    >>> denies("none of 40"), denies("cannot tell with this many")
    (True, False)
    """
    for group in _FIXED:
        text = re.sub(rf"\b(?:{GROUPS[group]})", " ", text)
    return re.search(_DENIAL, text) is not None


def turned(claim: str, fact: str) -> list[str]:
    """Opposites that a claim says in another order than its fact, which says both: they may have been exchanged.

    >>> turned("9 right and 35 wrong", "35 are wrong, 9 right"), turned("9 right", "35 are wrong, 9 right")
    (['right', 'wrong'], [])
    """
    out = []
    for pair in OPPOSITES:
        theirs, mine = (_in_order(text, pair) for text in (fact, claim))
        if set(pair) == set(theirs) and not _within(mine, theirs):
            out += [*pair]
    return out


def _in_order(text: str, groups: Iterable[str]) -> list[str]:
    found = [(m.start(), group) for group in groups for m in re.finditer(rf"\b(?:{GROUPS[group]})\b", text)]
    return [group for _, group in sorted(found)]


def _within(some: Iterable[str], whole: Iterable[str]) -> bool:
    rest = iter(whole)
    return all(item in rest for item in some)


def certain_of(claim: str, fact: str) -> bool:
    """Whether a claim is sure of what its fact only suspects; both in lower case.

    >>> certain_of("20 labels are wrong", "20 labels look wrong"), certain_of("20 may be wrong", "20 look wrong")
    (True, False)
    """
    if re.search(rf"\b(?:{DOUBTING})\b", claim):
        return False
    return any(
        re.search(rf"\b(?:{theirs})\b", fact) and re.search(rf"\b(?:{mine})\b", claim) for theirs, mine in DOUBTED
    )


def strong_words(text: str) -> frozenset[str]:
    """Quantities and assurances in words in a lower-case text."""
    return frozenset(re.findall(rf"\b(?:{STRONG})\b", text))


def foreign(claim: str, fact: str, beside: int) -> bool:
    """Whether a claim says other things than its fact: most of its words are not the fact's; both in lower case.

    Parameters
    ----------
    beside : int
        How many numbers and names, which are checked by themselves, the claim has from the fact.

    >>> foreign("the answer is so", "nine labels look wrong", 0)
    True
    >>> foreign("wrong labels show", "nine labels look wrong", 0)
    False
    """
    known = set(re.findall(r"[^\W\d_]+", fact))
    words = {word for word in re.findall(r"[^\W\d_]{3,}", claim) if not _PLAIN.fullmatch(word)}
    shared = {word for word in words if _stands(word, known) or _DIRECTION.fullmatch(word)}
    return len(shared) + beside < max(1, len(words - shared))


def _stands(word: str, known: Iterable[str]) -> bool:
    """Whether a word is a fact's, if need be with another ending."""
    stem = word[: max(4, len(word) - 3)]
    return any(other == word or (len(word) > 4 and other.startswith(stem)) for other in known)


def other_deeds(claim: str, fact: str) -> list[str]:
    """What a claim would have done instead of what its fact would; both in lower case.

    >>> other_deeds("remove 26 labels", "relabel 26 labels"), other_deeds("relabelling helps", "relabel 26 labels")
    (['remove'], [])
    """
    mine, theirs = (
        {kind for kind, words in _DEEDS.items() if re.search(rf"\b(?:{words})\b", t)} for t in (claim, fact)
    )
    return sorted(mine - theirs) if theirs else []


def lacking(claimed: Iterable[str], known: Iterable[str]) -> list[str]:
    """What is claimed and not known, sorted."""
    return sorted(set(claimed) - set(known))
