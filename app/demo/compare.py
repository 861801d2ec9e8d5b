"""What the advisor found against what was planted, fault by fault, misses included. Pure: documents in, rows out."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.demo.plan import APPLE, BAD, CITRUS_FRUIT, GOOD
from app.demo.truth import Truth

Document = Mapping[str, Any]
CUE_CODES = frozenset({"spurious-cue", "confusion-causes"})
CONSEQUENCES_OF_THE_CUE = frozenset({"background-bias", "distribution-shift"})
"""Hands and plates are backgrounds, and the test pictures have other ones than the training pictures."""
SHOWN_TO_MATTER = frozenset({"used", "causal", "fixable"})
MOSTLY = 0.5
"""A finding is taken to be about a slice when most of its pictures come from it, at twice the slice's own share."""


@dataclass(frozen=True)
class Row:
    """One planted fault and what became of it.

    Attributes
    ----------
    fault : str
    planted, found, hits : int
        Pictures, or faults where ``counted`` says so.
    counted : str
        ``pictures`` or ``fault``.
    missed : tuple of str
        Planted ids that nothing points to.
    note : str
        What was taken for a hit.
    """

    fault: str
    planted: int
    found: int
    hits: int
    counted: str
    missed: tuple[str, ...] = ()
    note: str = ""

    @property
    def precision(self) -> float | None:
        """Share of the found pictures that were planted; None where nothing was found or pictures are not counted."""
        return self.hits / self.found if self.found and self.counted == "pictures" else None

    @property
    def recall(self) -> float | None:
        """Share of what was planted that was found; None where nothing was planted."""
        return self.hits / self.planted if self.planted else None

    def to_json(self) -> dict[str, Any]:
        """Everything, shares included."""
        return {**asdict(self), "missed": list(self.missed), "precision": self.precision, "recall": self.recall}


def compare(truth: Truth, audit: Document) -> tuple[Row, ...]:
    """Every planted fault against the findings of an audit.

    Parameters
    ----------
    truth : Truth
    audit : mapping
        As ``audit --json`` writes it.
    """
    findings = [{**f, "code": outcome["code"]} for outcome in audit["outcomes"] for f in outcome["findings"]]
    members = {i for original, copy, _ in truth.duplicates for i in (original, copy)}
    return (
        _by_id("wrong labels", truth.wrong_labels, _with_code(findings, "wrong-labels")),
        _by_id("copies of a picture", members, _with_code(findings, "near-duplicates")),
        _by_id(
            "test pictures with a copy in training",
            {c for _, c, _ in truth.duplicates if c.startswith("test/")},
            _with_code(findings, "split-leakage"),
        ),
        _cue(truth, findings),
        _imbalance(truth, findings),
        _kinds(truth, findings),
        _slice("pictures taken in the dark", truth, truth.dark, findings),
    )


def _with_code(findings: Iterable[Document], code: str) -> list[Document]:
    return [f for f in findings if f["code"] == code]


def _by_id(fault: str, planted: Collection[str], findings: Iterable[Document]) -> Row:
    """A fault that sits in single pictures: each found id is right or wrong."""
    found = {i for f in findings for i in f["images"]}
    wanted = set(planted)
    return Row(fault, len(wanted), len(found), len(wanted & found), "pictures", tuple(sorted(wanted - found)))


def _cue(truth: Truth, findings: Sequence[Document]) -> Row:
    """Apples in hands, citrus on plates: found if a cue of this pair, used by the model, shows the exceptions."""
    apples, citrus = truth.names[APPLE], truth.names[CITRUS_FRUIT]
    usual = {apples: "hand", citrus: "plate"}
    contrary = {i for i, where in truth.setting.items() if usual.get(_label(i)) not in (where, None)}
    about = [
        f
        for f in findings
        if f["code"] in CUE_CODES and set(f["scope"]["pair"] or ()) == {apples, citrus} and f["rung"] in SHOWN_TO_MATTER
    ]
    pictures = [i for i in truth.setting if i.startswith("test/") and _label(i) in usual]
    return _telling("hands and plates as a cue", about, contrary, pictures, "against the rule of the training pictures")


def _slice(fault: str, truth: Truth, planted: Collection[str], findings: Sequence[Document]) -> Row:
    pictures = [i for i in truth.kind if i.startswith("test/")]
    about = [f for f in findings if f["code"] not in {"near-duplicates", "split-leakage", "wrong-labels"}]
    return _telling(fault, about, planted, pictures, "dark", needed=MOSTLY)


