"""Weekly reports: this week's made, past ones read and downloaded, two of them side by side."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.charts import effect_figure
from app.escaping import plain_markdown
from app.gallery import draw_gallery
from app.place import Place
from app.report.facts import Part
from app.report.first_page import title
from app.report.parts import parts
from app.view_reports import differences, figures
from app.views import action_title, effect_point, primary, tiles
from app.work import draw_start

if TYPE_CHECKING:
    from tools.reports import Report

TITLE = "This week's report"
ICONS = {"better": ":material/trending_up:", "worse": ":material/trending_down:", "news": ":material/fiber_new:"}
KINDS = {"html": "text/html", "pdf": "application/pdf", "md": "text/markdown", "json": "application/json"}


def draw(place: Place) -> None:
    """Draw the page."""
    from tools.reports import Reports

    st.title("Reports", anchor=False)
    folder = place.path.absolute() / "reports"
    draw_start(place, "Make this week's report", ["report", f"--out={folder}"], TITLE, primary=True)
    there = Reports(place.kept).all()
    if not there:
        st.info("No report was made yet. One is made every week once a schedule is set under Settings.")
        return
    weeks = [r.week for r in reversed(there)]
    one, two = st.columns(2)
    week = one.selectbox("Week", weeks, key="report-week")
    beside = two.selectbox("Set beside", [None, *[w for w in weeks if w != week]], key="report-beside",
                           format_func=lambda w: w or "no other")  # fmt: skip
    by_week = {r.week: r for r in there}
    report = by_week[str(week)]
    _draw_downloads(place, report)
    if beside:
        _draw_beside(by_week[str(beside)], report)
        return
    _draw_report(place, report)


def _draw_downloads(place: Place, report: "Report") -> None:
    with st.container(horizontal=True):
        for name, kind in KINDS.items():
            st.download_button(
                name.upper(), partial(made, place, report, name), f"report-{report.week}.{name}", kind,
                key=f"report-{name}", icon=":material/download:", on_click="ignore",
            )  # fmt: skip


def made(place: Place, report: "Report", name: str) -> bytes:
    """A report in one format; of one that cannot be made here, the reason as text."""
    from app.report.files import write_report

    with TemporaryDirectory() as folder:
        written, missing = write_report(report.document, place.case, Path(folder), (name,))
        return written[name].read_bytes() if name in written else missing[name].encode()


def _draw_beside(first: "Report", second: "Report") -> None:
    before, after = sorted((first, second), key=lambda r: r.week)
    st.markdown(f"**From {before.week} to {after.week}**")
    st.dataframe(figures(before.document, after.document), hide_index=True, width="stretch")
    st.caption("Each by the pictures and labels of its own week. Whether a change is real is said in the later report.")
    rows = differences(before.document, after.document)
    if rows:
        st.dataframe(rows, hide_index=True, width="stretch")
    else:
        st.info("Both say the same.")


def _draw_report(place: Place, report: "Report") -> None:
    document = report.document
    st.header(title(document), anchor=False)
    st.caption(f"Written {report.refreshed[:16].replace('T', ' ')} UTC")
    pieces = list(parts(document))
    at = next(i for i, part in enumerate(pieces) if part.kind == "page")
    _draw_parts(place, document, enumerate(pieces[:at]))
    if st.toggle("Details", key="report-details"):
        _draw_parts(place, document, enumerate(pieces[at + 1 :], start=at))


def _draw_parts(place: Place, document: Any, numbered: "Iterator[tuple[int, Part]]") -> None:
    for number, part in numbered:
        text, cited = plain_markdown(part.text), "".join(f" :small[:gray[{ref}]]" for ref in part.refs)
        if part.kind == "heading":
            st.subheader(text, anchor=False)
        elif part.kind in ("text", "action"):
            bold = part.kind == "action" or part.tone == "headline"
            st.markdown(f"{ICONS.get(part.tone, '')} {'**' + text + '**' if bold else text}{cited}")
        elif part.kind == "quiet":
            st.caption(text + cited)
        elif part.kind == "table":
            st.dataframe(list(part.rows), hide_index=True, width="stretch", key=f"report-table-{number}")
        elif part.kind == "pictures":
            draw_gallery(place, tiles(place.case, part.images), f"report-pictures-{number}", cell=96)
        elif part.plot == "effects":
            tried = [a for a in document["actions"] if a["effect"]]
            points = [effect_point(action_title(a), primary(a["effect"])) for a in tried]
            st.plotly_chart(
                effect_figure(points), width="stretch", key=f"report-plot-{number}", config={"displayModeBar": False},
                alt="; ".join(f"{p.label}: {p.delta:+.1f} points" for p in points),
            )  # fmt: skip
        elif part.plot == "trend":
            rows = [{"Week": t["week"], "Balanced accuracy": t["value"]} for t in document["trend"] if t["value"]]
            st.line_chart(rows, x="Week", y="Balanced accuracy", height=220)
