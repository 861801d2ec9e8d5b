"""Sentences of the weekly report, each with the numbers and pictures it rests on."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tools.case import Case
from tools.comparing import compare_models
from tools.dataset import Dataset
from tools.diff import compare
from tools.documents import evidence_json
from tools.findings import LEVELS, Evidence
from tools.registry import NotApplicable
from tools.standing import said_then, standing
from tools.version_documents import comparison_sentence
from tools.wording import phrase
from tools.workspace import Workspace

Json = dict[str, Any]
Tone = Literal["worse", "better", "news", "same"]
SHOWN = 12
TOP = 3
CLASSES = 6
"""Classes named in one sentence; all stand in its numbers."""
SAME_PICTURES = 0.8
"""Share of its pictures that makes an action another way of doing an earlier one, not one of its own."""
WHAT = {
    "added": ("picture added", "pictures added"),
    "removed": ("picture removed", "pictures removed"),
    "moved": ("picture moved", "pictures moved"),
    "replaced": ("picture replaced", "pictures replaced"),
    "relabelled": ("picture relabelled", "pictures relabelled"),
    "resplit": ("picture put into another split", "pictures put into another split"),
}


@dataclass(frozen=True)
class Sentence:
    """One thing a report says.

    Attributes
    ----------
    text : str
    tone : {"worse", "better", "news", "same"}
    evidence : tuple of Evidence
        Every number of the text.
    images : tuple of str
        Ids to look at.
    about : str
        A finding's id, where it speaks of one.
    """

    text: str
    tone: Tone = "same"
    evidence: tuple[Evidence, ...] = ()
    images: tuple[str, ...] = ()
    about: str = ""

    def to_json(self) -> Json:
        """Plain JSON."""
        return {
            "text": self.text,
            "tone": self.tone,
            "evidence": [evidence_json(e) for e in self.evidence],
            "images": list(self.images),
            "about": self.about or None,
        }


def data_sentences(workspace: Workspace, case: Case, then: Mapping[str, Any] | None) -> list[Sentence]:
    """What came, went and was relabelled since the report before; per class where a count moved."""
    total = Evidence("pictures", len(case.dataset), "images")
    if then is None:
        kinds = Evidence("classes", len(case.classes), "count")
        return [Sentence(phrase("{pictures} pictures in {classes} classes.", (total, kinds)), "news", (total, kinds))]
    old = int(then["dataset"]["version"])
    if old == case.dataset.version:
        return [Sentence("No picture and no label changed.", evidence=(total,))]
    before = workspace.dataset(old)
    diff = compare(before, case.dataset)
    out = []
    for kind, (one, many) in WHAT.items():
        found = getattr(diff, kind)
        if found:
            number = Evidence(many, len(found), "images")
            images = tuple(str(i[1] if isinstance(i, tuple) else i) for i in found)
            there = tuple(i for i in images if i in case.dataset.index)[:SHOWN]
            text = phrase("{" + many + "} {what}.", (number,), what=one if len(found) == 1 else many)
            out.append(Sentence(text, "news", (number,), there))
    if diff.added or diff.removed or diff.relabelled:
        out += _per_class(before, case.dataset)
    return out or [Sentence("The same pictures and labels, measured anew.")]


def _per_class(before: Dataset, now: Dataset) -> list[Sentence]:
    """Classes whose number of pictures moved, in one sentence."""
    moved = []
    for name in sorted({*before.classes, *now.classes}):
        counts = before.counts.get(name, 0), now.counts.get(name, 0)
        if counts[0] != counts[1]:
            moved.append((name, *counts))
    if not moved:
        return []
    numbers = tuple(
        Evidence(f"{name} {when}", n, "images")
        for name, *counts in moved
        for when, n in zip(("before", "now"), counts, strict=True)
    )
    told = [f"{name} {old} before, {new} now" for name, old, new in moved[:CLASSES]]
    if len(moved) > CLASSES:
        told.append("and other classes")
    return [Sentence(f"Pictures by class: {'; '.join(told)}.", "same", numbers)]


def metric_sentences(workspace: Workspace, case: Case, then: Mapping[str, Any] | None) -> list[Sentence]:
    """Then and now on the same pictures by today's labels: a real change, or noise."""
    now = standing(workspace, case)
    # One and the same predictions of the user's model, even where pictures came or went.
    unmoved = then is not None and now["given"] is not None and then["standing"]["given"] == now["given"]
    if then is None or unmoved or then["standing"] == now:
        return [] if then is None else [Sentence(f"The model is the same: {now['name']}.")]
    try:
        sides = (said_then(workspace, case, at) for at in (then["standing"], now))
        found = compare_models(case, *sides, unasked=True)
    except NotApplicable as reason:
        return [Sentence(f"Then and now cannot be compared: {reason}.")]
    names = f"{then['standing']['name']} in {then['week']}", f"{now['name']} now"
    out, more = [], dict[Tone, list[tuple[str, tuple[Evidence, ...]]]]()
    for i, m in enumerate(found.measures):
        tone: Tone = {"helps": "better", "hurts": "worse"}.get(m.verdict, "same")  # type: ignore[assignment]
        before, after = Evidence(f"{m.metric} before", m.before, "share", m.n), Evidence("after", m.after, "share", m.n)
        change = Evidence("change", m.delta, "points", m.n, m.low, m.high)
        if not i:
            rows = (found.worse if tone == "worse" else found.better).tolist()
            images = tuple(str(case.ids[row]) for row in rows[:SHOWN])
            text = comparison_sentence(found, *names)
            out.append(Sentence(text[:1].upper() + text[1:], tone, (before, after, change), images))
        elif tone != "same":
            words = f"{m.metric} {before.text} before, {after.text} now ({change.interval})"
            more.setdefault(tone, []).append((words, (before, after, change)))
    for tone, told in more.items():
        numbers = tuple(number for _, each in told for number in each)
        out.append(Sentence(f"Also {tone}: {'; '.join(words for words, _ in told)}.", tone, numbers))
    return out


