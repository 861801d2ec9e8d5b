"""Sends reports: by SMTP with a short text, pictures by content-id and the PDF; or a few words to a webhook."""

import json
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid
from html import escape
from typing import Any, Literal
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from app.escaping import shown
from app.report.first_page import due_words, late_words, title, tried_words
from app.views import action_title
from tools.errors import AdvisorError
from tools.outbox import Refused, TryLater
from tools.workspace import Workspace

MAIL = "mail"
WEBHOOK = "webhook"
SECONDS = 30.0
MOST_BYTES = 8_000_000
"""Of one message before it is encoded; a PDF that does not fit is left out, and the text says so."""
Security = Literal["starttls", "tls", "none"]


class WrongMail(AdvisorError):
    """Settings with which no mail can be sent."""


@dataclass(frozen=True)
class MailSettings:
    """How reports are sent; the password comes from the environment and is not kept.

    Attributes
    ----------
    host : str
        Empty = no mail, only the webhook.
    port : int
    security : {"starttls", "tls", "none"}
    user : str
        Empty = no sign-in.
    sender : str
    recipients : tuple of str
    base_url : str
        Where people find the reports; empty = the PDF is attached and nothing is linked.
    pictures : bool
    webhook : str
        Address that takes ``{"text": …}`` (Slack, Teams and others); empty = none.
    """

    host: str = ""
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    base_url: str = ""
    pictures: bool = True
    webhook: str = ""

    def __post_init__(self) -> None:
        if self.host and not (self.sender and self.recipients):
            raise WrongMail(
                expected="a sender (--from) and at least one recipient (--to) beside a mail server", seen="none",
                todo="Add them.",
            )  # fmt: skip
        for address in (self.sender, *self.recipients) if self.host else ():
            _checked(address)
        if self.user and self.security == "none":
            raise WrongMail(
                expected="a secured connection where a password is sent", seen="--security none with --user",
                todo="Use starttls or tls.",
            )  # fmt: skip
        for name, text in (("--base-url", self.base_url), ("--webhook", self.webhook)):
            parts = urlsplit(text)
            if text and (parts.scheme not in ("http", "https") or not parts.netloc):
                raise WrongMail(expected=f"an http(s) address after {name}", seen=text, todo="Write it in full.")
        if not (self.host or self.webhook):
            raise WrongMail(expected="--host or --webhook", seen="neither", todo="Name a mail server or a webhook.")

    @property
    def everyone(self) -> tuple[str, ...]:
        """Recipients, and the webhook as one of them."""
        return (*(self.recipients if self.host else ()), *((WEBHOOK,) if self.webhook else ()))


def _checked(address: str) -> None:
    try:
        found = Address(addr_spec=address)
        if not (found.username and found.domain) or any(c in address for c in "\r\n"):
            raise ValueError(address)
    except (ValueError, IndexError, AttributeError, MessageError):
        raise WrongMail(expected="an address as ada@example.org", seen=shown(address), todo="Write one.") from None


def settings_of(workspace: Workspace) -> MailSettings | None:
    """What was set; None if nothing was."""
    found = workspace.choice(MAIL)
    return None if not found else MailSettings(**{**found, "recipients": tuple(found["recipients"])})


def set_settings(workspace: Workspace, settings: MailSettings | None) -> None:
    """Keep settings, or none."""
    workspace.choose(MAIL, None if settings is None else {**asdict(settings), "recipients": list(settings.recipients)})


def short_text(document: Mapping[str, Any], settings: MailSettings, *, attached: bool) -> str:
    """What a mail or a webhook says: the headline, how good the model is, what to do next, where the rest is."""
    lines = [shown(document["headline"]), ""]
    lines += [f"{shown(q['name']).capitalize()}: {q['text']} ({q['interval']})" for q in document["quality"]]
    if document["actions"]:
        lines += ["", "Do this next:"]
    for number, action in enumerate(document["actions"], start=1):
        lines += [f"{number}. {action_title(action)}", f"   {tried_words(action)}"]
    lines.append("")
    if settings.base_url:
        lines.append(f"The whole report: {settings.base_url.rstrip('/')}/report-{document['week']}.html")
    elif attached:
        lines.append("The whole report is attached.")
    lines.append(f"{late_words(document)}{due_words(document)}")
    return "\n".join(lines) + "\n"


