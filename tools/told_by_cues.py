"""Errors of a finding that a cue explains already: one thing under two names is told once.

A cue that merely goes along with the errors explains nothing: it may be the other name itself. Only where both are
measured on pixels does it: a border makes a picture brighter and changes its light, size and background, none of which
is the better name, and the cue is what was found to go along with the label (docs/decisions/0026).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.findings import Evidence
from tools.ladder import SAME_ERRORS, ladder
from tools.wording import listed

SENTENCE = (
    " {errors of a cue} of these {errors here} errors are also those of a cue that {how_sure} ({cues}): {verdict}."
)
MOVES, ALONG = "moves the model when it is changed", "goes along with the label and with errors"
ONE_THING, PARTLY = "the two may be one thing, so look at the cue first", "only the others can be its own"


@dataclass(frozen=True)
class Told:
    """How many errors of a finding are those of cues.

    Attributes
    ----------
    count, of : int
    cues : str
        In words.
    how_sure : str
        What is known of the least sure of them.
    """

    count: int
    of: int
    cues: str
    how_sure: str = MOVES

    @property
    def one_thing(self) -> bool:
        """Whether most of them are."""
        return self.count >= SAME_ERRORS * self.of

    def left_of(self, explained: float) -> float | None:
        """The share of all errors that is this finding's own; None where it may be the cue under another name."""
        return None if self.one_thing else explained * (1 - self.count / self.of)

    @property
    def evidence(self) -> tuple[Evidence, Evidence]:
        """The numbers of ``SENTENCE``."""
        how = "wrong in the direction of the cue, and on its wrong side"
        return (
            Evidence("errors of a cue", self.count, "images", self.of, how=how),
            Evidence("errors here", self.of, "images"),
        )


def told_by_cues(case: Case, wrong: NDArray[np.int64], *, of_pixels: bool = False) -> Told | None:
    """Which of these errors are A called B on B's side of a cue that, changed in pictures, moves the model.

    B called A on A's side counts too, as both ways were tried.

    Parameters
    ----------
    wrong : ndarray of int64, shape (m,)
        Rows of judged pictures that are called something else.
    of_pixels : bool
        The finding is itself measured on pixels: then cues of pixels that were told from chance count too.

    Returns
    -------
    Told or None
        None where no such cue explains any of them.
    """
    found, words, changed = np.zeros(len(wrong), dtype=np.bool_), [], True
    for climbed in ladder(case):
        test = climbed.test
        if climbed.rung != "causal" and not (of_pixels and climbed.rung == "used" and test.cue.change):
            continue
        a, b = (case.number(name) for name in test.pair)
        given, said, like_b = case.targets[wrong], case.derived.predicted[wrong], test.looks_like_b[wrong]
        here, back = (given == a) & (said == b) & like_b, np.zeros(len(wrong), dtype=np.bool_)
        if climbed.rung == "causal":  # shown by taking it out and by putting it in, so it explains both directions
            back = (given == b) & (said == a) & ~like_b & np.isfinite(test.cue.values[wrong])
        if here.any():
            words.append(f"{test.words}, as those of {test.pair[1]} mostly are")
        elif back.any():
            words.append(f"not {test.words}, unlike most of {test.pair[1]}")
        found |= here | back
        changed &= climbed.rung == "causal" or not here.any()
    if not words:
        return None
    how_sure = MOVES if changed else ALONG
    return Told(int(found.sum()), len(wrong), listed(list(dict.fromkeys(words))), how_sure)
