"""Where the subject stands: how good it is, which classes are worst, what is confused with what."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agent import lay
from agent.facts import FactList, counted_share, standing_text
from agent.prompts import sentence
from agent.state import Fact
from tools.case import Case
from tools.documents import evidence_json, model_json
from tools.fidelity import fidelity
from tools.findings import Evidence
from tools.metrics import quality

WORST_SHOWN = 5
SIZES_SHOWN = 12
PAIRS_SHOWN = 3


def confused(case: Case, name: str | None = None) -> list[tuple[str, str, int]]:
    """Ordered pairs (A, B, pictures of A called B) with at least one error, most errors first.

    Parameters
    ----------
    name : str, optional
        Only pairs with this class.
    """
    rows = np.flatnonzero(case.derived.errors)
    table = np.zeros((len(case.classes),) * 2, dtype=np.int64)
    np.add.at(table, (case.targets[rows], case.derived.predicted[rows]), 1)
    found = [(case.classes[a], case.classes[b], int(table[a, b])) for a, b in np.argwhere(table)]
    return sorted((f for f in found if name is None or name in f[:2]), key=lambda f: (-f[2], f[0], f[1]))


def main_pair(case: Case, name: str | None = None) -> tuple[str, str] | None:
    """The two classes with the most errors between them, counting both directions; None without errors."""
    both: dict[frozenset[str], int] = {}
    ordered = confused(case, name)
    for a, b, count in ordered:
        both[frozenset((a, b))] = both.get(frozenset((a, b)), 0) + count
    if not both:
        return None
    most = max(both.values())
    return next((a, b) for a, b, _ in ordered if both[frozenset((a, b))] == most)


def error_images(case: Case, pair: tuple[str, str]) -> list[str]:
    """Ids of the pictures of A called B."""
    a, b = (case.number(name) for name in pair)
    hit = case.derived.errors & (case.targets == a) & (case.derived.predicted == b)
    return [str(i) for i in case.ids[hit]]


def accuracy_fact(case: Case, facts: FactList) -> Fact:
    """How good the subject is, or that nothing can be judged."""
    judged = case.derived.judged
    if not judged.any():
        return facts.state("standing", sentence("standing.nothing_judged"))
    found = quality(case, case.derived.predicted, judged, "").accuracy
    text = standing_text(model_json(case), int(judged.sum()), found)
    fact = facts.state("standing", text, evidence=[evidence_json(found)])
    if said := lay.counted(found):
        facts.state("lay", said)
    _found_at_all(case, facts)
    return fact


def _found_at_all(case: Case, facts: FactList) -> None:
    """Where the pictures were cut out of larger ones: how many of the things the detector found."""
    measured = None if case.boxes is None or case.subject != "user" else case.boxes.measured
    if measured is None:
        return
    from tools.detection.sweep import at

    there = at(measured.matches, None, measured.score, 0.5, case.settings.confidence)
    how = f"at an overlap of a half and a score of {measured.score:.2f}"
    piece = Evidence("things found", there.recall[0], "share", there.there, *there.recall[1:], how)
    text = sentence("standing.boxes", n=str(piece.n), found=piece.text, interval=piece.interval)
    facts.state("standing", text, evidence=[evidence_json(piece)])


def fidelity_fact(case: Case, facts: FactList) -> Fact | None:
    """How far what-ifs may speak for the user's model; None where the baseline itself is judged."""
    alike = fidelity(case)
    if alike is None:
        return None
    return facts.state("standing", alike.sentence, evidence=map(evidence_json, alike.evidence))


def worst_class(case: Case) -> str:
    """The class with the lowest recall; empty where nothing is judged."""
    if not case.derived.judged.any():
        return ""
    recall = quality(case, case.derived.predicted, case.derived.judged, "").recall
    return min(recall, key=lambda e: e.value).name.removeprefix("recall of ")


def size_facts(case: Case, facts: FactList, names: tuple[str, ...] = ()) -> list[Fact]:
    """How many pictures there are of each class that is named; of all classes in one line where none is."""
    sizes = np.bincount(case.targets[case.fit], minlength=len(case.classes))
    if names:
        return [_size(case, facts, name, sizes) for name in names]
    if not len(sizes):
        return []
    order = np.argsort(-sizes, kind="stable")
    said = ", ".join(f"{case.classes[c]} {sizes[c]}" for c in order[:SIZES_SHOWN])
    if (rest := len(order) - SIZES_SHOWN) > 0:
        most = str(sizes[order[SIZES_SHOWN]])
        said = sentence("standing.sizes_more", listed=said, count=str(rest), most=most)
    evidence = [evidence_json(Evidence(f"images of {case.classes[c]}", int(sizes[c]), "images")) for c in order]
    return [facts.state("finding", sentence("standing.sizes", listed=said), evidence=evidence)]


def _size(case: Case, facts: FactList, name: str, sizes: NDArray[np.int64]) -> Fact:
    number = case.number(name)
    mine, all_of_them = case.targets == number, int(sizes.sum())
    groups = len(np.unique(case.derived.grouping.groups[mine & case.fit]))
    part = Evidence(f"images of {name}", int(sizes[number]), "images", all_of_them)
    share = Evidence(f"share of {name}", sizes[number] / max(all_of_them, 1), "share", all_of_them)
    testing = int((mine & case.evaluation).sum()) if case.has_test else 0
    text = sentence(
        "standing.size", name=name, count=part.text, groups=str(groups), share=share.text, of=str(all_of_them),
        test=sentence("standing.size_test", count=str(testing)) if testing else "",
    )  # fmt: skip
    return facts.state("finding", text, evidence=[evidence_json(part), evidence_json(share)])


def class_facts(case: Case, facts: FactList, names: tuple[str, ...] = (), most: int = WORST_SHOWN) -> list[Fact]:
    """Recall of the worst classes (or of those named; at most ``most``) and what is confused most."""
    if not case.derived.judged.any():
        return []
    recall = quality(case, case.derived.predicted, case.derived.judged, "").recall
    by_name = {e.name.removeprefix("recall of "): e for e in recall}
    chosen = [n for n in names if n in by_name] or sorted(by_name, key=lambda n: by_name[n].value)[:most]
    out = []
    for name in chosen:
        piece = by_name[name]
        text = sentence("standing.recall", n=str(piece.n), name=name, recall=piece.text, interval=piece.interval)
        out.append(facts.state("standing", text, evidence=[evidence_json(piece)]))
    return out + confusion_facts(case, facts, confused(case)[: min(most, PAIRS_SHOWN)])


def confusion_facts(
    case: Case, facts: FactList, pairs: Sequence[tuple[str, str, int]], first: bool = True
) -> list[Fact]:
    """One line about each confused pair, the most confused first if ``first``."""
    return [_confusion(case, facts, pair, first and at == 0) for at, pair in enumerate(pairs)]


def _confusion(case: Case, facts: FactList, pair: tuple[str, str, int], most: bool) -> Fact:
    a, b, count = pair
    of = int((case.derived.judged & (case.targets == case.number(a))).sum())
    share = counted_share(count, of, case.settings.confidence)
    text = sentence(
        "standing.confused" if most else "standing.confused_also",
        count=str(count),
        of=str(of),
        a=a,
        b=b,
        interval=share.interval,
    )
    return facts.state("standing", text, evidence=[evidence_json(share)], images=error_images(case, (a, b)))
