"""Webhooks of which no sale can be made: told by gateway, as long as they come."""

from datetime import datetime, timedelta
from typing import Any

from tests.alerts.day import at, evaluated, rows
from tests.alerts.traffic import Merchant, merchant
from tracking_core.kit.ids import new_id
from tracking_core.settings import Settings

_NOON, _MINUTE = at(12), timedelta(minutes=1)
_CAME = """
INSERT INTO received_webhooks
    (id, tenant_id, endpoint_id, gateway, body, body_digest, state, attempts, received_at, due_at)
SELECT :id, tenant_id, id, gateway, 'x', decode(md5(CAST(:id AS text)), 'hex'), :state, :attempts, :at, :due
FROM webhook_endpoints WHERE tenant_id = :tenant LIMIT 1
"""


async def came(one: Merchant, moment: datetime, *, state: str = "unreadable", attempts: int = 0) -> None:
    due = moment + timedelta(days=1)  # a failing one is due much later
    values: dict[str, Any] = {"id": new_id(), "tenant": one.tenant_id, "state": state, "attempts": attempts}
    await rows(_CAME, **values, at=moment, due=due)


async def told(settings: Settings, now: datetime) -> list[tuple[str, str, str, int, int]]:
    await evaluated(now, settings)
    found = await rows("SELECT * FROM alerts WHERE objective = 'webhooks_unread' ORDER BY opened_at")
    return [(a["scope"], a["severity"], a["state"], a["facts"]["unread"], a["facts"]["shops"]) for a in found]


async def test_a_webhook_that_cannot_be_read_is_told_by_gateway_until_an_hour_without(database: Settings) -> None:
    first, second = await merchant("Uma", busiest=1), await merchant("Duas", busiest=1)
    await rows("INSERT INTO alert_progress (name, at) VALUES ('counted', :at)", at=_NOON)
    await came(first, _NOON - 2 * _MINUTE, state="ignored")
    await came(first, _NOON - 2 * _MINUTE, state="received", attempts=2)
    assert await told(database, _NOON) == []
    await came(first, _NOON)
    await came(second, _NOON)
    assert await told(database, _NOON + _MINUTE) == [("hotmart", "page", "open", 2, 2)]
    assert await told(database, _NOON + 62 * _MINUTE) == [("hotmart", "page", "recovered", 2, 2)]


async def test_one_at_which_the_hub_fails_again_and_again_is_told_until_it_is_read(database: Settings) -> None:
    shop = await merchant("Loja", busiest=1)
    await rows("INSERT INTO alert_progress (name, at) VALUES ('counted', :at)", at=_NOON)
    await came(shop, _NOON, state="received", attempts=3)
    assert await told(database, _NOON + 90 * _MINUTE) == [("hotmart", "page", "open", 1, 1)]
    await rows("UPDATE received_webhooks SET state = 'processed'")
    assert await told(database, _NOON + 92 * _MINUTE) == [("hotmart", "page", "recovered", 1, 1)]
