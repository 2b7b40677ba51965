"""What no SQL can search: columns sealed with the tenant's key, opened one by one, and the keys of Redis."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.channels.sealing import context as channel_context
from tracking_core.connections.contexts import app_secret_context, next_token_context, token_context
from tracking_core.connections.endpoints import next_secret_context, secret_context
from tracking_core.errors import ConfigurationError
from tracking_core.handoff.contact import contact_context
from tracking_core.models import Tenant
from tracking_core.privacy.forms import Forms
from tracking_core.secrets.keyring import TenantCipher
from tracking_core.tenants.lookup import cipher_of

_PAGE = 500
_REDIS_KEYS_MAX = 200_000
Finder = Callable[[bytes], bool]
_Sealed = tuple[UUID, bytes]


@dataclass(frozen=True, slots=True)
class Place:
    """``context`` gives where a row's ciphertext stands."""

    table: str
    column: str
    context: Callable[[UUID], str]


def request_context(request_id: UUID) -> str:
    """Where what a privacy request found is sealed."""
    return f"privacy:{request_id}:person"


# A picture is searched as bytes, which finds no words drawn in it: those of a person's own setups are erased, and every
# picture within days. What the vault keeps elsewhere than here is a credential and not read.
PLACES = (
    Place("received_webhooks", "body", lambda row: f"webhook:{row}:body"),
    Place("setup_sessions", "contact", contact_context),
    Place("setup_action_logs", "before", lambda row: f"ledger:{row}:before"),
    Place("setup_screenshots", "sealed", lambda row: f"screenshot:{row}:picture"),
    Place("privacy_requests", "sealed", request_context),
    Place("webhook_endpoints", "secret", secret_context),
    Place("webhook_endpoints", "next_secret", next_secret_context),
    Place("meta_connections", "access_token", token_context),
    Place("meta_connections", "next_access_token", next_token_context),
    Place("meta_connections", "app_secret", app_secret_context),
    Place("vault_secrets", "sealed", lambda row: f"vault:{row}:value"),
    Place("alert_channels", "target", channel_context),
)


@dataclass(slots=True)
class Opened:
    """``values`` were opened; ``found`` counts rows by table and column."""

    values: int = 0
    found: Counter[tuple[str, str]] = field(default_factory=Counter)


async def search(session: AsyncSession, tenant: Tenant, forms: Forms, *, but_request: UUID | None = None) -> Opened:
    """Every sealed value of the tenant; one that no key opens any more holds nothing for anybody. They are opened in a
    thread: the process has other work meanwhile."""
    cipher, opened, finds = cipher_of(tenant), Opened(), finder(forms)
    for place in PLACES:
        async for page in _pages(session, place, tenant.id):
            wanted = [one for one in page if place.table != "privacy_requests" or one[0] != but_request]
            values, found = await asyncio.to_thread(_looked_into, wanted, place, cipher, finds)
            opened.values += values
            if found:
                opened.found[(f"public.{place.table}", place.column)] += found
    return opened


def _looked_into(page: Sequence[_Sealed], place: Place, cipher: TenantCipher, finds: Finder) -> tuple[int, int]:
    """Values that were opened, and those of them that hold it."""
    opened = found = 0
    for row_id, value in page:
        clear = _clear(cipher, value, place.context(row_id))
        if clear is not None:
            opened += 1
            found += finds(clear) or (b"\\u" in clear and finds(_plain(clear)))
    return opened, found


async def search_redis(redis: Redis, forms: Forms) -> tuple[int, int]:
    """Keys read, and keys that hold it in their name or value."""
    finds, read, found = finder(forms), 0, 0
    async for key in redis.scan_iter(count=1_000):
        read += 1
        name = key if isinstance(key, bytes) else str(key).encode()
        found += finds(name) or finds(await _value(redis, key))
        if read >= _REDIS_KEYS_MAX:
            break
    return read, found


def finder(forms: Forms) -> Finder:
    """Whether bytes hold the identifier: a whole word of what people write, or a hidden form."""
    word = re.compile(forms.pattern)
    hidden = [one.encode() for one in forms.hidden]
    written = [one.lower().encode() for one in forms.written]

    def finds(data: bytes) -> bool:
        low = data.lower()
        if any(one in low for one in hidden):
            return True
        return any(one in low for one in written) and word.search(data.decode(errors="replace")) is not None

    return finds


async def _pages(session: AsyncSession, place: Place, tenant_id: UUID) -> AsyncIterator[list[_Sealed]]:
    """In the order of the primary key, a page at a time: memory stays flat."""
    query = text(
        f"SELECT id, {place.column} FROM {place.table} WHERE tenant_id = :tenant AND id > :after"  # noqa: S608
        f" AND octet_length({place.column}) > 0 ORDER BY id LIMIT :page"
    )
    after = UUID(int=0)
    while True:
        rows = (await session.execute(query, {"tenant": tenant_id, "after": after, "page": _PAGE})).all()
        yield [(row[0], bytes(row[1])) for row in rows]
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def _clear(cipher: TenantCipher, value: bytes, context: str) -> bytes | None:
    try:
        return cipher.decrypt(value, context)
    except ConfigurationError:
        return None


def _plain(clear: bytes) -> bytes:
    """JSON without its escapes."""
    try:
        return orjson.dumps(orjson.loads(clear))
    except orjson.JSONDecodeError:
        return clear


async def _value(redis: Redis, key: Any) -> bytes:
    """Whatever stands under the key, as bytes to be searched."""
    readers: dict[str, Callable[[], Any]] = {
        "string": lambda: redis.get(key),
        "hash": lambda: redis.hgetall(key),
        "list": lambda: redis.lrange(key, 0, -1),
        "set": lambda: redis.smembers(key),
        "zset": lambda: redis.zrange(key, 0, -1),
        "stream": lambda: redis.xrange(key),
    }
    try:
        kind = await redis.type(key)
        reader = readers.get(kind.decode() if isinstance(kind, bytes) else str(kind))
        return repr(await reader()).encode() if reader else b""
    except ResponseError:  # it changed its type or went away meanwhile
        return b""
