"""An alert as a mail, as text and as HTML; all of one alert are one thread."""

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from tracking_core.alerts.channels.notice import Event, Notice
from tracking_core.alerts.channels.target import Target
from tracking_core.kit.clock import now
from tracking_core.mail import smtp
from tracking_core.notifications.kinds import Failed, FailureKind, Outcome, Sent
from tracking_core.settings import Settings

_HTML = """\
<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="margin:0;padding:24px;background:#f5f7f6;color:#15211c;font:16px/1.5 sans-serif">
<div style="max-width:560px;margin:0 auto;padding:24px;background:#ffffff;border:1px solid #d3ddd8;border-radius:12px">
<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3">{title}</h1>{said}{numbers}{todo}
<p style="margin:24px 0 0"><a href="{link}" style="display:inline-block;padding:12px 24px;border-radius:8px;\
background:#0b6e4f;color:#ffffff;text-decoration:none;font-weight:600">{link_title}</a></p>
</div></body></html>
"""
_ROW = '<tr><td style="padding:4px 16px 4px 0;color:#52625b">{name}</td><td style="padding:4px 0">{value}</td></tr>'


async def send(target: Target, notice: Notice, settings: Settings) -> Outcome:
    """Never raises for what the network or the mail server does."""
    if not smtp.is_configured(settings):
        return Failed(FailureKind.MISCONFIGURED, "no_mail_server")
    try:
        mail = compose(target, notice, settings)
    except (ValueError, HeaderParseError, IndexError):
        return Failed(FailureKind.MISCONFIGURED, "address_malformed")
    submitted = await smtp.submit(mail, settings)
    return submitted if isinstance(submitted, Failed) else Sent()


def compose(target: Target, notice: Notice, settings: Settings) -> EmailMessage:
    """Raises ValueError when the settings' sender is no address."""
    sender = smtp.address_of(smtp.sender_of(settings))
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, smtp.address_of(target.to)
    mail["Subject"], mail["Date"] = notice.title, format_datetime(now())
    mail["Auto-Submitted"] = "auto-generated"
    _thread(mail, notice, sender)
    if notice.is_urgent and notice.event in (Event.OPENED, Event.REMINDER):
        mail["X-Priority"], mail["Importance"] = "1", "high"
    mail.set_content(_plain(notice))
    mail.add_alternative(_html(notice), subtype="html")
    return mail


def _thread(mail: EmailMessage, notice: Notice, sender: Address) -> None:
    """A try that was taken without our knowing has the same Message-ID when it is made again."""
    mail["Message-ID"] = f"<alert-message.{notice.id}@{sender.domain}>"
    mail["References"] = f"<alert.{notice.thread}@{sender.domain}>"


def _plain(notice: Notice) -> str:
    parts = ["\n".join(notice.said), "\n".join(f"{name}: {value}" for name, value in notice.numbers)]
    if notice.todo:
        parts.append("\n".join([f"{notice.todo_title}:", *(f"- {one}" for one in notice.todo)]))
    parts.append(f"{notice.link_title}: {notice.link}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _html(notice: Notice) -> str:
    rows = "".join(_ROW.format(name=escape(name), value=escape(value)) for name, value in notice.numbers)
    steps = "".join(f"<li>{escape(one)}</li>" for one in notice.todo)
    return _HTML.format(
        lang=notice.locale.replace("_", "-"),
        title=escape(notice.title),
        said="".join(f"<p>{escape(one)}</p>" for one in notice.said),
        numbers=f"<table>{rows}</table>" if rows else "",
        todo=f"<h2 style='font-size:16px'>{escape(notice.todo_title)}</h2><ul>{steps}</ul>" if steps else "",
        link=escape(notice.link),
        link_title=escape(notice.link_title),
    )
