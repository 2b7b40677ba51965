"""A day of traffic: each incident is told once and in time, and a normal day tells nothing."""

from datetime import timedelta

from tests.alerts.day import (
    Seen,
    at,
    dead_letters,
    gateway_silent,
    handoff_breached,
    match_rate_halved,
    meta_down,
    queue_stopped,
    rows,
    token_revoked,
    usual_day,
)
from tracking_core.alerts.service import budgets
from tracking_core.db.engine import transaction
from tracking_core.reporting.scope import EVERYONE
from tracking_core.settings import Settings

_TOLD = """
SELECT a.objective, c.hint, count(*) AS n, count(*) FILTER (WHERE m.kind = 'opened') AS opened,
    count(*) FILTER (WHERE m.kind = 'recovered') AS recovered
FROM alert_messages m JOIN alerts a ON a.id = m.alert_id JOIN alert_channels c ON c.id = m.channel_id GROUP BY 1, 2
"""
_CHANNEL = (
    "INSERT INTO alert_channels (id, tenant_id, kind, target, hint, min_severity, enabled)"
    " VALUES (gen_random_uuid(), :tenant, 'email', '', :hint, 'ticket', true)"
)


# In these minutes and just before them: that nothing is told too soon shows there. What is looked at every five
# minutes is looked at five minutes before, too.
_WHEN_SOMETHING_CHANGES = [
    *((at(2, 39), 3), (at(8, 2), 3), (at(9, 2), 2), (at(10, 2), 3), (at(10, 20), 3)),
    *((at(12, 1), 2), (at(12, 6), 3), (at(12, 13), 2), (at(12, 47), 4), (at(12, 52), 4), (at(15, 1), 2)),
    *((at(16, 28), 1), (at(16, 32), 2), (at(18, 58), 1), (at(19, 2), 2), (at(22, 8), 1)),
]


async def test_a_normal_day_tells_nothing(database: Settings) -> None:
    day = await usual_day(database)
    late = day.of("large", at(15), at(16))[0]
    late.delivered = late.received + timedelta(seconds=70)
    await day.live()
    assert await day.seen() == []
    async with transaction() as session:
        sales = (await budgets(session, EVERYONE, at(24)))[0]
    assert (sales.bad, sales.condition) == (1, "ok")


async def test_each_incident_of_a_bad_day_is_told_once_and_in_time(database: Settings) -> None:
    day = await usual_day(database)
    await rows(_CHANNEL, tenant=None, hint="hub")
    await rows(_CHANNEL, tenant=day.merchants["large"].tenant_id, hint="large")
    await handoff_breached(day, "small", at(2), at(2, 40))
    dead_letters(day, "middling", [at(8, n) for n in range(8)])
    queue_stopped(day, at(10), at(10, 20))
    meta_down(day, at(12), at(12, 20))
    token_revoked(day, "middling", at(14), at(15))
    gateway_silent(day, "large", at(16), at(19))
    match_rate_halved(day, "large", at(20), at(21, 30))
    await day.live(closely=_WHEN_SOMETHING_CHANGES)
    assert await day.seen() == [
        Seen("handoff_late", "hub", "page", "02:00", "02:41"),
        Seen("dead_letters", "middling", "ticket", "08:04", "09:03"),
        Seen("queue_delay", "hub", "page", "10:04", "10:22"),
        Seen("sales_at_meta", "hub", "page", "12:02", "12:53"),
        Seen("sales_at_meta", "large", "page", "12:02", "12:53"),
        Seen("sales_at_meta", "middling", "page", "12:02", "12:50"),
        Seen("capi_errors", "large", "ticket", "12:07", "12:55"),
        Seen("capi_errors", "hub", "ticket", "12:08", "12:55"),
        Seen("capi_errors", "middling", "ticket", "12:15", "12:54"),
        Seen("connection_on_hold", "middling", "page", "14:00", "15:02"),
        Seen("gateway_silent", "large", "page", "16:33", "19:03"),
        Seen("match_rate_drop", "large", "ticket", "20:45", "22:08"),
    ]
    told = {(row["objective"], row["hint"]): row for row in await rows(_TOLD)}
    hubs = {"handoff_late", "dead_letters", "queue_delay", "sales_at_meta", "capi_errors", "connection_on_hold"}
    larges = {"sales_at_meta", "capi_errors", "gateway_silent", "match_rate_drop"}
    # Of what is broken for the whole hub, the hub is told by its own alert alone.
    assert set(told) == {(code, "hub") for code in hubs | larges} | {(code, "large") for code in larges}
    assert {(row["opened"], row["recovered"], row["n"]) for row in told.values()} == {(1, 1, 2)}


async def test_a_scheduler_that_was_away_for_an_hour_goes_on_where_it_was(database: Settings) -> None:
    day = await usual_day(database, hours=2)
    meta_down(day, at(0, 20), at(0, 40))
    late = day.of("all", at(0, 20), at(0, 39))
    await day.live(
        closely=[(at(0, 20), 6), (at(1, 30), 6)], paused=lambda now: at(0, 26) <= now < at(1, 30), until=at(2)
    )
    assert [one for one in await day.seen() if one.whose == "hub" and one.objective == "sales_at_meta"] == [
        Seen("sales_at_meta", "hub", "page", "00:22", "01:35")
    ]
    async with transaction() as session:
        sales = (await budgets(session, EVERYONE, at(2)))[0]
    # Those of the last minute were just in time.
    assert sales.bad == len(late)
