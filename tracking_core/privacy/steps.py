"""What is done to the rows of a person, table by table, in the order in which it is done.

A step names its rows by SQL over ``t`` and sets columns to expressions of ours, or deletes the rows. What is already as
it is to be is not found again, so that to ask twice finds nothing and a step that was cut simply goes on. Deliveries
come first: what is erased is sent no more. A worker that has a delivery in hand at that moment ends its request, finds
its lease gone and writes nothing but the attempt: whatever Meta answers, the row stays erased and is never sent again.
"""

from tracking_core.privacy.step import DELETED, ERASED, STOPPED, Step

BROWSER_DELIVERIES = """
t.tenant_id = :tenant AND t.conversion_id IS NULL
AND (t.consent_subjects && CAST(:subjects AS uuid[]) OR t.id = ANY(CAST(:deliveries AS uuid[])))
"""
_DELIVERIES = """
t.tenant_id = :tenant AND (t.conversion_id = ANY(CAST(:sales AS uuid[])) OR t.id = ANY(CAST(:deliveries AS uuid[])))
"""
# A row in a followed click or visit that names somebody else is theirs, not this person's.
EVENTS = """
t.tenant_id = :tenant AND (t.email_hash = ANY(CAST(:emails AS bytea[])) OR t.phone_hash = ANY(CAST(:phones AS bytea[]))
  OR t.click_id = CAST(:asked AS text)
  OR ((t.click_id = ANY(CAST(:clicks AS text[])) OR t.session_id = ANY(CAST(:visits AS text[])))
      AND (t.email_hash IS NULL OR t.email_hash = ANY(CAST(:emails AS bytea[])))))
"""
# Of a sale's facts what says nothing about who bought.
_MONEY = "'ordered_at', 'offer_id', 'recurrence_number', 'installments', 'net_value'"
_IS_OPEN = "t.state IN ('waiting', 'retrying', 'dead')"


