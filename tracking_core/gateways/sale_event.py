"""The one shape every gateway's webhook becomes. What a gateway did not say is ``None``, never a guess."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tracking_core.kit.money import Money


class SaleEventKind(StrEnum):
    """What happened. A renewal is APPROVED with ``is_renewal``; an order bump is a sale of its own."""

    ABANDONED_CART = "abandoned_cart"
    PENDING = "pending"
    APPROVED = "approved"
    COMPLETED = "completed"  # the refund window closed; not a second sale
    REFUSED = "refused"
    EXPIRED = "expired"
    OVERDUE = "overdue"  # an instalment or renewal is late
    PROTEST = "protest"  # refund asked for, not given
    REFUNDED = "refunded"
    CHARGEBACK = "chargeback"
    SUBSCRIPTION_CANCELED = "subscription_canceled"
    PLAN_SWITCHED = "plan_switched"
    CHARGE_DATE_CHANGED = "charge_date_changed"


class PaymentMethod(StrEnum):
    PIX = "pix"
    BOLETO = "boleto"
    CREDIT_CARD = "credit_card"
    OTHER = "other"


class IgnoreReason(StrEnum):
    """Why an authentic webhook leads to nothing; it still gets 2xx and is kept."""

    TEST_PING = "test_ping"
    TEST_DELIVERY = "test_delivery"  # the gateway's own dummy buyer
    UNKNOWN_EVENT = "unknown_event"
    MEMBER_AREA = "member_area"
    NOT_A_SALE = "not_a_sale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """As the gateway wrote it: neither normalised nor hashed. ``phone`` may lack the country code."""

    email: str | None = None
    phone: str | None = None
    document: str | None = None
    full_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    city: str | None = None
    state: str | None = None
    zip_code: str | None = None
    country: str | None = None  # ISO 3166-1 alpha-2 when the gateway gives it
    ip: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """What came back from the checkout link.

    ``carriers`` maps parameter to value, the likeliest home of a click id first; ``utm`` has keys without the
    ``utm_`` prefix (source, medium, campaign, content, term).
    """

    carriers: dict[str, str] = field(default_factory=dict)
    utm: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleEvent:
    """One authentic, normalised notification from a gateway.

    ``external_event_id`` is the gateway's identity of this notification: the same for a repeat, different for the
    next state. ``sale_id`` is the transaction, the same through pending, approved and refunded; ``None`` only where
    the gateway has none (carts, subscription notices). ``occurred_at`` is when the state was reached, UTC.
    ``payment_due_at`` is until when a pix or boleto can be paid.
    ``value`` is what the sale is worth to the seller's ROAS: price without instalment interest.
    """

    gateway: str
    kind: SaleEventKind
    external_event_id: str
    occurred_at: datetime
    sale_id: str | None = None
    parent_sale_id: str | None = None
    ordered_at: datetime | None = None
    payment_method: PaymentMethod | None = None
    payment_due_at: datetime | None = None
    installments: int | None = None
    value: Money | None = None
    net_value: Money | None = None
    product_id: str | None = None
    product_name: str | None = None
    offer_id: str | None = None
    is_order_bump: bool = False
    is_renewal: bool = False
    recurrence_number: int | None = None
    subscription_id: str | None = None
    reason: str | None = None
    buyer: Buyer = field(default_factory=Buyer)
    tracking: Tracking = field(default_factory=Tracking)


@dataclass(frozen=True, slots=True)
class Ignored:
    """An authentic webhook that is no sale event, with the gateway's own event name."""

    reason: IgnoreReason
    event: str
