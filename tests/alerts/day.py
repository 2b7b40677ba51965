"""The day run through the evaluation minute by minute, and what goes wrong in it."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tests.alerts.traffic import MATCHED, START, Merchant, Sale, merchant, remember, sales_of, write, write_visits
from tracking_core.alerts.evaluate import evaluate
from tracking_core.db.engine import transaction
from tracking_core.models import SetupHandoff, SetupSession
from tracking_core.settings import Settings

_MINUTE = timedelta(minutes=1)
# Nobody sends the messages of the day; its channels are well all the same.
_WELL = "UPDATE alert_channels SET last_ok_at = :now"


def at(hour: int, minute: int = 0) -> datetime:
    return START + timedelta(hours=hour, minutes=minute)


MIDNIGHT = at(24)


@dataclass(frozen=True)
class Seen:
    """One alert of the day; times as HH:MM of the day."""

    objective: str
    whose: str
    severity: str
    opened: str
    recovered: str | None


@dataclass
class Day:
    """``effects`` are statements that run when the clock passes their moment."""

    settings: Settings
    merchants: dict[str, Merchant]
    sales: list[Sale]
    chance: random.Random
    effects: list[tuple[datetime, str, dict[str, Any]]] = field(default_factory=list)

    def of(self, name: str, since: datetime, until: datetime) -> list[Sale]:
        """Sales of one tenant, or of ``all``, received between the two."""
        return [
            one
            for one in self.sales
            if since <= one.received < until and (name == "all" or one.merchant is self.merchants[name])
        ]

    def does(self, moment: datetime, statement: str, **values: Any) -> None:
        self.effects.append((moment, statement, values))

    async def live(
        self,
        *,
        since: datetime = START,
        until: datetime = MIDNIGHT,
        closely: Iterable[tuple[datetime, int]] = (),
        paused: Callable[[datetime], bool] = lambda _now: False,
    ) -> None:
        """What is due is done minute by minute. It is evaluated from each of ``closely`` on for so many minutes, and
        every 15th of the rest, where the scheduler's own pace would only take longer; not while ``paused``."""
        await write(self.sales)
        pending, now = sorted(self.effects, key=lambda effect: effect[0]), since
        close = {edge + n * _MINUTE for edge, minutes in closely for n in range(minutes)}
        while now < until:
            now += _MINUTE
            while pending and pending[0][0] <= now:
                await rows(pending[0][1], **pending.pop(0)[2])
            if (now in close or now.minute % 15 == 0) and not paused(now):
                await rows(_WELL, now=now)
                await evaluated(now, self.settings)

    async def seen(self) -> list[Seen]:
        """All alerts of the day by when they opened, those of one moment by their names."""
        names = {one.tenant_id: name for name, one in self.merchants.items()}
        found = await rows("SELECT * FROM alerts")
        seen = [
            Seen(
                row["objective"],
                names.get(row["tenant_id"], "hub"),
                row["severity"],
                f"{row['opened_at']:%H:%M}",
                f"{row['recovered_at']:%H:%M}" if row["recovered_at"] else None,
            )
            for row in found
        ]
        return sorted(seen, key=lambda one: (one.opened, one.objective, one.whose))


async def evaluated(now: datetime, settings: Settings) -> None:
    """As the scheduler's job does it: until all is counted."""
    is_current = False
    while not is_current:
        is_current = await evaluated_once(now, settings)


async def evaluated_once(now: datetime, settings: Settings) -> bool:
    async with transaction() as session:
        made = await evaluate(session, now, settings)
    assert made is not None
    return made.is_current


async def rows(statement: str, **values: Any) -> list[dict[str, Any]]:
    async with transaction() as session:
        result = await session.execute(text(statement), values)
        return [dict(row) for row in result.mappings()] if result.returns_rows else []  # type: ignore[attr-defined]


