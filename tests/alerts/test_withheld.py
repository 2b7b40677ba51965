"""Paid sales for which there is no dataset: told to a shop that has one such sale, and to nobody else."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.alerts.day import at, evaluated, rows
from tests.alerts.traffic import Merchant, Sale, merchant, write
from tracking_core.settings import Settings

_NOON, _HOUR = at(12), timedelta(hours=1)
_WITHHOLD = (
    "UPDATE conversions SET decision = 'withheld', decision_reason = :reason, approved_at = :paid WHERE id = :id"
)


@pytest.fixture
async def shop(database: Settings) -> Merchant:
    """Its only dataset is switched off; the evaluation has come up to noon."""
    one = await merchant("Loja", busiest=1)
    await rows("UPDATE meta_connections SET disabled_at = created_at")
    await rows("INSERT INTO alert_progress (name, at) VALUES ('counted', :at)", at=_NOON)
    return one


async def sold(one: Merchant, heard: datetime, *, reason: str = "no_dataset_enabled", paid: datetime) -> None:
    sale = Sale(one, heard, 0, is_matched=True)
    await write([sale])
    await rows("DELETE FROM deliveries")
    await rows(_WITHHOLD, id=sale.id, reason=reason, paid=paid)


async def told(settings: Settings, now: datetime) -> list[tuple[str, str, str, dict[str, float]]]:
    await evaluated(now, settings)
    alerts = await rows("SELECT * FROM alerts ORDER BY opened_at")
    return [(one["objective"], one["severity"], one["state"], one["facts"]) for one in alerts]


def alert(state: str, sales: int) -> list[tuple[str, str, str, dict[str, Any]]]:
    return [("sales_withheld", "ticket", state, {"withheld": sales, "limit_a_day": 1})]


async def test_one_that_was_paid_today_is_told_until_there_is_none_for_a_day(
    database: Settings, shop: Merchant
) -> None:
    assert await told(database, _NOON) == []
    await sold(shop, _NOON - 72 * _HOUR, paid=_NOON)  # a slip
    assert await told(database, _NOON + _HOUR) == alert("open", 1)
    await sold(shop, _NOON + 2 * _HOUR, reason="no_dataset_connected", paid=_NOON - 90 * _HOUR)  # its list brought it
    assert await told(database, _NOON + 3 * _HOUR) == alert("open", 2)
    assert await told(database, _NOON + 25 * _HOUR) == alert("open", 1)
    assert await told(database, _NOON + 27 * _HOUR) == alert("recovered", 1)


async def test_a_dataset_that_is_switched_on_ends_it(database: Settings, shop: Merchant) -> None:
    await sold(shop, _NOON, paid=_NOON)
    assert await told(database, _NOON + _HOUR) == alert("open", 1)
    await rows("UPDATE meta_connections SET disabled_at = NULL")
    assert await told(database, _NOON + 2 * _HOUR) == alert("recovered", 1)


@pytest.mark.parametrize(
    "quiet",
    [
        "UPDATE conversions SET is_synthetic = true",
        "UPDATE conversions SET status = 'refunded'",
        "UPDATE conversions SET decision_reason = 'consent_refused'",
        "UPDATE tenants SET closed_at = created_at",
    ],
    ids=["made up", "given back", "for another reason", "closed"],
)
async def test_what_nobody_misses_is_not_told(database: Settings, shop: Merchant, quiet: str) -> None:
    await sold(shop, _NOON, paid=_NOON)
    await rows(quiet)
    assert await told(database, _NOON + _HOUR) == []
