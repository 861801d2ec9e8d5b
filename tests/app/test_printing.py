from typing import Any

from rich.console import Console, Group

from app.printing import answer_blocks, audit_blocks, effect_blocks, experiment_blocks, gathered, ranking_blocks
from app.terminal import console


def printed(*blocks: Any) -> str:
    out = console()
    with out.capture() as capture:
        out.print(Group(*blocks))
    return capture.get()


def finding(level: str, title: str) -> dict[str, Any]:
    return {
        "title": title,
        "id": "3fa92c01",
        "settled": None,
        "severity": {"level": level, "errors_explained": 0.231, "gain": None},
        "summary": "12 of 52 errors [bold]x[/bold]",
        "rung": "used",
        "evidence": [
            {"name": f"number {i}", "value": 0.231, "unit": "share", "n": 52, "low": 0.14, "high": 0.36, "how": ""}
            for i in range(12)
        ],
        "images": [f"test/\x1b[2J{i}.jpg" for i in range(8)],
        "recommendations": [
            {
                "action": "relabel",
                "target": "12 images",
                "why": "they look wrong",
                "experiment": "relabel",
                "arguments": {"class": "Le mon"},
            }
        ],
    }


AUDIT: dict[str, Any] = {
    "headline": "Do not trust it",
    "subject": "user",
    "encoder": {"name": "embedded"},
    "seed": 4,
    "dataset": {"version": 2, "images": 10, "classes": {"a": 5, "b": 5}, "skipped": [{"path": "x", "reason": "y"}]},
    "model": {
        "accuracy": {"name": "accuracy", "value": 0.8, "unit": "share", "n": 10, "low": 0.5, "high": 0.9, "how": ""}
    },
    "outcomes": [
        {"code": "class-balance", "status": "found", "reason": "", "findings": [finding("low", "small")]},
        {"code": "wrong-labels", "status": "found", "reason": "", "findings": [finding("high", "large")]},
        {"code": "image-quantity", "status": "passed", "reason": "one class would be seen", "findings": []},
        {"code": "split-leakage", "status": "not_applicable", "reason": "no test split", "findings": []},
        {"code": "near-duplicates", "status": "failed", "reason": "ZeroDivisionError", "findings": []},
    ],
}


def test_an_audit_reads_headline_first_then_by_severity_then_every_other_outcome() -> None:
    text = printed(*audit_blocks(AUDIT))

    order = [text.index(words) for words in ("Do not trust it", "Accuracy: 80.0 % (50.0–90.0 %", "large", "small")]
    order += [text.index(words) for words in ("one class would be seen", "no test split", "ZeroDivisionError")]
    assert order == sorted(order)
    assert "your model's" in text
    assert "1 file skipped" in text
    assert "explains 23.1 % of the errors" in text
    assert "used by the model" in text
    assert "14.0–36.0 %" in text


def test_data_is_printed_literally_and_long_lists_are_cut_with_a_count() -> None:
    text = printed(*audit_blocks(AUDIT))

    assert "[bold]x[/bold]" in text
    assert "\x1b" not in text
    assert "\\x1b[2J0.jpg" in text
    assert "and 2 more" in text.replace("\n", " ")
    assert "and 2 more numbers in --json" in text
    assert "--argument 'class=Le mon'" in " ".join(text.split())


def test_an_answer_is_drawn_on_a_terminal_and_plain_elsewhere() -> None:
    answer = {"answer": "## Why\n\n**12** of [x](http://e.x)\x07"}

    assert printed(*answer_blocks(answer, styled=False)).strip() == "## Why\n\n**12** of [x](http://e.x)\\x07"
    out = Console(force_terminal=True, width=60, markup=False)
    with out.capture() as capture:
        out.print(Group(*answer_blocks(answer, styled=True)))
    assert "\x1b]8" not in capture.get()
    assert "##" not in capture.get()


def test_effects_and_experiments() -> None:
    measure = {"metric": "accuracy", "before": 0.7, "after": 0.8, "low": 0.05, "high": 0.15, "noise": 0.01}
    effect = {"measures": [{**measure, "verdict": "helps", "primary": True}], "notes": ["mind\u200bthis"]}

    text = " ".join(printed(*effect_blocks("relabel: x", effect)).split())
    assert "helps: accuracy 70.0 % → 80.0 % (+10.0 points, interval +5.0 to +15.0 points" in text
    assert "mind\\u200bthis" in text
    fidelity = {"sentence": "It agrees with m\u200b 7.", "details": "", "resembles": "partly", "model": "m"}
    text = " ".join(printed(*effect_blocks("relabel: x", {**effect, "fidelity": fidelity})).split())
    assert "It agrees with m\\u200b 7. Note:" in text

    listed = [
        {"kind": "split-class", "sentence": "Split.", "arguments": [{"class": f"c{i}"} for i in range(10)]},
        {"kind": "deduplicate", "sentence": "Drop.", "arguments": [], "needs": "copies"},
    ]
    blocks = list(experiment_blocks("1 of 2", listed))
    assert blocks[1] == "split-class  Split."  # a plain string is never folded
    text = printed(*blocks)
    assert "--argument class=c7" in text
    assert "class=c8" not in text
    assert "and 2 more; --json lists all of them" in text
    assert "nothing to work on here; it needs copies" in text


def test_a_ranking_says_what_to_run_next() -> None:
    ranked = [
        {"arguments": {"pair": "a|b"}, "before": 0.8, "after": 0.81, "gain": 0.01},
        {"arguments": {}, "before": 0.8, "after": 0.79, "gain": -0.01},
    ]
    text = " ".join(printed(*ranking_blocks("2 ranked", "merge-classes", ranked)).split())
    assert "+1.0 points" in text
    assert "the whole data" in text
    assert text.endswith("advisor experiment run merge-classes --argument 'pair=a|b'")


def test_files_of_a_folder_with_one_reason_are_one_line() -> None:
    masks = [{"path": f"masks/{n}.png", "reason": "beside train/"} for n in range(4)]
    few = [{"path": f"b/{n}.png", "reason": "cut short"} for n in range(3)]
    assert gathered([masks[0], *few, *masks[1:], {"path": "masks/x.png", "reason": "cut short"}]) == [
        ("masks/ (4 files)", "beside train/"),
        ("b/0.png", "cut short"),
        ("b/1.png", "cut short"),
        ("b/2.png", "cut short"),
        ("masks/x.png", "cut short"),
    ]
    assert gathered([{"path": f"{n}.txt", "reason": "not a picture"} for n in range(9)]) == [
        ("9 files", "not a picture")
    ]
