"""Detector: average precision, what score and overlap thresholds do at once, and every kind of mistake as pictures."""

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.boxes import ALL, STATUS, ranged, service_json, share, worth
from app.escaping import plain_markdown, shown
from app.place import Place, attempt
from app.view_thresholds import curve_figure
from tools.findings import number_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tools.detection.measuring import Measured
    from tools.tuning import Goal

SHOWN = 12
GOALS = {"precision": "Precision of at least", "recall": "Recall of at least", "f-beta": "Best F, with β"}
START = {"precision": 0.9, "recall": 0.9, "f-beta": 1.0}
QUIET = {"displayModeBar": False}


def draw(place: Place) -> None:
    """Draw the page."""
    st.title("Detector", anchor=False)
    found = _found(place)
    if found is None:
        return
    mark, measured = found
    document = _document(mark, measured)
    st.markdown(plain_markdown(document["headline"]))
    _draw_precision(document)
    _draw_sliders(mark, measured)
    st.divider()
    _draw_mistakes(measured, document)
    st.divider()
    _draw_missed(measured, document)
    st.divider()
    _draw_finder(mark, measured)


def draw_thresholds(place: Place) -> None:
    """What the page of thresholds shows where the data has boxes: sliders for score and overlap, and the finder."""
    found = _found(place)
    if found is not None:
        _draw_sliders(*found)
        st.divider()
        _draw_finder(*found)


def _found(place: Place) -> "tuple[str, Measured] | None":
    """The stamp of the boxes and the detector measured; None, with what to do said, where there is none."""
    boxes = place.case.boxes
    if boxes is None:
        st.info(
            "No boxes here. Import a detector's data with its answers, and it is measured on this page: "
            "`advisor import annotations.json --root pictures/ --predictions results.json` (COCO, YOLO, Pascal VOC)."
        )
        return None
    with st.spinner("Matching detections with labels …"):
        measured = boxes.measured
    if measured is None:
        st.info(
            "Labelled boxes are here, and no detector to measure. Import them again with its answers: "
            "`advisor import PATH --predictions FILE` (COCO results, YOLO text files, or a table)."
        )
        return None
    return boxes.stamp, measured


@st.cache_data(max_entries=4, show_spinner="Measuring the detector …")
def _document(mark: str, _measured: "Measured") -> dict[str, Any]:
    from tools.detection.measuring import boxes_json

    return boxes_json(_measured)


def _draw_precision(document: dict[str, Any]) -> None:
    rows = [
        {
            "Class": shown(found["class"]) or ALL, "Boxes": found["labels"], "Pictures": found["pictures"],
            "Average precision at .5": ranged(found["at_half"]), "over .5 to .95": ranged(found["mean"]),
        }
        for found in document["average_precision"]
    ]  # fmt: skip
    st.dataframe(rows, hide_index=True, width="stretch")
    st.caption("As COCO measures it. In brackets: where it falls when the pictures are drawn again, 19 times in 20.")


@st.fragment
def _draw_sliders(mark: str, measured: "Measured") -> None:
    from tools.detection.matching import OVERLAPS
    from tools.detection.sweep import at

    st.subheader("Score and overlap", anchor=False)
    number = _class(measured, "detector-class")
    one, two = st.columns(2)
    score = float(one.slider("Score from which it is said", 0.0, 1.0, round(measured.score, 2), 0.01))
    overlap = float(
        two.select_slider(
            "Overlap from which it counts (IoU)", OVERLAPS.tolist(), 0.5, format_func=lambda v: f"{v:.2f}",
            help="How much of a detection and of the thing must be shared: their common area by their joint area.",
        )
    )  # fmt: skip
    found = at(measured.matches, number, score, overlap)
    with st.container(horizontal=True):
        for title, value in (("Precision", found.precision), ("Recall", found.recall)):
            words = f"{number_text(value[1], 'share').removesuffix(' %')}–{number_text(value[2], 'share')}"
            st.metric(title, number_text(value[0], "share"), words, "off", border=True, width=190, delta_arrow="off")
        counts = f"{found.right} right of {found.said} said, {found.there} there"
        st.metric("F1", f"{found.f1:.3f}", counts, "off", border=True, width=250, delta_arrow="off")
    left, right = st.columns(2)
    for column, what, points, at_ in (
        (left, "score", _curve(mark, number, overlap, measured), score),
        (right, "overlap", _over(mark, number, score, measured), overlap),
    ):
        figure = curve_figure(points, at_)
        figure.update_xaxes(title=f"{what} threshold")
        alt = f"Precision, recall and F1 over the {what} threshold; at {at_:.2f}: see the numbers above."
        column.plotly_chart(figure, width="stretch", key=f"detector-{what}", config=QUIET, alt=alt)


def _class(measured: "Measured", key: str) -> int | None:
    classes = measured.boxset.classes
    chosen = st.selectbox("Class", [ALL, *classes], format_func=shown, key=key)
    return None if chosen == ALL else classes.index(str(chosen))


@st.cache_data(max_entries=200, show_spinner=False)
def _curve(mark: str, number: int | None, overlap: float, _measured: "Measured") -> "NDArray[Any]":
    from tools.detection.sweep import curve

    return curve(_measured.matches, number, overlap)


@st.cache_data(max_entries=200, show_spinner=False)
def _over(mark: str, number: int | None, score: float, _measured: "Measured") -> "NDArray[Any]":
    from tools.detection.sweep import over_overlaps

    return over_overlaps(_measured.matches, number, score)