def kept_findings(audit: Mapping[str, Any]) -> list[Json]:
    """What the next report needs to know of each finding."""
    return [
        {
            "id": f["id"],
            "code": f["code"],
            "title": f["title"],
            "level": f["severity"]["level"],
            "share": f["severity"]["errors_explained"],
            "settled": f["settled"],
            "images": f["images"],
            "classes": [*f["scope"]["classes"], *(f["scope"]["pair"] or ())],
        }
        for o in audit["outcomes"]
        for f in o["findings"]
    ]


def touched(
    workspace: Workspace, case: Case, then: Mapping[str, Any] | None, found: Sequence[Mapping[str, Any]]
) -> set[str]:
    """Ids of findings that something was done about since: their pictures changed, or their classes got new ones."""
    if then is None or int(then["dataset"]["version"]) == case.dataset.version:
        return set()
    diff = compare(workspace.dataset(int(then["dataset"]["version"])), case.dataset)
    changed = {str(i) for i in (*diff.removed, *diff.relabelled, *diff.replaced, *diff.resplit)}
    new = {str(i) for i in diff.added}
    grown = {label.name for label in case.dataset.labels if label.image_id in new}
    return {f["id"] for f in found if changed & set(f["images"]) or grown & set(f.get("classes", ()))}


def finding_sentences(
    audit: Mapping[str, Any], then: Mapping[str, Any] | None, done: Container[str] = ()
) -> list[Sentence]:
    """Findings that are new, graver, milder or gone; those that stay are counted.

    Parameters
    ----------
    done : container of str
        Findings about which something was done. That one is milder or gone counts as better only there: errors that
        fall otherwise by chance are no improvement.
    """
    now = {f["id"]: f for o in audit["outcomes"] for f in o["findings"] if not f["settled"]}
    if then is None:
        grave = [f for f in now.values() if f["severity"]["level"] != "low"]
        return [_told(f, "", "news") for f in sorted(grave, key=_gravity)]
    old = {f["id"]: f for f in then["findings"] if not f["settled"]}
    out, same = [], 0
    for key, f in sorted(now.items(), key=lambda item: _gravity(item[1])):
        level = LEVELS.index(f["severity"]["level"])
        if key not in old:
            if level:
                out.append(_told(f, "New: ", "worse"))
        elif (was := LEVELS.index(old[key]["level"])) != level:
            graver = level > was
            tone: Tone = "worse" if graver else "better" if key in done else "news"
            out.append(_told(f, "Graver now: " if graver else "Milder now: ", tone))
        else:
            same += 1
    settled = {f["id"]: f["settled"] for o in audit["outcomes"] for f in o["findings"] if f["settled"]}
    looked = {o["code"] for o in audit["outcomes"] if o["status"] in ("found", "passed")}
    measured = {o["code"]: _numbers(o.get("measured") or ()) for o in audit["outcomes"] if o["status"] == "passed"}
    for key, f in old.items():
        if key in now or f["level"] == "low":
            continue
        if key not in settled and f["code"] not in looked:  # silence of a check that did not run says nothing
            out.append(Sentence(f"Could not be looked for this time: {f['title']}.", "news"))
            continue
        if key in settled:  # what a person decided, with the reason: no better for it
            out.append(Sentence(f"Settled by a person: {f['title']} ({settled[key]}).", "news"))
            continue
        others = sum(g["code"] == f["code"] for g in now.values())
        numbers = measured.get(f["code"]) or (Evidence("others that this check finds now", others, "count"),)
        out.append(Sentence(f"Not found any more: {f['title']}.", "better" if key in done else "news", numbers))
    if same:
        number = Evidence("findings that stay", same, "count")
        what = "finding" if same == 1 else "findings"
        out.append(Sentence(phrase("As before: {findings that stay} {what}.", (number,), what=what), "same", (number,)))
    return out


