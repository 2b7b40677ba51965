"""The sales ledger for search: every sale with its one state, by what a person knows of it.

The state and its reason are the ledger's own derivation. Whoever has an e-mail asks by ``email_subject``, the id that
consent keeps for it, made from the hash that matching uses: in clear it reaches neither the search nor a log.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.connections.problems import problem
from tracking_core.consent.subjects import subjects_of
from tracking_core.destinations.meta_capi.user_data import Person, build_user_data
from tracking_core.errors import InvalidRequest
from tracking_core.handoff.contact import EMAIL
from tracking_core.ledger import read as ledger
from tracking_core.ledger.read import LEDGER, LedgerState
from tracking_core.matching.match import SEPARATORS
from tracking_core.models import OPEN_STATES
from tracking_core.reconciliation.origin import Origin
from tracking_core.reporting import pages
from tracking_core.reporting.csv import MONEY
from tracking_core.reporting.pages import Page, Place, newest_first
from tracking_core.reporting.scope import ANY_TIME, Period, Scope, Where, prefix
from tracking_core.reporting.sentences import Sentence, of_reason

TABLE = "sales"
_ROWS = """
SELECT l.*, (SELECT t.name FROM tenants t WHERE t.id = l.tenant_id) AS tenant_name,
    (SELECT m.click_id FROM matches m WHERE m.conversion_id = l.id) AS click_id
FROM ({sales} WHERE {known}) l WHERE {derived} {order}
"""
# The id of the click that was found, or the one the checkout gave back although no click was found.
_CLICK = """
(c.consent_subjects @> CAST(:click_subject AS uuid[]) OR EXISTS (
    SELECT FROM jsonb_each_text(c.facts -> 'carriers') v
    WHERE v.value = :click OR :click = ANY(regexp_split_to_array(v.value, :separators))))
"""
_CONNECTION = "x.conversion_id = c.id AND x.connection_id = :connection"
_DATASET = "x.conversion_id = c.id AND k.dataset_id = :dataset"


# What the rarer states take for granted, told ahead so that an index finds them: the derivation still decides.
_OPEN = ", ".join(f"'{state.value}'" for state in OPEN_STATES)
_IMPLIED = {
    LedgerState.DEAD: "'dead'",
    LedgerState.RETRYING: "'retrying'",
    LedgerState.ON_HOLD: _OPEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleSearch:
    """All narrow. ``order`` is the gateway's sale id or how it begins, ``person`` an ``email_subject``; ``period`` is
    when the hub first heard of the sale."""

    order: str | None = None
    person: UUID | None = None
    click_id: str | None = None
    state: LedgerState | None = None
    gateway: str | None = None
    dataset_id: str | None = None
    connection_id: UUID | None = None
    period: Period = ANY_TIME
    include_synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleRow:
    """``reason`` is always of the state, and ``explanation`` says it in words."""

    id: UUID
    tenant_id: UUID
    tenant_name: str
    gateway: str
    sale_id: str
    state: LedgerState
    reason: str | None
    explanation: Sentence | None
    status: str
    event_name: str
    event_id: UUID
    occurred_at: datetime
    created_at: datetime
    amount: Decimal | None = field(metadata=MONEY)
    currency: str | None
    product_name: str | None
    payment_method: str | None
    click_id: str | None
    match_rule: str | None
    match_score: Decimal | None
    is_synthetic: bool
    origin: Origin


async def search(session: AsyncSession, scope: Scope, wanted: SaleSearch, place: Place) -> Page[SaleRow]:
    """Raises InvalidRequest for a cursor that is not of this table."""
    known = _known(scope, wanted)
    if states := _IMPLIED.get(wanted.state) if wanted.state else None:
        known.add(f"c.id IN (SELECT x.conversion_id FROM deliveries x WHERE x.state IN ({states}))")  # noqa: S608 - ours
    place.after(known, "c")
    derived = Where()
    derived.given("l.state = :state", state=wanted.state)
    query = _ROWS.format(sales=LEDGER, known=known.text, derived=derived.text, order=newest_first("l"))
    rows = (await session.execute(text(query), known.values | derived.values)).all()
    return place.page(rows, _row)


async def find(session: AsyncSession, scope: Scope, conversion_id: UUID) -> SaleRow | None:
    """The sale of this id, be it synthetic; None when it is nobody's of the scope."""
    known = Where(["c.id = :id"], {"id": conversion_id})
    known.scope("c.tenant_id", scope)
    query = _ROWS.format(sales=LEDGER, known=known.text, derived="true", order="")
    row = (await session.execute(text(query), known.values)).first()
    return _row(row) if row else None


async def exceeds(session: AsyncSession, scope: Scope, wanted: SaleSearch, most: int) -> bool:
    """Whatever the state: to derive so many takes too long."""
    return await pages.exceeds(session, "conversions c", _known(scope, wanted), most)


async def totals(session: AsyncSession, scope: Scope, wanted: SaleSearch) -> dict[LedgerState, int]:
    """How many of the sales found are in each state, whatever state was asked for."""
    known = _known(scope, wanted)
    return await ledger.count(session, known.text, known.values)


def email_subject(email: str) -> UUID:
    """Of this e-mail however it is spelled, or of its SHA-256 in hex. Raises InvalidRequest when it is neither."""
    hashed = build_user_data(Person(emails=(email,))).get("em")
    if not isinstance(hashed, str):
        raise InvalidRequest([problem("email", EMAIL)])
    return subjects_of(email_hash=hashed)[0]


def _known(scope: Scope, wanted: SaleSearch) -> Where:
    """What can be asked of a sale before its state is derived."""
    where = Where()
    where.scope("c.tenant_id", scope)
    where.period("c.created_at", wanted.period)
    where.given("c.gateway = :gateway", gateway=wanted.gateway)
    if wanted.order is not None:
        where.add("c.sale_id LIKE :order", order=prefix(wanted.order))
    if wanted.person is not None:
        where.add("c.consent_subjects @> CAST(:person AS uuid[])", person=[wanted.person])
    if wanted.click_id is not None:
        subject = list(subjects_of(click_id=wanted.click_id))
        where.add(_CLICK, click=wanted.click_id, click_subject=subject, separators=SEPARATORS.pattern)
    where.given(f"EXISTS (SELECT FROM deliveries x WHERE {_CONNECTION})", connection=wanted.connection_id)
    joined = "deliveries x JOIN meta_connections k ON k.id = x.connection_id"
    where.given(f"EXISTS (SELECT FROM {joined} WHERE {_DATASET})", dataset=wanted.dataset_id)
    if not wanted.include_synthetic:
        where.add("NOT c.is_synthetic")
    return where


def _row(row: Row[Any]) -> SaleRow:
    said = dict(row._mapping)
    known = {"state": LedgerState(row.state), "origin": Origin(row.origin)}
    return SaleRow(**{**said, **known, "explanation": of_reason(row.reason)})
