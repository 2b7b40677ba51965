"""From the webhook to the decision."""

from tracking_core.metrics.registry import LONG_SECONDS, counter, histogram

WEBHOOKS = counter(
    "hub_webhooks_total",
    "Webhooks by gateway: `received`, `duplicate` (the very bytes were known) or `forged` (refused, nothing kept).",
    ["gateway", "outcome"],
)
PROCESSED = counter(
    "hub_webhooks_processed_total",
    "Webhooks worked through: `processed`, `ignored` or `unreadable`.",
    ["gateway", "outcome"],
)
QUEUE_SECONDS = histogram(
    "hub_webhook_queue_seconds", "From the receipt of a webhook to the end of its processing.", buckets=LONG_SECONDS
)
FAILURES = counter("hub_pipeline_failures_total", "Batches of webhooks that were rolled back by a defect.")
BATCH_SECONDS = histogram("hub_pipeline_batch_seconds", "One batch of webhooks through all stages, without its commit.")
MATCHES = counter(
    "hub_sales_matched_total", "Sales matched, by the rule that found the click; `none` for no click.", ["rule"]
)
REMATCHES = counter(
    "hub_sales_rematched_total",
    "Sales that named a click nobody had seen, matched again after a while, by rule.",
    ["rule"],
)
DECISIONS = counter(
    "hub_sales_decided_total",
    "Paid sales by decision (`planned`, `withheld`, `duplicate`) and its reason, empty for the planned.",
    ["decision", "reason"],
)
