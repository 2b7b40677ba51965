"""The one way in which a mail is handed to the mail server of the settings."""

import asyncio
import ssl
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr

import aiosmtplib

from tracking_core.mail.failures import failure_of
from tracking_core.notifications.kinds import Failed, FailureKind
from tracking_core.settings import Settings


def is_configured(settings: Settings) -> bool:
    """Whether anybody can be written to, in whoever's name."""
    return bool(settings.smtp_host and sender_of(settings))


def sender_of(settings: Settings) -> str:
    """Of what is written to people: a name and an address, or an address, as it stands in the settings."""
    return settings.mail_from or settings.support_email_from


async def submit(mail: EmailMessage, settings: Settings) -> int | Failed:
    """From and to whom its headers say. How many recipients were refused while at least one was not, or the failure.

    Never raises for what the network or the mail server does, and repeats nothing that it says: a refusal quotes the
    address. ``notification_timeout_seconds`` bounds all of it.
    """
    try:
        async with asyncio.timeout(settings.notification_timeout_seconds):
            return await _submit(mail, settings)
    except (HeaderParseError, IndexError):
        return Failed(FailureKind.MISCONFIGURED, "address_malformed")
    except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
        return failure_of(error)


async def _submit(mail: EmailMessage, settings: Settings) -> int:
    sender: Address = mail["From"].addresses[0]
    refused, _said = await aiosmtplib.send(
        mail,
        sender=sender.addr_spec,
        recipients=[one.addr_spec for one in mail["To"].addresses],
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_username or None,
        password=settings.smtp_password.get_secret_value() or None,
        # Its own default would ask the resolver for this machine's name.
        local_hostname=sender.domain,
        timeout=settings.notification_timeout_seconds,
        use_tls=settings.smtp_security == "tls",
        start_tls=settings.smtp_security == "starttls",
        # The system's authorities, for a mail server is often signed by a private one (SSL_CERT_FILE adds it).
        tls_context=None if settings.smtp_security == "none" else ssl.create_default_context(),
    )
    return len(refused)


def address_of(said: str) -> Address:
    """Name and address. Raises ValueError when it is none."""
    name, address = parseaddr(said)
    user, at, domain = address.rpartition("@")
    if not (user and at and domain and address.isascii()):
        raise ValueError("not an e-mail address")
    return Address(name, user, domain)
