"""Channels, alerts and their messages in the database, as an evaluation leaves them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from tracking_core.alerts.channels import service
from tracking_core.alerts.channels.service import Added
from tracking_core.alerts.registry import Code
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import (
    Alert,
    AlertChannel,
    AlertMessage,
    AlertMessageKind,
    AlertState,
    AuditEntry,
    ChannelKind,
    Severity,
)
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants


async def new_tenant(name: str = "Loja da Maria") -> UUID:
    async with transaction() as session:
        return (await tenants.create(session, name, actor="test")).tenant_id


async def add(settings: Settings, tenant_id: UUID | None, kind: ChannelKind, to: str, **more: Any) -> Added:
    async with transaction() as session:
        trusted = settings.probe_trusted_origins
        return await service.add(session, tenant_id, kind, to, trusted_origins=trusted, actor="test", **more)


async def open_alert(tenant_id: UUID | None, code: Code = Code.CONNECTION_ON_HOLD, **more: Any) -> UUID:
    given = {"opened_at": clock.now(), "last_seen_at": clock.now(), "severity": Severity.PAGE.value}
    row = Alert(tenant_id=tenant_id, objective=code.value, **{**given, **more})
    async with transaction() as session:
        session.add(row)
    return row.id


async def recover(alert_id: UUID, at: datetime) -> None:
    async with transaction() as session:
        row = await session.get_one(Alert, alert_id)
        row.state, row.recovered_at = AlertState.RECOVERED.value, at


async def tell(alert_id: UUID, channel_id: UUID, kind: AlertMessageKind = AlertMessageKind.OPENED, n: int = 1) -> UUID:
    """The row of the outbox. Each is later than the one before."""
    row = AlertMessage(alert_id=alert_id, channel_id=channel_id, kind=kind.value, n=n, due_at=clock.now())
    async with transaction() as session:
        count = len((await session.scalars(select(AlertMessage.id))).all())
        row.created_at = clock.now() + timedelta(microseconds=count)
        session.add(row)
    return row.id


async def message(message_id: UUID) -> AlertMessage:
    async with transaction() as session:
        return await session.get_one(AlertMessage, message_id)


async def channel(channel_id: UUID) -> AlertChannel:
    async with transaction() as session:
        return await session.get_one(AlertChannel, channel_id)


async def audited(action: str) -> list[AuditEntry]:
    async with transaction() as session:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(col(AuditEntry.created_at))
        return list((await session.scalars(query)).all())
