"""On the way to Meta."""

from tracking_core.metrics.registry import LONG_SECONDS, SIZES, counter, gauge, histogram

ATTEMPTS = counter(
    "hub_delivery_attempts_total",
    "Attempts, one for each event of a request: `accepted` or the class of the failure, of a `sale` or a `visit`.",
    ["kind", "outcome"],
)
REQUESTS = counter(
    "hub_delivery_requests_total",
    "Requests to Meta by outcome and HTTP status; `none` when no answer came.",
    ["outcome", "status"],
)
REQUEST_SECONDS = histogram("hub_delivery_request_seconds", "One request to Meta, from connecting to the last byte.")
BATCH_SIZE = histogram("hub_delivery_batch_size", "Events in one request to Meta.", buckets=SIZES)
SALE_SECONDS = histogram(
    "hub_sale_delivery_seconds",
    "From the receipt of the first webhook that says a sale is paid to Meta's yes.",
    buckets=LONG_SECONDS,
)
BURIED = counter(
    "hub_deliveries_buried_total",
    "Deliveries that became dead letters: `payload` (Meta refuses the event), `unknown` (five answers nobody knows) or "
    "`deadline`.",
    ["cause"],
)
HOLDS = counter("hub_connections_held_total", "Connections put on hold, by the class of the failure.", ["cause"])
PAUSES = counter("hub_connections_paused_total", "Times a connection was left to rest: its breaker, or Meta's wish.")

QUEUE_DEPTH = gauge(
    "hub_queue_depth",
    "What is due and not done, at most 100,000: `webhooks`, `sales`, `visits`, `setup`, `chat`, `notifications`, "
    "`erasures`, `reconciliations`, `alert_messages`.",
    ["queue"],
)
QUEUE_OLDEST = gauge(
    "hub_queue_oldest_seconds", "How long the oldest of these has been due, or has not moved on; 0 for none.", ["queue"]
)
CONNECTIONS = gauge(
    "hub_connections", "Connections to Meta: `active`, `resting` (breaker open), `on_hold` or `disabled`.", ["state"]
)
DEAD_LETTERS = gauge("hub_dead_letters", "Dead letters, at most 100,000, of a `sale` or a `visit`.", ["kind"])