@st.fragment
def _draw_mistakes(measured: "Measured", document: dict[str, Any]) -> None:
    from app.box_gallery import draw_boxes
    from app.view_boxes import mistake_rows, mistake_tile, mistakes_figure
    from tools.detection.measuring import WORDS

    st.subheader("Kinds of mistakes", anchor=False)
    kinds = [kind["kind"] for kind in document["mistakes"] if kind["count"]]
    if not kinds:
        st.success("No mistake at an overlap of a half.")
        return
    words = "; ".join(f"{k['text']}: {k['count']}" for k in document["mistakes"] if k["count"])
    st.plotly_chart(
        mistakes_figure(document), width="stretch", key="detector-kinds", config=QUIET, alt=f"Mistakes. {words}."
    )
    st.caption(
        "Each bar is what the average precision at .5 would rise by if that kind alone were mended; one mistake can "
        "hide another, so bars do not add up."
    )
    kind = str(st.segmented_control("Look at", kinds, default=kinds[0], format_func=WORDS.__getitem__) or kinds[0])
    number = _class(measured, "detector-mistake-class")
    rows = mistake_rows(measured, kind, number, 0.0)
    hint = {
        "background": " The surest first: what looks right may be a label that is missing.",
        "classification": " The surest first: what looks right may be a wrong label.",
        "localisation": " The surest first: what looks right may be a label that is badly placed.",
    }
    value = worth(next(k for k in document["mistakes"] if k["kind"] == kind))
    st.caption(f"{len(rows)} of this kind; all classes' together are worth {value}.{hint.get(kind, '')}")
    many = st.session_state.get("detector-many", SHOWN)
    draw_boxes(measured.boxset, [mistake_tile(measured, kind, int(row)) for row in rows[:many]], "detector-mistakes")
    if len(rows) > many and st.button("Show more", key="detector-more"):
        st.session_state["detector-many"] = many + 2 * SHOWN
        st.rerun(scope="fragment")


@st.fragment
def _draw_missed(measured: "Measured", document: dict[str, Any]) -> None:
    from app.box_gallery import draw_boxes
    from app.view_boxes import missed_under, mistake_tile
    from tools.detection.conditions import LIMITS

    st.subheader("What is missed", anchor=False)
    found = document["conditions"]
    if not found:
        st.info("Too few labelled boxes to compare: ten with a condition and ten without it, in five pictures each.")
        return
    rows = [
        {
            "Things": c["words"], "Boxes": c["boxes"], "Found": share(c["found"]),
            "Others found": share(c["found_else"]),
            "Points": f"{100 * c['difference']:+.0f} ({100 * c['low']:+.0f} to {100 * c['high']:+.0f})",
            "Holds up": "yes" if c["held_up"] else "",
        }
        for c in found
    ]  # fmt: skip
    st.dataframe(rows, hide_index=True, width="stretch")
    st.caption(
        f"At a score of {document['score']:.2f} and an overlap of {document['overlap']:g}. Others: boxes of the "
        f"same classes. Held up: at most one row in twenty by chance. They go together: none is a cause yet. {LIMITS}"
    )
    names = {c["name"]: c["words"] for c in found}
    name = str(st.selectbox("Look at missed things that are", list(names), format_func=names.__getitem__))
    missed = missed_under(measured, name, document["score"])
    st.caption(f"{len(missed)} missed, the largest first.")
    draw_boxes(
        measured.boxset, [mistake_tile(measured, "missed", int(row)) for row in missed[:SHOWN]], "detector-missed"
    )


def _draw_finder(mark: str, measured: "Measured") -> None:
    from tools.detection.matching import OVERLAPS

    st.subheader("Find score thresholds for a goal", anchor=False)
    st.caption("Chosen on one half of the pictures, measured on the other: what is reached is not claimed on itself.")
    kind = str(st.selectbox("Goal", list(GOALS), format_func=GOALS.__getitem__, key="detector-goal"))
    with st.form("detector-goal-form", border=False):
        one, two = st.columns(2)
        top = 1.0 if kind != "f-beta" else 100.0
        value = one.number_input("Value", 0.01, top, START[kind], key=f"detector-value-{kind}")
        overlap = two.selectbox("Overlap (IoU)", OVERLAPS.tolist(), 9, format_func=lambda v: f"{v:.2f}")
        asked = st.form_submit_button("Find", icon=":material/search:", type="primary")
    if asked:
        st.session_state["detector-asked"] = (kind, value, overlap)
    if "detector-asked" not in st.session_state:
        return
    kind, value, overlap = st.session_state["detector-asked"]
    found: list[Any] = []

    def find() -> None:
        from tools.tuning import Goal

        goal = Goal(kind, value)
        found.append(_reached(mark, goal, overlap, measured))

    if attempt(find):
        _draw_found(found[0])


@st.cache_data(max_entries=30, show_spinner="Choosing on one half, measuring on the other …")
def _reached(mark: str, goal: "Goal", overlap: float, _measured: "Measured") -> dict[str, Any]:
    from tools.detection.measuring import boxes_json

    return boxes_json(_measured, overlap=overlap, goal=goal)


def _draw_found(document: dict[str, Any]) -> None:
    st.markdown(f"**{plain_markdown(document['goal'])}**, at an overlap of {document['overlap']:g}")
    rows = []
    for found in document["thresholds"]:
        row = {"Class": shown(found["class"]) or ALL, "Score": "", "Precision": "", "Recall": ""}
        if found["status"] != "not applicable":
            row["Score"] = "none" if found["threshold"] is None else f"{found['threshold']:.3f}"
            row["Precision"], row["Recall"] = share(found["precision"]), share(found["recall"])
        rows.append({**row, "Goal": STATUS[found["status"]]})
    st.dataframe(rows, hide_index=True, width="stretch")
    st.download_button(
        "Export as JSON for a service", json.dumps(service_json(document), indent=1), "detector-thresholds.json",
        "application/json", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
