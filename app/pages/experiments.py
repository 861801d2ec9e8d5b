"""Experiments: what can be tried on these data, one tried in the background, and every result with its interval."""

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.audit_here import digest
from app.charts import effect_figure
from app.escaping import plain_markdown, shown
from app.jobs import jobs, result
from app.kept_audit import key_of, read_audit
from app.place import Place
from app.views import Document, effect_point, effect_sentence, primary
from app.work import draw_start

if TYPE_CHECKING:
    from tools.case import Case


def draw(place: Place) -> None:
    """Draw the page."""
    st.title("Experiments", anchor=False)
    st.caption(
        "A change is made inside training folds only and judged on the same held-out pictures before and after. "
        "Nothing of your data is changed by trying."
    )
    _draw_choice(place)
    _draw_results(place)


@st.cache_data(max_entries=4, show_spinner="Seeing what can be tried on these data …")
def _eligible(fingerprint: str, _case: "Case") -> dict[str, tuple[str, str, list[dict[str, str]]]]:
    from tools.kinds import kinds

    return {k.kind: (k.sentence, k.needs, [dict(a) for a in k.eligible(_case)]) for k in kinds().values()}


def _draw_choice(place: Place) -> None:
    found = _eligible(place.case.fingerprint, place.case)
    there = {kind: entry for kind, entry in found.items() if entry[2]}
    with st.container(border=True):
        if not there:
            st.info("Nothing can be tried on these data: they need labelled training pictures of two classes.")
            return
        kind = str(st.selectbox("What to try", list(there), key="experiment-kind"))
        sentence, _, options = there[kind]
        st.markdown(plain_markdown(sentence))
        arguments = options[0]
        if len(options) > 1 or any(options[0].values()):
            at = st.selectbox(
                "On what", range(len(options)), format_func=lambda i: _words(options[i]), key="experiment-on"
            )
            arguments = options[int(at or 0)]
        command = ["experiment", "run", kind]
        for name, value in arguments.items():
            command += [f"--argument={name}={value}"]
        draw_start(place, "Try it", command, f"Try {kind}: {_words(arguments)}", primary=True)
    rest = [
        f"**{kind}** {plain_markdown(needs or sentence)}" for kind, (sentence, needs, on) in found.items() if not on
    ]
    if rest:
        with st.expander(f"Not possible on these data ({len(rest)})"):
            st.markdown("\n".join(f"- {line}" for line in rest))


def _words(arguments: Document) -> str:
    return shown(", ".join(str(v).replace("|", " and ") for v in arguments.values())) or "all of it"


def _draw_results(place: Place) -> None:
    tried = _results(place)
    st.subheader("Tried so far", anchor=False)
    if not tried:
        st.info(
            "Nothing was tried on this version of the data yet. Running every check tries the most promising fixes."
        )
        return
    models = [e for e in tried if e["about"] == "model"]
    if models:
        points = [effect_point(f"{e['kind']}: {e['target']}", primary(e)) for e in models]
        st.plotly_chart(
            effect_figure(points), width="stretch", key="experiment-effects", config={"displayModeBar": False},
            alt="; ".join(f"{p.label}: {p.delta:+.1f} points" for p in points),
        )  # fmt: skip
    for effect in tried:
        with st.expander(f"{plain_markdown(effect['kind'])}: {plain_markdown(effect['target'])}"):
            about = str(effect["about"])
            st.markdown("\n".join(f"- {plain_markdown(effect_sentence(m, about))}" for m in effect["measures"]))
            st.caption(
                f"On {plain_markdown(effect['evaluated_on'])}; {effect['repeats']} repeats of {effect['folds']} folds."
            )
            for note in effect["notes"]:
                st.caption(plain_markdown(note))


def _results(place: Place) -> list[dict[str, Any]]:
    """Of this case: those of the audit and those of jobs, newest first, each change once."""

    found: dict[str, dict[str, Any]] = {}
    for job in jobs(place.path):
        if job.kind == "experiment" and job.state == "done":
            document = result(place.path, job.id) or {}
            if document.get("case") == place.case.fingerprint and "experiment" in document:
                effect = document["experiment"]
                found.setdefault(_name(effect), effect)
    text = place.kept.recall(key_of(place.case))
    for effect in [] if text is None else _audited(digest(text), text):
        found.setdefault(_name(effect), effect)
    return list(found.values())


@st.cache_data(max_entries=4, show_spinner=False)
def _audited(name: str, _text: str) -> list[dict[str, Any]]:
    from tools.documents import effect_json

    return [effect_json(effect) for _, effect in read_audit(_text).tried]


def _name(effect: Document) -> str:
    return json.dumps([effect["kind"], effect["arguments"]], sort_keys=True)
