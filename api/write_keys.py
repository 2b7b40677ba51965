"""Which tenant a public write key belongs to, remembered for a short while so that the hot path asks nobody."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from tracking_core.db.engine import transaction
from tracking_core.errors import HubError, Unauthorized
from tracking_core.models import ApiKeyKind
from tracking_core.tenants import service as tenants
from tracking_core.tenants.errors import TenantClosed

_KNOWN_SECONDS, _UNKNOWN_SECONDS = 30.0, 5.0
_KEYS_MAX = 50_000
# At once, of the connections that webhooks need too.
_LOOKUPS = 2
_Entry = tuple[float, "Writer | type[HubError]"]


@dataclass(frozen=True, slots=True)
class Writer:
    tenant_id: UUID
    country: str


class WriteKeys:
    """A revoked key, and those of a closed tenant, stop within 30 seconds. Keys that open nothing are remembered apart,
    so that a flood of them displaces nobody's; and few keys are looked up at once, so that it keeps nobody waiting for
    the database."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, _Entry] = OrderedDict()
        self._refused: OrderedDict[str, _Entry] = OrderedDict()
        self._turns = asyncio.Semaphore(_LOOKUPS)

    async def writer(self, key: str) -> Writer:
        found = self._remembered(key) or await self._looked_up(key)
        if not isinstance(found[1], Writer):
            raise found[1]
        return found[1]

    def _remembered(self, key: str) -> _Entry | None:
        found = self._open.get(key) or self._refused.get(key)
        return found if found is not None and found[0] >= time.monotonic() else None

    async def _looked_up(self, key: str) -> _Entry:
        async with self._turns:
            # Whoever waited for the same key finds it here.
            return self._remembered(key) or self._keep(key, await _asked(key))

    def _keep(self, key: str, entry: _Entry) -> _Entry:
        is_open = isinstance(entry[1], Writer)
        kept, other = (self._open, self._refused) if is_open else (self._refused, self._open)
        other.pop(key, None)
        kept[key] = entry
        kept.move_to_end(key)
        if len(kept) > _KEYS_MAX:
            kept.popitem(last=False)
        return entry


async def _asked(key: str) -> _Entry:
    now = time.monotonic()
    try:
        async with transaction() as session:
            tenant = await tenants.by_key(session, key, ApiKeyKind.WRITE)
        return now + _KNOWN_SECONDS, Writer(tenant.id, tenant.default_country)
    except (Unauthorized, TenantClosed) as refused:
        return now + _UNKNOWN_SECONDS, type(refused)
