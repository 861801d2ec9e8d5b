"""Settings: import, encoder, language model, schedule, mail, goals, roles."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.edge import model_state, read_model
from app.escaping import plain_markdown
from app.place import Place, attempt
from app.roles import CHOICE, Person, addresses, granted_of
from app.upload import keep_upload, unpack
from app.work import draw_start

if TYPE_CHECKING:
    from tools.workspace import Workspace

IMPORT, PREDICTIONS = "Import pictures", "Add predictions"
MOST_MEGABYTES = 2000
ENCODERS = ("as before", "auto", "embedded")


def draw(place: Place) -> None:
    """Draw the page."""
    st.title("Settings", anchor=False)
    if place.refuse("owner"):
        return
    names = ["Data", "Predictions", "Language model", "Goals", "Schedule and mail", "People"]
    data, predictions, model, goals, schedule, people = st.tabs(names)
    with data:
        _draw_import(place)
    with predictions:
        _draw_predictions(place)
    with model:
        _draw_model(place)
    with goals:
        _draw_goals(place)
    with schedule:
        _draw_schedule(place)
    with people:
        _draw_people(place)


def draw_without_data(path: Path, kept: "Workspace", person: Person, pages: Any) -> None:
    """Before anything was imported: the import alone."""
    st.title("Import your pictures", anchor=False)
    place = Place(path, kept, None, person, pages)  # type: ignore[arg-type]  # the import needs no case
    if not place.refuse("owner"):
        _draw_import(place)


def _draw_import(place: Place) -> None:
    st.markdown(
        "A folder with a folder per class, optionally inside train, val and test; or a CSV with the columns filepath, "
        "label and, if you like, split; or boxes (COCO, YOLO, Pascal VOC) with a detector's answers. Files stay where "
        "they are and are never changed."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        encoder = st.selectbox("Encoder", ENCODERS, key="import-encoder", accept_new_options=True,
                               help="Or a name as advisor import --encoder takes it.")  # fmt: skip
    options = [] if encoder in (None, "as before") else [f"--encoder={encoder}"]
    options += _draw_answers(place)
    if place.person.alone:
        path = st.text_input("Path on this machine", key="import-path", placeholder="/data/fruit")
        root = st.text_input("Where its pictures lie, if elsewhere", key="import-root", placeholder="/data/pictures")
        options += [f"--root={root.strip()}"] if root.strip() else []
        draw_start(place, "Import this path", ["import", *options], IMPORT, operands=[path.strip()], role="owner",
                   primary=True, disabled=not path.strip())  # fmt: skip
        st.markdown("Or")
    given = st.file_uploader(
        "A ZIP archive of class folders, or of boxes with their pictures",
        ["zip"],
        key="import-file",
        max_upload_size=MOST_MEGABYTES,
    )
    if given is not None and st.button("Unpack and import", key="import-upload", icon=":material/upload:"):
        from app.jobs import start

        def work() -> None:
            folder = unpack(place.path, given.getvalue())
            start(place.path, ["import", *options], IMPORT, operands=[str(folder)], who=place.person.name)

        with st.spinner("Unpacking …"):
            done = attempt(work)
        if done:
            st.rerun()


def _draw_answers(place: Place) -> list[str]:
    """Options of the import for a model's answers that come with the pictures."""
    with st.expander("Your model's answers come with them"):
        st.caption(
            "Scores as CSV, Parquet or npz; a detector's boxes as COCO results (JSON) or a table. Scores can also be "
            "added later; for other boxes import again."
        )
        with st.container(horizontal=True):
            model = st.text_input("Its name", key="import-model")
            version = st.text_input("Version", key="import-version")
        given = st.file_uploader(
            "Answers", ["csv", "parquet", "npz", "json"], key="import-answers", max_upload_size=MOST_MEGABYTES
        )
    if given is None:
        return []
    kept: dict[str, str] = st.session_state.setdefault("import-answers-kept", {})
    if given.file_id not in kept:  # once, not at every click
        kept[given.file_id] = str(keep_upload(place.path, given.name, given.getvalue()))
    options = [f"--predictions={kept[given.file_id]}"]
    return options + [f"--{name}={text}" for name, text in (("model", model), ("model-version", version)) if text]


