"""Partitions are made while events are read and written."""

from datetime import timedelta

import psycopg
from sqlalchemy import text

from tracking_core.db.engine import transaction
from tracking_core.db.partitions import ensure_partitions, week_start, weeks_ahead
from tracking_core.kit import clock
from tracking_core.settings import Settings

_WRITE = """
INSERT INTO tracking_events (id, received_at, tenant_id, kind, event_id, url, is_bot)
VALUES (gen_random_uuid(), %s, gen_random_uuid(), 'click', 'x', 'https://loja.example/', 0)
RETURNING tableoid::regclass::text
"""
_INDEXES = "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'tracking_events'::regclass ORDER BY 1"
_JOINED = """
SELECT i.inhparent::regclass::text FROM pg_index x JOIN pg_inherits i ON i.inhrelid = x.indexrelid
WHERE x.indrelid = %s::regclass ORDER BY 1
"""


async def test_a_partition_is_made_while_events_are_read_and_no_writer_waits_for_it(database: Settings) -> None:
    now = clock.now()
    later = now + timedelta(weeks=6)
    made = f"tracking_events_w{week_start(later):%Y%m%d}"
    dsn = database.database_url.replace("+psycopg", "")
    with psycopg.connect(dsn) as reader, psycopg.connect(dsn, options="-c lock_timeout=100ms") as writer:
        reader.execute("SELECT FROM tracking_events")
        async with transaction() as session:
            await ensure_partitions(session, later)
            writer.execute(_WRITE, (now,))  # all that was locked still is
        assert writer.execute(_WRITE, (later,)).fetchall() == [(made,)]
        assert writer.execute(_JOINED, (made,)).fetchall() == writer.execute(_INDEXES).fetchall()


async def test_the_weeks_that_have_a_place_for_events_are_counted_up_to_the_first_gap(database: Settings) -> None:
    first, week = clock.now() + timedelta(weeks=10), timedelta(weeks=1)
    async with transaction() as session:
        await ensure_partitions(session, first)
        assert [await weeks_ahead(session, first + n * week) for n in (-1, 0, 3, 4, 5)] == [-1, 4, 1, 0, -1]
        gap = f"tracking_events_w{week_start(first + 3 * week):%Y%m%d}"
        await session.execute(text(f"ALTER TABLE tracking_events DETACH PARTITION {gap}"))
        assert await weeks_ahead(session, first) == 2
