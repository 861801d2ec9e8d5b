"""Versions: models trained, compared picture by picture, published and exported; changes of the data; the ledger."""

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import streamlit as st

from app.escaping import plain_markdown, shown
from app.gallery import draw_gallery
from app.ledger import FOLLOWED, PROMISES
from app.place import Place, attempt
from app.view_versions import dataset_rows, measure_rows, version_rows
from app.views import counted, tiles
from app.work import draw_start, last_result

FLIPS = 18
TRAIN, LEDGER = "Train a version", "Measure what changes brought"


def draw(place: Place) -> None:
    """Draw the page."""
    st.title("Versions", anchor=False)
    models, data, ledger = st.tabs(["Models", "Data", "Ledger"])
    with models:
        _draw_models(place)
    with data:
        _draw_data(place)
    with ledger:
        _draw_ledger(place)


def _draw_models(place: Place) -> None:
    from tools.version_documents import version_json
    from tools.versions import Versions

    versions = Versions(place.kept)
    there, in_use, published = versions.all(), versions.in_use(), versions.published()
    with st.container(border=True):
        st.markdown("**Train a version** on today's training pictures: a head on the vectors, seconds to minutes.")
        kinds = st.multiselect(
            "With changes that were tried", ["relabel", "remove", "reweight", "deduplicate"], key="with"
        )
        command = ["retrain", "--tier", "head", *[f"--with={kind}" for kind in kinds]]
        draw_start(place, "Train", command, TRAIN, primary=True)
        st.caption("Fine-tuning the encoder, or your own trainer: advisor retrain --help in a terminal.")
    if not there:
        st.info("No version was trained yet.")
        return
    documents = [version_json(v, in_use, published) for v in there]
    st.dataframe(version_rows(documents), hide_index=True, width="stretch")
    numbers = [v.number for v in reversed(there)]
    chosen = int(st.selectbox("Version", numbers, key="version") or numbers[0])
    with st.container(horizontal=True):
        editor, owner = place.may("editor"), place.may("owner")
        if st.button("Use it", disabled=not editor, icon=":material/restore:", key="version-use") and editor:
            versions.restore(chosen)
            st.rerun()
        if st.button("Publish it", disabled=not owner, icon=":material/publish:", key="version-publish") and owner:
            versions.publish(chosen)
            st.rerun()
    _draw_export(place, chosen)
    _draw_compare(place, [str(n) for n in numbers])


def _draw_export(place: Place, number: int) -> None:
    folder = place.path.absolute() / "exports" / f"version-{number}"
    title = f"Export version {number}"
    command = ["versions", "export", f"--to={folder}"]
    job = draw_start(place, "Prepare an export", command, title, operands=[str(number)], disabled=folder.exists())
    if folder.is_dir() and not (job and job.active):
        st.download_button(
            "Download it (network, labels, preparation, card, script)", lambda: zipped(folder), f"version-{number}.zip",
            "application/zip", icon=":material/download:", on_click="ignore", key="version-download",
        )  # fmt: skip
        editor = place.may("editor")
        if st.button("Prepare it anew", key="version-anew", disabled=not editor) and editor:
            shutil.rmtree(folder, ignore_errors=True)
            st.rerun()


def zipped(folder: Path) -> bytes:
    """The files of a folder as one archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(file, file.relative_to(folder).as_posix())
    return out.getvalue()


def _draw_compare(place: Place, numbers: list[str]) -> None:
    from tools.models import given_models

    st.subheader("Compare", anchor=False)
    given = [f"{g.model}@{g.version}" for g in given_models(place.kept)]
    names = [*numbers, *given, "baseline"]
    one, two = st.columns(2)
    first = one.selectbox("From", names, index=min(1, len(names) - 1), key="compare-first", format_func=shown)
    second = two.selectbox("To", names, index=0, key="compare-second", format_func=shown)
    if first == second:
        return
    found: list[Any] = []

    def work() -> None:
        found.append(_compared(place.case.fingerprint, str(first), str(second), place))

    if not attempt(work):
        return
    comparison = found[0]
    st.markdown(plain_markdown(comparison["sentence"]))
    st.dataframe(measure_rows(comparison["measures"]), hide_index=True, width="stretch")
    for key, name in (("better", comparison["second"]), ("worse", comparison["first"])):
        flips = comparison[key]
        if flips:
            st.markdown(f"**Right only with {plain_markdown(name)} ({len(flips)})**")
            notes = [f"{f['first']} → {f['second']}" for f in flips[:FLIPS]]
            draw_gallery(
                place, tiles(place.case, [f["image"] for f in flips[:FLIPS]], FLIPS), f"flips-{key}", notes=notes
            )


@st.cache_data(max_entries=20, show_spinner="Comparing picture by picture …")
def _compared(fingerprint: str, first: str, second: str, _place: Place) -> dict[str, Any]:
    from tools.comparing import compare_models
    from tools.models import model_named
    from tools.version_documents import comparison_json

    names, said = zip(*(model_named(_place.kept, _place.case, name) for name in (first, second)), strict=True)
    return comparison_json(_place.case, compare_models(_place.case, *said), *names)


def _draw_data(place: Place) -> None:
    from tools.changing import history, undo

    known = history(place.kept)
    st.dataframe(dataset_rows(place.kept.datasets(), known), hide_index=True, width="stretch")
    undoable = [c for c in known.standing if c.kind != "import"]
    if not undoable:
        st.caption("No accepted change stands: review labels, or split and merge classes.")
        return
    labels = {c.number: f"{c.number}: {c.summary}" for c in reversed(undoable)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox("Change", list(labels), format_func=lambda n: shown(labels[n]), key="change")
        asked = st.button("Take it back", icon=":material/undo:", disabled=not place.may("editor"), key="change-undo")
    if asked and place.may("editor") and attempt(lambda: undo(place.kept, number, by=place.person.name)):
        st.rerun()


def _draw_ledger(place: Place) -> None:
    draw_start(place, "Measure what was followed", ["ledger"], LEDGER)
    found = last_result(place, LEDGER)
    if found is None:
        st.info("Advice is written down whenever it is given. Measure here what followed it and what that changed.")
        return
    if found["case"] != place.case.fingerprint:
        st.caption("Measured on an earlier state of the data: measure again.")
    st.markdown(f"**{plain_markdown(found['headline'])}**  \n{plain_markdown(found['track_record']['text'])}")
    rows = [
        {
            "Advice": shown(f"{e['action']} {e['target']}"),
            "Followed": e["followed"]["extent"],
            "Measured": "" if e["measured"] is None else f"{100 * e['measured']['delta']:+.1f} points",
            "Promise": PROMISES.get(e["promise"] or "", ""),
        }
        for e in sorted(found["entries"], key=lambda e: e["followed"]["extent"] not in FOLLOWED)
    ]
    if rows:
        st.dataframe(rows, hide_index=True, width="stretch")
    else:
        st.caption(f"{counted(0, 'piece', 'pieces')} of advice so far: run every check.")
