"""What the hub and Meta know at the end, read from the database and from the simulator."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

import psycopg

from evals.soak.stack import SoakStack
from tracking_core.ledger.read import LEDGER

_SALES = f"SELECT event_id::text, state FROM ({LEDGER}) l"  # noqa: S608 - our own query
_AMBIGUOUS = """
SELECT d.event_id, count(*) FROM deliveries d JOIN dispatch_attempts a ON a.delivery_id = d.id
WHERE a.ambiguous GROUP BY d.event_id
"""
_ALERTS = "SELECT DISTINCT objective FROM alerts"


@dataclass(frozen=True, slots=True)
class Evidence:
    """``ledger`` is the state of each sale by the event id Meta knows it by; ``rows`` is how many sales the ledger
    lists. ``received`` is how often Meta took each event, ``first_seen`` when (Unix seconds), ``accepted`` how many it
    counts. ``ambiguous`` are the attempts that may have arrived unheard of. ``alerts`` are all that ever opened."""

    rows: int
    ledger: dict[str, str]
    received: dict[str, int]
    first_seen: dict[str, float]
    accepted: int
    ambiguous: dict[str, int]
    visits: Counter[bytes]
    alerts: frozenset[str]


def read(stack: SoakStack) -> Evidence:
    said = stack.control.get("/stats", params={"event_ids": "1"}).json()
    sales = stack.rows(_SALES)
    return Evidence(
        rows=len(sales),
        ledger=dict(sales),
        received=said["received"],
        first_seen=said["first_seen"],
        accepted=sum(one["accepted"] for one in said["datasets"].values()),
        ambiguous=dict(stack.rows(_AMBIGUOUS)),
        visits=_visits(stack),
        alerts=frozenset(objective for (objective,) in stack.rows(_ALERTS)),
    )


def _visits(stack: SoakStack) -> Counter[bytes]:
    """How often each browser event is stored; read as a stream, for there may be millions."""
    found: Counter[bytes] = Counter()
    with psycopg.connect(stack.dsn) as connection, connection.cursor("visits") as rows:
        rows.itersize = 20_000
        rows.execute("SELECT event_id FROM tracking_events")
        for (event_id,) in rows:
            found[UUID(event_id).bytes] += 1
    return found
