"""Rounds: each version of the data, and what the step to it gained, measured on the same pictures by today's labels."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.charts import effect_figure
from app.escaping import plain_markdown, shown
from app.place import Place
from app.view_versions import dataset_rows
from app.views import VERDICTS, effect_point, effect_sentence

if TYPE_CHECKING:
    from tools.case import Case

MOST = 8
WITHOUT_ASKING = 5_000
"""With more pictures a head per version takes long enough to be asked for."""
NOISE = ("cannot_tell", "no_effect")


def draw(place: Place) -> None:
    """Draw the page."""
    st.title("Rounds", anchor=False)
    st.caption(
        "A round is a version of the data. What each gained: the advisor's own head trained on it and on the one "
        "before, on the same pictures, by today's labels."
    )
    from tools.changing import history

    versions = place.kept.datasets()
    st.dataframe(dataset_rows(versions, history(place.kept)), hide_index=True, width="stretch")
    if len(versions) < 2:
        st.info("This is the first round. Review labels, add pictures and import again: the next one is measured here.")
        return
    key = f"rounds-{place.case.fingerprint}"
    if len(place.case.ids) > WITHOUT_ASKING and not st.session_state.get(key):
        if not st.button("Measure the rounds", icon=":material/straighten:"):
            return
        st.session_state[key] = True
    _draw_gains(_gains(place.case.fingerprint, place))


@st.cache_data(max_entries=4, show_spinner="Measuring what each round gained …")
def _gains(fingerprint: str, _place: Place) -> list[dict[str, Any]]:
    """Of each step between two of the last versions: its numbers, and the measure or why there is none."""
    from tools.comparing import compare_models
    from tools.documents import measure_json
    from tools.errors import AdvisorError
    from tools.registry import NotApplicable
    from tools.standing import said_then

    case: Case = _place.case
    numbers = [v.version for v in _place.kept.datasets()][-MOST:]
    heard: dict[int, Any] = {}
    out = []
    for number in numbers:
        try:
            heard[number] = said_then(_place.kept, case, {"dataset": number, "given": None, "name": "the baseline"})
        except (NotApplicable, AdvisorError) as reason:
            heard[number] = str(reason)
    for before, after in pairwise(numbers):
        step: dict[str, Any] = {"before": before, "after": after, "measure": None, "reason": ""}
        missing = [h for h in (heard[before], heard[after]) if isinstance(h, str)]
        try:
            if missing:
                raise NotApplicable(missing[0])
            step["measure"] = measure_json(compare_models(case, heard[before], heard[after]).primary)
        except NotApplicable as reason:
            step["reason"] = str(reason)
        out.append(step)
    return out


def _draw_gains(steps: list[dict[str, Any]]) -> None:
    measured = [s for s in steps if s["measure"]]
    if measured:
        points = [effect_point(f"{s['before']} → {s['after']}", s["measure"]) for s in measured]
        st.plotly_chart(
            effect_figure(points), width="stretch", key="rounds-plot", config={"displayModeBar": False},
            alt="; ".join(f"{p.label}: {p.delta:+.1f} points" for p in points),
        )  # fmt: skip
    for step in steps:
        words = effect_sentence(step["measure"]) if step["measure"] else f"not measured: {step['reason']}"
        st.markdown(f"**{step['before']} → {step['after']}** {plain_markdown(words)}")
    still = 0
    for step in reversed(measured):
        if step["measure"]["verdict"] not in NOISE:
            break
        still += 1
    if still >= 2:
        st.info(f"The last {still} rounds stayed within noise ({shown(VERDICTS['cannot_tell'])}, or no effect): "
                "more of the same is unlikely to help.")  # fmt: skip
