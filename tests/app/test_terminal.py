import json
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from app import terminal
from app.terminal import Steps, Terminal, WrongUse, write_whole


def test_with_json_on_standard_output_people_read_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    out = Terminal("-")
    out.say(Text("for people"))
    out.deliver({"a": "é\udc80"})

    printed, noted = capsys.readouterr()
    assert json.loads(printed) == {"a": "é\udc80"}
    assert noted.strip() == "for people"


def test_markup_in_data_is_shown_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().say("[red]not red[/red] :smile: [link=http://x]y[/link]")

    assert capsys.readouterr().out.strip() == "[red]not red[/red] :smile: [link=http://x]y[/link]"


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "out.json"
    write_whole(file, "old")

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(WrongUse, match="No space left"):
        Terminal(str(file)).deliver({"new": 1})
    assert file.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


def test_numbers_that_are_not_json_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Terminal(str(tmp_path / "x.json")).deliver({"a": float("nan")})


def test_long_work_speaks_where_no_bar_can_be_drawn(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: clock[0])
    with Terminal().steps() as steps:
        for second in range(0, 24):
            clock[0] = float(second)
            steps("encoding", second, 24)
        clock[0] = 25.0
        steps("check a\u202e", 0, 2)

    assert capsys.readouterr().err.splitlines() == [
        "… encoding 10/24 (10 s, about 14 s left)",
        "… encoding 20/24 (20 s, about 4 s left)",
        "… check a\\u202e 0/2 (25 s)",
    ]


def test_bars_name_what_is_being_done() -> None:
    notes = Console(force_terminal=True, width=100, record=True, markup=False, legacy_windows=False, stderr=True)
    with Steps(notes) as steps:
        steps("check wrong-labels [b]", 1, 9)
        steps("check class-balance", 2, 9)
        assert steps._bars is not None
        (task,) = [t for t in steps._bars.tasks if t.visible]
        assert (task.description, task.completed, task.total) == ("check class-balance", 2, 9)


def test_json_into_a_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="Name a file"):
        Terminal(str(tmp_path))
