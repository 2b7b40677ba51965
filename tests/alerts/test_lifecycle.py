"""One alert for each incident and one message of each change, whatever the findings do."""

import asyncio
from typing import Any

from tests.alerts.day import at, rows
from tests.alerts.told import found, look, messages, sent, silenced
from tests.alerts.traffic import Merchant
from tracking_core.alerts import service
from tracking_core.alerts.evaluate import evaluate
from tracking_core.alerts.registry import Code
from tracking_core.db.engine import transaction
from tracking_core.models import Severity
from tracking_core.reporting.scope import EVERYONE, Scope
from tracking_core.settings import Settings


async def the_alert() -> dict[str, Any]:
    [one] = await rows("SELECT * FROM alerts")
    return one


async def test_an_incident_is_told_once_to_whom_it_concerns_and_once_when_it_is_over(shop: Merchant) -> None:
    for minute in range(4):
        await look(minute, found(shop.tenant_id))
    opened = [("hub", "opened", 1), ("shop", "opened", 1), ("shop pages", "opened", 1)]
    assert await messages() == opened
    await sent()
    for minute in range(4, 12):
        await look(minute)
    assert await messages() == [*opened, *[(channel, "recovered", 1) for channel, _, _ in opened]]
    alert = await the_alert()
    assert (alert["opened_at"], alert["last_seen_at"], alert["recovered_at"]) == (at(12), at(12, 3), at(12, 9))
    assert alert["facts"] == {"bad": 5}


async def test_what_comes_back_soon_is_the_same_incident_and_has_to_stay_away_for_longer(shop: Merchant) -> None:
    seen, minute, recoveries = found(shop.tenant_id), 0, []
    for _ in range(3):
        await look(minute, seen)
        while (await the_alert())["state"] == "open":
            minute += 1
            await look(minute)
        recoveries.append(minute)
        await sent()
        minute += 10
    assert [late - early for late, early in zip(recoveries, [0, *[one + 10 for one in recoveries]], strict=False)] == [
        6,
        11,
        21,
    ]
    assert [kind for hint, kind, _ in await messages() if hint == "shop"] == ["opened", "recovered"] * 3
    await look(minute + 60, seen)
    assert len(await rows("SELECT 1 FROM alerts")) == 2


async def test_a_ticket_that_becomes_a_page_is_told_as_one_if_it_was_not_told_yet(shop: Merchant) -> None:
    ticket = found(shop.tenant_id, severity=Severity.TICKET)
    await look(0, ticket)
    assert [hint for hint, _, _ in await messages()] == ["hub", "shop"]
    await look(1, found(shop.tenant_id))
    assert await messages() == [("hub", "opened", 1), ("shop", "opened", 1), ("shop pages", "opened", 2)]
    assert {row["due_at"] for row in await rows("SELECT due_at FROM alert_messages")} == {at(12, 1)}


async def test_a_ticket_that_was_told_and_becomes_a_page_is_told_again(shop: Merchant) -> None:
    await look(0, found(shop.tenant_id, severity=Severity.TICKET))
    await sent()
    await look(6, found(shop.tenant_id))
    assert [n for hint, _, n in await messages() if hint == "shop"] == [1, 2]


async def test_a_ticket_that_is_over_before_it_was_told_is_told_to_nobody(shop: Merchant) -> None:
    await look(0, found(shop.tenant_id, Code.DEAD_LETTERS, Severity.TICKET))
    await look(1)
    assert (await the_alert())["state"] == "recovered"
    assert await messages() == []


async def test_what_is_broken_for_the_whole_hub_is_told_to_operators_once(shop: Merchant) -> None:
    ticket = found(shop.tenant_id, Code.CAPI_ERRORS, Severity.TICKET)
    await look(0, ticket)
    await look(1, ticket, found(None, Code.CAPI_ERRORS, Severity.TICKET))
    told = await rows(
        "SELECT c.hint, a.tenant_id FROM alert_messages m JOIN alert_channels c ON c.id = m.channel_id"
        " JOIN alerts a ON a.id = m.alert_id ORDER BY c.hint"
    )
    assert told == [{"hint": "hub", "tenant_id": None}, {"hint": "shop", "tenant_id": shop.tenant_id}]


async def test_in_a_silence_it_is_recorded_and_what_is_open_at_its_end_is_told_then(shop: Merchant) -> None:
    await silenced(shop.tenant_id, at(12), at(12, 30))
    short, long = found(shop.tenant_id, Code.DEAD_LETTERS, Severity.TICKET), found(shop.tenant_id)
    await look(1, short, long)
    await look(2, long)
    assert await messages() == []
    assert [row["silenced_until"] for row in await rows("SELECT * FROM alerts")] == [at(12, 30)] * 2
    await look(29, long)
    await look(31, long)
    await look(32, long)
    assert await messages() == [("hub", "opened", 1), ("shop", "opened", 1), ("shop pages", "opened", 1)]


async def test_people_are_reminded_of_what_is_open_for_long_until_one_says_that_they_are_on_it(shop: Merchant) -> None:
    seen = found(shop.tenant_id)
    await look(0, seen)
    await sent()
    await look(4 * 60 - 1, seen)
    assert {kind for _, kind, _ in await messages()} == {"opened"}
    await look(13 * 60, seen)  # no scheduler ran for two reminders
    await look(13 * 60 + 1, seen)
    assert [n for hint, kind, n in await messages() if (hint, kind) == ("shop", "reminder")] == [3]
    async with transaction() as session:
        [alert] = await service.open_alerts(session, Scope(shop.tenant_id))
        told = await service.acknowledge(session, Scope(shop.tenant_id), alert.id, actor="ana", now=at(23))
        again = await service.acknowledge(session, EVERYONE, alert.id, actor="bia", now=at(23, 1))
    assert (told.acknowledged_by, again.acknowledged_by) == ("ana", "ana")
    await look(17 * 60, seen)
    assert [n for hint, kind, n in await messages() if (hint, kind) == ("shop", "reminder")] == [3]


async def test_of_two_who_evaluate_at_once_one_does(database: Settings, shop: Merchant) -> None:
    await rows("UPDATE meta_connections SET state = 'on_hold', held_at = :at", at=at(12))
    await rows("INSERT INTO alert_progress (name, at) VALUES ('counted', :at)", at=at(12))

    async def once() -> bool:
        async with transaction() as session:
            made = await evaluate(session, at(12, 1), database)
            await asyncio.sleep(0.05)  # both hold their transaction open at the same time
            return made is not None

    assert sorted(await asyncio.gather(*(once() for _ in range(3)))) == [False, False, True]
    assert await once()
    assert (await the_alert())["objective"] == "connection_on_hold"
    assert [kind for hint, kind, _ in await messages() if hint == "shop"] == ["opened"]
