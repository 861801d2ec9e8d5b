"""Map, experiments, versions, rounds, try it, reports, cues, settings, work: driven without a browser."""

import importlib.util
import io
import json
import zipfile
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import app.pages.tryit
from app import jobs
from app.commands import open_case, run_audit
from app.map_command import run_map
from app.pages.cues import keep_name, names_of
from app.pages.versions import zipped
from app.tags import WrongTag, forget_tag, tag, tagged, tags_of
from app.upload import keep_upload, unpack
from app.view_map import (
    MOST_NAMES,
    Colouring,
    _grouped,
    against,
    choices,
    chosen_rows,
    colouring,
    group_sentences,
    map_data,
)
from app.view_reports import differences
from tests.app.conftest import CLASSES, OpenPage, everything, page_named
from tools.changing import accept
from tools.errors import UnreadableInput
from tools.flat_map import kept_map
from tools.goals import goals_of
from tools.proposals import relabel
from tools.workspace import Workspace


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that pages start, without running them."""
    seen: list[list[str]] = []

    def start(workspace: Path, command: list[str], title: str, *, operands: list[str] = (), who: str = "") -> str:  # type: ignore[assignment]
        seen.append([*command, *operands])
        return "20260101T000000-00000000"

    monkeypatch.setattr("app.work.start", start)
    monkeypatch.setattr("app.jobs.start", start)
    return seen


def test_the_map_is_laid_out_once_and_searched(
    own_workspace: Path, open_page: OpenPage, started: list[list[str]]
) -> None:
    page = open_page("map").run()
    assert "not been laid out" in page.info[0].value
    page.button(key="start-Lay out the map").click().run()
    assert started == [["map"]]

    run_map(workspace=own_workspace, json=str(own_workspace / "map.json"))
    document = json.loads((own_workspace / "map.json").read_text())
    assert len(document["positions"]) == 90
    page = open_page("map").run()
    assert not page.exception
    for by in ("error", "split", "version", "tag"):
        page.selectbox(key="map-by").set_value(by).run()
        assert not page.exception
    _, case = open_case(own_workspace)
    page.text_input(key="map-words").set_value(str(case.ids[0]))
    next(b for b in page.button if b.label == "Search").click().run()
    assert not page.exception
    assert "Nearest to" in everything(page)
    page.text_input(key="map-words").set_value("/etc/hostname")
    next(b for b in page.button if b.label == "Search").click().run()
    assert not page.exception
    assert page.warning


def test_a_map_is_kept_by_its_vectors_and_survives_new_labels(own_workspace: Path) -> None:
    run_map(workspace=own_workspace, json=None)
    kept, case = open_case(own_workspace)
    before = kept_map(case)
    accept(kept, case.dataset, relabel(case, [(3, "Lemon")], test_too=True))
    _, after = open_case(own_workspace)

    assert after.fingerprint != case.fingerprint
    assert before is not None
    assert np.array_equal(before, kept_map(after))  # type: ignore[arg-type]


def test_every_point_has_its_colour_whatever_it_is_coloured_by(small_workspace: Path) -> None:
    _, case = open_case(small_workspace)
    nothing = np.zeros(len(case.ids), dtype=np.str_)
    positions = np.arange(2 * len(case.ids), dtype=np.float32).reshape(-1, 2)
    for by in choices(case):
        data = map_data(positions, colouring(case, by, frozenset(), nothing), by)
        points = np.frombuffer(b64decode(data["points"]), dtype="<u2").reshape(-1, 2)
        codes = np.frombuffer(b64decode(data["codes"]), dtype=np.uint8)
        assert (points[0].tolist(), points[-1].tolist()) == ([0, 0], [65535, 65535])
        assert len(codes) == len(case.ids)
        assert codes.max() < len(data["colours"]) == len(data["shapes"])
        assert bool(data["names"]) != bool(data["bar"])
    labels = map_data(positions, colouring(case, "label", frozenset(), nothing), "label")
    codes = np.frombuffer(b64decode(labels["codes"]), dtype=np.uint8)
    assert [labels["names"][c].rpartition(" ")[0] for c in codes] == [case.classes[t] for t in case.targets]


def test_a_number_runs_along_the_ramp_and_what_is_not_known_stands_apart() -> None:
    values = np.array([2.0, np.nan, 4.0, 3.0], dtype=np.float32)
    data = map_data(np.zeros((4, 2), dtype=np.float32), Colouring((), np.zeros(0, dtype=np.int64), values), "cue: size")

    assert np.frombuffer(b64decode(data["codes"]), dtype=np.uint8).tolist() == [0, 255, 254, 127]
    assert data["bar"] == ["2", "4"]
    assert (data["colours"][0], data["colours"][254]) == ("#00224e", "#fee838")
    assert len(set(data["colours"])) > 250


def test_points_drawn_around_come_back_as_rows_and_nonsense_as_none() -> None:
    wanted = np.zeros(21, dtype=np.bool_)
    wanted[[0, 7, 8, 20]] = True
    bits = b64encode(np.packbits(wanted, bitorder="little").tobytes()).decode()

    assert chosen_rows(bits, 21) == [0, 7, 8, 20]
    for nonsense in ("", "?", "AAAA" * 9, bits[:-4]):
        assert chosen_rows(nonsense, 21) == []
    assert chosen_rows(bits, 900) == []


def test_many_values_share_the_last_colour() -> None:
    colours = _grouped(np.array([f"v{i:03d}" for i in range(200)] + ["", "v000"]))

    assert len(colours.names) == MOST_NAMES
    assert colours.names[0] == "v000"
    assert colours.names[-1] == f"(the {201 - MOST_NAMES + 1} smallest)"
    assert colours.codes.max() == MOST_NAMES - 1


def test_a_group_is_described_by_counts_and_held_against_its_own_classes(small_workspace: Path) -> None:
    _, case = open_case(small_workspace)
    rows = np.flatnonzero(case.targets == case.number("Lime"))[:10].tolist()
    lines = group_sentences(case, rows)
    wrong = int(case.derived.errors[rows].sum())
    judged = int(case.derived.judged[rows].sum())

    assert lines[0] == "10 pictures of 90"
    assert lines[1] == "Labels: Lime 10"
    assert lines[2].startswith(f"Here: {100 * wrong / judged:.1f} % of {judged} judged are wrong")
    others, words = against(case, rows)
    assert set(others) == set(np.flatnonzero(case.targets == case.number("Lime"))) - set(rows)
    assert words == "the other pictures of the same labels"
    assert len(against(case, range(89))[0]) == 1


def test_tags_stay_with_the_content(own_workspace: Path) -> None:
    kept, case = open_case(own_workspace)
    tag(kept, case, [0, 1], " odd <b> ")
    tag(kept, case, [2], "odd <b>")

    assert tagged(case, tags_of(kept)).tolist()[:4] == ["odd <b>"] * 3 + [""]
    with pytest.raises(WrongTag):
        tag(kept, case, [0], "\u202e")
    forget_tag(kept, "odd <b>")
    assert tags_of(kept) == {}


def test_an_experiment_is_started_with_its_arguments(open_page: OpenPage, started: list[list[str]]) -> None:
    page = open_page("experiments").run()
    assert not page.exception
    page.selectbox(key="experiment-kind").set_value("merge-classes").run()
    next(b for b in page.button if b.label == "Try it").click().run()

    assert not page.exception
    assert started[0][:3] == ["experiment", "run", "merge-classes"]
    assert started[0][3].startswith("--argument=pair=")


def test_results_of_an_audit_are_experiments_too(own_workspace: Path, open_page: OpenPage) -> None:
    run_audit(checks=None, classes=(), tries=2, fail_on=None, group=None, seed=None, workspace=own_workspace, json=None)
    page = open_page("experiments").run()

    assert not page.exception
    assert "Tried so far" in everything(page)
    assert page.main.expander


def test_versions_are_trained_used_compared_and_exported(
    own_workspace: Path, open_page: OpenPage, started: list[list[str]]
) -> None:
    from app.retrain import run_retrain
    from tools.versions import Versions

    page = open_page("versions").run()
    page.multiselect(key="with").set_value(["relabel"]).run()
    page.button(key="start-Train a version").click().run()
    assert started == [["retrain", "--tier", "head", "--with=relabel"]]
    for changes in ((), ("relabel",)):
        run_retrain(
            "head", changes, {}, resume=False, discard=False, group=None, seed=None, workspace=own_workspace, json=None
        )
    page = open_page("versions").run()
    assert not page.exception
    assert list(page.main.dataframe[0].value["Version"]) == ["2", "1"]
    page.selectbox(key="version").set_value(1).run()
    page.button(key="version-use").click().run()
    page.button(key="version-publish").click().run()
    versions = Versions(Workspace.open(own_workspace))
    assert [v.number for v in (versions.in_use(), versions.published()) if v] == [1, 1]
    assert "right only with version 2" in everything(page)


def test_a_change_of_the_data_is_shown_measured_and_taken_back(own_workspace: Path, open_page: OpenPage) -> None:
    kept, case = open_case(own_workspace)
    accept(kept, case.dataset, relabel(case, [(3, "Lemon")], test_too=True), why="<b>", by="Ada")
    rounds = open_page("rounds").run()
    assert not rounds.exception
    assert "**1 → 2**" in everything(rounds)
    page = open_page("versions").run()
    page.button(key="change-undo").click().run()

    assert not page.exception
    assert Workspace.open(own_workspace).dataset().version == 3


def test_a_dropped_photograph_that_cannot_be_read_says_why(
    open_page: OpenPage, own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page("tryit").run()
    assert not page.exception
    assert "Drop one or more" in page.info[0].value

    def answers(place: object, files: list[Path], number: int) -> object:
        _, case = open_case(own_workspace)
        from tools.documents import case_head

        skipped = [{"path": str(files[0]), "reason": "the picture is cut short <b>"}]
        head = {**case_head(case, ""), "predictions": [], "skipped": skipped}
        return {**head, "order": {str(files[0]): 0}}, {}

    monkeypatch.setattr(app.pages.tryit, "_answers", answers)
    page.file_uploader(key="try-files").set_value([("evil<b>.png", b"no picture", "image/png")]).run()
    assert not page.exception
    assert "cut short" in page.error[0].value
    assert "\\<b" in page.error[0].value


def test_reports_are_read_and_set_side_by_side(
    own_workspace: Path, open_page: OpenPage, started: list[list[str]]
) -> None:
    from agent.weekly import weekly_report

    page = open_page("reports").run()
    page.button(key="start-This week's report").click().run()
    assert started[0][0] == "report"
    kept, case = open_case(own_workspace)
    for day in (2, 9):
        weekly_report(kept, case, datetime(2026, 11, day, 8, tzinfo=UTC), tries=0)
    page = open_page("reports").run()
    assert not page.exception
    assert "Image-model report, week 2026-W46" in [h.value for h in page.header]
    page.selectbox(key="report-beside").set_value("2026-W45").run()
    assert not page.exception
    assert "From 2026-W45 to 2026-W46" in everything(page)


def test_only_what_one_report_says_is_a_difference() -> None:
    def report(*sentences: str, findings: tuple[str, ...] = ()) -> dict[str, object]:
        found = [{"id": f, "title": f, "settled": None} for f in findings]
        section = {"title": "Data", "sentences": [{"text": s} for s in sentences]}
        return {"sections": [section], "audit": {"outcomes": [{"findings": found}]}}

    rows = differences(report("same", "old", findings=("a",)), report("same", "new", findings=("a", "b")))

    assert [(r[""], r["What"]) for r in rows] == [("new", "b"), ("new", "new"), ("gone", "old")]


def test_cues_get_names_that_are_kept(own_workspace: Path, open_page: OpenPage) -> None:
    assert not open_page("cues").run().exception
    kept = Workspace.open(own_workspace)
    keep_name(kept, "abc", " a hand ")
    assert names_of(kept) == {"abc": "a hand"}
    keep_name(kept, "abc", "")
    assert names_of(kept) == {}


def test_settings_import_a_path_and_keep_goals_and_schedule(
    own_workspace: Path, open_page: OpenPage, started: list[list[str]]
) -> None:
    from app import schedule

    page = open_page("settings").run()
    assert not page.exception
    page.text_input(key="import-path").set_value("--help").run()
    page.button(key="start-Import pictures").click().run()
    assert started == [["import", "--help"]]
    page.text_input(key="schedule-when").set_value("tue 08:30")
    next(b for b in page.button if b.label == "Keep the schedule").click().run()
    assert not page.exception
    kept = Workspace.open(own_workspace)
    assert (schedule.kept(kept) or schedule.Schedule(0, 0, 0, "")).text == "tue 08:30 UTC"
    page.text_input(key="schedule-when").set_value("never")
    next(b for b in page.button if b.label == "Keep the schedule").click().run()
    assert "Expected" in page.error[0].value
    page.number_input(key="goals-weekly").set_value(100).run()
    page.button(key="goals-keep").click().run()
    assert (goals_of(kept) or pytest.fail("none")).weekly == 100
    assert not [b for b in page.button if b.key == "model-test"]


def test_settings_keep_mail_and_a_dry_run_sends_nothing(
    own_workspace: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agent.weekly import weekly_report
    from app.mail import settings_of
    from tools.outbox import Outbox

    monkeypatch.setenv("ADVISOR_SMTP_PASSWORD", "hunter2")
    monkeypatch.setattr("smtplib.SMTP", lambda *_, **__: pytest.fail("a dry run sends nothing"))
    kept, case = open_case(own_workspace)
    page = open_page("settings").run()
    page.text_input(key="mail-host").set_value("smtp.example.org")
    next(b for b in page.button if b.label == "Keep the mail settings").click().run()
    assert "a sender" in page.error[0].value
    page.text_input(key="mail-from").set_value("advisor@example.org")
    page.text_area(key="mail-to").set_value("ada@example.org\nbo@example.org\n")
    page.text_input(key="mail-webhook").set_value("https://hooks.example.org/secret")
    next(b for b in page.button if b.label == "Keep the mail settings").click().run()
    assert not page.exception
    settings = settings_of(kept)
    assert settings is not None
    assert (settings.recipients, settings.webhook[-6:]) == (("ada@example.org", "bo@example.org"), "secret")

    page = open_page("settings").run()
    assert "hunter2" not in everything(page)
    assert "hooks.example.org" not in repr([t.value for t in page.text_input]) + everything(page)
    page.button(key="mail-dry").click().run()
    assert "No report was made yet" in everything(page)
    weekly_report(kept, case, datetime(2026, 11, 23, 9, tzinfo=UTC))
    page.button(key="mail-dry").click().run()
    assert not page.exception
    assert "Nothing was sent" in page.success[0].value
    assert [e.label.split(":")[0] for e in page.expander if e.label.startswith("To ")] == [
        "To ada@example.org", "To bo@example.org"
    ]  # fmt: skip
    assert not Outbox(kept).all()
    page.text_input(key="mail-user").set_value("ada")  # the webhook stays when nothing is typed for it
    next(b for b in page.button if b.label == "Keep the mail settings").click().run()
    assert (settings_of(kept) or settings).webhook == settings.webhook
    page.button(key="mail-clear").click().run()
    assert settings_of(kept) is None


def test_before_any_import_the_settings_offer_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["shell.py", "--workspace", str(tmp_path / "none")])
    for name in ("settings", "jobs"):
        page = page_named(name).run()
        assert not page.exception
    assert "Import your pictures" in page_named("settings").run().title[0].value


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, b"x")
    return out.getvalue()


def test_an_archive_is_unpacked_below_the_workspace_and_never_beside_it(tmp_path: Path) -> None:
    folder = unpack(tmp_path, archive("fruit/a/1.png", "fruit/b/2.png"))
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.png")) == ["a/1.png", "b/2.png"]
    assert folder.is_relative_to(tmp_path / "uploads")
    for bad in ("../evil.png", "/etc/evil.png", "a/../../evil.png", "a\\..\\..\\evil.png"):
        with pytest.raises(UnreadableInput, match="a path inside"):
            unpack(tmp_path, archive(bad))
    for data in (b"nonsense", archive(), archive("a/1.png")[:-30]):
        with pytest.raises(UnreadableInput):
            unpack(tmp_path, data)
    assert not list(tmp_path.glob("**/evil.png"))


def test_of_an_uploads_name_only_a_plain_ending_is_taken(tmp_path: Path) -> None:
    assert keep_upload(tmp_path, "../../x.CSV", b"a").name == "file.csv"
    assert keep_upload(tmp_path, "x.c/../sv", b"a").name == "file"
    assert keep_upload(tmp_path, "x", b"a").read_bytes() == b"a"


def test_an_export_is_one_archive(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("x")
    with zipfile.ZipFile(io.BytesIO(zipped(tmp_path))) as made:
        assert made.namelist() == ["sub/a.txt"]


def test_viewers_change_nothing(own_workspace: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.roles import Person

    monkeypatch.setattr("app.place.person_here", lambda choice, secrets: Person("eve@x.org", "viewer"))
    for name in ("review", "settings"):
        page = open_page(name).run()
        assert not page.exception
        assert "needs the role" in page.info[0].value
    for name in ("versions", "experiments", "overview"):
        page = open_page(name).run()
        assert not page.exception
        started = [b for b in page.main.button if str(b.key).startswith(("start-", "version-"))]
        assert all(b.disabled for b in started)
    assert jobs.jobs(own_workspace) == []


def test_who_is_not_signed_in_sees_nothing(
    open_page: OpenPage, own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page("overview")
    page.secrets["auth"] = {"client_id": "x"}
    page.secrets["roles"] = {"owner": ["ada@x.org"]}
    page.run()
    assert not page.exception
    assert "what it needs is not installed" in page.error[0].value or page.button[0].label == "Sign in"
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: real("json" if name == "authlib" else name))
    page.run()
    assert not page.exception
    assert [b.label for b in page.button] == ["Sign in"]
    assert CLASSES[0] not in everything(page)
    assert not page.dataframe


def test_a_button_that_is_shown_disabled_does_nothing_either(
    open_page: OpenPage, own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written straight to the server is not stopped by a page that draws a button grey."""
    from app.roles import Person

    kept, case = open_case(own_workspace)
    accept(kept, case.dataset, relabel(case, [(3, "Lemon")], test_too=True))
    monkeypatch.setattr("app.place.person_here", lambda choice, secrets: Person("eve@x.org", "viewer"))
    monkeypatch.setattr("streamlit.button", lambda *words, **more: True)  # every button is pressed
    for name in ("versions", "experiments", "overview", "jobs"):
        assert not open_page(name).run().exception
    assert kept.dataset().version == 2
    assert jobs.jobs(own_workspace) == []


def test_a_language_model_is_tested_and_agreed_to(
    open_page: OpenPage, own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agent.endpoint import Endpoint

    page = open_page("settings")
    monkeypatch.setenv("ADVISOR_MODEL", "m")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    page.run()
    page.button(key="model-test").click().run()
    assert not page.exception
    assert "does not answer" in page.error[0].value
    monkeypatch.setattr(Endpoint, "ask", lambda self, messages, *given, **more: "ready")
    page.button(key="model-test").click().run()
    assert "It answers: ready" in [e.value for e in page.success]
    page.button(key="model-agree").click().run()
    assert not page.exception
    assert page.button(key="model-withdraw")
