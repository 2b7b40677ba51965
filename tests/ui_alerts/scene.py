"""A hub with two shops in which things go wrong, and the links by which an operator and a seller come in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.alert_channels import world
from tests.alert_channels.receiver import Receiver
from tracking_core.alerts import service
from tracking_core.alerts.registry import Code
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import AlertChannel, ChannelKind, Role, Severity, SloHour, SloMinute
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants
from tracking_core.users import links
from tracking_core.users import service as users

DATASET = "1000000001"


@dataclass(frozen=True)
class Scene:
    """``alert`` is of the connection of the seller's shop."""

    shop: UUID
    other: UUID
    alert: UUID
    operator: str
    seller: str


async def play(settings: Settings, receiver: Receiver) -> Scene:
    shop, other = await world.new_tenant("Cursos da Ana"), await world.new_tenant("Ateliê do Beto")
    async with transaction() as session:
        connection = await tenants.connect_meta(session, shop, DATASET, "EAAtesttoken", actor="test")
    now = clock.now()
    opened = now - timedelta(minutes=40)
    facts = {"held_minutes": 40.0, "waiting": 17, "limit_minutes": 0}
    alert = await world.open_alert(shop, scope=str(connection.id), opened_at=opened, facts=facts)
    await _more_alerts(shop, other)
    await _counted(None, shop)
    await world.add(settings, None, ChannelKind.EMAIL, "plantao@hub.example")
    broken = await world.add(settings, None, ChannelKind.SLACK, receiver.url("hook/broken"))
    async with transaction() as session:
        (await session.get_one(AlertChannel, broken.channel.id)).last_error = "http_404"
        await service.silence(
            session, tenant_id=other, objective=Code.GATEWAY_SILENT, starts_at=now, ends_at=now + timedelta(hours=4),
            reason="Troca do checkout", actor="user:olga", now=now,
        )  # fmt: skip
    return Scene(
        shop,
        other,
        alert,
        await _enter("olga@hub.example", Role.OPERATOR),
        await _enter("ana@loja.example", Role.SELLER, shop),
    )


async def _more_alerts(shop: UUID, other: UUID) -> None:
    now, ticket = clock.now(), Severity.TICKET.value
    burn = {"target": 0.99, "share": 0.93, "bad": 70, "total": 1_000, "burn_rate_long": 7.0, "long_seconds": 21_600.0}
    since = now - timedelta(hours=3)
    await world.open_alert(None, Code.CAPI_ERRORS, severity=ticket, opened_at=since, facts=burn, openings=3)
    silent = {"silent_minutes": 190, "expected": 23.5}
    await world.open_alert(
        other, Code.GATEWAY_SILENT, opened_at=since, facts=silent, silenced_until=now + timedelta(hours=4)
    )
    for hours, code in ((30, Code.MATCH_RATE_DROP), (55, Code.DEAD_LETTERS)):
        at = now - timedelta(hours=hours)
        row = await world.open_alert(shop, code, severity=ticket, opened_at=at)
        await world.recover(row, at + timedelta(minutes=95))


async def _counted(*whose: UUID | None) -> None:
    """A month that kept one promise well and the other badly."""
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    async with transaction() as session:
        for tenant_id in whose:
            for code, good, total in ((Code.SALES_AT_META, 99_973, 100_000), (Code.CAPI_ERRORS, 98_400, 100_000)):
                row: dict[str, Any] = {"objective": code.value, "tenant_id": tenant_id, "at": now - timedelta(hours=2)}
                session.add(SloHour(**row, good=good, total=total, excused=4))
                session.add(SloMinute(**row, good=90, total=100))


async def _enter(email: str, role: Role, *shops: UUID) -> str:
    async with transaction() as session:
        user = await users.invite(session, email, email.partition("@")[0].title(), role, actor="test", tenants=shops)
        return f"/sign-in/link/{await links.issue(session, user, now=clock.now())}"
