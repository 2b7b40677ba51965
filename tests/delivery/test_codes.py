"""One request has one test event code: what is leased together is sent apart where the codes differ."""

from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from tests.pipeline.conftest import Shop
from tracking_core.db.engine import transaction
from tracking_core.delivery.drain import drain_connection
from tracking_core.destinations.meta_capi.client import MetaClient
from tracking_core.destinations.meta_capi.errors import FailureClass, Verdict
from tracking_core.kit import clock
from tracking_core.proof.announce import announce
from tracking_core.tenants import service as tenants


async def sell(shop: Shop, sales: int, trials: int) -> tuple[list[str], list[str]]:
    """The event ids of real sales and of announced ones, all of them planned and due."""
    for number in range(sales):
        await shop.webhook(f"HPREAL{number}")
    for number in range(trials):
        async with transaction() as session:
            row = await announce(
                session,
                shop.tenant_id,
                "hotmart",
                session_id=None,
                connection_id=shop.connection_id,
                test_event_code=f"TEST{number}",
                now=clock.now(),
            )
        await shop.webhook(row.sale_id)
    await shop.process()
    return await _event_ids(is_synthetic=False), await _event_ids(is_synthetic=True)


async def _event_ids(*, is_synthetic: bool) -> list[str]:
    query = "SELECT event_id::text AS id FROM conversions WHERE is_synthetic = :is ORDER BY id"
    return [row["id"] for row in await rows(query, {"is": is_synthetic})]


async def rows(query: str, values: dict[str, object] | None = None) -> list[dict[str, Any]]:
    async with transaction() as session:
        return [dict(row) for row in (await session.execute(text(query), values or {})).mappings()]


def codes_at(meta: httpx.Client) -> dict[str, str | None]:
    """Event id to the code of the request it came in."""
    events = meta.get("/_control/events").json()["events"]
    return {one["event"]["event_id"]: one["parameters"].get("test_event_code") for one in events}


def requests_at(meta: httpx.Client) -> int:
    said: int = meta.get("/_control/stats").json()["datasets"]["1234567890"]["requests"]
    return said


async def drain(connection_id: UUID, client: MetaClient, shop: Shop) -> None:
    await drain_connection(connection_id, client=client, settings=shop.settings)


async def test_sales_and_a_synthetic_one_leased_together_are_two_requests_and_one_has_the_code(
    shop: Shop, strict_meta: MetaClient, meta: httpx.Client
) -> None:
    sales, [trial] = await sell(shop, 3, 1)
    await drain(shop.connection_id, strict_meta, shop)
    assert codes_at(meta) == {**dict.fromkeys(sales), trial: "TEST0"}
    assert requests_at(meta) == 2
    attempts = await rows("SELECT batch_size, count(*) AS n FROM dispatch_attempts GROUP BY 1 ORDER BY 1")
    assert attempts == [{"batch_size": 1, "n": 1}, {"batch_size": 3, "n": 3}]
    assert await rows("SELECT state, lease_id FROM deliveries") == [{"state": "delivered", "lease_id": None}] * 4


async def test_a_deliverys_own_code_goes_before_the_connections(
    shop: Shop, strict_meta: MetaClient, meta: httpx.Client
) -> None:
    async with transaction() as session:
        await tenants.connect_meta(
            session, shop.tenant_id, "1234567890", "EAAtesttoken", actor="test", test_event_code="TESTMINE"
        )
    [sale], trials = await sell(shop, 1, 2)
    await drain(shop.connection_id, strict_meta, shop)
    said = codes_at(meta)
    assert (said[sale], {said[one] for one in trials}) == ("TESTMINE", {"TEST0", "TEST1"})


async def test_ordinary_sales_are_one_request(shop: Shop, strict_meta: MetaClient, meta: httpx.Client) -> None:
    sales, _ = await sell(shop, 3, 0)
    await drain(shop.connection_id, strict_meta, shop)
    assert (requests_at(meta), codes_at(meta)) == (1, dict.fromkeys(sales))


async def test_a_bad_token_found_by_the_sales_spends_no_attempt_of_the_synthetic_one(shop: Shop) -> None:
    sales, _ = await sell(shop, 2, 1)
    shop.meta.script = lambda _ids: _verdict(FailureClass.CREDENTIAL, 190)
    await shop.deliver()
    assert [sorted(ids) for ids in shop.meta.requests] == [sales]
    waiting = {"state": "waiting", "attempts": 0, "lease_id": None, "leased_at": None}
    assert await rows("SELECT state, attempts, lease_id, leased_at FROM deliveries") == [waiting] * 3


async def test_a_refused_sale_is_bisected_among_its_own_and_the_synthetic_one_still_goes(shop: Shop) -> None:
    sales, [trial] = await sell(shop, 4, 1)
    shop.meta.script = lambda ids: _verdict(FailureClass.PAYLOAD, 100) if sales[0] in ids else None
    await shop.deliver()
    assert sorted(shop.meta.accepted) == sorted([*sales[1:], trial])
    assert all(ids == [trial] for ids in shop.meta.requests if trial in ids)
    assert await rows("SELECT event_id FROM deliveries WHERE state = 'dead'") == [{"event_id": sales[0]}]


async def test_a_refused_synthetic_sale_dies_alone(shop: Shop) -> None:
    sales, trials = await sell(shop, 2, 2)
    shop.meta.script = lambda ids: _verdict(FailureClass.PAYLOAD, 100) if trials[0] in ids else None
    await shop.deliver()
    assert sorted(shop.meta.accepted) == sorted([*sales, trials[1]])
    assert sorted(shop.meta.requests[0]) == sales


def _verdict(failure: FailureClass, code: int) -> Verdict:
    return Verdict(failure, code, 2804050 if failure is FailureClass.PAYLOAD else None, None, "", False, None)
