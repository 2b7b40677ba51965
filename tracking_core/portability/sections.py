"""What an export holds, section by section: SQL over what ``privacy.closure.locate`` found, with ``t`` as its rows.

Hashes stand as hex. Nothing that is a credential is read; what a seller's chat says of one is its reference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tracking_core.errors import ConfigurationError
from tracking_core.handoff.contact import contact_context
from tracking_core.privacy.steps import EVENTS
from tracking_core.secrets.keyring import TenantCipher

Row = dict[str, Any]
_MASK = "***"
# Gateways that sign by a shared word put it into the body.
_CREDENTIALS = frozenset({"hottok", "token", "webhook_token", "signature", "secret", "password", "authorization"})
_SALES = "t.tenant_id = :tenant AND t.conversion_id = ANY(CAST(:sales AS uuid[]))"
_DELIVERIES = (
    "SELECT id FROM deliveries WHERE tenant_id = :tenant"
    " AND (conversion_id = ANY(CAST(:sales AS uuid[])) OR id = ANY(CAST(:deliveries AS uuid[])))"
)
_SETUPS = "t.tenant_id = :tenant AND t.session_id = ANY(CAST(:setups AS uuid[]))"
_ACCOUNTS = (
    "SELECT u.id FROM users u JOIN memberships m ON m.user_id = u.id"
    " WHERE m.tenant_id = :tenant AND u.email = CAST(:email AS text)"
)


def _as_is(row: Row, _cipher: TenantCipher) -> Row:
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """``opened`` turns a row into what is told, with the tenant's cipher for what is sealed. The texts are SQL."""

    name: str
    table: str
    columns: str
    where: str
    order: str
    opened: Callable[[Row, TenantCipher], Row] = _as_is

    @property
    def query(self) -> str:
        return f"SELECT {self.columns} FROM {self.table} t WHERE {self.where} ORDER BY {self.order}"  # noqa: S608


def opened_webhook(row: Row, cipher: TenantCipher) -> Row:
    """The body as its gateway sent it, without the gateway's secret; None once it is gone."""
    body = bytes(row.pop("sealed"))
    return {**row, "body": _body(body, f"webhook:{row['id']}:body", cipher)}


def opened_delivery(row: Row, _cipher: TenantCipher) -> Row:
    payload = bytes(row.pop("payload"))
    return {**row, "event": orjson.loads(payload) if payload else None}


def opened_setup(row: Row, cipher: TenantCipher) -> Row:
    sealed = row.pop("contact")
    return {**row, "contact": _body(bytes(sealed), contact_context(row["id"]), cipher) if sealed else None}


def without_credentials(said: Any) -> Any:
    """A body of JSON with what proves its sender masked, at any depth a parser allows."""
    if isinstance(said, Mapping):
        return {key: _MASK if key.lower() in _CREDENTIALS else without_credentials(one) for key, one in said.items()}
    return [without_credentials(one) for one in said] if isinstance(said, list) else said


def _body(sealed: bytes, context: str, cipher: TenantCipher) -> Any:
    if not sealed:
        return None
    try:
        clear = cipher.decrypt(sealed, context)
    except ConfigurationError:
        return None
    try:
        return without_credentials(orjson.loads(clear))
    except (orjson.JSONDecodeError, RecursionError):
        return clear.decode(errors="replace")


