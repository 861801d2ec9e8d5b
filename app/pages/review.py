"""The review: suspected labels one by one, by keyboard; what is decided becomes a version of the data set."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.escaping import plain_markdown, shown
from app.gallery import draw_gallery
from app.place import Place, attempt
from app.reviewing import Review, Step, Verb, decisions, load, save, waiting
from app.thumbnails import large
from app.views import counted, tiles
from app.work import draw_start, last_result
from tools.findings import number_text

if TYPE_CHECKING:
    from tools.case import Case
    from tools.suggestions import Suspect

LIKE_IT = 6
LEDGER = "Measure what changes brought"
KEYS: dict[Verb, tuple[str, str, str]] = {
    "accept": ("Take the suggestion", "a", "check"),
    "reject": ("Keep the label", "k", "close"),
    "remove": ("Leave the picture out", "x", "delete"),
    "skip": ("Skip", "s", "skip_next"),
}


def draw(place: Place) -> None:
    """Draw the page."""
    st.title("Review", anchor=False)
    made = st.session_state.pop("review-made", None)
    if made:
        st.success(plain_markdown(made), icon=":material/check_circle:")
    _draw_measured(place)
    if place.refuse():
        return
    test_too = st.toggle(
        "Test pictures too", key="review-test", disabled=not place.case.has_test,
        help="They are the ruler: after changing them, figures from before and after cannot be compared.",
    )  # fmt: skip
    _draw_queue(place, test_too)


@st.cache_data(max_entries=4, show_spinner="Looking for labels that look wrong …")
def _queue(fingerprint: str, test_too: bool, _case: "Case") -> "list[Suspect]":
    from tools.suggestions import suspects

    return suspects(_case, test_too=test_too)


@st.fragment
def _draw_queue(place: Place, test_too: bool) -> None:
    case = place.case
    queue = _queue(case.fingerprint, test_too, case)
    digests = {s.id: str(case.dataset.sha256[s.row]) for s in queue}
    review = load(place.kept, place.person.name).of([(digests[s.id], s.given) for s in queue])
    open_ = waiting(queue, review, digests)
    _draw_progress(len(queue), review)
    if not queue:
        st.info(
            "No label looks wrong here that nobody has confirmed. The check wrong-labels under Findings says how many "
            "it could have missed.",
            icon=":material/check:",
        )
    elif len(review.decided) < len(queue) and open_:
        _draw_suspect(place, open_[0], digests[open_[0].id], review)
    else:
        st.info("Everything in this list is decided.", icon=":material/check:")
    st.button(
        "Undo", key="review-undo", shortcut="u", icon=":material/undo:", disabled=not review.steps,
        on_click=_decide, args=(place, review.undo()),
    )  # fmt: skip
    _draw_commit(place, review, test_too)


def _draw_progress(count: int, review: Review) -> None:
    right, of, low, high = review.precision
    if count:
        st.progress(of / count, text=f"{of} of {counted(count, 'suspect')} decided")
    if of:
        words = f"{number_text(low, 'share').removesuffix(' %')}–{number_text(high, 'share')}"
        st.markdown(f"Of those decided **{right} of {of}** labels were indeed wrong ({words}).")


def _draw_suspect(place: Place, suspect: "Suspect", digest: str, review: Review) -> None:
    case = place.case
    left, right = st.columns([6, 5], gap="medium")
    with left:
        picture = large(case, suspect.id)
        alt = f"Picture labelled {shown(suspect.given)}, perhaps {shown(suspect.suggested)}"
        if isinstance(picture, bytes):
            st.image(picture, width="stretch", alt=alt)
        else:
            st.warning(f"The picture cannot be shown: {plain_markdown(picture)}")
        st.caption(plain_markdown(suspect.id))
    with right:
        st.markdown(
            f"Labelled **{plain_markdown(suspect.given)}**  \nMore like **{plain_markdown(suspect.suggested)}**  \n"
            f"Doubt {suspect.doubt:.2f} · split {plain_markdown(suspect.split)}"
        )
        for verb, (words, key, icon) in KEYS.items():
            kind: Any = "primary" if verb == "accept" else "secondary"
            step = Step(digest, suspect.given, verb, suspect.suggested if verb == "accept" else "")
            st.button(
                words, key=f"review-{verb}", shortcut=key, icon=f":material/{icon}:", type=kind, width="stretch",
                on_click=_decide, args=(place, review.take(step)),
            )  # fmt: skip
        others = [name for name in case.classes if name not in (suspect.given, suspect.suggested)]
        other = st.selectbox("Another class", others, format_func=shown, key="review-other", index=None)
        st.button(
            "Give it this class", key="review-label", shortcut="l", disabled=other is None, width="stretch",
            on_click=_decide, args=(place, review.take(Step(digest, suspect.given, "label", str(other)))),
        )  # fmt: skip
    for name, title in ((suspect.given, "Pictures of its label"), (suspect.suggested, "Pictures of the suggestion")):
        st.markdown(f"**{title}, {plain_markdown(name)}, most like it**")
        draw_gallery(place, tiles(case, _like(case, suspect.row, name), LIKE_IT), f"like-{title}", cell=96)


def _like(case: "Case", row: int, name: str) -> list[str]:
    """Ids of the pictures of a class most like one."""
    import numpy as np

    rows = np.flatnonzero(case.targets == case.number(name))
    rows = rows[rows != row]
    order = np.argsort(-(case.space.vectors[rows] @ case.space.vectors[row]), kind="stable")[:LIKE_IT]
    return [str(i) for i in case.ids[rows[order]]]


def _decide(place: Place, review: Review) -> None:
    save(place.kept, place.person.name, review)


def _draw_commit(place: Place, review: Review, test_too: bool) -> None:
    changed = sum(s.verb not in ("reject", "skip") for s in review.steps)
    confirmed = sum(s.verb == "reject" for s in review.steps)
    if not changed and not confirmed:
        return
    st.divider()
    what = [counted(changed, "label") + " to change"] if changed else []
    what += [counted(confirmed, "label") + " confirmed, not to be doubted again"] if confirmed else []
    st.markdown(f"**{', '.join(what)}**. Files stay as they are; the version can be taken back under Versions.")
    why = st.text_input("Why (kept with the version)", key="review-why")
    asked = st.button("Make it a version of the data set", type="primary", icon=":material/save:", key="review-commit")
    if asked and attempt(lambda: _commit(place, review, test_too, why)):
        st.rerun()


def _commit(place: Place, review: Review, test_too: bool, why: str) -> None:
    """Confirm what was rejected, change the rest, and begin a new list."""
    from tools.changing import accept
    from tools.decisions import Decision, Decisions
    from tools.review import reviewed

    case, who = place.case, place.person.name
    read = decisions(case, review)
    draft = reviewed(case, read, test_too=test_too)
    confirmed = [
        Decision(
            "confirm-label", str(case.dataset.sha256[row]), str(case.ids[row]), who=who, why=why,
            label=case.classes[int(case.targets[row])],
        )
        for row in read.kept
    ]  # fmt: skip
    said = [f"{counted(len(confirmed), 'label')} confirmed"] if confirmed else []
    if draft is not None:
        change = accept(place.kept, case.dataset, draft, why=why, by=who)
        said.insert(0, f"Dataset version {change.after}: {change.summary}")
    Decisions(place.kept).take(confirmed)
    skipped = tuple(s for s in review.steps if s.verb == "skip")
    save(place.kept, who, replace(review, steps=skipped))
    st.session_state["review-made"] = "; ".join(said)


def _draw_measured(place: Place) -> None:
    """What the changes so far brought, and the button that measures it."""
    from tools.changing import history

    if not history(place.kept).standing:
        return
    draw_start(place, LEDGER, ["ledger"], LEDGER)
    found = last_result(place, LEDGER)
    for step in (found or {"steps": ()})["steps"]:
        if step["after"] != place.case.dataset.version:
            continue
        measured = step["measured"]
        if measured is None:
            words = plain_markdown(step["unmeasured"])
        else:
            from app.views import effect_sentence

            words = plain_markdown(effect_sentence(measured))
        st.markdown(f"**Version {step['before']} → {step['after']}**: {words}")
