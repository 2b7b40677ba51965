"""A case as an e-mail thread: plain text and HTML, one thread for each handoff."""

from email.errors import HeaderParseError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses

import structlog

from tracking_core.kit.clock import now
from tracking_core.mail.smtp import address_of, submit
from tracking_core.notifications import render
from tracking_core.notifications.kinds import Failed, FailureKind, Kind, Outcome, Sent
from tracking_core.notifications.message import Message
from tracking_core.settings import Settings

log = structlog.get_logger()


async def send(message: Message, settings: Settings) -> Outcome:
    """Never raises for what the network or the mail server does. ``notification_timeout_seconds`` bounds all of it."""
    try:
        mail = compose(message, settings)
    except (ValueError, HeaderParseError, IndexError):
        return Failed(FailureKind.MISCONFIGURED, "address_malformed")
    refused = await submit(mail, settings)
    if isinstance(refused, Failed):
        return refused
    if refused:
        log.warning("notification_recipients_refused", notification_id=str(message.id), refused=refused)
    return Sent()


def compose(message: Message, settings: Settings) -> EmailMessage:
    """Raises ValueError for an address of the settings that is none."""
    sender = address_of(settings.support_email_from)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = [address_of(address) for _name, address in getaddresses([settings.support_email_to])]
    mail["Subject"] = render.subject(message)
    mail["Date"] = format_datetime(now())
    mail["Auto-Submitted"] = "auto-generated"
    _thread(mail, message, sender.domain)
    if message.kind is Kind.BREACHED or message.priority.lower() == "p1":
        mail["X-Priority"], mail["Importance"] = "1", "high"
    mail.set_content(render.plain(message))
    mail.add_alternative(render.html(message), subtype="html")
    return mail


def _thread(mail: EmailMessage, message: Message, domain: str) -> None:
    """A try that was taken without our knowing has the same Message-ID when it is made again."""
    root = f"<handoff.{message.handoff_id}@{domain}>"
    if message.is_first:
        mail["Message-ID"] = root
    else:
        mail["Message-ID"] = f"<handoff.{message.handoff_id}.{message.id}@{domain}>"
        mail["In-Reply-To"] = mail["References"] = root
