"""A seller is a person too: the setups they began with their contact, the account they sign in with, and the channels
that tell them of alerts."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.channels.sealing import context as channel_context
from tracking_core.errors import ConfigurationError
from tracking_core.handoff.contact import contact_context
from tracking_core.identity.normalize import normalize_email, normalize_phone
from tracking_core.models import Role, Tenant
from tracking_core.privacy.identifiers import Identifier, IdentifierKind
from tracking_core.privacy.person import Person
from tracking_core.privacy.seller_steps import HAS_OTHER_SHOP
from tracking_core.secrets.keyring import TenantCipher

_CONTACTS = text("SELECT id, contact AS sealed FROM setup_sessions WHERE tenant_id = :tenant AND contact IS NOT NULL")
_CHANNELS = text("SELECT id, target AS sealed FROM alert_channels WHERE tenant_id = :tenant AND kind = 'email'")
_BEGUN = text("SELECT id FROM setup_sessions WHERE tenant_id = :tenant AND created_by = ANY(CAST(:actors AS text[]))")
_USERS = text(f"""
SELECT t.id, t.role, {HAS_OTHER_SHOP} AS has_other_shop
FROM users t JOIN memberships h ON h.user_id = t.id AND h.tenant_id = :tenant WHERE t.email = :email
""")  # noqa: S608 - a constant


async def find(session: AsyncSession, tenant: Tenant, cipher: TenantCipher, person: Person) -> None:
    """An account is this tenant's to close when it is a seller's who has no other shop."""
    asked = person.identifier
    if asked.kind not in (IdentifierKind.EMAIL, IdentifierKind.PHONE):
        return
    async for setup_id, contact in _opened(session, _CONTACTS, tenant, cipher, contact_context):
        if _is_of(contact, asked, tenant.default_country):
            person.setups.add(setup_id)
    if asked.kind is IdentifierKind.EMAIL:
        await _accounts(session, tenant.id, person)
        async for channel_id, target in _opened(session, _CHANNELS, tenant, cipher, channel_context):
            if normalize_email(target.get("to")) == asked.value:
                person.channels.add(channel_id)


async def _accounts(session: AsyncSession, tenant_id: UUID, person: Person) -> None:
    rows = (await session.execute(_USERS, {"tenant": tenant_id, "email": person.identifier.value})).all()
    for row in rows:
        person.users.add(row.id)
        person.kept_accounts += row.role != Role.SELLER or row.has_other_shop
    actors = [f"user:{row.id}" for row in rows if row.role == Role.SELLER]
    begun = await session.execute(_BEGUN, {"tenant": tenant_id, "actors": actors})
    person.setups |= set(begun.scalars().all())


async def _opened(
    session: AsyncSession, query: TextClause, tenant: Tenant, cipher: TenantCipher, context: Callable[[UUID], str]
) -> AsyncIterator[tuple[UUID, dict[str, Any]]]:
    """JSON objects under seal; one that opens with no key of ours says nothing to anybody."""
    for row in (await session.execute(query, {"tenant": tenant.id})).all():
        try:
            said = orjson.loads(cipher.decrypt(bytes(row.sealed), context(row.id)))
        except (ConfigurationError, orjson.JSONDecodeError):
            continue
        if isinstance(said, dict):
            yield row.id, said


def _is_of(contact: dict[str, Any], asked: Identifier, country: str) -> bool:
    if asked.kind is IdentifierKind.EMAIL:
        return normalize_email(contact.get("email")) == asked.value
    return normalize_phone(contact.get("phone"), country) == asked.value