def _draw_predictions(place: Place) -> None:
    st.markdown("Your model's scores: CSV, Parquet or npz with the pictures' paths and a column per class.")
    with st.container(horizontal=True):
        model = st.text_input("Model", key="predictions-model")
        version = st.text_input("Its version", key="predictions-version")
    given = st.file_uploader("File", ["csv", "parquet", "npz"], key="predictions-file", max_upload_size=MOST_MEGABYTES)
    if given is not None and st.button("Add them", disabled=not model, key="predictions-add"):
        from app.jobs import start

        def work() -> None:
            file = keep_upload(place.path, given.name, given.getvalue())
            command = ["predictions", "add", f"--model={model}", *([f"--model-version={version}"] if version else [])]
            start(place.path, command, PREDICTIONS, operands=[str(file)], who=place.person.name)

        if attempt(work):
            st.rerun()
    draw_last(place, PREDICTIONS)


def draw_last(place: Place, title: str) -> None:
    """How the newest job of a title stands or ended."""
    from app.jobs import jobs
    from app.sidebar import watch
    from app.work import draw_end

    newest = next((job for job in jobs(place.path) if job.title == title), None)
    if newest is None:
        return
    if newest.active:
        watch(place, [newest.id])
    elif newest.state == "done":
        st.success(f"{plain_markdown(title)}: done.")
    else:
        draw_end(newest)


def _draw_model(place: Place) -> None:
    st.markdown(f"**Now:** {plain_markdown(model_state())}")
    st.markdown(
        "Everything works without one. A language model words the answers more freely; every sentence is checked "
        "against the facts it cites. It is named by the server's environment, so that no key is typed or kept here:"
    )
    st.code("ADVISOR_MODEL=…\nOPENAI_API_KEY=…\nOPENAI_BASE_URL=http://127.0.0.1:11434/v1   # any compatible server",
            language="bash")  # fmt: skip
    settings = read_model()
    if settings is None:
        return
    from agent.privacy import agree, agreement, explanation, first_call, withdraw

    st.markdown(plain_markdown(explanation(settings)))
    with st.expander("Exactly what leaves this machine to have a question understood"):
        st.code(first_call("Why is my model confusing …?", place.case.classes), language="json", wrap_lines=True)
    agreed = agreement(place.kept, settings)
    if agreed is not None and agreed.get("found"):
        st.caption(plain_markdown(agreed["found"]))
    with st.container(horizontal=True):
        if agreed is None:
            if st.button("I agree", key="model-agree", icon=":material/check:", type="primary"):
                with st.spinner("Trying it with easy questions …"):
                    agree(place.kept, settings, place.person.name)
                st.rerun()
        else:
            st.button("Withdraw my agreement", key="model-withdraw", on_click=withdraw, args=(place.kept,))
        asked = st.button("Test it", icon=":material/network_check:", key="model-test")
    if asked:
        from agent.endpoint import Endpoint
        from agent.spending import note_call

        endpoint = Endpoint(settings, spent=lambda sent, received: note_call(place.kept, settings, sent, received))
        with st.spinner("Asking …"):
            answer = endpoint.ask([{"role": "user", "content": "Answer with the one word: ready"}])
        if answer:
            st.success(f"It answers: {plain_markdown(answer[:200])}")
        else:
            st.error(f"It does not answer: it {plain_markdown(endpoint.down)}.")


