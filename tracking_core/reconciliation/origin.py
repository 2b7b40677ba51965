"""Where a sale came from first: a webhook, or the gateway's list, read because the webhook never came."""

from enum import StrEnum


class Origin(StrEnum):
    WEBHOOK = "webhook"
    RECONCILIATION = "reconciliation"


# Of the conversion ``c``: who told of it first. It is kept with what was received, so nothing else has to be right.
ORIGIN = f"""
CASE WHEN (
    SELECT b.webhook_id FROM sale_events s LEFT JOIN backfilled_items b ON b.webhook_id = s.webhook_id
    WHERE s.conversion_id = c.id ORDER BY s.created_at, s.id LIMIT 1
) IS NULL THEN '{Origin.WEBHOOK}' ELSE '{Origin.RECONCILIATION}' END
"""  # noqa: S608 - constants
