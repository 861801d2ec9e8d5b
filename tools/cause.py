"""One candidate cause of an A → B confusion, and how what pictures show becomes one."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, fisher_exact

from tools.case import Case
from tools.findings import Cost, Evidence, Recommendation, Rung
from tools.shared_evidence import LeftOut, Shared


@dataclass(frozen=True, eq=False)
class Cause:
    """One candidate for one ordered pair.

    Attributes
    ----------
    code : str
        The check that knows more of it.
    pair : tuple of str
    title : str
    why : str
        How it makes the mistake, in one clause.
    errors, correct : ndarray of bool, shape (n,)
        Pictures of A called B, and pictures of A called A, that show it.
    p : float
        One-sided: errors show it more often than correct pictures do, or a refit puts more right than wrong.
    recommendation : Recommendation
    rung : Rung or None
        For cues.
    refit : bool
        Whether ``errors`` come right, and ``correct`` go wrong, when the baseline is refitted without the cause.
    evidence : tuple of Evidence
        More numbers, for ``note``.
    note : str
        A further sentence, a template of ``evidence`` with {a} and {b}.
    named : bool
        Whether something measured or given says which pictures, rather than likeness alone.
    whole : bool
        The pair as a whole was tested, out of fold: errors need not show it more often than correct pictures.
    settled : bool
        Told from chance by its own check already, over all of its candidates and pairs.
    also : tuple of Recommendation
        What else can be done.
    """

    code: str
    pair: tuple[str, str]
    title: str
    why: str
    errors: NDArray[np.bool_]
    correct: NDArray[np.bool_]
    p: float
    recommendation: Recommendation
    rung: Rung | None = None
    refit: bool = False
    evidence: tuple[Evidence, ...] = ()
    note: str = ""
    named: bool = True
    whole: bool = False
    settled: bool = False
    also: tuple[Recommendation, ...] = ()


class Pair:
    """The pictures of one direction and how a candidate becomes a cause."""

    def __init__(self, case: Case, shared: Shared, pair: tuple[str, str]) -> None:
        self.case, self.shared, self.names = case, shared, pair
        self.a, self.b = (case.number(name) for name in pair)
        mine = case.derived.judged & (case.targets == self.a)
        self.errors = mine & (case.derived.predicted == self.b)
        self.correct = mine & (case.derived.predicted == self.a)
        self.both = case.derived.judged & np.isin(case.targets, [self.a, self.b])

    def shown(
        self,
        code: str,
        title: str,
        why: str,
        shows: NDArray[np.bool_],
        advice: Recommendation,
        rung: Rung | None = None,
        tested: NDArray[np.bool_] | None = None,
        *,
        likeness: bool = False,
    ) -> Cause:
        """A cause that a picture shows or does not, tested by Fisher against the correct pictures (of ``tested``).

        Pictures whose own label is doubted take no part: what looks like an error there may be none. For causes by
        ``likeness`` any flagged label counts, as a picture under a wrong label is unlike its class by itself.
        """
        aside = self.shared.suspect if likeness else self.shared.doubted
        sides = [side & ~aside for side in (self.errors, self.correct)]
        hit, calm = (side & shows for side in sides)
        on = self.both if tested is None else tested
        table = [[int((side & part & on).sum()) for part in (shows, ~shows)] for side in sides]
        p = float(fisher_exact(np.array(table), alternative="greater").pvalue)
        return self._cause(code, title, why, hit, calm, p, advice, rung)

    def refitted(
        self,
        code: str,
        title: str,
        why: str,
        after: NDArray[np.int64],
        doubted: NDArray[np.bool_],
        advice: Recommendation,
    ) -> Cause:
        """A cause that a refit of the baseline takes away: one-sided McNemar test over pictures of both classes.

        Pictures near the border change sides under any refit, errors first; so only more right than wrong counts, and
        only between these two classes: what A loses to a third class, or B wins from it, is another confusion.
        Judged pictures whose own label is doubted count as errors that would come right.
        """
        targets, plain = self.case.targets, self.shared.plain
        other = np.where(targets == self.a, self.b, self.a)
        right = (plain == other) & ((after == targets) | doubted)
        wrong = (plain == targets) & ((after == other) | doubted)
        n_right, n_wrong = int((self.both & right).sum()), int((self.both & wrong).sum())
        p = float(binomtest(n_right, n_right + n_wrong, alternative="greater").pvalue) if n_right + n_wrong else 1.0
        found = self._cause(code, title, why, self.errors & right, self.correct & wrong, p, advice, None)
        return replace(found, refit=True)

    def left_out(self, code: str, title: str, why: str, left: LeftOut, advice: Recommendation) -> Cause:
        """A cause that leaves with some training pictures of B: more of A must come right than by random leavings-out.

        One-sided McNemar test over the judged pictures of A, between leaving these out and leaving out as many others;
        a picture counts as right beside them when most controls say so. Kinds are found by likeness: a sure cause
        with a name that shows in the same errors (a setting that made the kinds) says more.
        """
        mine = (self.errors | self.correct) & ~self.shared.doubted
        now = left.said == self.a
        else_right = (left.beside == self.a).mean(axis=0)
        beside = else_right > 1 / 2
        n_right, n_wrong = int((mine & now & ~beside).sum()), int((mine & ~now & beside).sum())
        p = float(binomtest(n_right, n_right + n_wrong, alternative="greater").pvalue) if n_right + n_wrong else 1.0
        found = self._cause(code, title, why, self.errors & now, self.correct & ~now, p, advice, None)
        name, count = "right beside", int(self.errors.sum())
        how = f"mean of {len(left.beside)} random draws of whole groups"
        evidence = Evidence(name, float(else_right[self.errors].mean()), "share", count, how=how)
        note = f"Leaving out as many other pictures of {{b}} brings {{{name}}} of these errors right."
        return replace(found, refit=True, evidence=(evidence,), note=note, named=False)

    def _cause(
        self, code: str, title: str, why: str, hit: NDArray[np.bool_], calm: NDArray[np.bool_], p: float,
        advice: Recommendation, rung: Rung | None,
    ) -> Cause:  # fmt: skip
        images = tuple(str(i) for i in self.case.ids[hit][:24])
        return Cause(code, self.names, title, why, hit, calm, p, replace(advice, images=images), rung)


def advise(
    action: str, target: str, why: str, cost: Cost, experiment: str | None = None, **arguments: str
) -> Recommendation:
    """A recommendation of this check."""
    return Recommendation(action, target, "confusion-causes", why, cost, experiment, arguments)
