"""Every column of every table: whether it can say who somebody is, how that is found, and what is done about it.

A test compares this with the database, so a column that somebody adds must be given its place here. The groups:

``plain`` numbers, times, states, ids of rows and words of ours: nobody's. ``erased`` is set to something else by a step
of ``steps``; ``gone`` goes with its row. ``texts`` are free texts and JSON in which somebody may be named: the name is
masked wherever it stands. ``sealed`` is encrypted with the tenant's key and opened for the search; where each of them
stands is in ``sealed.py``. ``hashed`` stays as a hash on purpose: a refusal, a claim that keeps a sale from being sent
twice, the digest by which a repeated message is known. ``ours`` names our own people and the shop's, who are bound by
the record they leave (who approved, who opened a credential), or is a credential and no person's data.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# How rows of a table without ``tenant_id`` are a tenant's. What is in neither is searched whole.
SCOPES = {
    "public.tenants": "t.id = :tenant",
    # Of an account that another shop has as well, only that it may be signed in with here is this tenant's.
    "public.users": "(t.id IN (SELECT user_id FROM memberships WHERE tenant_id = :tenant) OR (t.id = {users}"
    " AND NOT EXISTS (SELECT FROM memberships m WHERE m.user_id = t.id AND m.ended_at IS NULL)))",
    "public.sign_in_links": "t.user_id IN (SELECT user_id FROM memberships WHERE tenant_id = :tenant)",
    "public.web_sessions": "t.user_id IN (SELECT user_id FROM memberships WHERE tenant_id = :tenant)",
    "public.session_events": "t.session_id IN (SELECT id FROM setup_sessions WHERE tenant_id = :tenant)",
    "public.alert_messages": "t.alert_id IN (SELECT id FROM alerts WHERE tenant_id = :tenant)",
}
THREADS = (
    "t.thread_id IN (SELECT p || id FROM setup_sessions, unnest(ARRAY['setup:', 'chat:']) AS p"
    " WHERE tenant_id = :tenant)"
)
CHECKPOINTS = ("agent.checkpoints", "agent.checkpoint_blobs", "agent.checkpoint_writes")
SCOPES |= dict.fromkeys(CHECKPOINTS, THREADS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Names separated by spaces; see the module."""

    plain: str = ""
    erased: str = ""
    gone: str = ""
    texts: str = ""
    sealed: str = ""
    hashed: str = ""
    ours: str = ""

    def group(self, name: str) -> frozenset[str]:
        return frozenset(getattr(self, name).split())

    @property
    def all(self) -> list[str]:
        return [column for name in self.__slots__ for column in getattr(self, name).split()]


