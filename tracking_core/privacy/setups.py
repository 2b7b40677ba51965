"""A seller is a person too: the setups they began with their contact, and the account they sign in with."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.errors import ConfigurationError
from tracking_core.handoff.contact import contact_context
from tracking_core.identity.normalize import normalize_email, normalize_phone
from tracking_core.models import Role, Tenant
from tracking_core.privacy.identifiers import Identifier, IdentifierKind
from tracking_core.privacy.person import Person
from tracking_core.secrets.keyring import TenantCipher

_CONTACTS = text("SELECT id, contact FROM setup_sessions WHERE tenant_id = :tenant AND contact IS NOT NULL")
_BEGUN = text("SELECT id FROM setup_sessions WHERE tenant_id = :tenant AND created_by = ANY(CAST(:actors AS text[]))")
_USERS = text("""
SELECT u.id, u.role, count(m.tenant_id) AS shops, bool_or(m.tenant_id = :tenant) AS is_here
FROM users u LEFT JOIN memberships m ON m.user_id = u.id WHERE u.email = :email GROUP BY u.id, u.role
""")


async def find(session: AsyncSession, tenant: Tenant, cipher: TenantCipher, person: Person) -> None:
    """An account is this tenant's to close when it is a seller's who has no other shop."""
    asked = person.identifier
    if asked.kind not in (IdentifierKind.EMAIL, IdentifierKind.PHONE):
        return
    for row in (await session.execute(_CONTACTS, {"tenant": tenant.id})).all():
        if _is_of(_opened(bytes(row.contact), row.id, cipher), asked, tenant.default_country):
            person.setups.add(row.id)
    if asked.kind is IdentifierKind.EMAIL:
        await _accounts(session, tenant.id, person)


async def _accounts(session: AsyncSession, tenant_id: UUID, person: Person) -> None:
    rows = (await session.execute(_USERS, {"tenant": tenant_id, "email": person.identifier.value})).all()
    for row in rows:
        if row.role == Role.SELLER and row.is_here and row.shops == 1:
            person.users.add(row.id)
        elif row.is_here:
            person.kept_accounts += 1
    actors = [f"user:{one}" for one in person.users]
    begun = await session.execute(_BEGUN, {"tenant": tenant_id, "actors": actors})
    person.setups |= set(begun.scalars().all())


def _opened(sealed: bytes, session_id: UUID, cipher: TenantCipher) -> dict[str, Any]:
    try:
        said = orjson.loads(cipher.decrypt(sealed, contact_context(session_id)))
    except (ConfigurationError, orjson.JSONDecodeError):
        return {}
    return said if isinstance(said, dict) else {}


def _is_of(contact: dict[str, Any], asked: Identifier, country: str) -> bool:
    if asked.kind is IdentifierKind.EMAIL:
        return normalize_email(contact.get("email")) == asked.value
    return normalize_phone(contact.get("phone"), country) == asked.value
