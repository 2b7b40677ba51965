"""What is counted by the minute, from the rows themselves.

Each query gives (tenant_id, scope, at, good, total, excused) of the minutes in [since, until), as they look at ``now``.
"""

# ruff: noqa: S608 - the queries are made of constants

from dataclasses import dataclass
from datetime import timedelta

from tracking_core.alerts.registry import Code
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.gateways.sale_event import SaleEventKind
from tracking_core.matching.match import Rule
from tracking_core.settings import Settings
from tracking_core.webhooks.heard import IS_ITS_OWN

PROMISED = timedelta(seconds=60)
# A request takes no longer than its timeout, and its attempts are written down when it ends.
_REQUEST = timedelta(minutes=2)
_PAYING = f"('{SaleEventKind.APPROVED}', '{SaleEventKind.COMPLETED}')"
# Those that Meta refused for what they are, or for the token, are told of as dead letters and holds.
_HUBS_AND_METAS = (FailureClass.TRANSIENT, FailureClass.THROTTLED, FailureClass.UNKNOWN, "worker_lost")
_TRIES = ", ".join(f"'{one}'" for one in ("accepted", *_HUBS_AND_METAS))


@dataclass(frozen=True, slots=True)
class Source:
    """``settles_after``: how long a minute may still change. ``is_summed``: the hub's own is kept too."""

    code: Code
    query: str
    settles_after: timedelta
    is_summed: bool = False


# A sale is judged once, by the minute it was planned in: it is due 60 s after the webhook that said it is paid was
# received, whatever the hub did in between; a sale that waits for its late click is given that time. Until it is at
# Meta or overdue it is not counted, and never if it is withheld, synthetic, or was overdue while Meta refused the
# dataset's token or the dataset was switched off. Each dataset counts.
_SALES = f"""
SELECT tenant_id, scope, at, count(*) FILTER (WHERE is_good) AS good,
    count(*) FILTER (WHERE is_good OR (is_over AND NOT is_excused)) AS total,
    count(*) FILTER (WHERE is_over AND is_excused) AS excused
FROM (
    SELECT d.tenant_id, CAST(d.connection_id AS text) AS scope, date_trunc('minute', d.created_at) AS at,
        d.state <> 'withheld' AND coalesce(d.delivered_at <= p.due, false) AS is_good,
        d.state <> 'withheld' AND (d.delivered_at > p.due OR (d.delivered_at IS NULL AND p.due < :now)) AS is_over,
        k.state = 'on_hold' OR k.disabled_at IS NOT NULL OR EXISTS (
            SELECT FROM alerts a WHERE a.state = 'open' AND a.tenant_id = d.tenant_id
            AND a.objective = '{Code.CONNECTION_ON_HOLD}' AND a.scope = CAST(d.connection_id AS text)
        ) AS is_excused
    FROM deliveries d JOIN meta_connections k ON k.id = d.connection_id
    JOIN conversions c ON c.id = d.conversion_id LEFT JOIN matches m ON m.conversion_id = c.id
    CROSS JOIN LATERAL (
        SELECT min(w.received_at) + :promised
            + CASE WHEN c.rematch_at IS NOT NULL OR m.matched_at > d.created_at THEN :grace ELSE interval '0' END AS due
        FROM sale_events s JOIN received_webhooks w ON w.id = s.webhook_id
        WHERE s.conversion_id = c.id AND s.kind IN {_PAYING}
    ) p
    WHERE d.created_at >= :since AND d.created_at < :until AND d.test_event_code IS NULL AND NOT c.is_synthetic
) judged GROUP BY 1, 2, 3
"""
_ATTEMPTS = f"""
SELECT tenant_id, CAST(connection_id AS text) AS scope, date_trunc('minute', started_at) AS at,
    count(*) FILTER (WHERE outcome = 'accepted') AS good, count(*) AS total, 0 AS excused
FROM dispatch_attempts WHERE started_at >= :since AND started_at < :until AND outcome IN ({_TRIES}) GROUP BY 1, 2, 3
"""
# Paid sales that were planned, once each however many datasets they go to.
_MATCHED = f"""
SELECT d.tenant_id, '' AS scope, date_trunc('minute', d.created_at) AS at,
    count(DISTINCT c.id) FILTER (WHERE m.rule <> '{Rule.NONE}') AS good, count(DISTINCT c.id) AS total, 0 AS excused
FROM deliveries d JOIN conversions c ON c.id = d.conversion_id JOIN matches m ON m.conversion_id = c.id
WHERE d.created_at >= :since AND d.created_at < :until AND c.rematch_at IS NULL AND NOT c.is_synthetic GROUP BY 1, 3
"""
_HEARD = f"""
SELECT e.tenant_id, CAST(e.id AS text) AS scope, h.at, h.heard AS good, h.heard AS total, 0 AS excused
FROM webhook_endpoints e CROSS JOIN LATERAL (
    SELECT date_trunc('minute', w.received_at) AS at, count(*) AS heard FROM received_webhooks w
    WHERE w.endpoint_id = e.id AND w.received_at >= :since AND w.received_at < :until
      AND {IS_ITS_OWN}
    GROUP BY 1
) h
"""
# Our own made-up visits are kept as a bot's.
_VISITS = """
SELECT tenant_id, '' AS scope, date_trunc('minute', received_at) AS at, count(*) AS good, count(*) AS total,
    0 AS excused
FROM tracking_events WHERE received_at >= :since AND received_at < :until AND is_bot = 0
GROUP BY 1, 3
"""


def sources(settings: Settings) -> tuple[Source, ...]:
    grace = timedelta(seconds=settings.late_click_grace_seconds)
    return (
        Source(Code.SALES_AT_META, _SALES, grace + PROMISED + timedelta(minutes=1), is_summed=True),
        Source(Code.CAPI_ERRORS, _ATTEMPTS, _REQUEST, is_summed=True),
        Source(Code.MATCH_RATE_DROP, _MATCHED, grace + timedelta(minutes=1)),
        Source(Code.GATEWAY_SILENT, _HEARD, timedelta(minutes=1)),
        Source(Code.BROWSER_SILENT, _VISITS, timedelta(minutes=1)),
    )