def compose(
    document: Mapping[str, Any],
    settings: MailSettings,
    recipient: str,
    *,
    pdf: bytes | None,
    pictures: Sequence[tuple[str, bytes]] = (),
) -> EmailMessage:
    """A whole message: plain text, the same as HTML with pictures by content-id, the PDF attached where it fits.

    Parameters
    ----------
    pictures : sequence of (str, bytes)
        Alternative text and PNG.
    """
    shown_pictures = list(pictures) if settings.pictures else []
    size = sum(len(png) for _, png in shown_pictures)
    fits = pdf is not None and size + len(pdf) <= MOST_BYTES
    text = short_text(document, settings, attached=fits)
    if pdf is not None and not fits:
        text += f"The PDF is too large to attach ({len(pdf) / 1e6:.0f} MB).\n"
    message = EmailMessage()
    message["Subject"] = f"{title(document)}: {shown(document['headline'])}"[:180]
    message["From"], message["To"] = settings.sender, recipient
    message["Message-ID"] = make_msgid("report", domain=settings.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    ids = [make_msgid(domain=settings.sender.rpartition("@")[2]) for _ in shown_pictures]
    figures = "".join(
        f'<p><img src="cid:{cid[1:-1]}" alt="{escape(alt, quote=True)}" style="max-width:100%"></p>'
        for cid, (alt, _) in zip(ids, shown_pictures, strict=True)
    )
    body = f'<pre style="font: 15px sans-serif; white-space: pre-wrap">{escape(text)}</pre>{figures}'
    message.add_alternative(f"<!doctype html><html><body>{body}</body></html>", subtype="html")
    whole = message.get_payload()[1]  # type: ignore[index]
    for cid, (_, png) in zip(ids, shown_pictures, strict=True):
        whole.add_related(png, "image", "png", cid=cid)  # type: ignore[union-attr]
    if fits and pdf is not None:
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"report-{document['week']}.pdf")
    return message


def hand_over(message: EmailMessage, settings: MailSettings, password: str) -> None:
    """Give a message to the server.

    Raises
    ------
    TryLater
        Nothing was accepted; another time may do.
    Refused
        It will not do another time either.
    """
    try:
        with _connected(settings, password) as server:
            server.send_message(message)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as fault:
        codes = [c for c, _ in fault.recipients.values()] if hasattr(fault, "recipients") else [fault.smtp_code]
        words = f"the server answered {codes[0]}"
        raise (Refused(words) if min(codes) >= 500 else TryLater(words)) from None
    except smtplib.SMTPNotSupportedError as fault:
        raise Refused(f"the server cannot do what is asked: {shown(fault)}") from None
    except ssl.SSLError as fault:
        raise TryLater(f"no secure connection: {shown(fault.reason or fault)}") from None
    except (OSError, smtplib.SMTPException) as fault:
        raise TryLater(f"no connection to {settings.host}:{settings.port} ({type(fault).__name__})") from None


def _connected(settings: MailSettings, password: str) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=SECONDS)
    try:
        if settings.security == "starttls":
            server.starttls(context=context)
        if settings.user:
            server.login(settings.user, password)
    except BaseException:
        server.close()
        raise
    return server


class _Nowhere(HTTPRedirectHandler):
    """A webhook that sends elsewhere is not followed: the report goes where the settings say."""

    def redirect_request(self, *_: Any) -> None:
        return None


def post(document: Mapping[str, Any], settings: MailSettings) -> None:
    """Give the short text to the webhook.

    Raises
    ------
    TryLater, Refused
    """
    text = f"{title(document)}\n{short_text(document, replace(settings), attached=False)}"
    request = Request(
        settings.webhook, json.dumps({"text": text}).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with build_opener(_Nowhere).open(request, timeout=SECONDS):
            pass
    except HTTPError as fault:
        words = f"the webhook answered {fault.code}"
        raise (TryLater(words) if fault.code >= 500 or fault.code == 429 else Refused(words)) from None
    except (URLError, OSError) as fault:
        raise TryLater(f"no connection to the webhook ({type(fault).__name__})") from None