_LEASE = "lease_owner lease_until fence"
COLUMNS: Mapping[str, Columns] = {
    "tracking_events": Columns(
        gone="id received_at tenant_id kind event_id click_id session_id email_hash phone_hash client_ip user_agent"
        " fbc fbp consent_ads is_bot",
        texts="url referrer details",
    ),
    "dedupe_registry": Columns(plain="tenant_id scope claimed_at", hashed="key"),
    "consents": Columns(plain="tenant_id granted changed_at", hashed="subject"),
    "consent_records": Columns(
        plain="id tenant_id granted at source text_version created_at",
        erased="url event_id tracking_event_id",
        hashed="subjects",
        ours="actor",
    ),
    "received_webhooks": Columns(
        plain="id tenant_id endpoint_id gateway attempts received_at due_at processed_at trace_context",
        erased="state reason",
        sealed="body",
        hashed="body_digest",
    ),
    "privacy_webhook_keys": Columns(plain="webhook_id tenant_id", erased="keys"),
    "sale_events": Columns(
        plain="id tenant_id endpoint_id webhook_id conversion_id kind occurred_at created_at",
        erased="external_event_id",
    ),
    "conversions": Columns(
        plain="id tenant_id endpoint_id gateway status event_name occurred_at approved_at amount currency"
        " payment_method product_id product_name is_renewal is_order_bump is_synthetic created_at updated_at"
        " trace_context",
        erased="sale_id parent_sale_id user_data facts consent_subjects consent_ads decision decision_reason"
        " rematch_at",
        hashed="event_id",
    ),
    "matches": Columns(
        plain="conversion_id tenant_id rule score threshold missing matched_at",
        erased="tracking_event_id click_id candidates",
    ),
    "synthetic_sales": Columns(plain="tenant_id gateway sale_id session_id connection_id test_event_code created_at"),
    "deliveries": Columns(
        plain="id tenant_id connection_id conversion_id event_name event_time test_event_code attempts due_at"
        " first_ambiguous_at delivered_at died_at replay_id created_at",
        erased="event_id consent_subjects payload state reason leased_at lease_id",
    ),
    "dispatch_attempts": Columns(
        plain="id delivery_id tenant_id connection_id request_id batch_size started_at latency_ms outcome http_status"
        " code subcode fbtrace_id api_version ambiguous",
        erased="request_digest response",
    ),
    "replays": Columns(
        plain="id tenant_id is_operator seen_until found replayed too_late undone created_at finished_at",
        texts="filter",
        ours="actor",
    ),
    "gateway_sales": Columns(
        gone="endpoint_id sale_id tenant_id status said_status amount currency ordered_at seen_at"
    ),
    "backfilled_items": Columns(
        plain="webhook_id tenant_id endpoint_id run_id reason created_at", erased="sale_id problem"
    ),
    "erased_sales": Columns(plain="endpoint_id tenant_id erased_at", hashed="fingerprint"),
    "reconciliation_runs": Columns(
        plain="id tenant_id endpoint_id gateway kind since until scheduled_for state part page pages attempts due_at"
        f" code reason found known missing recovered changed unreadable differences totals {_LEASE} created_at"
        " finished_at moved_at",
        ours="actor credential_ref",
    ),
    "setup_sessions": Columns(
        plain=f"id tenant_id state locale graph_version event_seq intent_seq {_LEASE} embed_epoch created_at"
        " updated_at",
        texts="facts stages",
        sealed="contact",
        ours="created_by",
    ),
    "setup_intents": Columns(
        plain="id session_id tenant_id seq client_id kind state code created_at handled_at",
        texts="payload result",
        ours="actor",
    ),
    "setup_messages": Columns(
        plain="id session_id tenant_id client_id role code turn_id mode prompt created_at",
        erased="attachments secrets",
        texts="text",
    ),
    "setup_chats": Columns(plain=f"session_id tenant_id mode prompt {_LEASE}"),
    "setup_turns": Columns(
        plain="id session_id tenant_id state mode fallback model prompt calls input_tokens output_tokens failures"
        " started_at finished_at"
    ),
    "setup_action_logs": Columns(
        plain="id session_id tenant_id intent_id action idem fence plan_hash position state code return_code latency_ms"
        " provider_request_id undo_kind started_at finished_at undone_at",
        texts="input output after reason",
        sealed="before",
        ours="actor",
    ),
    "setup_failures": Columns(plain="session_id step fingerprint tenant_id count last_intent_id first_at last_at"),
    "session_events": Columns(plain="session_id seq type created_at", texts="data"),
    "setup_approvals": Columns(
        plain="id session_id tenant_id plan_hash interrupt_id state requested_at expires_at decided_at",
        texts="plan",
        ours="decided_by",
    ),
    "tracking_configurations": Columns(
        plain="id tenant_id version state plan_hash session_id created_at activated_at ended_at", texts="spec"
    ),
    "setup_screenshots": Columns(
        plain="id session_id tenant_id width height bytes created_at expires_at",
        erased="state digest reason",
        texts="extraction",
        sealed="sealed",
        ours="created_by",
    ),
    "setup_handoffs": Columns(
        plain="id session_id tenant_id state reason priority package_version prompt due_at breached_at taken_at"
        " closed_at created_at updated_at",
        texts="package sentences notes",
        ours="owner",
    ),
    "desk_presence": Columns(plain="handoff_id user_id seen_at"),
    "notifications": Columns(
        plain="id tenant_id handoff_id channel kind key state attempts due_at lease_until created_at sent_at",
        texts="payload error external",
    ),
    "users": Columns(
        plain="id role locale created_at",
        erased="email name password_hash oidc_subject disabled_at",
    ),
    "memberships": Columns(gone="user_id tenant_id created_at ended_at"),
    "sign_in_links": Columns(gone="id user_id token_hash next_path created_at expires_at used_at"),
    "web_sessions": Columns(gone="id user_id token_hash how created_at seen_at expires_at ended_at"),
    "sign_in_attempts": Columns(plain="id at", hashed="key_hash"),
    "audit_log": Columns(plain="id tenant_id action created_at", texts="subject details", ours="actor"),
    "privacy_requests": Columns(
        plain="id tenant_id kind state plan plan_hash approved_at progress passes searches failures receipt"
        " created_at expires_at finished_at moved_at",
        sealed="sealed",
        hashed="fingerprint",
        ours="requested_by approved_by",
    ),
    "retention_runs": Columns(plain="id kind days cutoff started_at finished_at rows partitions error"),
    "reading_marks": Columns(plain="name last_id"),
    "tenants": Columns(
        plain="id default_country consent_mode match_threshold attribution_window_days escalate_after created_at"
        " closed_at emptied_at",
        ours="name wrapped_data_key",
    ),
    "api_keys": Columns(plain="id tenant_id kind hint created_at revoked_at", ours="key_hash value"),
    "staff_keys": Columns(plain="id role hint created_at revoked_at", ours="name key_hash"),
    "webhook_endpoints": Columns(
        plain="id tenant_id gateway created_at disabled_at",
        sealed="secret next_secret",
        ours="endpoint_key secret_ref next_secret_ref",
    ),
    "meta_connections": Columns(
        plain="id tenant_id dataset_id test_event_code state hold_code held_at paused_until failure_streak"
        " browser_events browser_events_from token_expires_at token_asked_at disabled_at created_at",
        sealed="access_token next_access_token app_secret",
        ours="token_ref next_token_ref",
    ),
    "delivery_slots": Columns(plain="connection_id slot expires_at holder"),
    "vault_secrets": Columns(
        plain="id tenant_id session_id kind backend state created_at expires_at verified_at revoked_at",
        sealed="sealed",
        ours="external_ref fingerprint last4 created_by",
    ),
    "secret_accesses": Columns(plain="id secret_id tenant_id purpose at", ours="actor"),
    "alerts": Columns(
        plain="id tenant_id objective scope severity state openings opened_at last_seen_at clear_since recovered_at"
        " acknowledged_at silenced_until facts flaps",
        ours="acknowledged_by",
    ),
    "alert_channels": Columns(
        gone="id tenant_id kind hint min_severity enabled created_at last_ok_at last_error", sealed="target"
    ),
    "alert_messages": Columns(
        gone="id alert_id channel_id kind n state attempts due_at lease_until error created_at sent_at"
    ),
    "alert_silences": Columns(plain="id tenant_id objective starts_at ends_at created_at", ours="reason created_by"),
    "objective_settings": Columns(plain="id tenant_id objective overrides enabled updated_at", ours="updated_by"),
    "slo_minutes": Columns(plain="id objective tenant_id scope at good total excused"),
    "slo_hours": Columns(plain="id objective tenant_id scope at good total excused"),
    "alert_progress": Columns(plain="name at"),
    "leases": Columns(plain="name owner until fence"),
    "alembic_version": Columns(plain="version_num"),
    "agent.checkpoints": Columns(
        plain="thread_id checkpoint_ns checkpoint_id parent_checkpoint_id type", texts="checkpoint metadata"
    ),
    "agent.checkpoint_blobs": Columns(plain="thread_id checkpoint_ns channel version type", texts="blob"),
    "agent.checkpoint_writes": Columns(
        plain="thread_id checkpoint_ns checkpoint_id task_id idx channel type task_path", texts="blob"
    ),
    "agent.checkpoint_migrations": Columns(plain="v"),
}


def qualified(table: str) -> str:
    """With its schema; ours is the first."""
    return table if "." in table else f"public.{table}"


def kept_as_hash(table: str, column: str) -> bool:
    """Whether a find in this column is what is meant to stay. ``table`` has its schema."""
    known = COLUMNS.get(table.removeprefix("public."))
    return known is not None and column in known.group("hashed")


def kept_of_ours(table: str, column: str) -> bool:
    known = COLUMNS.get(table.removeprefix("public."))
    return known is not None and column in known.group("ours")
