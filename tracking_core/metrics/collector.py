"""Browser events. Counted by the group that is written together: the path of one event touches no metric."""

from tracking_core.metrics.registry import SIZES, counter, gauge, histogram

EVENTS = counter(
    "hub_collect_events_total",
    "Browser events: `stored`, `repeated` (known before), `refused` (by the database) or `failed` (it was away).",
    ["kind", "outcome"],
)
REFUSED = counter(
    "hub_collect_refused_total",
    "Requests answered with an error, by its stable code, before anything was kept.",
    ["code"],
)
WRITE_SECONDS = histogram("hub_collect_write_seconds", "One group on its way to the disk, from its first statement on.")
GROUP_SIZE = histogram("hub_collect_group_size", "Events written together.", buckets=SIZES)
PENDING = gauge("hub_collect_pending", "Events that wait to be written.")
