"""Every table. Importing this package fills ``SQLModel.metadata``."""

from tracking_core.models.connection import ConnectionState, DeliverySlot, MetaConnection, WebhookEndpoint
from tracking_core.models.delivery import OPEN_STATES, AuditEntry, Delivery, DeliveryState, DispatchAttempt
from tracking_core.models.sale import (
    Conversion,
    ConversionStatus,
    Decision,
    Match,
    ReceivedWebhook,
    SaleEventRow,
    WebhookState,
)
from tracking_core.models.tenant import ApiKey, ApiKeyKind, ConsentMode, Tenant
from tracking_core.models.tracking import (
    IS_FORWARDABLE,
    BrowserEvent,
    Consent,
    DedupeEntry,
    TrackingEvent,
    TrackingKind,
)

__all__ = [
    "IS_FORWARDABLE",
    "OPEN_STATES",
    "ApiKey",
    "ApiKeyKind",
    "AuditEntry",
    "BrowserEvent",
    "ConnectionState",
    "Consent",
    "ConsentMode",
    "Conversion",
    "ConversionStatus",
    "Decision",
    "DedupeEntry",
    "Delivery",
    "DeliverySlot",
    "DeliveryState",
    "DispatchAttempt",
    "Match",
    "MetaConnection",
    "ReceivedWebhook",
    "SaleEventRow",
    "Tenant",
    "TrackingEvent",
    "TrackingKind",
    "WebhookEndpoint",
    "WebhookState",
]
