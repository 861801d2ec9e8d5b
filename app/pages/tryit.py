"""Try it: drop photographs and see scores, the decision, and the training pictures they are like."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import streamlit as st

from app.escaping import plain_markdown, shown
from app.gallery import draw_gallery
from app.place import Place, attempt
from app.thumbnails import LARGE
from app.upload import keep_upload
from app.views import Document, tiles

MOST = 12
ENDINGS = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif"]
TOP = 5


def draw(place: Place) -> None:
    """Draw the page."""
    from tools.versions import Versions

    st.title("Try it", anchor=False)
    versions = Versions(place.kept)
    numbers = [0, *(v.number for v in reversed(versions.all()))]
    in_use = versions.in_use()
    asked = st.selectbox(
        "Who answers", numbers, index=numbers.index(in_use.number) if in_use else 0, key="try-version",
        format_func=lambda n: f"version {n}" if n else "the advisor's own baseline",
    )  # fmt: skip
    given = st.file_uploader(
        "Photographs", ENDINGS, accept_multiple_files=True, key="try-files", max_upload_size=64,
        help="They are scored and forgotten: nothing is kept.",
    )  # fmt: skip
    if not given:
        st.info(
            "Drop one or more photographs above: each gets its scores, the decision, and the training pictures most "
            "like it.", icon=":material/photo_camera:",
        )  # fmt: skip
        return
    if len(given) > MOST:
        st.caption(f"The first {MOST} of {len(given)}; for folders: advisor predict PATH in a terminal.")
    made: list[Any] = []
    names = [f.name for f in given[:MOST]]

    def work() -> None:
        with st.spinner("Looking …"), TemporaryDirectory() as folder:
            files = [keep_upload(Path(folder), f.name, f.getvalue()) for f in given[:MOST]]
            made.extend(_answers(place, files, int(asked or 0)))

    if attempt(work):
        document, pictures = made
        _draw_answers(place, document, pictures, names)


def _answers(place: Place, files: list[Path], number: int) -> tuple[Document, dict[str, bytes]]:
    """What is said of the files, and each as it is shown; both by the files' names."""
    from embeddings.images import Unreadable, thumbnail
    from tools.deciding import rule_of
    from tools.documents import predictions_document
    from tools.predicting import predict
    from tools.versions import Versions

    versions = Versions(place.kept)
    version = versions.get(number) if number else None
    rule = rule_of(version.document["thresholds"]) if version and version.document["thresholds"] else None
    asked = None if version is None else (version, versions.weights(version))
    found = predict(place.case, files, asked)
    pictures = {}
    for file in files:
        try:
            pictures[str(file)] = thumbnail(file, longest=LARGE // 2)
        except Unreadable:
            continue  # it is among the skipped, with its reason
    document = predictions_document(place.case, found, rule, top=TOP)
    order = {str(file): at for at, file in enumerate(files)}
    return {**document, "order": order}, pictures


def _draw_answers(place: Place, document: Document, pictures: dict[str, bytes], names: list[str]) -> None:
    for number, found in enumerate(document["predictions"]):
        name = names[document["order"][found["picture"]]]
        with st.container(border=True):
            left, right = st.columns([4, 7], gap="medium")
            said = ", ".join(found["said"]) or "nothing: for a person"
            with left:
                st.image(pictures[found["picture"]], width="stretch", alt=shown(f"{name}: {said}"))
                st.caption(plain_markdown(name))
            with right:
                st.markdown(f"### {plain_markdown(said)}")
                if found["unlike"]:
                    st.warning("Unlike anything in the training pictures: do not trust the answer.")
                elif found["known"]:
                    st.info("This very picture is in the training data.")
                columns: Any = {"Score": st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.3f")}
                rows = [{"Class": shown(s["class"]), "Score": s["score"]} for s in found["scores"]]
                st.dataframe(rows, hide_index=True, width="stretch", column_config=columns, key=f"try-scores-{number}")
                st.markdown("**Training pictures most like it**")
                near = tiles(place.case, [n["image"] for n in found["nearest"]], len(found["nearest"]))
                notes = [f"similarity {n['similarity']:.2f}" for n in found["nearest"]]
                draw_gallery(place, near, f"try-near-{number}", notes=notes[: len(near)], cell=96)
    for skipped in document["skipped"]:
        name = names[document["order"].get(skipped["path"], 0)]
        st.error(f"{plain_markdown(name)}: {plain_markdown(skipped['reason'])}")
