"""Whose each webhook is, kept as keyed fingerprints, so that a person's are found without opening all of them.

A webhook is looked through once, after it came, by the worker; the last few that are not yet, when somebody asks.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.db import bulk
from tracking_core.db.engine import transaction
from tracking_core.errors import ConfigurationError
from tracking_core.gateways.sale_event import Buyer, SaleEvent
from tracking_core.identity.normalize import normalize_document, normalize_email, normalize_phone
from tracking_core.kit import clock
from tracking_core.models import ReadingMark, Tenant, WebhookKeys
from tracking_core.pipeline.load import normalized
from tracking_core.privacy.errors import StillReading
from tracking_core.privacy.identifiers import Identifier, IdentifierKind
from tracking_core.secrets.keyring import TenantCipher
from tracking_core.tenants.errors import TenantClosed
from tracking_core.tenants.lookup import cipher_of

BATCH = 500
BUYER, SAID = "buyer", "said"
MARK = "privacy_webhook_keys"
# So many are looked through while somebody waits for an answer; with more they are asked to come back.
_AT_ONCE = 5_000
_RETRY_SECONDS = 60
_KEYS_MAX = 200
# Then other work of the process gets its turn; the next call goes on.
_BATCHES_PER_CALL = 200
# What is written may be committed later than what was written after it, but hardly by so much.
_LATELY = timedelta(hours=1)
_NOT_READ = "NOT EXISTS (SELECT FROM privacy_webhook_keys k WHERE k.webhook_id = w.id)"
_UNREAD = text(f"""
SELECT w.id, w.tenant_id, w.gateway, w.body FROM received_webhooks w
WHERE w.tenant_id = :tenant AND {_NOT_READ} LIMIT :limit
""")  # noqa: S608 - constants
_HOW_MANY = text(f"""
SELECT count(*) FROM (
    SELECT FROM received_webhooks w WHERE w.tenant_id = :tenant AND {_NOT_READ} LIMIT :limit
) u
""")  # noqa: S608
_NEW = text(f"""
SELECT w.id, w.tenant_id, w.gateway, w.body FROM received_webhooks w JOIN tenants t ON t.id = w.tenant_id
WHERE w.received_at >= :since AND octet_length(w.body) > 0 AND t.closed_at IS NULL AND {_NOT_READ}
ORDER BY w.tenant_id LIMIT :limit
""")  # noqa: S608
# The LIMIT bounds what is passed, whether it was read or not. One row at least comes back, for the mark.
_OLDER = text(f"""
WITH passed AS MATERIALIZED (
    SELECT id FROM received_webhooks WHERE id > :after AND received_at < :until ORDER BY id LIMIT :limit
)
SELECT whole.last, whole.passed, w.id, w.tenant_id, w.gateway, w.body
FROM (SELECT max(id::text) AS last, count(*) AS passed FROM passed) AS whole LEFT JOIN (
    SELECT w.* FROM passed p JOIN received_webhooks w USING (id) JOIN tenants t ON t.id = w.tenant_id
    WHERE t.closed_at IS NULL AND {_NOT_READ}
) w ON true ORDER BY w.tenant_id
""")  # noqa: S608
_BEGIN = text("INSERT INTO reading_marks (name, last_id) VALUES (:name, :nothing) ON CONFLICT DO NOTHING")
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\"\\]{1,64}@[\w.-]{3,200}")
_NUMBERED = re.compile(r"phone|mobile|cel|fone|tel|whats|doc|cpf|cnpj", re.IGNORECASE)


async def read_on() -> int:
    """Look through what came lately, then through what is older, from where the last call ended; how many were new."""
    since, done = clock.now() - _LATELY, 0
    for _ in range(_BATCHES_PER_CALL):
        async with transaction() as session:
            rows = (await session.execute(_NEW, {"since": since, "limit": BATCH})).all()
            await _keep(session, rows)
        done += len(rows)
        if len(rows) < BATCH:
            break
    for _ in range(_BATCHES_PER_CALL):
        passed, new = await _read_older(since)
        done += new
        if passed < BATCH:
            break
    return done


async def read_all(tenant_id: UUID) -> int:
    """Look through whatever of the tenant's was not, a transaction for each batch. Raises TenantClosed."""
    done = 0
    while True:
        async with transaction() as session:
            rows = (await session.execute(_UNREAD, {"tenant": tenant_id, "limit": BATCH})).all()
            cipher_of(await session.get_one(Tenant, tenant_id))
            await _keep(session, rows)
        done += len(rows)
        if len(rows) < BATCH:
            return done


async def read_rest(session: AsyncSession, tenant: Tenant) -> None:
    """Look through the last few of the tenant's, in the transaction of whoever asks. Raises StillReading when there is
    more: then the worker is not done yet."""
    values = {"tenant": tenant.id, "limit": _AT_ONCE + 1}
    left = await session.scalar(_HOW_MANY, values) or 0
    if left > _AT_ONCE:
        raise StillReading(retry_after_seconds=_RETRY_SECONDS)
    while left > 0:
        rows = (await session.execute(_UNREAD, {"tenant": tenant.id, "limit": BATCH})).all()
        await _keep(session, rows)
        left = left - BATCH if rows else 0


def key_of(identifier: Identifier, cipher: TenantCipher, *, role: str) -> str:
    return f"{role}.{identifier.kind}:{identifier.fingerprint(cipher)}"


async def _read_older(until: datetime) -> tuple[int, int]:
    """Webhooks passed and looked through. Nothing while another reader holds the mark."""
    async with transaction() as session:
        await session.execute(_BEGIN, {"name": MARK, "nothing": UUID(int=0)})
        query = select(ReadingMark).where(ReadingMark.name == MARK).with_for_update(skip_locked=True)
        mark = (await session.scalars(query)).first()
        if mark is None:
            return 0, 0
        rows = (await session.execute(_OLDER, {"after": mark.last_id, "until": until, "limit": BATCH})).all()
        unread = [row for row in rows if row.id is not None]
        await _keep(session, unread)
        if rows[0].passed:
            mark.last_id = UUID(rows[0].last)
        return rows[0].passed, len(unread)


async def _keep(session: AsyncSession, rows: Sequence[Row[Any]]) -> None:
    """``rows`` come tenant by tenant. They are opened in a thread: the process has other work meanwhile."""
    for tenant_id, own in groupby(rows, key=lambda row: row.tenant_id):
        tenant = await session.get_one(Tenant, tenant_id)
        with suppress(TenantClosed):
            found = await asyncio.to_thread(_read, list(own), tenant, cipher_of(tenant))
            await bulk.insert(session, WebhookKeys, found)


def _read(rows: Sequence[Row[Any]], tenant: Tenant, cipher: TenantCipher) -> list[dict[str, Any]]:
    country = tenant.default_country
    return [{"webhook_id": row.id, "tenant_id": row.tenant_id, "keys": keys_of(row, country, cipher)} for row in rows]


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