def _draw_goals(place: Place) -> None:
    from tools.goals import Goals, Limit, goals_of, set_goals

    now = goals_of(place.kept) or Goals()
    st.caption("At most so many mistakes; they head every report and close the gate when they are surely missed.")
    table = [{"Class": limit.name, "Mistake": limit.mistake, "At most (%)": 100 * limit.most} for limit in now.limits]
    columns: Any = {
        "Class": st.column_config.SelectboxColumn(options=list(place.case.classes), required=True),
        "Mistake": st.column_config.SelectboxColumn(options=["miss", "false-alarm"], required=True),
        "At most (%)": st.column_config.NumberColumn(min_value=0.0, max_value=99.9, required=True),
    }
    import pandas as pd

    frame = pd.DataFrame(table, columns=list(columns))
    edited = st.data_editor(frame, num_rows="dynamic", column_config=columns, width="stretch", key="goals")
    weekly = st.number_input("Pictures a week", 0, value=now.weekly, key="goals-weekly")
    if st.button("Keep the goals", type="primary", key="goals-keep"):

        def work() -> None:
            limits = tuple(
                Limit(str(r["Class"]), r["Mistake"], float(r["At most (%)"]) / 100) for r in edited.to_dict("records")
            )
            set_goals(place.kept, place.case, Goals(limits, now.costs, int(weekly), now.currency, now.value))

        if attempt(work):
            st.success("Kept.")


def _draw_schedule(place: Place) -> None:
    from app import schedule as schedules

    now = schedules.kept(place.kept)
    due = schedules.state(place.kept, datetime.now().astimezone())
    stands = "" if due is None else "there" if due["there"] else "overdue" if due["overdue"] else "still to come"
    words = "" if due is None else f"; the report of {due['week']} is {stands}"
    st.subheader("Schedule", anchor=False)
    st.markdown(f"**Now:** {plain_markdown(now.text + words) if now else 'no schedule'}")
    with st.form("schedule", border=True):
        when = st.text_input("Every week at", now.text.rpartition(" ")[0] if now else "mon 07:00", key="schedule-when")
        zone = st.text_input("Time zone", now.timezone if now else "UTC", key="schedule-zone")
        asked = st.form_submit_button("Keep the schedule", type="primary")
    if asked and attempt(lambda: schedules.keep(place.kept, schedules.parse(when, zone))):
        st.success("Kept.")
    if now and st.button("Forget it", key="schedule-clear"):
        schedules.keep(place.kept, None)
        st.rerun()
    st.caption(
        "This keeps the time. What makes and sends the reports then is a process that stays: advisor schedule, or a "
        "unit for systemd, cron, GitHub Actions or Airflow that it prints (advisor schedule --print)."
    )
    from app.mail_settings import draw_mail

    st.subheader("Mail", anchor=False)
    draw_mail(place)


def _draw_people(place: Place) -> None:
    if place.person.alone:
        st.markdown(
            "No sign-in is set up: whoever can reach this page on this machine is its owner. For sign-in by "
            "OpenID Connect put this into `.streamlit/secrets.toml` where the app is started, install the extra "
            "`sign-in` and start again:"
        )
        st.code(
            '[auth]\nredirect_uri = "https://advisor.example.org/oauth2callback"\ncookie_secret = "…"\n'
            'client_id = "…"\nclient_secret = "…"\n'
            'server_metadata_url = "https://login.example.org/.well-known/openid-configuration"\n\n'
            '[roles]\nowner = ["ada@example.org"]\nviewer = ["*"]   # everyone who signed in',
            language="toml",
        )
        return
    granted = granted_of(place.kept.choice(CHOICE))
    st.caption("Owners are named in the secrets file. Editors review, decide and run work; viewers look and ask.")
    with st.form("people", border=False):
        boxes = {
            role: st.text_area(f"{role.capitalize()}s, one address a line", "\n".join(granted.get(role, ())), key=role)
            for role in ("editor", "viewer")
        }
        asked = st.form_submit_button("Keep the roles", type="primary")
    if asked:

        def work() -> None:
            place.kept.choose(CHOICE, {role: addresses(text) for role, text in boxes.items()})

        if attempt(work):
            st.success("Kept.")
