"""A mail server on the loopback, with the faults a real one has."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Faults = list[str]


@dataclass
class Mailbox:
    """``faults`` are played one for each mail: an answer to RCPT (``rcpt 451 ...``) or to the data (``data 554 ...``),
    ``hang``, ``drop`` (nothing was taken) or ``drop_after`` (the mail was taken)."""

    port: int = 0
    password: str = ""
    faults: Faults = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    were_encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.password and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if self.faults and self.faults[0].startswith("rcpt "):
            return self.faults.pop(0).removeprefix("rcpt ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "hang":
            await asyncio.sleep(30)
        if fault.startswith("data "):
            return fault.removeprefix("data ")
        if fault != "drop":
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients.append(list(envelope.rcpt_tos))
            self.were_encrypted.append(session.ssl is not None)
        if fault.startswith("drop") and server.transport:
            server.transport.close()
        return "250 OK"

    def authenticated(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and data.password.decode() == self.password
        return AuthResult(success=is_right, handled=False)


@asynccontextmanager
async def serving_mail(mailbox: Mailbox, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Mailbox]:
    """With ``tls``, STARTTLS is required."""
    loop = asyncio.get_running_loop()
    open_connections: list[SMTP] = []

    def connection() -> SMTP:
        made = SMTP(
            mailbox,
            hostname="mail.example",
            loop=loop,
            tls_context=tls,
            require_starttls=tls is not None,
            auth_require_tls=False,
            authenticator=mailbox.authenticated if mailbox.password else None,
        )
        open_connections.append(made)
        return made

    server = await loop.create_server(connection, "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
        for one in open_connections:
            if one.transport is not None:
                one.transport.close()
        await server.wait_closed()