async def usual_day(settings: Settings, *, hours: int = 24, seed: int = 7) -> Day:
    """A large, a middling and a small merchant with a past of four weeks, and a normal day of theirs, or its hours."""
    chance = random.Random(seed)
    merchants = {
        "large": await merchant("Grande", busiest=90),
        "middling": await merchant("Média", busiest=40),
        "small": await merchant("Pequena", busiest=0.4),
    }
    await remember(list(merchants.values()), chance)
    sales = [sale for one in merchants.values() for sale in sales_of(one, chance, hours=hours)]
    await write_visits(list(merchants.values()), chance, hours=hours)
    return Day(settings, merchants, sales, chance)


def meta_down(day: Day, since: datetime, until: datetime) -> None:
    """Tries fail every few minutes, and all that waits is taken as soon as Meta answers again."""
    for sale in day.of("all", since, until):
        sale.delivered, sale.state, sale.due = None, "retrying", until
        tries = range(1 + int((until - sale.received) / timedelta(minutes=4)))
        sale.attempts = [(sale.received + n * timedelta(minutes=4), "transient") for n in tries]
        sale.attempts.append((until, "accepted"))
    day.does(until, "UPDATE deliveries SET state = 'delivered', delivered_at = :at WHERE state = 'retrying'", at=until)


def token_revoked(day: Day, name: str, since: datetime, until: datetime) -> None:
    """The first try finds out; what waits goes as soon as the new token is there."""
    held = day.of(name, since, until)
    for sale in held:
        sale.delivered, sale.state, sale.attempts = None, "waiting", [(until, "accepted")]
    connection = day.merchants[name].connection_id
    hold = "UPDATE meta_connections SET state = 'on_hold', hold_code = 'credential:190', held_at = :at WHERE id = :id"
    day.does(since, hold, at=since, id=connection)
    release = "UPDATE meta_connections SET state = 'active', hold_code = NULL, held_at = NULL WHERE id = :id"
    day.does(until, release, id=connection)
    sent = "UPDATE deliveries SET state = 'delivered', delivered_at = :at WHERE id = ANY(:ids)"
    day.does(until, sent, at=until + timedelta(seconds=2), ids=[sale.delivery_id for sale in held])


def gateway_silent(day: Day, name: str, since: datetime, until: datetime) -> None:
    for sale in day.of(name, since, until):
        sale.is_heard = False


def match_rate_halved(day: Day, name: str, since: datetime, until: datetime) -> None:
    for sale in day.of(name, since, until):
        sale.is_matched = day.chance.random() < MATCHED / 2


def queue_stopped(day: Day, since: datetime, until: datetime) -> None:
    """No worker takes up webhooks; then all of them are sales at once."""
    for sale in day.of("all", since, until):
        sale.planned, sale.webhook_state = until, "received"
        sale.delivered, sale.attempts = until + timedelta(seconds=2), [(until + timedelta(seconds=2), "accepted")]
    day.does(until, "UPDATE received_webhooks SET state = 'processed' WHERE state = 'received'")


def dead_letters(day: Day, name: str, moments: Iterable[datetime]) -> None:
    """Browser events that Meta refuses for what they are."""
    one = day.merchants[name]
    bury = (
        "INSERT INTO deliveries (id, tenant_id, connection_id, event_name, event_id, event_time, payload, state,"
        " attempts, reason, died_at, created_at, due_at) SELECT gen_random_uuid(), :tenant, :connection, 'PageView',"
        " gen_random_uuid()::text, :at, '', 'dead', 1, 'payload:100/2804050', :at, :at, :at"
    )
    for moment in moments:
        day.does(moment, bury, tenant=one.tenant_id, connection=one.connection_id, at=moment)


async def handoff_breached(day: Day, name: str, since: datetime, until: datetime) -> UUID:
    tenant_id = day.merchants[name].tenant_id
    async with transaction() as session:
        owner = SetupSession(tenant_id=tenant_id, created_by="test")
        session.add(owner)
        await session.flush()
        case = SetupHandoff(session_id=owner.id, tenant_id=tenant_id, reason="asked", priority="P2", due_at=since)
        session.add(case)
    day.does(since, "UPDATE setup_handoffs SET breached_at = :at WHERE id = :id", at=since, id=case.id)
    day.does(until, "UPDATE setup_handoffs SET state = 'resolved' WHERE id = :id", id=case.id)
    return case.id
