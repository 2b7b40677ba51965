"""Read a screenshot, once: what it shows, or that a secret was visible and it is gone, or what to ask instead."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from agent.screenshots.looking import Seen, Unread, look
from agent.screenshots.questions import questions_for, stuck_at
from agent.screenshots.schema import Extraction
from tracking_core.chat.codes import ChatCode
from tracking_core.db.engine import transaction
from tracking_core.models import ScreenshotState, SetupScreenshot, SetupSession
from tracking_core.screenshots import service as screenshots
from tracking_core.screenshots.errors import ScreenshotGone
from tracking_core.screenshots.service import DiscardReason
from tracking_core.settings import Settings, get_settings

ACTOR = "hub"
# Asked again it would answer the same.
_FINAL = {Unread.GARBAGE}
log = structlog.get_logger()


class ReadingStatus(StrEnum):
    READ = "read"
    DISCARDED = "discarded"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """``extraction`` when it was read. ``code`` is ``ChatCode.SCREENSHOT_SECRET`` when a credential was visible: its
    sentences tell the seller to change it and to send a picture without it. ``questions`` ask, in the session's
    language, what the picture would have told. ``reason`` is an ``Unread`` or a ``DiscardReason``."""

    status: ReadingStatus
    extraction: Extraction | None = None
    code: ChatCode | None = None
    questions: tuple[str, ...] = ()
    reason: str | None = None


async def read(screenshot_id: UUID, *, settings: Settings | None = None) -> Reading:
    """Read before, it is answered from what was kept then; two at once end with one word. While the model looks no
    transaction is open. Raises NotFound."""
    settings = settings or get_settings()
    async with transaction() as session:
        row = await screenshots.find(session, screenshot_id)
        owner = await session.get_one(SetupSession, row.session_id)
        if row.state != ScreenshotState.KEPT or row.reason in _FINAL:
            return _told(row, owner)
        try:
            picture = await screenshots.opened(session, row)
        except ScreenshotGone:
            await screenshots.discard(session, row, DiscardReason.EXPIRED, actor=ACTOR)
            return _told(row, owner)
    seen = await look(picture, settings)
    async with transaction() as session:
        row = await screenshots.find(session, screenshot_id)
        await _keep(session, row, seen)
    return _told(row, owner)


async def _keep(session: AsyncSession, row: SetupScreenshot, seen: Seen) -> None:
    if seen.is_secret:
        await screenshots.discard(session, row, DiscardReason.SECRET_VISIBLE, actor=ACTOR)
    elif seen.extraction is not None:
        await screenshots.keep_reading(session, row, seen.extraction.model_dump(mode="json"))
    elif seen.unread is not None:
        if seen.unread != Unread.NO_VISION:
            log.warning("screenshot_unread", screenshot_id=str(row.id), reason=seen.unread.value)
        await screenshots.note_unread(session, row, seen.unread)


def _told(row: SetupScreenshot, owner: SetupSession) -> Reading:
    """By the row as it is: what another reader came to meanwhile counts."""
    if row.state == ScreenshotState.READ:
        return Reading(status=ReadingStatus.READ, extraction=Extraction.model_validate(row.extraction))
    if row.state == ScreenshotState.DISCARDED:
        code = ChatCode.SCREENSHOT_SECRET if row.reason == DiscardReason.SECRET_VISIBLE else None
        return Reading(status=ReadingStatus.DISCARDED, code=code, reason=row.reason)
    return Reading(
        status=ReadingStatus.UNREAD, questions=questions_for(*stuck_at(owner.stages), owner.locale), reason=row.reason
    )
