"""A tenant with a setup that met trouble, and our people at the desk."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import (
    ActionState,
    Notification,
    SessionEvent,
    SetupActionLog,
    SetupHandoff,
    SetupMessage,
    SetupSession,
)
from tracking_core.settings import Settings
from tracking_core.setup import sessions
from tracking_core.tenants import service as tenants

# A Thursday, ten in the morning in São Paulo.
NOW = datetime(2026, 11, 26, 13, tzinfo=UTC)


@dataclass
class Case:
    """One seller's setup."""

    settings: Settings
    tenant_id: UUID
    session_id: UUID
    secret_key: str
    now: datetime = NOW
    made: int = field(default=0)

    async def open(
        self,
        reason: Reason = Reason.REPEATED_FAILURE,
        *,
        step: str | None = "meta",
        code: str | None = "meta_token_expired",
        note: str = "",
        now: datetime | None = None,
    ) -> tuple[SetupHandoff, bool]:
        async with transaction() as session:
            owner = await session.get_one(SetupSession, self.session_id)
            return await handoffs.open_(
                session,
                owner,
                reason=reason,
                step=step,
                code=code,
                actor="agent:setup",
                now=now or self.now,
                settings=self.settings,
                prompt="chat@1#abc",
                note=note,
            )

    async def do(self, work: Callable[..., Awaitable[Any]], handoff_id: UUID, who: str, **more: Any) -> SetupHandoff:
        async with transaction() as session:
            done: SetupHandoff = await work(
                session, handoff_id, who, settings=self.settings, **{"now": self.now, **more}
            )
        return done

    async def hears(
        self,
        text: str,
        role: str = "seller",
        *,
        at: datetime | None = None,
        secrets: list[dict[str, str]] | None = None,
    ) -> SetupMessage:
        self.made += 1
        row = SetupMessage(
            id=new_id(),
            session_id=self.session_id,
            tenant_id=self.tenant_id,
            client_id=f"m{self.made}",
            role=role,
            text=text,
            secrets=secrets or [],
            created_at=at or NOW + timedelta(seconds=self.made),
        )
        async with transaction() as session:
            session.add(row)
        return row

    async def logs(self, action: str = "validate_meta_token", **known: Any) -> SetupActionLog:
        self.made += 1
        at = NOW + timedelta(seconds=self.made)
        values = {"state": ActionState.FAILED, "code": "meta_token_expired", "started_at": at, "finished_at": at}
        row = SetupActionLog(
            session_id=self.session_id,
            tenant_id=self.tenant_id,
            action=action,
            idem=f"a{self.made}",
            actor="seller",
            fence=1,
            **{**values, **known},
        )
        async with transaction() as session:
            session.add(row)
        return row

    async def changes(self, **columns: Any) -> None:
        async with transaction() as session:
            row = await session.get_one(SetupSession, self.session_id)
            for name, value in columns.items():
                setattr(row, name, value)

    async def row(self, handoff_id: UUID) -> SetupHandoff:
        async with transaction() as session:
            return await session.get_one(SetupHandoff, handoff_id)

    async def all(self) -> list[SetupHandoff]:
        async with transaction() as session:
            query = select(SetupHandoff).where(SetupHandoff.session_id == self.session_id)
            return list((await session.scalars(query.order_by(col(SetupHandoff.created_at)))).all())

    async def events(self, kind: str) -> list[dict[str, Any]]:
        async with transaction() as session:
            query = select(SessionEvent).where(SessionEvent.session_id == self.session_id, SessionEvent.type == kind)
            return [row.data for row in (await session.scalars(query.order_by(col(SessionEvent.seq)))).all()]

    async def said(self, role: str = "hub") -> list[SetupMessage]:
        async with transaction() as session:
            query = select(SetupMessage).where(SetupMessage.session_id == self.session_id, SetupMessage.role == role)
            in_order = query.order_by(col(SetupMessage.created_at), col(SetupMessage.id))
            return list((await session.scalars(in_order)).all())

    async def told(self) -> list[tuple[str, str]]:
        """What the channels are to tell: kind and channel, in order."""
        async with transaction() as session:
            query = select(Notification).where(Notification.tenant_id == self.tenant_id)
            rows = (await session.scalars(query.order_by(col(Notification.created_at), col(Notification.id)))).all()
        return [(row.kind, row.channel) for row in rows]


async def new_case(settings: Settings, name: str) -> Case:
    async with transaction() as session:
        tenant = await tenants.create(session, name, actor="test")
        made = await sessions.create(session, tenant.tenant_id, caller=tenant.tenant_id, actor="test")
    return Case(settings, tenant.tenant_id, made.id, tenant.secret_key)


@pytest.fixture
def with_channels(database: Settings) -> Settings:
    """Two channels, so that each announcement is seen on both. Nothing is sent here."""
    return database.model_copy(
        update={
            "smtp_host": "mail.example",
            "support_email_from": "hub@hub.example",
            "support_email_to": "desk@hub.example",
            "support_webhook_url": "https://desk.example/hook",
            "support_webhook_secret": type(database.support_webhook_secret)("a-secret"),
        }
    )


@pytest.fixture
async def case(with_channels: Settings) -> Case:
    clock.set_source(lambda: NOW)
    return await new_case(with_channels, "Loja da Ana")


@pytest.fixture
async def other(with_channels: Settings, case: Case) -> Case:
    """Another seller's."""
    return await new_case(with_channels, "Loja do Beto")
