"""The chat as a page shows it: what was said, by whom, what waits for a decision, and who answers now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from babel.dates import format_datetime
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from api.ui import paths
from api.ui.chat.words import html_of
from api.ui.visitor import Visitor, person
from tracking_core.chat import history
from tracking_core.chat.history import BeingSaid
from tracking_core.chat.standing import standing
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.sla import ZONE, eta_text
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import (
    ChatMode,
    HandoffState,
    MessageRole,
    Role,
    ScreenshotState,
    SecretKind,
    SetupHandoff,
    SetupMessage,
    SetupScreenshot,
    SetupSession,
)
from tracking_core.secrets.wording import kinds_in
from tracking_core.settings import get_settings
from tracking_core.setup import approvals, status

SHOWN = 60
# What a page may have missed while its device slept.
_NEW = 500
ATTACHMENTS_MAX = 5
SELLERS_NAME = "seller:"
_TODAY, _EARLIER = "HH:mm", {"pt_BR": "d 'de' MMM, HH:mm", "en": "MMM d, HH:mm"}


@dataclass(frozen=True, slots=True)
class PictureView:
    """``address`` is None once the picture is gone."""

    address: str | None
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """``by`` says whose words they are: ``seller``, ``hub``, ``assistant``, ``basic`` (the assistant's rules) or
    ``support``, with the person's ``name``. ``client_id`` is what the page that sent it calls it."""

    id: UUID
    by: str
    name: str
    html: Markup
    pictures: tuple[PictureView, ...]
    client_id: str
    turn_id: str
    at: str
    said_at: str


@dataclass(frozen=True, slots=True)
class PersonView:
    """The case: ``open`` or ``taken``, by whom, and until when a person answers."""

    state: str
    owner: str | None
    eta: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatView:
    """``earlier`` leads to the messages before the first, ``newest`` back from older ones; both are pages of their own.
    ``number`` is the event up to which this surely tells; ``address`` the setup's page, ``back`` the one it is
    shown on. ``once`` names the message of a form that is sent twice."""

    address: str
    back: str
    number: int
    messages: tuple[MessageView, ...]
    has_earlier: bool
    earlier: str
    newest: str
    saying: BeingSaid | None
    is_answering: bool
    mode: str | None
    person: PersonView | None
    plan: dict[str, Any] | None
    can_write: bool
    once: str
    attachments_max: int
    picture_bytes_max: int


async def chat_of(
    session: AsyncSession, setup: SetupSession, who: Visitor, *, after: int | None = None, before: UUID | None = None
) -> ChatView:
    """The chat; with ``after``, of the messages only what is new or was mended since that event; with ``before``, those
    before that message. Raises NotFound for a message of another setup."""
    # Read first: what comes in meanwhile is told once more.
    number, address = setup.event_seq, f"{paths.SETUPS}/{setup.id}"
    rows, has_earlier = await _shown(session, setup.id, after, before)
    now = await standing(session, setup.id)
    waiting = await approvals.pending(session, setup.id)
    handoff = await handoffs.current(session, setup.id)
    return ChatView(
        address=address,
        back=_back(who, address),
        number=number,
        messages=await messages_of(session, setup, who, rows),
        has_earlier=has_earlier,
        earlier=_led(who, address, before=str(rows[0].id)) if has_earlier else "",
        newest=_led(who, address) if before else "",
        saying=await history.being_said(session, setup.id),
        is_answering=now["is_answering"],
        mode=now["mode"],
        person=_person(handoff, who.locale) if handoff else None,
        plan=status.plan_of(waiting, who.locale) if waiting else None,
        can_write=person(who).role is Role.SELLER,
        once=new_hex(),
        attachments_max=ATTACHMENTS_MAX,
        picture_bytes_max=get_settings().screenshot_max_bytes,
    )


async def _shown(
    session: AsyncSession, setup_id: UUID, after: int | None, before: UUID | None
) -> tuple[list[SetupMessage], bool]:
    """And whether there are earlier ones."""
    if after is not None:
        return await history.told_after(session, setup_id, after, limit=_NEW), False
    if before is not None:
        found = await history.before(session, setup_id, before, limit=SHOWN + 1)
    else:
        found = await history.newest(session, setup_id, limit=SHOWN + 1)
    return found[-SHOWN:], len(found) > SHOWN


def _back(who: Visitor, address: str) -> str:
    return who.here if who.here.partition("?")[0] == address else address


def _led(who: Visitor, address: str, **to: str) -> str:
    """The same page with other messages."""
    query = parse_qs(urlsplit(_back(who, address)).query)
    query.pop("before", None)
    asked = urlencode({**query, **to}, doseq=True)
    return f"{address}{f'?{asked}' if asked else ''}#chat"


async def messages_of(
    session: AsyncSession, setup: SetupSession, who: Visitor, rows: list[SetupMessage]
) -> tuple[MessageView, ...]:
    attached = {UUID(one) for row in rows for one in row.attachments}
    pictures = await history.pictures(session, setup.id, attached) if attached else {}
    authors: Mapping[UUID, str] = {}
    if any(row.role == MessageRole.SUPPORT for row in rows):
        authors = await history.authors(session, setup.id)
    kinds = kinds_in(rows)
    return tuple(_message(row, setup, who.locale, pictures, authors, kinds) for row in rows)


def _message(
    row: SetupMessage,
    setup: SetupSession,
    locale: str,
    pictures: Mapping[UUID, SetupScreenshot],
    authors: Mapping[UUID, str],
    kinds: Mapping[str, SecretKind],
) -> MessageView:
    is_basic = row.role == MessageRole.ASSISTANT and row.mode == ChatMode.BASIC
    is_sellers = row.role == MessageRole.SELLER
    return MessageView(
        id=row.id,
        by="basic" if is_basic else row.role,
        name=authors.get(row.id, ""),
        html=html_of(row, kinds, locale),
        pictures=tuple(_picture(setup, UUID(one), pictures.get(UUID(one))) for one in row.attachments),
        client_id=row.client_id.removeprefix(SELLERS_NAME) if is_sellers else "",
        turn_id=str(row.turn_id) if row.turn_id and not is_sellers else "",
        at=row.created_at.isoformat(),
        said_at=_said_at(row.created_at, locale),
    )


def _picture(setup: SetupSession, screenshot_id: UUID, row: SetupScreenshot | None) -> PictureView:
    if row is None or row.state == ScreenshotState.DISCARDED or row.expires_at <= clock.now():
        return PictureView(None, 0, 0)
    return PictureView(f"{paths.SETUPS}/{setup.id}/chat/screenshots/{screenshot_id}", row.width, row.height)


def _person(handoff: SetupHandoff, locale: str) -> PersonView:
    eta = eta_text(handoff.due_at, clock.now(), locale) if handoff.state == HandoffState.OPEN else ""
    return PersonView(handoff.state, handoff.owner, eta)


def _said_at(moment: datetime, locale: str) -> str:
    is_today = moment.astimezone(ZONE).date() == clock.now().astimezone(ZONE).date()
    return format_datetime(moment, _TODAY if is_today else _EARLIER[locale], tzinfo=ZONE, locale=locale)
