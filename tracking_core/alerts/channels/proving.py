"""Send a test message: what gets through proves the channel."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.alerts.channels import service
from tracking_core.alerts.channels.errors import TooManyTests
from tracking_core.alerts.channels.explain import explain
from tracking_core.alerts.channels.notice import Notice
from tracking_core.alerts.channels.posting import guarded_client
from tracking_core.alerts.channels.send import send
from tracking_core.alerts.channels.standing import note_failure, note_success
from tracking_core.alerts.channels.target import Target
from tracking_core.alerts.wording import trial_notice
from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.errors import ConfigurationError
from tracking_core.kit import clock
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.models import AlertChannel, AuditEntry, ChannelKind
from tracking_core.notifications.kinds import Failed, FailureKind, Outcome
from tracking_core.settings import Settings

# Somebody else's mailbox is no place to fill.
TESTS_AN_HOUR = 20
_ACTION = "alert_channel.tested"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Tested:
    """``code`` and ``message`` (a msgid) say why it did not get through; both are empty when it did."""

    channel: service.ChannelView
    code: str
    message: str

    @property
    def is_sent(self) -> bool:
        return not self.code


@dataclass(frozen=True, slots=True)
class _Ready:
    channel: AlertChannel
    target: Target | None


async def prove(
    tenant_id: UUID | None, channel_id: UUID, *, actor: str, settings: Settings, guarded: GuardedClient | None = None
) -> Tested:
    """In transactions of its own: none is held while the receiver is asked. Raises NotFound, TooManyTests."""
    async with transaction() as session:
        ready = await _ready(session, tenant_id, channel_id, actor)
    outcome = await _outcome(ready, settings, guarded or guarded_client(settings))
    code = outcome.error if isinstance(outcome, Failed) else ""
    async with transaction() as session:
        await _note(session, ready, outcome)
        row = await service.row_of(session, tenant_id, channel_id)
        await session.refresh(row)
        return Tested(service.view_of(row), code, explain(code) if code else "")


async def _ready(session: AsyncSession, tenant_id: UUID | None, channel_id: UUID, actor: str) -> _Ready:
    row = await service.row_of(session, tenant_id, channel_id, locked=True)
    await _require_few(session, tenant_id, clock.now())
    record(session, actor=actor, action=_ACTION, subject=str(channel_id), tenant_id=tenant_id)
    try:
        return _Ready(row, await service.target_of(session, row))
    except ConfigurationError:
        return _Ready(row, None)


async def _outcome(ready: _Ready, settings: Settings, guarded: GuardedClient) -> Outcome:
    if ready.target is None:
        return Failed(FailureKind.MISCONFIGURED, "not_opened")
    notice: Notice = trial_notice(ready.channel, ready.target.locale, settings.base_url, clock.now())
    return await send(ChannelKind(ready.channel.kind), ready.target, notice, settings, guarded)


async def _note(session: AsyncSession, ready: _Ready, outcome: Outcome) -> None:
    if isinstance(outcome, Failed):
        await note_failure(session, ready.channel.id, outcome)
    else:
        await note_success(session, ready.channel.id, clock.now())


async def _require_few(session: AsyncSession, tenant_id: UUID | None, now: datetime) -> None:
    """By the audit log, which every process sees."""
    query = select(func.count(), func.min(AuditEntry.created_at)).where(
        AuditEntry.tenant_id == tenant_id, AuditEntry.action == _ACTION, col(AuditEntry.created_at) > now - _HOUR
    )
    count, first = (await session.execute(query)).one()
    if count >= TESTS_AN_HOUR:
        raise TooManyTests(retry_after_seconds=max(1, ceil((first + _HOUR - now).total_seconds())))
