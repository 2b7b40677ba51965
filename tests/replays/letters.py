"""Dead letters, made at once and in any state of decay."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
from sqlalchemy import text

from tests.pipeline.conftest import Shop
from tracking_core.db.engine import transaction
from tracking_core.delivery.replay import Replayed, drain_replay, replay
from tracking_core.delivery.replay_preview import Preview, preview
from tracking_core.delivery.replay_progress import Progress, progress
from tracking_core.delivery.replay_selection import ReplayFilter, Selection
from tracking_core.destinations.meta_capi.errors import FailureClass, Verdict
from tracking_core.kit import clock
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.kit.ids import new_hex, new_id
from tracking_core.models import ApiKey, ApiKeyKind, Delivery, DeliveryState
from tracking_core.tenants import service as tenants

REFUSED = "payload:100/2804050"
ALL = ReplayFilter()


async def bury(shop: Shop, count: int = 1, **facts: Any) -> list[UUID]:
    """Dead letters of the shop's connection that died a minute ago, or as the facts say."""
    now = clock.now()
    given = {
        "tenant_id": shop.tenant_id,
        "connection_id": shop.connection_id,
        "event_name": "Purchase",
        "event_time": now - timedelta(hours=1),
        "state": DeliveryState.DEAD,
        "reason": REFUSED,
        "attempts": 1,
        "created_at": now - timedelta(hours=1),
        "died_at": now - timedelta(minutes=1),
        **facts,
    }
    ids = [str(new_id()) for _ in range(count)]
    made = [Delivery(event_id=one, payload=orjson.dumps({"event_id": one}), **given) for one in ids]
    async with transaction() as session:
        session.add_all(made)
    return [row.id for row in made]


async def another_shop(shop: Shop) -> Shop:
    async with transaction() as session:
        made = await tenants.create(session, "Outra loja", actor="test")
        connection = await tenants.connect_meta(session, made.tenant_id, "999", "EAAother", actor="test")
    return Shop(shop.settings, shop.meta, made.tenant_id, connection.id)


async def bearer(shop: Shop) -> dict[str, str]:
    """A secret key of the shop's tenant, for requests."""
    key = f"sk_hub_{new_hex()}"
    async with transaction() as session:
        hashed = sha256_bytes(key.encode())
        session.add(ApiKey(tenant_id=shop.tenant_id, kind=ApiKeyKind.SECRET, key_hash=hashed, hint=key[-4:]))
    return {"Authorization": f"Bearer {key}"}


async def rows(query: str, **values: object) -> list[dict[str, Any]]:
    async with transaction() as session:
        return [dict(row) for row in (await session.execute(text(query), values)).mappings()]


async def states(shop: Shop) -> dict[str, int]:
    query = "SELECT state, count(*) AS n FROM deliveries WHERE tenant_id = :tenant GROUP BY state"
    return {row["state"]: row["n"] for row in await rows(query, tenant=shop.tenant_id)}


async def look(shop: Shop, wanted: ReplayFilter = ALL) -> Preview:
    now = clock.now()
    async with transaction() as session:
        return await preview(session, Selection(tenant_id=shop.tenant_id, wanted=wanted, seen_until=now), now)


async def ask(shop: Shop, wanted: ReplayFilter = ALL, **more: Any) -> Replayed:
    async with transaction() as session:
        return await replay(session, shop.tenant_id, wanted, actor="test", now=clock.now(), **more)


async def finish(replay_id: UUID) -> int:
    """The chunks it took."""
    return len([chunk async for chunk in drain_replay(replay_id)])


async def how_far(done: Replayed) -> Progress:
    async with transaction() as session:
        return await progress(session, done.replay_id)


def counted(said: Progress) -> dict[str, int]:
    """The standings that somebody is in."""
    assert said.replayed == sum(said.standings.values()) + said.moved_on
    return {standing.value: n for standing, n in said.standings.items() if n}


def mend(meta: httpx.Client) -> None:
    """The simulator has no more faults."""
    assert meta.delete("/_control/faults").is_success


def later(**delta: float) -> None:
    moment = clock.now() + timedelta(**delta)
    clock.set_source(lambda: moment)


def verdict(failure: FailureClass, code: int, subcode: int | None = None) -> Verdict:
    return Verdict(failure, code, subcode, None, "", False, None)
