"""All the hub holds of one person of one tenant, as one JSON document that is written while it is read.

``{"schema": "hub.privacy-export/1", "tenant_id", "asked_by" (the kind of identifier), "exported_at", "shared" (how many
clicks and visits are other people's too, and not here), "sections": {name: [row, ...]}, "rows", "is_complete": true}``.
A section and its columns are never renamed within a version; ``is_complete`` stands last, so that one that broke off is
seen to be. Nothing of it is stored here. On record is who asked, and the keyed fingerprint of the identifier.
"""

from collections.abc import AsyncIterator
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import Tenant
from tracking_core.portability.sections import SECTIONS, Section
from tracking_core.privacy import webhook_keys
from tracking_core.privacy.closure import locate
from tracking_core.privacy.identifiers import Identifier, IdentifierKind
from tracking_core.privacy.person import Person
from tracking_core.secrets.keyring import TenantCipher
from tracking_core.tenants.lookup import cipher_of

SCHEMA = "hub.privacy-export/1"
_PAGE = 500


async def find(session: AsyncSession, tenant: Tenant, identifier: Identifier, *, actor: str) -> Person:
    """The person to be exported, with that on record. Raises PersonTooWide, TenantClosed,
    StillReading."""
    await webhook_keys.read_rest(session, tenant)
    person = await locate(session, tenant, identifier)
    fingerprint = identifier.fingerprint(cipher_of(tenant))
    record(
        session,
        actor=actor,
        action="privacy.exported",
        subject=fingerprint,
        tenant_id=tenant.id,
        kind=identifier.kind.value,
    )
    return person


async def written(tenant: Tenant, person: Person) -> AsyncIterator[bytes]:
    """The document in pieces, in a transaction of its own in which nothing changes meanwhile."""
    yield _head(tenant, person)
    rows = 0
    async with transaction() as session:
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        for n, section in enumerate(SECTIONS):
            yield (b"," if n else b"") + orjson.dumps(section.name) + b":["
            is_first = True
            async for row in _rows(session, section, _values(tenant, person), cipher_of(tenant)):
                yield row if is_first else b"," + row
                rows, is_first = rows + 1, False
            yield b"]"
    yield b'},"rows":%d,"is_complete":true}\n' % rows


def _head(tenant: Tenant, person: Person) -> bytes:
    head = {
        "schema": SCHEMA,
        "tenant_id": tenant.id,
        "asked_by": person.identifier.kind,
        "exported_at": clock.now(),
        "shared": person.shared,
    }
    return orjson.dumps(head)[:-1] + b',"sections":{'


async def _rows(
    session: AsyncSession, section: Section, values: dict[str, Any], cipher: TenantCipher
) -> AsyncIterator[bytes]:
    """Read page by page: memory stays flat however much there is."""
    found = await session.stream(text(section.query), values, execution_options={"yield_per": _PAGE})
    async for row in found.mappings():
        yield orjson.dumps(section.opened(dict(row), cipher), default=str)


def _values(tenant: Tenant, person: Person) -> dict[str, Any]:
    """Webhooks of other people's sales that only name this one are not theirs to read."""
    asked = person.identifier
    email = asked.value if asked.kind is IdentifierKind.EMAIL else None
    return {**person.parameters(tenant), "of_the_person": sorted(person.webhooks), "email": email}