def _gravity(finding: Mapping[str, Any]) -> tuple[int, float]:
    severity = finding["severity"]
    return -LEVELS.index(severity["level"]), -(severity["errors_explained"] or 0.0)


def _told(finding: Mapping[str, Any], before: str, tone: Tone) -> Sentence:
    images = tuple(finding["images"][:SHOWN])
    return Sentence(f"{before}{finding['title']}.", tone, _numbers(finding["evidence"]), images, finding["id"])


def _numbers(pieces: Iterable[Mapping[str, Any]]) -> tuple[Evidence, ...]:
    """Evidence back from its JSON."""
    return tuple(Evidence(**{k: e[k] for k in ("name", "value", "unit", "n", "low", "high", "how")}) for e in pieces)


def label_sentences(audit: Mapping[str, Any], then: Mapping[str, Any] | None) -> list[Sentence]:
    """Suspected labels that the report before did not name."""
    told = {i for f in (then["findings"] if then else []) if f["code"] == "wrong-labels" for i in f["images"]}
    found = [f for o in audit["outcomes"] for f in o["findings"] if f["code"] == "wrong-labels" and not f["settled"]]
    out = []
    for f in sorted(found, key=lambda f: -len(f["images"])):  # a pair's are among those of the whole, told once
        fresh = [i for i in f["images"] if i not in told]
        told.update(fresh)
        if fresh:
            number = Evidence("suspected labels", len(fresh), "images")
            what = ("label looks", "was") if len(fresh) == 1 else ("labels look", "were")
            words = "{suspected labels} {what} wrong" + (" that {were} not named before" if then else "")
            words = phrase(words + " ({title}).", (number,), what=what[0], were=what[1], title=f["title"])
            out.append(Sentence(words, "news", (number,), tuple(fresh[:SHOWN]), f["id"]))
    return out


def action_list(audit: Mapping[str, Any], first: frozenset[str] = frozenset()) -> list[Json]:
    """At most three actions: first what was tried and helps, by gain; then what could not be told or tried.

    Of equally well shown ones those come first whose finding names a class of ``first``.
    """
    seen: dict[str, Json] = {}
    for outcome in audit["outcomes"]:
        for f in outcome["findings"]:
            if f["settled"] or f["severity"]["level"] == "low":
                continue
            for r in f["recommendations"]:
                named = bool(first & {*f["scope"]["classes"], *(f["scope"]["pair"] or ())})
                more = {"finding": f["id"], "level": f["severity"]["level"], "for_goal": named}
                more |= {"assigned": f.get("assigned")}
                seen.setdefault(r["id"], {**r, **more})

    def worth(action: Json) -> tuple[int, bool, int, float]:
        tried = next((m for m in action["effect"] or () if m["primary"]), None)
        gain = tried["delta"] if tried else 0.0
        order = {"helps": 0, None: 1, "cannot_tell": 1, "no_effect": 2, "hurts": 3}[action["verdict"]]
        return order, not action["for_goal"], -LEVELS.index(action["level"]), -gain

    wanted = [a for a in seen.values() if a["verdict"] not in ("no_effect", "hurts")]
    chosen: list[Json] = []
    for action in sorted(wanted, key=worth):
        if not any(_same_pictures(action, other) for other in chosen):
            chosen.append(action)
    return chosen[:TOP]


def _same_pictures(action: Json, other: Json) -> bool:
    """Whether an action is about the pictures of another: to relabel them, or to remove them."""
    one, two = set(action.get("images", ())), set(other.get("images", ()))
    return bool(one and two) and len(one & two) >= SAME_PICTURES * min(len(one), len(two))


def quality_of(audit: Mapping[str, Any]) -> list[Json]:
    """Accuracy and balanced accuracy as the audit has them."""
    return [audit["model"][name] for name in ("balanced_accuracy", "accuracy") if name in audit["model"]]
