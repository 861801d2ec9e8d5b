"""Who gets the reports, and how, as an owner sets it on the page; a dry run shows what would go, and sends nothing."""

from typing import TYPE_CHECKING

import streamlit as st

from app.edge import read_smtp_password
from app.escaping import plain_markdown, shown
from app.mail import MailSettings, Security, set_settings, settings_of
from app.place import attempt

if TYPE_CHECKING:
    from app.place import Place

SECURITIES: tuple[Security, ...] = ("starttls", "tls", "none")
STATES = {"queued": "waits", "sending": "may have gone; not sent again", "sent": "sent", "failed": "refused"}


def draw_mail(place: "Place") -> None:
    """Draw the settings, the dry run and what became of every letter."""
    now = settings_of(place.kept)
    st.markdown(f"**Reports go to:** {plain_markdown(', '.join(now.everyone) if now else 'nobody')}")
    _draw_form(place, now)
    if now is not None:
        with st.container(horizontal=True):
            asked = st.button("Dry run: show what would go", icon=":material/preview:", key="mail-dry")
            forget = st.button("Forget these settings", icon=":material/delete:", key="mail-clear")
        if forget:
            set_settings(place.kept, None)
            st.rerun()
        if asked:
            _draw_dry_run(place, now)
    _draw_letters(place)


def _draw_form(place: "Place", now: MailSettings | None) -> None:
    known = now is not None
    with st.form("mail", border=True):
        left, right = st.columns(2)
        host = left.text_input("Mail server", now.host if now else "", placeholder="smtp.example.org", key="mail-host")
        port = right.number_input("Port", 1, 65535, now.port if now else 587, key="mail-port")
        security = left.selectbox(
            "Security", SECURITIES, SECURITIES.index(now.security) if now else 0, key="mail-security"
        )
        user = right.text_input("User to sign in as (empty: no sign-in)", now.user if now else "", key="mail-user")
        sender = left.text_input("From", now.sender if now else "", placeholder="advisor@example.org", key="mail-from")
        base = right.text_input(
            "Address where people find the reports (empty: PDF attached)", now.base_url if now else "", key="mail-base"
        )
        to = st.text_area("To, one address a line", "\n".join(now.recipients) if now else "", key="mail-to")
        pictures = st.checkbox("Pictures in mail and PDF", now.pictures if now else True, key="mail-pictures")
        hook_known = bool(now and now.webhook)
        hook = st.text_input(
            "Webhook (Slack, Teams and others)", type="password", key="mail-webhook", autocomplete="off",
            placeholder="one is kept; write another to replace it" if hook_known else "https://…",
        )  # fmt: skip
        no_hook = hook_known and st.checkbox("Forget the webhook", key="mail-no-webhook")
        there = "it is set for this server" if read_smtp_password() else "it is not set for this server"
        st.caption(
            "The password is never typed or kept here: the process that sends reads it from its environment, "
            f"ADVISOR_SMTP_PASSWORD ({there}). A webhook's address is kept in the workspace and not shown again."
        )
        asked = st.form_submit_button("Keep the mail settings", type="primary")
    if not asked:
        return

    def work() -> None:
        webhook = hook.strip() or ("" if no_hook or now is None else now.webhook)
        recipients = tuple(line.strip() for line in to.splitlines() if line.strip())
        wanted = MailSettings(
            host.strip(), int(port), security, user.strip(), sender.strip(), recipients, base.strip(), pictures, webhook
        )
        set_settings(place.kept, wanted)

    if attempt(work):
        st.toast("Mail settings changed" if known else "Mail settings kept")
        st.rerun()


def _draw_dry_run(place: "Place", settings: MailSettings) -> None:
    from app.delivery import messages
    from tools.reports import Reports

    there = Reports(place.kept).all()
    if not there:
        st.info("No report was made yet, so there is nothing to show: make one under Reports.")
        return
    with st.spinner("Making the messages …"):
        made = messages(there[-1].document, place.case, settings)
    st.success(f"The report of {there[-1].week} would go to {len(settings.everyone)}. Nothing was sent.")
    for number, message in enumerate(made):
        with st.expander(f"To {shown(message['To'])}: {shown(message['Subject'])}", expanded=number == 0):
            body = message.get_body(("plain",))
            st.code(body.get_content() if body else "", language=None, wrap_lines=True)
            names = [shown(part.get_filename() or "a file") for part in message.iter_attachments()]
            st.caption(f"Attached: {', '.join(names) or 'nothing'}")
            st.download_button(
                "The whole message", message.as_bytes(), f"report-{there[-1].week}-{number + 1}.eml",
                mime="message/rfc822", key=f"mail-eml-{number}", on_click="ignore",
            )  # fmt: skip
    if settings.webhook:
        st.caption("The same short text would also go to the webhook.")


def _draw_letters(place: "Place") -> None:
    from tools.outbox import Outbox

    letters = Outbox(place.kept).all()
    if not letters:
        return
    with st.expander(f"Letters so far ({len(letters)})"):
        rows = [
            {"Week": one.week, "To": shown(one.recipient), "State": STATES[one.state], "Tries": one.attempts,
             "At": one.at[:16].replace("T", " "), "Answer": shown(one.error)}
            for one in reversed(letters)
        ]  # fmt: skip
        st.dataframe(rows, hide_index=True, width="stretch")
