"""Every outcome of every check: found, settled, passed, not applicable, failed; with pictures and decisions."""

from datetime import date, timedelta
from typing import Any

import streamlit as st

from app.audit_here import audit_here
from app.escaping import plain_markdown, shown
from app.gallery import draw_gallery
from app.place import Place, attempt
from app.views import (
    RUNGS,
    Document,
    action_title,
    effect_sentence,
    evidence_rows,
    primary,
    ranked_findings,
    severity_text,
    tiles,
)
from tools.findings import LEVELS

PER_PAGE = 6
PICTURES = 18
LEVEL_SIGNS = {"high": ":material/priority_high:", "medium": ":material/remove:", "low": ":material/arrow_downward:"}
KINDS = ("Open", "Decided", "Passed", "Not applicable", "Failed")
WEEKS = 4


def draw(place: Place) -> None:
    """Draw the page."""
    st.title("Findings", anchor=False)
    audit = audit_here(place)
    if audit is None:
        return
    counts = _counts(audit)
    kind = st.segmented_control(
        "Show", KINDS, default="Open", format_func=lambda k: f"{k} ({counts[k]})", key="findings-kind"
    )
    if kind in (None, "Open"):
        _draw_open(place, audit)
    elif kind == "Decided":
        _draw_cards(place, [(str(o["code"]), f) for o in audit["outcomes"] for f in o["findings"] if f["settled"]])
    else:
        _draw_outcomes(audit, str(kind).lower().replace(" ", "_"))


def _counts(audit: Document) -> dict[str, int]:
    by = {k: sum(o["status"] == k.lower().replace(" ", "_") for o in audit["outcomes"]) for k in KINDS[2:]}
    found = [f for o in audit["outcomes"] for f in o["findings"]]
    return {"Open": sum(not f["settled"] for f in found), "Decided": sum(bool(f["settled"]) for f in found), **by}


def _draw_open(place: Place, audit: Document) -> None:
    found = ranked_findings(audit)
    one, two, three = st.columns(3)
    levels = one.multiselect("Severity", list(reversed(LEVELS)), key="findings-levels")
    names = two.multiselect("Class", place.case.classes, format_func=shown, key="findings-classes")
    codes = three.multiselect("Check", sorted({code for code, _ in found}), key="findings-codes")
    kept = [
        (code, f)
        for code, f in found
        if (not levels or f["severity"]["level"] in levels)
        and (not names or set(names) & {*f["scope"]["classes"], *(f["scope"]["pair"] or ())})
        and (not codes or code in codes)
    ]
    if not kept:
        st.info("Nothing found that fits. Take a filter away, or look at what passed.")
        return
    _draw_cards(place, kept)


def _draw_cards(place: Place, found: list[tuple[str, Document]]) -> None:
    if not found:
        st.info("Nothing here.")
        return
    last = (len(found) - 1) // PER_PAGE
    at = st.number_input(f"Page (of {last + 1})", 1, last + 1, key="findings-page", width=140) - 1 if last else 0
    for code, finding in found[at * PER_PAGE : (at + 1) * PER_PAGE]:
        _draw_card(place, code, finding)


