"""The inbox: pictures from production, the most useful first, labelled by keyboard into a version of the data set."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.escaping import plain_markdown, shown
from app.jobs import start
from app.place import Place, attempt
from app.reviewing import Review, Step, load, save
from app.upload import keep_upload
from app.views import counted
from app.work import draw_start, last_result

if TYPE_CHECKING:
    from tools.inbox import Picture

ADD, RANK = "Add to the inbox", "Put the inbox in order"
MOST = 200
ENDINGS = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif"]
ORDERS = {
    "gain": "what would help most",
    "uncertainty": "what the model is least sure of",
    "newest": "what came last",
    "unlike": "what is most unlike anything seen",
    "random": "chance",
}


def draw(place: Place) -> None:
    """Draw the page."""
    from tools.inbox import Inbox

    st.title("Inbox", anchor=False)
    made = st.session_state.pop("inbox-made", None)
    if made:
        st.success(plain_markdown(made), icon=":material/check_circle:")
    inbox = Inbox(place.kept)
    waiting = {p.sha256: p for p in inbox.pictures("waiting")}
    st.caption(
        f"{counted(len(waiting), 'picture')} wait. Pictures come by upload here, by advisor inbox add and watch in a "
        "terminal, and leave by being labelled, put off or thrown out."
    )
    if place.refuse():
        return
    _draw_add(place)
    if not waiting:
        st.info("Nothing waits in the inbox.", icon=":material/inbox:")
        return
    order = str(st.selectbox("What comes first", list(ORDERS), format_func=ORDERS.__getitem__, key="inbox-order"))
    draw_start(place, "Put in order", ["inbox", "rank", f"--order={order}", f"--most={MOST}"], RANK, primary=True)
    ranked = last_result(place, RANK)
    if ranked is None:
        st.info("Put the inbox in order first: the model looks at each picture, and at what the findings ask for.")
        return
    _draw_queue(place, waiting, [p for p in ranked["pictures"] if p["sha256"] in waiting])


def _draw_add(place: Place) -> None:
    with st.expander("Add pictures"):
        options: Any = {"accept_multiple_files": True, "max_upload_size": 64}
        given = st.file_uploader("Photographs", ENDINGS, key="inbox-files", **options)
        if given and st.button("Take them in", key="inbox-add"):

            def work() -> None:
                files = [str(keep_upload(place.path, f.name, f.getvalue())) for f in given]
                start(place.path, ["inbox", "add"], ADD, operands=files, who=place.person.name)

            if attempt(work):
                st.rerun()


def _who(place: Place) -> str:
    return f"inbox of {place.person.name}"


@st.fragment
def _draw_queue(place: Place, waiting: "dict[str, Picture]", ranked: list[dict[str, Any]]) -> None:
    review = load(place.kept, _who(place)).of([(digest, "") for digest in waiting])
    decided = {s.sha256 for s in review.steps}
    open_ = [entry for entry in ranked if entry["sha256"] not in decided]
    words = f"{len(decided)} of {counted(len(waiting), 'picture')} decided"
    st.progress(len(decided) / max(1, len(waiting)), text=words)
    if open_:
        _draw_one(place, waiting[open_[0]["sha256"]], open_[0], review)
    else:
        st.info("Everything in this list is decided.", icon=":material/check:")
    st.button(
        "Undo", key="inbox-undo", shortcut="u", icon=":material/undo:", disabled=not review.steps,
        on_click=save, args=(place.kept, _who(place), review.undo()),
    )  # fmt: skip
    _draw_commit(place, waiting, review)


def _draw_one(place: Place, picture: "Picture", entry: dict[str, Any], review: Review) -> None:
    left, right = st.columns([6, 5], gap="medium")
    said = str(entry["said"])
    with left:
        data = _large(place, picture)
        if isinstance(data, bytes):
            st.image(data, width="stretch", alt=shown(f"{picture.source}: the model says {said}"))
        else:
            st.warning(f"The picture cannot be shown: {plain_markdown(data)}")
        st.caption(f"{plain_markdown(picture.source)} · came {picture.at[:16].replace('T', ' ')} UTC")
    with right:
        speaker = plain_markdown(entry["speaker"])
        st.markdown(f"{speaker} says **{plain_markdown(said)}** ({100 * entry['score']:.0f} %)")
        for reason in entry["reasons"]:
            st.caption(plain_markdown(reason))
        known = said in place.case.classes
        verbs: list[tuple[str, str, str, Step, bool]] = [
            ("It is that", "a", "check", Step(picture.sha256, "", "accept", said), not known),
            ("Put it off", "s", "skip_next", Step(picture.sha256, "", "skip"), False),
            ("Throw it out", "x", "delete", Step(picture.sha256, "", "remove"), False),
        ]
        for words, key, icon, step, off in verbs:
            kind: Any = "primary" if step.verb == "accept" else "secondary"
            st.button(
                words, key=f"inbox-{step.verb}", shortcut=key, icon=f":material/{icon}:", type=kind, width="stretch",
                disabled=off, on_click=save, args=(place.kept, _who(place), review.take(step)),
            )  # fmt: skip
        one, two = st.columns([3, 2], vertical_alignment="bottom")
        other = one.selectbox("Another class", place.case.classes, format_func=shown, key="inbox-other", index=None)
        step = Step(picture.sha256, "", "label", str(other))
        two.button(
            "Give it", key="inbox-label", shortcut="l", disabled=other is None, width="stretch",
            on_click=save, args=(place.kept, _who(place), review.take(step)),
        )  # fmt: skip


def _large(place: Place, picture: "Picture") -> bytes | str:
    from app.thumbnails import LARGE
    from embeddings.images import Unreadable, thumbnail
    from tools.added import folder_of
    from tools.errors import UnreadableInput
    from tools.paths import inside

    root = folder_of(place.path)
    try:
        return thumbnail(inside(root, picture.name), root=root, longest=LARGE)
    except Unreadable as reason:
        return reason.reason
    except UnreadableInput:
        return "its name leads out of the workspace"


def _draw_commit(place: Place, waiting: "dict[str, Picture]", review: Review) -> None:
    if not review.steps:
        return
    st.divider()
    verbs = [s.verb for s in review.steps]
    labelled = sum(v in ("accept", "label") for v in verbs)
    st.markdown(f"**{labelled} to label, {verbs.count('skip')} to put off, {verbs.count('remove')} to throw out**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.selectbox("Labelled ones are for", ["train", "val", "test"], key="inbox-split")
        asked = st.button("Make it so", type="primary", icon=":material/save:", key="inbox-commit")
    if asked and attempt(lambda: _commit(place, waiting, review, str(split))):
        st.rerun()


def _commit(place: Place, waiting: "dict[str, Picture]", review: Review, split: str) -> None:
    """Label into a version, put off, throw out; then the list is empty."""
    from tools.changing import accept
    from tools.inbox import Inbox
    from tools.labelling import labelled

    who, inbox = place.person.name, Inbox(place.kept)
    wanted = [(waiting[s.sha256], s.label) for s in review.steps if s.verb in ("accept", "label")]
    said = []
    if wanted:
        change = accept(place.kept, place.case.dataset, labelled(place.case, wanted, split=split), by=who)
        said.append(f"Dataset version {change.after}: {change.summary}")
    put_off = inbox.decide([waiting[s.sha256] for s in review.steps if s.verb == "skip"], "skipped", who=who)
    out = inbox.decide([waiting[s.sha256] for s in review.steps if s.verb == "remove"], "rejected", who=who)
    said += [f"{put_off} put off"] if put_off else []
    said += [f"{out} thrown out"] if out else []
    save(place.kept, _who(place), Review())
    st.session_state["inbox-made"] = "; ".join(said)
