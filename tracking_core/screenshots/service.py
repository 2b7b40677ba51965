"""Keep, open and discard the pictures of a setup session. Every change leaves an audit entry.

A picture is sealed with the tenant's key and bound to its row; the caller has shown by ``sessions.get`` that the
session is theirs. Rows come without the picture, which is megabytes: only ``opened`` reads it.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.errors import NotFound
from tracking_core.kit import clock
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.kit.ids import new_id
from tracking_core.models import ScreenshotState, SetupScreenshot, SetupSession
from tracking_core.screenshots.decode import Picture
from tracking_core.screenshots.errors import ScreenshotGone, ScreenshotsFull, ScreenshotsTooOften
from tracking_core.settings import get_settings
from tracking_core.tenants import service as tenants

KEPT_PER_SESSION = 20
NEW_PER_MINUTE = 5
_MINUTE = timedelta(minutes=1)


class DiscardReason(StrEnum):
    """Why a picture is gone."""

    SECRET_VISIBLE = "secret_visible"  # noqa: S105 - the reason's name
    EXPIRED = "expired"
    DELETED = "deleted"  # whoever sent it asked for it


async def require_room(session: AsyncSession, session_id: UUID) -> None:
    """Raises ScreenshotsFull or ScreenshotsTooOften."""
    now, mine = clock.now(), SetupScreenshot.session_id == session_id
    is_held = (col(SetupScreenshot.sealed).is_not(None), col(SetupScreenshot.expires_at) > now)
    held = await session.scalar(select(func.count()).where(mine, *is_held)) or 0
    if held >= KEPT_PER_SESSION:
        raise ScreenshotsFull(limit=KEPT_PER_SESSION)
    at = col(SetupScreenshot.created_at)
    newest = (await session.scalars(select(at).where(mine).order_by(at.desc()).limit(NEW_PER_MINUTE))).all()
    if len(newest) == NEW_PER_MINUTE and (wait := newest[-1] + _MINUTE - now) > timedelta():
        raise ScreenshotsTooOften(retry_after_seconds=int(wait.total_seconds()) + 1)


async def keep(session: AsyncSession, owner: SetupSession, picture: Picture, *, actor: str) -> SetupScreenshot:
    """The new row. Raises ScreenshotsFull or ScreenshotsTooOften, exactly even for two that come together."""
    await session.execute(select(SetupSession.id).where(SetupSession.id == owner.id).with_for_update(key_share=True))
    await require_room(session, owner.id)
    cipher = tenants.cipher_of(await tenants.get(session, owner.tenant_id))
    screenshot_id, now = new_id(), clock.now()
    row = SetupScreenshot(
        id=screenshot_id,
        session_id=owner.id,
        tenant_id=owner.tenant_id,
        sealed=cipher.encrypt(picture.png, _context(screenshot_id)),
        digest=sha256_bytes(picture.png).hex(),
        width=picture.width,
        height=picture.height,
        bytes=len(picture.png),
        created_by=actor,
        created_at=now,
        expires_at=now + timedelta(days=get_settings().screenshot_days),
    )
    session.add(row)
    _record(session, row, "screenshot.kept", actor)
    return row


async def get(session: AsyncSession, owner: SetupSession, screenshot_id: UUID) -> SetupScreenshot:
    """The row, without the picture. Raises NotFound, for another session's too."""
    query = select(SetupScreenshot).where(
        SetupScreenshot.id == screenshot_id,
        SetupScreenshot.session_id == owner.id,
        SetupScreenshot.tenant_id == owner.tenant_id,
    )
    return await _one(session, query)


async def find(session: AsyncSession, screenshot_id: UUID) -> SetupScreenshot:
    """The row, whoever's it is, without the picture: for what runs on our side. Raises NotFound."""
    return await _one(session, select(SetupScreenshot).where(SetupScreenshot.id == screenshot_id))


async def opened(session: AsyncSession, row: SetupScreenshot) -> bytes:
    """The PNG. Raises ScreenshotGone once it was discarded or its time is over."""
    held = select(SetupScreenshot.sealed).where(
        SetupScreenshot.id == row.id, col(SetupScreenshot.expires_at) > clock.now()
    )
    sealed = await session.scalar(held)
    if sealed is None:
        raise ScreenshotGone
    tenant = await tenants.get(session, row.tenant_id)
    return tenants.cipher_of(tenant).decrypt(sealed, _context(row.id))


async def keep_reading(session: AsyncSession, row: SetupScreenshot, extraction: dict[str, Any]) -> None:
    """What was read from it, unless it was read or discarded meanwhile."""
    is_kept = col(SetupScreenshot.state) == ScreenshotState.KEPT
    await _update(session, row, is_kept, state=ScreenshotState.READ, extraction=extraction, reason=None)


async def note_unread(session: AsyncSession, row: SetupScreenshot, reason: str) -> None:
    """Why nobody could read it."""
    await _update(session, row, col(SetupScreenshot.state) == ScreenshotState.KEPT, reason=reason)


async def discard(session: AsyncSession, row: SetupScreenshot, reason: DiscardReason, *, actor: str) -> None:
    """The picture is gone, and what was read from it; done twice is done, for the first reason."""
    is_there = col(SetupScreenshot.state) != ScreenshotState.DISCARDED
    if await _update(session, row, is_there, **discarded(reason)):
        _record(session, row, "screenshot.discarded", actor, reason=reason)


def discarded(reason: DiscardReason) -> dict[str, Any]:
    """The values of a row whose picture is gone."""
    return {"state": ScreenshotState.DISCARDED, "sealed": None, "extraction": {}, "reason": reason}


async def _one(session: AsyncSession, query: Any) -> SetupScreenshot:
    row: SetupScreenshot | None = (await session.scalars(query.options(_WITHOUT_PICTURE))).first()
    if row is None:
        raise NotFound(what="screenshot")
    return row


async def _update(session: AsyncSession, row: SetupScreenshot, condition: Any, **values: Any) -> bool:
    """One statement, so that nothing discarded meanwhile comes back; the row then says what is so."""
    changed = update(SetupScreenshot).where(col(SetupScreenshot.id) == row.id, condition).values(**values)
    done = await session.scalar(changed.returning(col(SetupScreenshot.id)))
    await session.refresh(row, ["state", "extraction", "reason"])
    return done is not None


def _record(session: AsyncSession, row: SetupScreenshot, action: str, actor: str, **details: object) -> None:
    record(session, actor=actor, action=action, subject=str(row.id), tenant_id=row.tenant_id, **details)


def _context(screenshot_id: UUID) -> str:
    return f"screenshot:{screenshot_id}:picture"


_WITHOUT_PICTURE = defer(SetupScreenshot.sealed)  # type: ignore[arg-type]