def _telling(
    fault: str,
    findings: Sequence[Document],
    planted: Collection[str],
    pictures: Sequence[str],
    words: str,
    *,
    needed: float = 0.0,
) -> Row:
    """A fault of a whole group: found if some finding's pictures come from the group well beyond its share."""
    wanted = set(planted)
    base = len(wanted & set(pictures)) / max(1, len(pictures))
    shares = [(sum(i in wanted for i in f["images"]), len(f["images"])) for f in findings if f["images"]]
    telling = [(hit, n) for hit, n in shares if hit / n > base and hit / n >= max(needed, min(1.0, 2 * base))]
    if not telling:
        best = max((hit / n for hit, n in shares), default=0.0)
        return Row(
            fault, 1, 0, 0, "fault", (), f"no finding shows mostly pictures that are {words} (at most {best:.0%})"
        )
    hit, shown = sum(h for h, _ in telling), sum(n for _, n in telling)
    return Row(
        fault,
        1,
        len(telling),
        1,
        "fault",
        (),
        f"{hit} of {shown} pictures shown are {words}; of the pictures it was looked for in, {base:.0%} are",
    )


def _imbalance(truth: Truth, findings: Sequence[Document]) -> Row:
    small = truth.names[BAD]
    counts = truth.counts["train"]
    about = [f for f in _with_code(findings, "class-balance") if small in f["scope"]["classes"]]
    note = f"{counts[small]} {small} against {counts[truth.names[GOOD]]} {truth.names[GOOD]}"
    return Row("imbalance", 1, len(about), min(1, len(about)), "fault", (), note)


def _kinds(truth: Truth, findings: Sequence[Document]) -> Row:
    """Burnt and broken under one name: found if the kinds shown are each mostly one true kind, and not the same one."""
    name = truth.names[BAD]
    about = [f for f in _with_code(findings, "hidden-subclasses") if name in f["scope"]["classes"]]
    hits, note = 0, "no finding names kinds of this class"
    for finding in about:
        kinds = round(next(e["value"] for e in finding["evidence"] if e["name"] == "kinds found"))
        shown, size = finding["images"], len(finding["images"]) // kinds
        parts = [[truth.kind[i] for i in shown[k * size : (k + 1) * size]] for k in range(kinds)]
        pure, leaders = _purity(parts)
        hits = max(hits, int(len(leaders) >= 2 and pure >= MOSTLY + 0.25))
        led = ", ".join(sorted(leaders))
        note = f"{pure:.0%} of the pictures shown for a kind are of the kind that leads there ({led})"
    return Row("two kinds of bad cookies under one name", 1, len(about), hits, "fault", (), note)


def _purity(parts: Sequence[Sequence[str]]) -> tuple[float, set[str]]:
    """Share of pictures that are of their part's commonest true kind, and those kinds."""
    counts = [Counter(part).most_common(1)[0] for part in parts if part]
    return sum(n for _, n in counts) / max(1, sum(map(len, parts))), {kind for kind, _ in counts}


def _label(image_id: str) -> str:
    return image_id.split("/")[1]


def unplanted(truth: Truth, audit: Document) -> list[dict[str, str]]:
    """Findings above low that speak of nothing planted: false alarms, or faults the drawing has by accident."""
    kinds = {
        name: {k for i, k in truth.kind.items() if _label(i) == name and i not in truth.wrong_labels}
        for name in truth.names.values()
    }
    fruit, bad = {truth.names[APPLE], truth.names[CITRUS_FRUIT]}, truth.names[BAD]

    def planted(code: str, finding: Document) -> bool:
        if code in CUE_CODES:
            return set(finding["scope"]["pair"] or ()) == fruit
        if code == "class-balance":
            return bad in finding["scope"]["classes"]
        if code == "hidden-subclasses":
            return any(len(kinds[name]) > 1 for name in finding["scope"]["classes"])
        if code in CONSEQUENCES_OF_THE_CUE:
            return bool(fruit & set(finding["scope"]["classes"]))
        return code in {"wrong-labels", "near-duplicates", "split-leakage"}

    return [
        {"code": outcome["code"], "severity": f["severity"]["level"], "title": f["title"]}
        for outcome in audit["outcomes"]
        for f in outcome["findings"]
        if f["severity"]["level"] != "low" and not planted(outcome["code"], f)
    ]
