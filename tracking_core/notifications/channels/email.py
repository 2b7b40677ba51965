"""A case as an e-mail thread: plain text and HTML, one thread for each handoff."""

import asyncio
import ssl
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses, parseaddr

import aiosmtplib
import structlog

from tracking_core.kit.clock import now
from tracking_core.notifications import render
from tracking_core.notifications.channels.email_failures import failure_of
from tracking_core.notifications.kinds import Failed, FailureKind, Kind, Outcome, Sent
from tracking_core.notifications.message import Message
from tracking_core.settings import Settings

log = structlog.get_logger()


async def send(message: Message, settings: Settings) -> Outcome:
    """Never raises for what the network or the mail server does. ``notification_timeout_seconds`` bounds all of it."""
    try:
        mail, recipients = compose(message, settings)
    except (ValueError, HeaderParseError, IndexError):
        return Failed(FailureKind.MISCONFIGURED, "address_malformed")
    try:
        async with asyncio.timeout(settings.notification_timeout_seconds):
            refused = await _submit(mail, recipients, settings)
    except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
        return failure_of(error)
    if refused:
        log.warning("notification_recipients_refused", notification_id=str(message.id), refused=refused)
    return Sent()


async def _submit(mail: EmailMessage, recipients: list[str], settings: Settings) -> int:
    """How many recipients were refused; at least one was not."""
    is_encrypted = settings.smtp_security != "none"
    refused, _said = await aiosmtplib.send(
        mail,
        sender=_address(settings.support_email_from).addr_spec,
        recipients=recipients,
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_username or None,
        password=settings.smtp_password.get_secret_value() or None,
        # Its own default would ask the resolver for this machine's name.
        local_hostname=_address(settings.support_email_from).domain,
        timeout=settings.notification_timeout_seconds,
        use_tls=settings.smtp_security == "tls",
        start_tls=settings.smtp_security == "starttls",
        # The system's authorities, for a mail server is often signed by a private one (SSL_CERT_FILE adds it).
        tls_context=ssl.create_default_context() if is_encrypted else None,
    )
    return len(refused)


def compose(message: Message, settings: Settings) -> tuple[EmailMessage, list[str]]:
    """The mail and the addresses it goes to. Raises ValueError for an address of the settings that is none."""
    sender = _address(settings.support_email_from)
    recipients = [_address(address) for _name, address in getaddresses([settings.support_email_to])]
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, recipients
    mail["Subject"] = render.subject(message)
    mail["Date"] = format_datetime(now())
    mail["Auto-Submitted"] = "auto-generated"
    _thread(mail, message, sender.domain)
    if message.kind is Kind.BREACHED or message.priority.lower() == "p1":
        mail["X-Priority"], mail["Importance"] = "1", "high"
    mail.set_content(render.plain(message))
    mail.add_alternative(render.html(message), subtype="html")
    return mail, [recipient.addr_spec for recipient in recipients]


def _thread(mail: EmailMessage, message: Message, domain: str) -> None:
    """A try that was taken without our knowing has the same Message-ID when it is made again."""
    root = f"<handoff.{message.handoff_id}@{domain}>"
    if message.is_first:
        mail["Message-ID"] = root
    else:
        mail["Message-ID"] = f"<handoff.{message.handoff_id}.{message.id}@{domain}>"
        mail["In-Reply-To"] = mail["References"] = root


def _address(said: str) -> Address:
    """Name and address; ValueError when it is none."""
    name, address = parseaddr(said)
    user, at, domain = address.rpartition("@")
    if not (user and at and domain and address.isascii()):
        raise ValueError("not an e-mail address")
    return Address(name, user, domain)