STEPS = (
    Step(
        name="attempts",
        table="dispatch_attempts",
        what="Meta's answers",
        does=ERASED,
        found=f"t.tenant_id = :tenant AND t.delivery_id IN (SELECT t.id FROM deliveries t WHERE {_DELIVERIES})",  # noqa: S608
        sets={"response": "NULL", "request_digest": "NULL"},
    ),
    Step(
        name="deliveries",
        table="deliveries",
        what="Events for Meta",
        does=STOPPED,
        found=_DELIVERIES,
        sets={
            "payload": "CAST('{}' AS bytea)",
            "consent_subjects": "CAST(NULL AS uuid[])",
            "event_id": "CASE WHEN t.conversion_id IS NULL THEN 'erased:' || t.id ELSE t.event_id END",
            "state": f"CASE WHEN {_IS_OPEN} THEN 'withheld' ELSE t.state END",
            "reason": f"CASE WHEN {_IS_OPEN} THEN :reason ELSE t.reason END",
            "lease_id": "CAST(NULL AS uuid)",
            "leased_at": "CAST(NULL AS timestamptz)",
        },
    ),
    Step(
        name="sales",
        table="conversions",
        what="Sales",
        does="Erased; the amount stays in the totals",
        found="t.tenant_id = :tenant AND t.id = ANY(CAST(:sales AS uuid[]))",
        sets={
            "sale_id": "coalesce(CAST(:hidden AS jsonb) ->> t.sale_id, t.sale_id)",
            "parent_sale_id": "NULL",
            "user_data": "CAST('{}' AS jsonb)",
            "facts": "(SELECT coalesce(jsonb_object_agg(f.key, f.value), '{}') FROM jsonb_each(t.facts) AS f"  # noqa: S608
            f" WHERE f.key IN ({_MONEY}))",
            "consent_subjects": "CAST('{}' AS uuid[])",
            "consent_ads": "CAST(NULL AS boolean)",
            "rematch_at": "CAST(NULL AS timestamptz)",
            "decision": "CASE WHEN t.decision = 'undecided' THEN 'withheld' ELSE t.decision END",
            "decision_reason": "CASE WHEN t.decision = 'undecided' THEN :reason ELSE t.decision_reason END",
        },
    ),
    Step(
        name="others_sales",
        table="conversions",
        what="Sales of others that came by this click",
        does="The click is erased; the sale stays its buyer's",
        found="t.tenant_id = :tenant AND t.consent_subjects && CAST(:subjects AS uuid[])"
        " AND NOT t.id = ANY(CAST(:sales AS uuid[]))",
        sets={
            "consent_subjects": "(SELECT coalesce(array_agg(s), '{}') FROM unnest(t.consent_subjects) AS s"
            " WHERE NOT s = ANY(CAST(:subjects AS uuid[])))",
            "user_data": "t.user_data - CAST('{fbc,fbp,client_ip_address,client_user_agent}' AS text[])",
            "facts": "t.facts - CAST('{carriers,event_source_url,referrer_url}' AS text[])",
        },
    ),
    Step(
        name="matches",
        table="matches",
        what="How sales were matched",
        does=ERASED,
        key=("conversion_id",),
        found="t.tenant_id = :tenant AND t.conversion_id = ANY(CAST(:sales AS uuid[]))",
        sets={
            "tracking_event_id": "CAST(NULL AS uuid)",
            "click_id": "NULL",
            "candidates": "CAST('[]' AS jsonb)",
        },
    ),
    Step(
        name="candidates",
        table="matches",
        what="Clicks considered for other sales",
        does=ERASED,
        key=("conversion_id",),
        found="t.tenant_id = :tenant AND NOT t.conversion_id = ANY(CAST(:sales AS uuid[])) AND cardinality("
        "CAST(:clicks AS text[])) > 0 AND (t.click_id = ANY(CAST(:clicks AS text[])) OR EXISTS (SELECT FROM"
        " jsonb_array_elements(t.candidates) AS c WHERE c ->> 'click_id' = ANY(CAST(:clicks AS text[]))))",
        sets={
            "click_id": "CASE WHEN t.click_id = ANY(CAST(:clicks AS text[])) THEN NULL ELSE t.click_id END",
            "candidates": "(SELECT coalesce(jsonb_agg(c), '[]') FROM jsonb_array_elements(t.candidates) AS c"
            " WHERE (c ->> 'click_id' = ANY(CAST(:clicks AS text[]))) IS NOT TRUE)",
        },
    ),
    Step(
        name="events",
        table="tracking_events",
        what="Clicks, page views and checkouts",
        does=DELETED,
        key=("id", "received_at"),
        found=EVENTS,
    ),
    Step(
        name="notifications_of_sales",
        table="sale_events",
        what="Notices from the gateway",
        does=ERASED,
        found="t.tenant_id = :tenant AND (t.conversion_id = ANY(CAST(:sales AS uuid[]))"
        " OR t.webhook_id = ANY(CAST(:webhooks AS uuid[])))",
        sets={
            "external_event_id": "CASE WHEN starts_with(t.external_event_id, 'erased:') THEN t.external_event_id"
            " ELSE coalesce(CAST(:hidden AS jsonb) ->> t.external_event_id, 'erased:' || t.id) END"
        },
    ),
    Step(
        name="webhooks",
        table="received_webhooks",
        what="Messages of the gateway as they came",
        does="The content is erased",
        found="t.tenant_id = :tenant AND (t.id = ANY(CAST(:webhooks AS uuid[])) OR t.id IN"
        " (SELECT webhook_id FROM sale_events WHERE conversion_id = ANY(CAST(:sales AS uuid[])))"
        " OR (t.id = ANY(CAST(:mentions AS uuid[])) AND t.state <> 'received'))",
        sets={
            "body": "CAST('' AS bytea)",
            "state": "CASE WHEN t.state = 'received' THEN 'ignored' ELSE t.state END",
            "reason": "CASE WHEN t.state = 'received' THEN :reason ELSE t.reason END",
        },
    ),
    Step(
        name="webhook_keys",
        table="privacy_webhook_keys",
        what="By what messages are found",
        does=DELETED,
        key=("webhook_id",),
        found="t.tenant_id = :tenant AND (t.webhook_id = ANY(CAST(:webhooks AS uuid[]))"
        " OR t.webhook_id = ANY(CAST(:mentions AS uuid[])))",
        sets={"keys": "CAST('{}' AS text[])"},
    ),
    Step(
        name="consents",
        table="consents",
        what="What they allowed",
        does="Deleted; a refusal stays as a hash, so that it is kept",
        key=("tenant_id", "subject"),
        found="t.tenant_id = :tenant AND t.granted AND t.subject = ANY(CAST(:subjects AS uuid[]))",
    ),
    Step(
        name="records",
        table="consent_records",
        what="Records of what they allowed",
        does="Deleted; the proof of a refusal stays as a hash, without the page",
        found="t.tenant_id = :tenant AND t.granted AND t.subjects && CAST(:subjects AS uuid[])",
    ),
    Step(
        name="refusals",
        table="consent_records",
        what="Records of what they refused",
        does="The proof of a refusal stays as a hash, without the page",
        found="t.tenant_id = :tenant AND NOT t.granted AND t.subjects && CAST(:subjects AS uuid[])",
        sets={"url": "NULL", "event_id": "NULL", "tracking_event_id": "CAST(NULL AS uuid)"},
    ),
    Step(
        name="listed_sales",
        table="gateway_sales",
        what="Sales in the gateway's lists",
        does=DELETED,
        key=("endpoint_id", "sale_id"),
        found="t.tenant_id = :tenant AND t.sale_id = ANY(CAST(:orders AS text[]))",
    ),
    Step(
        name="recovered_sales",
        table="backfilled_items",
        what="Sales taken from the gateway's lists",
        does=ERASED,
        key=("webhook_id",),
        found="t.tenant_id = :tenant AND (t.sale_id = ANY(CAST(:orders AS text[]))"
        " OR t.webhook_id = ANY(CAST(:webhooks AS uuid[])))",
        sets={"sale_id": "NULL", "problem": "NULL"},
    ),
)
