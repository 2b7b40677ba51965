"""What can be charted, and in what it is measured."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Unit(StrEnum):
    COUNT = "count"
    RATIO = "ratio"
    SECONDS = "seconds"


class Metric(StrEnum):
    """``events_*`` are what browsers told, robots too. ``sales_approved`` are those received in the bucket that are
    paid by now, ``sales_matched`` those of them with a click, and ``match_rate`` is their quotient. ``sent_*`` are
    deliveries that Meta took. ``failed_*`` are attempts by what became of them, ``retries`` attempts after a delivery's
    first, ``replays`` dead letters made due again, each at its last replay. ``queue_delay_*`` is from when a delivery
    was due to its first attempt, holds included, in the bucket of the attempt; ``delivery_latency_*`` from the webhook
    of the payment to Meta's yes, in the bucket of that."""

    EVENTS_CLICK = "events_click"
    EVENTS_PAGEVIEW = "events_pageview"
    EVENTS_INITIATE_CHECKOUT = "events_initiate_checkout"
    EVENTS_CONSENT = "events_consent"
    SALES_RECEIVED = "sales_received"
    SALES_APPROVED = "sales_approved"
    SALES_MATCHED = "sales_matched"
    MATCH_RATE = "match_rate"
    SENT_SALES = "sent_sales"
    SENT_VISITS = "sent_visits"
    DELIVERY_LATENCY_P50 = "delivery_latency_p50"
    DELIVERY_LATENCY_P95 = "delivery_latency_p95"
    DELIVERY_LATENCY_P99 = "delivery_latency_p99"
    FAILED_TRANSIENT = "failed_transient"
    FAILED_THROTTLED = "failed_throttled"
    FAILED_CREDENTIAL = "failed_credential"
    FAILED_PERMISSION = "failed_permission"
    FAILED_PAYLOAD = "failed_payload"
    FAILED_UNKNOWN = "failed_unknown"
    FAILED_WORKER_LOST = "failed_worker_lost"
    RETRIES = "retries"
    QUEUE_DELAY_P50 = "queue_delay_p50"
    QUEUE_DELAY_P95 = "queue_delay_p95"
    REPLAYS = "replays"

    @property
    def unit(self) -> Unit:
        if self is Metric.MATCH_RATE:
            return Unit.RATIO
        return Unit.SECONDS if self.rpartition("_")[2] in ("p50", "p95", "p99") else Unit.COUNT

    @property
    def has_dataset(self) -> bool:
        """What browsers tell is of a tenant as a whole."""
        return not self.startswith("events_")


Key = tuple[Metric, UUID | None, datetime]
