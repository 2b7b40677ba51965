"""Whose each webhook is, kept as keyed fingerprints, so that a person's are found without opening all of them.

A webhook is looked through once, after it came, by the worker; what is not looked through yet is when somebody asks.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db import bulk
from tracking_core.db.engine import transaction
from tracking_core.errors import ConfigurationError
from tracking_core.gateways.sale_event import Buyer, SaleEvent
from tracking_core.identity.normalize import normalize_document, normalize_email, normalize_phone
from tracking_core.models import Tenant, WebhookKeys
from tracking_core.pipeline.load import normalized
from tracking_core.privacy.identifiers import Identifier, IdentifierKind
from tracking_core.secrets.keyring import TenantCipher
from tracking_core.tenants.errors import TenantClosed
from tracking_core.tenants.lookup import cipher_of

BATCH = 500
BUYER, SAID = "buyer", "said"
_KEYS_MAX = 200
_UNREAD = text("""
SELECT w.id, w.tenant_id, w.gateway, w.body FROM received_webhooks w
WHERE w.tenant_id = :tenant AND NOT EXISTS (SELECT FROM privacy_webhook_keys k WHERE k.webhook_id = w.id)
LIMIT :limit
""")
# What came a moment ago may be rolled back yet; what came long ago was looked through, or is when somebody asks.
_TENANTS = text("""
SELECT DISTINCT w.tenant_id FROM received_webhooks w
WHERE w.received_at > now() - interval '1 hour'
  AND NOT EXISTS (SELECT FROM privacy_webhook_keys k WHERE k.webhook_id = w.id)
""")
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\"\\]{1,64}@[\w.-]{3,200}")
_NUMBERED = re.compile(r"phone|mobile|cel|fone|tel|whats|doc|cpf|cnpj", re.IGNORECASE)


async def read_on() -> int:
    """Look through what came lately, of every tenant that is open; how many."""
    async with transaction() as session:
        tenants = (await session.execute(_TENANTS)).scalars().all()
    done = 0
    for tenant_id in tenants:
        with suppress(TenantClosed):
            done += await read_all(tenant_id)
    return done


async def read_all(tenant_id: UUID) -> int:
    """Look through whatever of the tenant's was not, a transaction for each batch."""
    done = 0
    while True:
        async with transaction() as session:
            tenant = await session.get_one(Tenant, tenant_id)
            rows = (await session.execute(_UNREAD, {"tenant": tenant_id, "limit": BATCH})).all()
            await _keep(session, tenant, rows)
        done += len(rows)
        if len(rows) < BATCH:
            return done


def key_of(identifier: Identifier, cipher: TenantCipher, *, role: str) -> str:
    return f"{role}.{identifier.kind}:{identifier.fingerprint(cipher)}"


async def _keep(session: AsyncSession, tenant: Tenant, rows: Any) -> None:
    cipher = cipher_of(tenant)
    found = [
        {"webhook_id": row.id, "tenant_id": tenant.id, "keys": keys_of(row, tenant.default_country, cipher)}
        for row in rows
    ]
    await bulk.insert(session, WebhookKeys, found)


def keys_of(row: Row[Any], country: str, cipher: TenantCipher) -> list[str]:
    """Of one webhook. One that opens with no key of ours is nobody's any more."""
    if not row.body:
        return []
    try:
        body = cipher.decrypt(bytes(row.body), f"webhook:{row.id}:body")
    except ConfigurationError:
        return []
    said = normalized(row.gateway, body)
    buyer = set(_of_buyer(said.buyer, country)) if isinstance(said, SaleEvent) else set()
    others = set(_said_in(body, country)) - buyer
    keys = [key_of(one, cipher, role=BUYER) for one in buyer] + [key_of(one, cipher, role=SAID) for one in others]
    return sorted(keys)[:_KEYS_MAX]


def _of_buyer(buyer: Buyer, country: str) -> Iterator[Identifier]:
    if email := normalize_email(buyer.email):
        yield Identifier(IdentifierKind.EMAIL, email)
    home = buyer.country or country
    if phone := normalize_phone(buyer.phone, home) or normalize_phone(buyer.phone, country):
        yield Identifier(IdentifierKind.PHONE, phone)
    if document := normalize_document(buyer.document):
        yield Identifier(IdentifierKind.DOCUMENT, document)


def _said_in(body: bytes, country: str) -> Iterator[Identifier]:
    """Whoever a body names: addresses anywhere, numbers under names that say what they are."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        payload = body.decode(errors="replace")
    for name, value in _leaves("", payload):
        for match in _EMAIL.findall(value) if "@" in value else ():
            if email := normalize_email(match.rstrip(".")):
                yield Identifier(IdentifierKind.EMAIL, email)
        if _NUMBERED.search(name):
            if phone := normalize_phone(value, country):
                yield Identifier(IdentifierKind.PHONE, phone)
            if document := normalize_document(value):
                yield Identifier(IdentifierKind.DOCUMENT, document)


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Names and texts, without recursion: a payload may be nested as deep as its parser allows."""
    waiting: list[tuple[str, Any]] = [(name, value)]
    while waiting:
        at, one = waiting.pop()
        if isinstance(one, dict):
            waiting += [(str(key), inner) for key, inner in one.items()]
        elif isinstance(one, list):
            waiting += [(at, inner) for inner in one]
        elif isinstance(one, str | int) and not isinstance(one, bool):
            yield at, str(one)
