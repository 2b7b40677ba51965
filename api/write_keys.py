"""Which tenant a public write key belongs to, remembered for a short while so that the hot path asks nobody."""

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


@dataclass(frozen=True, slots=True)
class Writer:
    tenant_id: UUID
    country: str


class WriteKeys:
    """A revoked key, and those of a closed tenant, stop within 30 seconds; keys that open nothing are remembered too,
    so they cannot load the database."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, Writer | type[HubError]]] = OrderedDict()

    async def writer(self, key: str) -> Writer:
        now = time.monotonic()
        found = self._known.get(key)
        if found is None or found[0] < now:
            found = await self._looked_up(key, now)
        if not isinstance(found[1], Writer):
            raise found[1]
        return found[1]

    async def _looked_up(self, key: str, now: float) -> tuple[float, Writer | type[HubError]]:
        try:
            async with transaction() as session:
                tenant = await tenants.by_key(session, key, ApiKeyKind.WRITE)
            entry: tuple[float, Writer | type[HubError]] = (
                now + _KNOWN_SECONDS,
                Writer(tenant.id, tenant.default_country),
            )
        except (Unauthorized, TenantClosed) as refused:
            entry = (now + _UNKNOWN_SECONDS, type(refused))
        self._known[key] = entry
        self._known.move_to_end(key)
        if len(self._known) > _KEYS_MAX:
            self._known.popitem(last=False)
        return entry
