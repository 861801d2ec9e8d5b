"""The ``advisor mail`` commands, and what the schedule sends: every waiting letter, once."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from app.commands import open_case
from app.edge import read_smtp_password
from app.escaping import shown
from app.mail import (
    WEBHOOK,
    MailSettings,
    compose,
    hand_over,
    post,
    set_settings,
    settings_of,
)
from app.printing import table
from app.terminal import Terminal, WrongUse

if TYPE_CHECKING:
    from email.message import EmailMessage

    from tools.case import Case
    from tools.outbox import Letter
    from tools.workspace import Workspace

MOST_PICTURES = 6


def run_set(given: Mapping[str, Any], *, workspace: Path, json: str | None) -> None:
    """Keep settings."""
    out = Terminal(json)
    kept, _ = open_case(workspace)
    set_settings(kept, MailSettings(**given))
    _say(out, kept)


def run_show(*, workspace: Path, json: str | None) -> None:
    """Show settings and letters."""
    out = Terminal(json)
    kept, _ = open_case(workspace)
    _say(out, kept)


def run_clear(*, workspace: Path, json: str | None) -> None:
    """Forget settings; letters stay in the record."""
    out = Terminal(json)
    kept, _ = open_case(workspace)
    set_settings(kept, None)
    _say(out, kept)


def run_send(week: str | None, dry_run: Path | None, *, workspace: Path, json: str | None) -> None:
    """Send the newest report, or one week's, to whom it has not gone; or write what would go into a folder."""
    out = Terminal(json)
    kept, case = open_case(workspace)
    settings = settings_of(kept)
    if settings is None:
        raise WrongUse(expected="mail settings", seen="none", todo="Write: advisor mail set --host … --from … --to …")
    from tools.reports import Reports

    there = Reports(kept).all()
    if not there:
        raise WrongUse(expected="a report to send", seen="none", todo="Run: advisor report.")
    report = there[-1] if week is None else Reports(kept).get(week)
    if dry_run is not None:
        dry_run.mkdir(parents=True, exist_ok=True)
        files = []
        for number, message in enumerate(messages(report.document, case, settings), start=1):
            file = dry_run / f"report-{report.week}-{number}.eml"
            file.write_bytes(message.as_bytes())
            files.append(str(file))
            out.say(f"Would go to {shown(message['To'])}: {shown(file)}")
        if settings.webhook:
            out.say("Would also go to the webhook.")
        out.deliver({"schema_version": 1, "week": report.week, "would_go_to": list(settings.everyone), "files": files})
        return
    queue_report(kept, report.week)
    letters = send_waiting(kept, case)
    _say_letters(out, [letter for letter in letters if letter.week == report.week] or _of(kept, report.week))


def messages(document: Mapping[str, Any], case: "Case", settings: MailSettings) -> "list[EmailMessage]":
    """What would go by mail, a message for each recipient."""
    within = enclosed(document, case, settings)
    return [
        compose(document, settings, recipient, pdf=within.pdf, pictures=within.pictures)
        for recipient in (settings.recipients if settings.host else ())
    ]


def queue_report(kept: "Workspace", week: str) -> None:
    """Letters to everyone in the settings, for those that have none of this week."""
    from tools.outbox import Outbox

    settings = settings_of(kept)
    if settings is not None:
        Outbox(kept).queue(week, settings.everyone)


def send_waiting(kept: "Workspace", case: "Case") -> "list[Letter]":
    """Try every waiting letter whose recipient is still in the settings once."""
    from tools.outbox import Outbox
    from tools.reports import Reports

    settings, outbox, done = settings_of(kept), Outbox(kept), []
    if settings is None:
        return []
    password, made = read_smtp_password(), dict[str, Enclosed]()
    for letter in outbox.waiting():
        if letter.recipient not in settings.everyone:
            continue
        document = Reports(kept).get(letter.week).document
        if letter.recipient == WEBHOOK:
            done.append(outbox.send(letter, partial(post, document, settings)))
            continue
        if letter.week not in made:
            made[letter.week] = enclosed(document, case, settings)
        within = made[letter.week]
        message = compose(document, settings, letter.recipient, pdf=within.pdf, pictures=within.pictures)
        done.append(outbox.send(letter, partial(hand_over, message, settings, password)))
    return done


@dataclass(frozen=True, eq=False)
class Enclosed:
    """What every message about one report carries; made once, as the PDF takes seconds."""

    pdf: bytes | None
    pictures: tuple[tuple[str, bytes], ...]


def enclosed(document: Mapping[str, Any], case: "Case", settings: MailSettings) -> Enclosed:
    """The PDF, where it can be made here, and up to three pictures."""
    from app.report.files import NoPdf, pdf
    from app.report.html import report_html
    from app.report.parts import images_of
    from app.report.pictures import Thumbnails, captions, sheet_png
    from app.report.plots import effects_png, trend_png

    thumbnails = Thumbnails(case.dataset) if settings.pictures else None
    made: bytes | None = None
    with suppress(NoPdf):
        made = pdf(report_html(document, thumbnails, captions(case, images_of(document))))
    pictures: list[tuple[str, bytes]] = []
    if sum(t["value"] is not None for t in document["trend"]) > 1:
        pictures.append(("Balanced accuracy week by week, with intervals", trend_png(document["trend"])))
    if any(a["effect"] for a in document["actions"]):
        pictures.append(("What the changes did when tried", effects_png(document["actions"])))
    first = _first_page_images(document)[:MOST_PICTURES]
    if thumbnails is not None and (sheet := sheet_png(case.dataset, first)):
        pictures.append((f"Pictures to look at: {', '.join(map(shown, first))}", sheet))
    return Enclosed(made, tuple(pictures))


def _first_page_images(document: Mapping[str, Any]) -> list[str]:
    """Pictures of the report's first page, in order, once."""
    from app.report.facts import Facts
    from app.report.first_page import first_page

    return list(dict.fromkeys(i for part in first_page(document, Facts(document)) for i in part.images))


def _of(kept: "Workspace", week: str) -> "list[Letter]":
    from tools.outbox import Outbox

    return [letter for letter in Outbox(kept).all() if letter.week == week]


def _say(out: Terminal, kept: "Workspace") -> None:
    from dataclasses import asdict

    from tools.outbox import Outbox

    settings = settings_of(kept)
    letters = Outbox(kept).all()
    if settings is None:
        out.say(Text("Reports are not sent.", style="bold"), "Next: advisor mail set --host … --from … --to …")
    else:
        by = f"{settings.host}:{settings.port} ({settings.security})" if settings.host else "the webhook alone"
        out.say(Text(f"Reports go by {shown(by)} to {', '.join(map(shown, settings.everyone))}", style="bold"))
    _say_letters(out, letters, deliver=False)
    out.deliver(
        {
            "schema_version": 1,
            "mail": None if settings is None else {**asdict(settings), "webhook": bool(settings.webhook)},
            "letters": [asdict(letter) for letter in letters],
        }
    )


def _say_letters(out: Terminal, letters: "Sequence[Letter]", *, deliver: bool = True) -> None:
    from dataclasses import asdict

    words = {"queued": "waits", "sending": "may have gone; not sent again", "sent": "sent", "failed": "refused"}
    rows = [
        {
            "Week": letter.week,
            "To": shown(letter.recipient),
            "State": words[letter.state],
            "Tries": str(letter.attempts),
            "At": letter.at[:16],
            "": shown(letter.error),
        }
        for letter in letters
    ]
    if rows:
        out.say(table(rows, tuple(rows[0])))
    if deliver:
        out.deliver({"schema_version": 1, "letters": [asdict(letter) for letter in letters]})
