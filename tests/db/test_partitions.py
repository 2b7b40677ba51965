"""Partitions are made while events are read and written."""

from datetime import timedelta

import psycopg

from tracking_core.db.engine import transaction
from tracking_core.db.partitions import ensure_partitions, week_start
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
