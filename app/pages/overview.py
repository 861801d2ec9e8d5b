"""The overview: how good the model is, what to do first, what changed, and the guides' checklist."""

from typing import Any

import streamlit as st

from app.audit_here import audit_here
from app.escaping import plain_markdown, shown
from app.guide_rows import MARKS, checklist
from app.place import Place
from app.sidebar import standing
from app.views import VERDICTS, Document, action_title, begun, effect_sentence, primary, ranked_findings, untried_words

EVENTS = 8
ACTIONS = 5


def draw(place: Place) -> None:
    """Draw the page."""
    st.title("Overview", anchor=False)
    audit = audit_here(place)
    if audit is not None:
        with st.container(border=True):
            st.markdown(plain_markdown(audit["headline"]))
    _draw_metrics(place, audit)
    if audit is not None:
        _draw_actions(place, audit)
    _draw_changes(place)
    if audit is not None:
        _draw_checklist(place, audit)


def _draw_metrics(place: Place, audit: Document | None) -> None:
    model = standing(place.case.fingerprint, place.case)["model"]
    if "accuracy" not in model:
        st.warning("No labelled picture with a prediction can be judged: give labels, or predictions of labelled ones.")
        return
    with st.container(horizontal=True):
        for name, key in (("Accuracy", "accuracy"), ("Balanced accuracy", "balanced_accuracy")):
            found = model[key]
            words = f"{found['interval']}, {found['n']} pictures"
            st.metric(name, found["text"], words, "off", border=True, width=250, help=plain_markdown(found["how"]),
                      delta_arrow="off")  # fmt: skip
    category = next(
        (f for o in (audit or {"outcomes": ()})["outcomes"] if o["code"] == "model-category" for f in o["findings"]),
        None,
    )
    if category is not None:
        st.markdown(f"**Kind of model.** {plain_markdown(category['summary'])}")
    from tools.goals import goals_of, reached
    from tools.registry import NotApplicable

    goals = goals_of(place.kept)
    if goals is not None:
        try:
            found = reached(place.case, goals)
        except NotApplicable as reason:
            st.caption(f"Goals: {plain_markdown(reason)}")
        else:
            signs = {"met": ":material/check_circle:", "missed": ":material/cancel:", "open": ":material/help:"}
            st.markdown("  \n".join(f"{signs[r.state]} {plain_markdown(r.text)}" for r in found))
    with st.expander("Recall and precision of every class"):
        st.dataframe(_class_rows(model), hide_index=True, width="stretch", column_config=_shares())


def _shares() -> Any:
    column = st.column_config.ProgressColumn
    return {name: column(min_value=0.0, max_value=1.0, format="percent") for name in ("Recall", "Precision")}


def _class_rows(model: Document) -> list[dict[str, Any]]:
    names = sorted(model["recall"], key=lambda name: model["recall"][name]["value"])
    rows = []
    for name in names:
        recall, precision = model["recall"][name], model["precision"].get(name)
        rows.append({
            "Class": shown(name), "Recall": recall["value"], "Interval": recall["interval"],
            "Precision": precision and precision["value"], "Its interval": precision and precision["interval"],
            "Pictures": recall["n"],
        })  # fmt: skip
    return rows


def _draw_actions(place: Place, audit: Document) -> None:
    from agent.actions import ranked, work

    st.subheader("What to do first", anchor=False)
    found = [r for _, f in ranked_findings(audit) for r in f["recommendations"]]
    unique = {_change(r): r for r in reversed(found)}
    best = [a for a in ranked(unique.values()) if a["verdict"] in (None, "helps", "cannot_tell")][:ACTIONS]
    if not best:
        st.success("No check has anything to advise.")
    for action in best:
        with st.container(border=True):
            st.markdown(f"**{plain_markdown(begun(action_title(action)))}**")
            effect = primary(action["effect"]) if action["effect"] else None
            words = (
                plain_markdown(begun(effect_sentence(effect)))
                if effect
                else plain_markdown(f"{untried_words(action)} {begun(action['why'])}")
            )
            st.markdown(words)
            st.caption(
                f"About {work(action['cost']):.0f} minutes of work · from the check {plain_markdown(action['code'])}"
            )
    hurt = [a for a in unique.values() if a["verdict"] == "hurts"]
    if hurt:
        names = "; ".join(plain_markdown(action_title(a)) for a in hurt)
        st.caption(f"Tried, and {VERDICTS['hurts']}: {names}")


def _change(advice: Document) -> str:
    """Advice that is one change is one line, whichever checks give it."""
    return repr((advice["experiment"], sorted(advice["arguments"].items()))) if advice["experiment"] else advice["id"]


def _draw_changes(place: Place) -> None:
    from tools.timeline import timeline

    st.subheader("What happened last", anchor=False)
    events = timeline(place.kept)[:EVENTS]
    rows = [
        {"When (UTC)": e.at[:16].replace("T", " "), "What": e.kind, "": shown(e.text), "Who": shown(e.who)}
        for e in events
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
    from tools.reports import Reports

    reports = Reports(place.kept).all()
    if reports:
        st.markdown(f"**Report of {reports[-1].week}.** {plain_markdown(reports[-1].document['headline'])}")


def _draw_checklist(place: Place, audit: Document) -> None:
    st.subheader("What the vendors' guides ask for", anchor=False)
    st.caption(
        f"{MARKS['to do']} to do · {MARKS['look']} worth a look · {MARKS['fine']} checked and fine · "
        f"{MARKS['not here']} cannot be checked on these data; a column per class"
    )
    rows = checklist(audit, place.case.classes)
    st.dataframe(rows, hide_index=True, width="stretch", height=38 + 35 * len(rows))
