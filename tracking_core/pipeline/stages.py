"""What travels between the pipeline's stages: one Work item per webhook, gathered in a batch."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tracking_core.gateways.sale_event import Ignored, SaleEvent
from tracking_core.models import Conversion, MetaConnection, SyntheticSale


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRules:
    """The tenant's settings that matching, consent and planning read."""

    tenant_id: UUID
    country: str
    consent_mode: str
    match_threshold: Decimal
    attribution_window_days: int


@dataclass(slots=True)
class Work:
    """A received webhook on its way: what it says, the sale it belongs to, what became of it. ``trace`` is where the
    request that brought it stands (telemetry/context.py)."""

    webhook_id: UUID
    endpoint_id: UUID
    rules: TenantRules
    said: SaleEvent | Ignored | str  # a str names why the payload is unreadable
    gateway: str
    received_at: datetime
    trace: bytes | None = None
    conversion: Conversion | None = None
    outcome: str = ""


@dataclass(slots=True)
class Sale:
    """One conversion touched by the batch, with the newest facts about it. A synthetic one is for the connection it was
    ``announced`` for; of the ``connections`` only the ``enabled`` are told."""

    conversion: Conversion
    rules: TenantRules
    announced: SyntheticSale | None = None
    connections: list[MetaConnection] = field(default_factory=list)

    @property
    def enabled(self) -> list[MetaConnection]:
        return [one for one in self.connections if one.disabled_at is None]