@st.fragment
def _draw_card(place: Place, code: str, finding: Document) -> None:
    key, severity = finding["id"], finding["severity"]
    with st.container(border=True):
        st.markdown(f"**{plain_markdown(finding['title'])}**")
        with st.container(horizontal=True):
            st.badge(severity["level"], icon=LEVEL_SIGNS[severity["level"]], color="gray")
            st.badge(code, color="gray")
            if finding["rung"] not in (None, "none"):
                st.badge(RUNGS[finding["rung"]], color="blue")
            if finding["assigned"]:
                st.badge(plain_markdown(finding["assigned"]), icon=":material/person:", color="blue")
        if text := severity_text(severity):
            st.caption(plain_markdown(text))
        st.markdown(plain_markdown(finding["summary"]))
        if finding["settled"]:
            st.info(plain_markdown(finding["settled"]), icon=":material/done:")
        for advice in finding["recommendations"]:
            effect = primary(advice["effect"]) if advice["effect"] else None
            tried = plain_markdown(effect_sentence(effect)) if effect else plain_markdown(advice["why"])
            st.markdown(f":material/arrow_right: {plain_markdown(action_title(advice))}: {tried}")
        with st.container(horizontal=True):
            seen = st.toggle(f"Numbers and pictures ({len(finding['images'])})", key=f"see-{key}")
        if seen:
            pictures = tiles(place.case, finding["images"], PICTURES)
            draw_gallery(place, pictures, f"pictures-{key}")
            if not pictures:
                st.caption("It names no picture.")
            st.dataframe(evidence_rows(finding["evidence"]), hide_index=True, width="stretch", key=f"numbers-{key}")
        if place.may("editor"):
            _draw_decide(place, finding)


def _draw_decide(place: Place, finding: Document) -> None:
    key = finding["id"]
    with st.popover("Decide", icon=":material/gavel:", key=f"decide-{key}"):
        why = st.text_input("Why", key=f"why-{key}", placeholder="shown beside it later")
        if finding["settled"]:
            if st.button("Open it again", key=f"reopen-{key}"):
                _undo(place, key)
            return
        if st.button("Dismiss: known and fine", key=f"dismiss-{key}", icon=":material/done:"):
            _take(place, finding, "dismiss", why)
        day = st.date_input("Until", date.today() + timedelta(weeks=WEEKS), key=f"until-{key}", min_value="today")
        if st.button("Put off until then", key=f"snooze-{key}", icon=":material/snooze:"):
            _take(place, finding, "snooze", why, until=str(day))
        owner = st.text_input("Who sees to it", key=f"owner-{key}")
        if st.button("Confirm, and give it to them", key=f"own-{key}", icon=":material/person:", disabled=not owner):
            _take(place, finding, "own", why, owner=owner, until=str(day))


def _take(place: Place, finding: Document, kind: Any, why: str, *, until: str = "", owner: str = "") -> None:
    """Keep a decision about the finding of that id."""
    from app.kept_audit import key_of, read_audit
    from tools.decisions import Decisions, about_finding, finding_id

    def keep() -> None:
        text = place.kept.recall(key_of(place.case)) or "{}"
        there = [f for o in read_audit(text).outcomes for f in o.findings if finding_id(f) == finding["id"]]
        who = place.person.name
        Decisions(place.kept).take([about_finding(f, kind, who=who, why=why, until=until, owner=owner) for f in there])

    if attempt(keep):
        st.rerun()


def _undo(place: Place, id_: str) -> None:
    from tools.decisions import Decisions

    decisions = Decisions(place.kept)
    for one in [d for d in decisions.standing() if d.about == id_ and d.kind in ("dismiss", "snooze")]:
        decisions.undo(one.number)
    st.rerun()


def _draw_outcomes(audit: Document, status: str) -> None:
    from tools.registry import checks

    sentences = {c.code: c.sentence for c in checks().values()}
    there = [o for o in audit["outcomes"] if o["status"] == status]
    if not there:
        st.info("No check ended so.")
    for outcome in there:
        with st.container(border=True):
            st.markdown(f"**{outcome['code']}**: {plain_markdown(sentences.get(outcome['code'], ''))}")
            if outcome["reason"]:
                st.markdown(plain_markdown(outcome["reason"]))
            if outcome["smallest_detectable"] and outcome["smallest_detectable"] not in outcome["reason"]:
                st.caption(f"Smallest that could have been seen: {plain_markdown(outcome['smallest_detectable'])}")
            if outcome["measured"]:
                with st.expander("What was measured"):
                    st.dataframe(evidence_rows(outcome["measured"]), hide_index=True, width="stretch")
