"""Thresholds: sliders with what they do at once, a finder for a stated goal, and a file that a service loads."""

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.escaping import plain_markdown, shown
from app.place import Place, attempt
from app.view_thresholds import at, by_hand, curve, curve_figure, has_scores
from tools.findings import number_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tools.case import Case
    from tools.tuning import Goal, Tuned

GOALS = {
    "precision": "Precision of at least",
    "recall": "Recall of at least",
    "f-beta": "Best F, with β",
    "cost": "Least cost, a miss costing (a false alarm costs 1)",
}
START = {"precision": 0.95, "recall": 0.9, "f-beta": 1.0, "cost": 5.0}
STATUS = {
    "reached": "reached",
    "missed": "not reached where measured",
    "unmeasured": "too few pictures to measure it",
    "impossible": "no threshold reaches it",
}


def draw(place: Place) -> None:
    """Draw the page."""
    st.title("Thresholds", anchor=False)
    case = place.case
    if case.boxes is not None and case.boxes.measured is not None:
        from app.pages.detector import draw_thresholds

        st.caption("A detection counts where it overlaps a thing of its class enough, and is said from its score on.")
        draw_thresholds(place)
        return
    if not has_scores(case):
        st.info(
            "These predictions carry no score for every class. Import them with one column per class to set thresholds."
        )
        return
    st.caption(
        "A class is said where its own score is at least its threshold. Bands: intervals that count bursts once."
    )
    _draw_sliders(place)
    st.divider()
    _draw_finder(place)


@st.fragment
def _draw_sliders(place: Place) -> None:
    case = place.case
    chosen: dict[str, float] = st.session_state.setdefault("thresholds", {})
    name = str(st.selectbox("Class", case.classes, format_func=shown, key="threshold-class"))
    start = chosen.get(name, 0.5)
    threshold = float(st.slider("Threshold", 0.0, 1.0, start, 0.005, key=f"threshold-{name}"))
    if threshold != start:
        chosen[name] = threshold
    one, two = st.columns(2)
    miss = one.number_input("A miss costs", 0.0, value=1.0, key="threshold-miss")
    alarm = two.number_input("A false alarm costs", 0.0, value=1.0, key="threshold-alarm")
    found = at(case, name, threshold)
    with st.container(horizontal=True):
        for title, value in (("Precision", found.precision), ("Recall", found.recall)):
            words = f"{number_text(value[1], 'share').removesuffix(' %')}–{number_text(value[2], 'share')}"
            st.metric(title, number_text(value[0], "share"), words, "off", border=True, width=190, delta_arrow="off")
        st.metric("F1", f"{found.f1:.3f}", f"{found.said} said", "off", border=True, width=190, delta_arrow="off")
        cost = f"{found.cost(miss, alarm):g}"
        words = f"{found.there - found.hits} missed, {found.said - found.hits} false"
        st.metric("Cost of its mistakes", cost, words, "off", border=True, width=190, delta_arrow="off")
    alt = f"Precision, recall and F1 of {shown(name)} over the threshold; at {threshold:.3f}: see the numbers above."
    config = {"displayModeBar": False}
    figure = curve_figure(_curve(case.fingerprint, name, case), threshold)
    st.plotly_chart(figure, width="stretch", key="threshold-curve", config=config, alt=alt)
    if chosen:
        rows = [_hand_row(case, n, t) for n, t in chosen.items()]
        st.dataframe(rows, hide_index=True, width="stretch")
        st.download_button(
            "Export these as JSON", lambda: json.dumps(by_hand(case, chosen), indent=1), "thresholds.json",
            "application/json", icon=":material/download:", on_click="ignore",
        )  # fmt: skip


def _hand_row(case: "Case", name: str, threshold: float) -> dict[str, str]:
    found = at(case, name, threshold)
    precision, recall = (number_text(v[0], "share") for v in (found.precision, found.recall))
    return {"Class": shown(name), "Threshold": f"{threshold:.3f}", "Precision": precision, "Recall": recall}


@st.cache_data(max_entries=200, show_spinner=False)
def _curve(fingerprint: str, name: str, _case: "Case") -> "NDArray[Any]":
    return curve(_case, name)


def _draw_finder(place: Place) -> None:
    from tools.tuning import Goal

    st.subheader("Find thresholds for a goal", anchor=False)
    st.caption("Chosen on one half of the groups, measured on the other: what is reached is not claimed on itself.")
    kind = str(st.selectbox("Goal", list(GOALS), format_func=GOALS.__getitem__, key="goal-kind"))
    with st.form("goal", border=False):
        one, two = st.columns([1, 2])
        top = 1.0 if kind in ("precision", "recall") else 1000.0
        value = one.number_input("Value", 0.01, top, START[kind], key=f"goal-value-{kind}")
        names = two.multiselect("Classes (none = all)", place.case.classes, format_func=shown, key="goal-classes")
        whole = kind == "precision" and st.checkbox("For the whole model: when not to answer", key="goal-whole")
        asked = st.form_submit_button("Find", icon=":material/search:", type="primary")
    if asked:
        st.session_state["goal-asked"] = (kind, value, tuple(names), whole)
    if "goal-asked" not in st.session_state:
        return
    kind, value, names, whole = st.session_state["goal-asked"]
    found: list[Any] = []

    def find() -> None:
        goal = Goal(kind, value)
        found.extend((goal, _tuned(place.case.fingerprint, goal, tuple(names), whole, place.case)))

    if attempt(find):
        _draw_found(place, *found)


@st.cache_data(max_entries=30, show_spinner="Choosing on one half, measuring on the other …")
def _tuned(
    fingerprint: str, goal: "Goal", names: tuple[str, ...], whole: bool, _case: "Case"
) -> "tuple[Tuned, ...]":  # fmt: skip
    from tools.tuning import tune

    return tune(_case, goal, names, whole=whole)


def _draw_found(place: Place, goal: "Goal", tuned: "tuple[Tuned, ...]") -> None:
    from tools.tuning import service_json

    st.markdown(f"**{plain_markdown(goal.text)}**")
    rows = [
        {
            "Class": shown(t.name) or "whole model",
            "Threshold": f"{t.threshold:.3f}" if t.threshold != float("inf") else "none",
            "Precision": _interval(t.precision),
            "Recall" if tuned[0].name else "Answered": _interval(t.recall),
            "Highest score's": f"{number_text(t.usual[0][0], 'share')} / {number_text(t.usual[1][0], 'share')}",
            "Goal": STATUS[t.status],
        }
        for t in tuned
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
    text = json.dumps(service_json(place.case, goal, tuned), indent=1, allow_nan=False)
    st.download_button(
        "Export as JSON for a service", text, "thresholds.json", "application/json", icon=":material/download:",
        on_click="ignore", key="goal-export",
    )  # fmt: skip


def _interval(value: tuple[float, float, float]) -> str:
    low = number_text(value[1], "share").removesuffix(" %")
    return f"{number_text(value[0], 'share')} ({low}–{number_text(value[2], 'share')})"
