"""Which tenant a public write key belongs to, remembered for a short while so that the hot path asks nobody."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from tracking_core.db.engine import transaction
from tracking_core.errors import Unauthorized
from tracking_core.models import ApiKeyKind
from tracking_core.tenants import service as tenants

_KNOWN_SECONDS, _UNKNOWN_SECONDS = 30.0, 5.0
_KEYS_MAX = 50_000


@dataclass(frozen=True, slots=True)
class Writer:
    tenant_id: UUID
    country: str


class WriteKeys:
    """A revoked key stops within 30 seconds; unknown keys are remembered too, so they cannot load the database."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, Writer | None]] = OrderedDict()

    async def writer(self, key: str) -> Writer:
        now = time.monotonic()
        found = self._known.get(key)
        if found is None or found[0] < now:
            found = await self._looked_up(key, now)
        if found[1] is None:
            raise Unauthorized
        return found[1]

    async def _looked_up(self, key: str, now: float) -> tuple[float, Writer | None]:
        try:
            async with transaction() as session:
                tenant = await tenants.by_key(session, key, ApiKeyKind.WRITE)
            entry: tuple[float, Writer | None] = (now + _KNOWN_SECONDS, Writer(tenant.id, tenant.default_country))
        except Unauthorized:
            entry = (now + _UNKNOWN_SECONDS, None)
        self._known[key] = entry
        self._known.move_to_end(key)
        if len(self._known) > _KEYS_MAX:
            self._known.popitem(last=False)
        return entry
