"""The mails about signing in, in the reader's language, as text and as HTML."""

from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from html import escape

import structlog

from tracking_core.i18n import translate
from tracking_core.kit.clock import now
from tracking_core.kit.ids import new_hex
from tracking_core.mail import smtp
from tracking_core.models import User
from tracking_core.notifications.kinds import Failed
from tracking_core.settings import Settings

log = structlog.get_logger()
_GREETING = "Hello, {name}."
_ONCE_MINUTES = "The link works once, within {count} minutes."
_ONCE_DAYS = "The link works once, within {count} days."
_FOOT = "If you did not expect this e-mail, ignore it: without the link nobody gets in. Do not pass it on."
_FOOT_OF_CHANGE = "If it was not you, ask for a link to set another password at once, and tell an operator of the Hub."
_HTML = """\
<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="margin:0;padding:24px;background:#f5f7f6;color:#15211c;font:16px/1.5 sans-serif">
<div style="max-width:480px;margin:0 auto;padding:24px;background:#ffffff;border:1px solid #d3ddd8;border-radius:12px">
<p>{greeting}</p><p>{said}</p>
<p style="margin:24px 0"><a href="{link}" style="display:inline-block;padding:12px 24px;border-radius:8px;\
background:#0b6e4f;color:#ffffff;text-decoration:none;font-weight:600">{button}</a></p>
<p>{once}</p>
<p style="color:#52625b;font-size:14px">{foot}</p>
<p style="color:#52625b;font-size:14px;word-break:break-all">{link}</p>
</div></body></html>
"""


class Purpose(StrEnum):
    """Why somebody gets a link."""

    SIGN_IN = "sign_in"
    INVITATION = "invitation"
    TEAM = "team"
    PASSWORD = "password"  # noqa: S105 - a purpose, not a secret
    PROVIDER = "provider"
    CHANGED = "changed"


# Subject, sentence and button of each.
TEXTS = {
    Purpose.SIGN_IN: ("Your link to sign in", "Here is the link you asked for. It signs you in.", "Sign in"),
    Purpose.INVITATION: (
        "You are invited to the Hub",
        "You were invited to the Hub, where the sales of your shop find their ads. Open the link to begin.",
        "Begin",
    ),
    Purpose.TEAM: (
        "You are invited to the Hub",
        "You were invited to the team of the Hub. Open the link to set your password.",
        "Set the password",
    ),
    Purpose.PASSWORD: (
        "Set your password",
        "Here is the link to set your password and sign in.",
        "Set the password",
    ),
    Purpose.PROVIDER: (
        "You are invited to the Hub",
        "You were invited to the team of the Hub. Sign in with the account of your company.",
        "Sign in",
    ),
    Purpose.CHANGED: (
        "Your password was changed",
        "A new password was set for your account in the Hub, and you were signed out in every other browser.",
        "To the door of the team",
    ),
}
SENTENCES = (
    _GREETING,
    _ONCE_MINUTES,
    _ONCE_DAYS,
    _FOOT,
    _FOOT_OF_CHANGE,
    *(text for texts in TEXTS.values() for text in texts),
)


@dataclass(frozen=True, slots=True)
class LinkMail:
    """``link`` is the whole address, ``life`` how long it is good for; None for one that everybody may know."""

    user: User = field(repr=False)
    purpose: Purpose
    link: str = field(repr=False)
    life: timedelta | None


async def send(asked: LinkMail, settings: Settings) -> bool:
    """Whether the mail server took it. A failure is logged by its kind, without who it was for."""
    try:
        mail = compose(asked, settings)
    except ValueError:
        log.error("sign_in_mail_failed", reason="address_malformed", user_id=str(asked.user.id))
        return False
    outcome = await smtp.submit(mail, settings)
    if isinstance(outcome, Failed):
        log.error("sign_in_mail_failed", reason=outcome.error, kind=outcome.kind.value, user_id=str(asked.user.id))
        return False
    return True


def compose(asked: LinkMail, settings: Settings) -> EmailMessage:
    """Raises ValueError when the settings' sender is no address."""
    sender, locale = smtp.address_of(smtp.sender_of(settings)), asked.user.locale
    said = _said(asked, locale)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, smtp.address_of(asked.user.email)
    mail["Subject"], mail["Date"] = said.pop("subject"), format_datetime(now())
    mail["Message-ID"] = f"<sign-in.{new_hex()}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    plain = (said["greeting"], f"{said['said']}\n{asked.link}", said["once"], said["foot"])
    mail.set_content("\n\n".join(part for part in plain if part) + "\n")
    told = {name: escape(text) for name, text in {**said, "link": asked.link}.items()}
    mail.add_alternative(_HTML.format(lang=locale.replace("_", "-"), **told), subtype="html")
    return mail


def _said(asked: LinkMail, locale: str) -> dict[str, str]:
    subject, said, button = (translate(text, locale) for text in TEXTS[asked.purpose])
    return {
        "subject": subject,
        "greeting": translate(_GREETING, locale).format(name=asked.user.name),
        "said": said,
        "button": button,
        "once": _lasting(asked.life, locale),
        "foot": translate(_FOOT_OF_CHANGE if asked.purpose is Purpose.CHANGED else _FOOT, locale),
    }


def _lasting(life: timedelta | None, locale: str) -> str:
    if life is None:
        return ""
    count = life.days or round(life.total_seconds() / 60)
    return translate(_ONCE_DAYS if life.days else _ONCE_MINUTES, locale).format(count=count)