SECTIONS = (
    Section(
        name="tracking_events",
        table="tracking_events",
        columns="t.id, t.received_at, t.kind, t.event_id, t.click_id, t.session_id, t.url, t.referrer, t.user_agent,"
        " t.fbc, t.fbp, t.consent_ads, t.details, host(t.client_ip) AS client_ip,"
        " encode(t.email_hash, 'hex') AS email_hash, encode(t.phone_hash, 'hex') AS phone_hash",
        where=EVENTS,
        order="t.received_at, t.id",
    ),
    Section(
        name="sales",
        table="conversions",
        columns="t.id, t.gateway, t.sale_id, t.parent_sale_id, t.status, t.event_name, t.event_id, t.occurred_at,"
        " t.approved_at, t.amount, t.currency, t.payment_method, t.product_id, t.product_name, t.is_renewal,"
        " t.is_order_bump, t.user_data, t.facts, t.consent_ads, t.decision, t.decision_reason",
        where="t.tenant_id = :tenant AND t.id = ANY(CAST(:sales AS uuid[]))",
        order="t.occurred_at, t.id",
    ),
    Section(
        name="matches",
        table="matches",
        columns="t.conversion_id AS sale, t.rule, t.score, t.click_id, t.tracking_event_id, t.missing, t.matched_at",
        where=_SALES,
        order="t.matched_at",
    ),
    Section(
        name="told_to_meta",
        table="deliveries",
        columns="t.id, t.conversion_id AS sale, t.event_name, t.event_id, t.event_time, t.state, t.reason,"
        " t.delivered_at, t.payload",
        where=f"t.id IN ({_DELIVERIES})",
        order="t.created_at, t.id",
        opened=opened_delivery,
    ),
    Section(
        name="answers_of_meta",
        table="dispatch_attempts",
        columns="t.delivery_id AS delivery, t.started_at, t.outcome, t.http_status, t.code, t.subcode, t.fbtrace_id,"
        " t.response",
        where=f"t.tenant_id = :tenant AND t.delivery_id IN ({_DELIVERIES})",
        order="t.started_at, t.id",
    ),
    Section(
        name="webhooks",
        table="received_webhooks",
        columns="t.id, t.gateway, t.received_at, t.state, t.reason, t.body AS sealed",
        where="t.tenant_id = :tenant AND t.id = ANY(CAST(:of_the_person AS uuid[]))",
        order="t.received_at, t.id",
        opened=opened_webhook,
    ),
    Section(
        name="consent_today",
        table="consents",
        columns="t.subject, t.granted, t.changed_at",
        where="t.tenant_id = :tenant AND t.subject = ANY(CAST(:subjects AS uuid[]))",
        order="t.changed_at, t.subject",
    ),
    Section(
        name="consents",
        table="consent_records",
        columns="t.id, t.granted, t.at, t.source, t.url, t.text_version, t.event_id, t.subjects",
        where="t.tenant_id = :tenant AND t.subjects && CAST(:subjects AS uuid[])",
        order="t.at, t.id",
    ),
    Section(
        name="accounts",
        table="users",
        columns="t.id, t.email, t.name, t.role, t.locale, t.created_at",
        where=f"t.id IN ({_ACCOUNTS})",
        order="t.id",
    ),
    Section(
        name="signed_in",
        table="web_sessions",
        columns="t.user_id AS account, t.how, t.created_at, t.seen_at, t.expires_at, t.ended_at",
        where=f"t.user_id IN ({_ACCOUNTS})",
        order="t.created_at, t.id",
    ),
    Section(
        name="setups",
        table="setup_sessions",
        columns="t.id, t.state, t.locale, t.facts, t.created_at, t.updated_at, t.contact",
        where="t.tenant_id = :tenant AND t.id = ANY(CAST(:setups AS uuid[]))",
        order="t.created_at, t.id",
        opened=opened_setup,
    ),
    Section(
        name="chat",
        table="setup_messages",
        columns="t.session_id AS setup, t.role, t.text, t.code, t.attachments, t.created_at",
        where=_SETUPS,
        order="t.created_at, t.id",
    ),
    Section(
        name="screenshots",
        table="setup_screenshots",
        columns="t.session_id AS setup, t.id, t.state, t.width, t.height, t.extraction, t.created_at, t.expires_at",
        where=_SETUPS,
        order="t.created_at, t.id",
    ),
    Section(
        name="handoffs",
        table="setup_handoffs",
        columns="t.session_id AS setup, t.id, t.state, t.reason, t.package, t.created_at, t.closed_at",
        where=_SETUPS,
        order="t.created_at, t.id",
    ),
)
