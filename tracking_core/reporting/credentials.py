"""What may be shown of the vault: never a value, and nothing from which one could be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import SecretKind, SecretState
from tracking_core.reporting.pages import Page, Place, newest_first
from tracking_core.reporting.scope import Scope, Where

TABLE = "secrets"
_USES = 5
_ROWS = """
SELECT s.id, s.tenant_id, t.name AS tenant_name, s.kind, s.state, s.backend, s.fingerprint, s.last4, s.created_by,
    s.created_at, s.expires_at, s.verified_at, s.revoked_at,
    (SELECT count(*) FROM meta_connections k WHERE k.token_ref = 'secret:' || s.id) +
    (SELECT count(*) FROM webhook_endpoints e WHERE e.secret_ref = 'secret:' || s.id) AS in_use,
    (SELECT coalesce(json_agg(a), '[]') FROM (
        SELECT x.actor, x.purpose, x.at FROM secret_accesses x WHERE x.secret_id = s.id ORDER BY x.at DESC LIMIT :uses
    ) a) AS uses
FROM vault_secrets s JOIN tenants t ON t.id = s.tenant_id WHERE {where} {order}
"""


@dataclass(frozen=True, slots=True)
class Use:
    actor: str
    purpose: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRow:
    """``in_use`` by how many connections and endpoints; ``uses`` are its last openings, newest first."""

    id: UUID
    tenant_id: UUID
    tenant_name: str
    kind: SecretKind
    state: SecretState
    backend: str
    fingerprint: str
    last4: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    verified_at: datetime | None
    revoked_at: datetime | None
    in_use: int
    uses: Sequence[Use]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSearch:
    kind: SecretKind | None = None
    state: SecretState | None = None


async def search(session: AsyncSession, scope: Scope, wanted: SecretSearch, place: Place) -> Page[SecretRow]:
    """Raises InvalidRequest for a cursor that is not of this table."""
    where = Where(values={"uses": _USES})
    where.scope("s.tenant_id", scope)
    where.given("s.kind = :kind", kind=wanted.kind)
    where.given("s.state = :state", state=wanted.state)
    place.after(where, "s")
    rows = await session.execute(text(_ROWS.format(where=where.text, order=newest_first("s"))), where.values)
    return place.page(rows.all(), _row)


def _row(row: Row[Any]) -> SecretRow:
    uses = [Use(one["actor"], one["purpose"], datetime.fromisoformat(one["at"])) for one in row.uses]
    made = {"kind": SecretKind(row.kind), "state": SecretState(row.state), "uses": uses}
    return SecretRow(**{**row._mapping, **made})
