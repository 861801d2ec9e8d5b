"""Declarations of ``advisor mail``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.options import HOME, Json, Workspace

mail = typer.Typer(no_args_is_help=True, help="Send reports by mail or webhook: at most once per week and recipient.")


class Security(StrEnum):
    """How the connection is secured."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@mail.command("set")
def set_(
    host: Annotated[str, typer.Option("--host", metavar="NAME", help="Mail server.")] = "",
    port: Annotated[int, typer.Option("--port", metavar="N", min=1, max=65535)] = 587,
    security: Annotated[Security, typer.Option("--security", help="Of the connection.")] = Security.STARTTLS,
    user: Annotated[str, typer.Option("--user", metavar="NAME", help="To sign in; empty = no sign-in.")] = "",
    sender: Annotated[str, typer.Option("--from", metavar="ADDRESS", help="Who it comes from.")] = "",
    to: Annotated[list[str] | None, typer.Option("--to", metavar="ADDRESS", help="Who gets it.")] = None,
    base_url: Annotated[
        str, typer.Option("--base-url", metavar="URL", help="Where people find the files of --out; else no link.")
    ] = "",
    pictures: Annotated[bool, typer.Option("--pictures/--no-pictures", help="Pictures in mail and PDF.")] = True,
    webhook: Annotated[str, typer.Option("--webhook", metavar="URL", help='Takes {"text": …}: Slack, Teams.')] = "",
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Say how reports are sent; takes the place of what was set before.

    The password is read from ADVISOR_SMTP_PASSWORD when mail is sent, and kept nowhere. `advisor schedule` then sends
    each week's report, and tries again every quarter of an hour what a server did not take.

    Example:

      advisor mail set --host smtp.example.org --user ada --from ada@example.org --to team@example.org
    """
    from app.delivery import run_set

    given = {
        "host": host, "port": port, "security": security.value, "user": user, "sender": sender,
        "recipients": tuple(to or ()), "base_url": base_url, "pictures": pictures, "webhook": webhook,
    }  # fmt: skip
    run_set(given, workspace=workspace, json=json)


@mail.command()
def show(workspace: Workspace = HOME, json: Json = None) -> None:
    """Show the settings and every letter with its state.

    Example:

      advisor mail show
    """
    from app.delivery import run_show

    run_show(workspace=workspace, json=json)


@mail.command()
def send(
    week: Annotated[str | None, typer.Option("--week", metavar="WEEK", help="As 2026-W48; else the newest.")] = None,
    dry_run: Annotated[
        Path | None, typer.Option("--dry-run", metavar="DIR", help="Send nothing: write the messages into a folder.")
    ] = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Send a report to everyone in the settings whom it has not reached.

    Example:

      advisor mail send --dry-run outgoing
    """
    from app.delivery import run_send

    run_send(week, dry_run, workspace=workspace, json=json)


@mail.command()
def clear(workspace: Workspace = HOME, json: Json = None) -> None:
    """Forget the settings; nothing is sent any more.

    Example:

      advisor mail clear
    """
    from app.delivery import run_clear

    run_clear(workspace=workspace, json=json)
