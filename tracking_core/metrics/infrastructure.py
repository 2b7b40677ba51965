"""What everything stands on."""

from tracking_core.metrics.registry import counter, gauge, histogram

HTTP_REQUESTS = counter(
    "hub_http_requests_total",
    "Requests by route (its template; `none` for no route) and status class; collecting has its own.",
    ["method", "route", "status"],
)
HTTP_SECONDS = histogram(
    "hub_http_request_seconds", "One request to the end of its answer, streams apart.", ["method", "route"]
)
STREAMS = gauge("hub_stream_followers", "Open streams of events in this process.")
POOL = gauge("hub_db_pool_connections", "Database connections of this process: `in_use` or `idle`.", ["state"])
POOL_SIZE = gauge("hub_db_pool_size", "How many of them are kept; a few more are opened at need.")
ROUNDS = counter(
    "hub_worker_rounds_total", "Rounds of work: `done` or `failed`; what failed stays due.", ["work", "outcome"]
)
ROUND_SECONDS = histogram("hub_worker_round_seconds", "One round of work.", ["work"])
# Not ``job``: that is what Prometheus calls whom it asked.
JOBS = counter("hub_scheduler_jobs_total", "Jobs of the scheduler: `done` or `failed`.", ["work", "outcome"])
PARTITIONS_AHEAD = gauge(
    "hub_partition_weeks_ahead",
    "Weeks after this one that have a partition, up to the first gap; -1 when this one has none and all is refused.",
    ["table"],
)
DOORBELL_FAILURES = counter("hub_doorbell_failures_total", "Bells that did not ring because Redis was away.")
BACKLOG_FAILURES = counter("hub_backlog_failures_total", "Times the backlog could not be measured for /metrics.")
SPANS_ENDED = counter(
    "hub_telemetry_spans_ended_total",
    "Sampled spans that ended; those neither exported nor failed were dropped or wait.",
)
SPANS_EXPORTED = counter(
    "hub_telemetry_spans_total", "Spans handed to the receiver of traces: `exported` or `failed`.", ["outcome"]
)
