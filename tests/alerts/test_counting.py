"""Every sale is good or bad exactly once, whenever it is looked at."""

from datetime import datetime, timedelta
from uuid import UUID

from tests.alerts.day import at, evaluated, evaluated_once, rows
from tests.alerts.traffic import START, Merchant, Sale, merchant, write
from tracking_core.settings import Settings

_NOON = at(12)


def sale(one: Merchant, seconds: float | None, *, planned_after: float = 0.2) -> Sale:
    made = Sale(one, _NOON, seconds or 0, is_matched=True)
    made.planned = _NOON + timedelta(seconds=planned_after)
    if seconds is None:
        made.delivered, made.state = None, "waiting"
    return made


async def counted(one: UUID | None) -> tuple[int, int, int]:
    """Good, total and excused of all minutes, which the hours must agree with."""
    found = []
    for table in ("slo_minutes", "slo_hours"):
        query = f"SELECT sum(good) AS g, sum(total) AS t, sum(excused) AS e FROM {table}"
        whose = "tenant_id = :tenant" if one else "tenant_id IS NULL AND CAST(:tenant AS uuid) IS NULL"
        [row] = await rows(f"{query} WHERE objective = 'sales_at_meta' AND {whose}", tenant=one)
        found.append((row["g"] or 0, row["t"] or 0, row["e"] or 0))
    assert found[0] == found[1]
    return found[0]


async def begin(settings: Settings, moment: datetime = _NOON) -> Merchant:
    one = await merchant("Loja", busiest=1)
    await rows("INSERT INTO alert_progress (name, at) VALUES ('counted', :at)", at=moment)
    return one


async def test_a_sale_is_judged_when_its_minute_is_over_and_once(database: Settings) -> None:
    one = await begin(database)
    waiting = sale(one, None)
    await write([sale(one, 59), sale(one, 70), waiting])
    await evaluated(_NOON + timedelta(seconds=59), database)
    assert await counted(one.tenant_id) == (1, 2, 0)
    await evaluated(_NOON + timedelta(seconds=61), database)
    assert await counted(one.tenant_id) == (1, 3, 0)
    late = _NOON + timedelta(seconds=70)
    await rows(
        "UPDATE deliveries SET state = 'delivered', delivered_at = :at WHERE id = :id", at=late, id=waiting.delivery_id
    )
    for seconds in (75, 120, 3_600, 9 * 3_600):
        await evaluated(_NOON + timedelta(seconds=seconds), database)
        assert await counted(one.tenant_id) == await counted(None) == (1, 3, 0)


async def test_what_waits_for_its_click_has_that_time_and_what_waits_for_a_worker_has_not(database: Settings) -> None:
    one = await begin(database)
    grace = database.late_click_grace_seconds
    click, late, worker = sale(one, grace + 59), sale(one, grace + 61), sale(one, 65, planned_after=64)
    await write([click, late, worker])
    released = "UPDATE matches SET matched_at = :at WHERE conversion_id = ANY(:ids)"
    await rows(released, at=_NOON + timedelta(seconds=grace), ids=[click.id, late.id])
    await evaluated(_NOON + timedelta(minutes=5), database)
    assert await counted(one.tenant_id) == (1, 3, 0)


async def test_what_is_withheld_made_up_or_on_trial_is_not_counted(database: Settings) -> None:
    one = await begin(database)
    refused, made_up, trial, told = (sale(one, 1) for _ in range(4))
    refused.state = "withheld"
    await write([refused, made_up, trial, told])
    await rows("UPDATE conversions SET is_synthetic = true WHERE id = :id", id=made_up.id)
    await rows("UPDATE deliveries SET test_event_code = 'TEST1' WHERE id = :id", id=trial.delivery_id)
    await evaluated(_NOON + timedelta(minutes=5), database)
    assert await counted(one.tenant_id) == (1, 1, 0)


async def test_what_a_gateway_posted_is_its_word_and_what_the_hub_posted_for_a_proof_is_not(database: Settings) -> None:
    one = await begin(database)
    made_up, told = sale(one, 1), sale(one, 1)
    await write([made_up, told])
    await rows("UPDATE conversions SET is_synthetic = true WHERE id = :id", id=made_up.id)
    await evaluated(_NOON + timedelta(minutes=5), database)
    [heard] = await rows("SELECT scope, sum(good) AS n FROM slo_minutes WHERE objective = 'gateway_silent' GROUP BY 1")
    assert heard == {"scope": str(one.endpoint_id), "n": 1}


async def test_what_waits_for_a_token_is_excused_also_when_the_hold_is_over(database: Settings) -> None:
    one = await begin(database)
    held = sale(one, None)
    await write([held])
    hold = "UPDATE meta_connections SET state = :state, held_at = :at WHERE id = :id"
    await rows(hold, state="on_hold", at=_NOON, id=one.connection_id)
    await evaluated(_NOON + timedelta(seconds=80), database)
    assert await counted(one.tenant_id) == (0, 0, 1)
    await rows(hold, state="active", at=None, id=one.connection_id)
    sent = _NOON + timedelta(seconds=90)
    await rows(
        "UPDATE deliveries SET state = 'delivered', delivered_at = :at WHERE id = :id", at=sent, id=held.delivery_id
    )
    await evaluated(_NOON + timedelta(seconds=100), database)
    assert await counted(one.tenant_id) == await counted(None) == (0, 0, 1)


async def test_a_new_hub_counts_from_its_first_tenant_on_a_chunk_at_a_time(database: Settings) -> None:
    one = await merchant("Loja", busiest=1)
    await rows("UPDATE tenants SET created_at = :at", at=START - timedelta(hours=5))
    old = sale(one, 5)
    old.received = old.planned = START - timedelta(hours=3)
    old.delivered = old.received + timedelta(seconds=5)
    await write([old])
    assert [await evaluated_once(START, database) for _ in range(5)] == [False] * 4 + [True]
    [hour] = await rows(
        "SELECT good, total FROM slo_hours WHERE tenant_id = :id AND objective = 'sales_at_meta'", id=one.tenant_id
    )
    assert hour == {"good": 1, "total": 1}
