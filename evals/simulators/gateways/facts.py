"""What a simulated sale is about, and the histories a sale can have."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

# Steps of a history, oldest first. ``renewal`` and ``bump`` are sales of their own, with the first one as their parent.
HISTORIES: dict[str, tuple[str, ...]] = {
    "pix_paid": ("pending", "approved"),
    "boleto_paid": ("pending", "approved"),
    "boleto_expired": ("pending", "expired"),
    "card_approved": ("approved",),
    "card_refused": ("refused",),
    "refunded": ("approved", "refunded"),
    "chargeback": ("approved", "chargeback"),
    "protested": ("approved", "protest", "refunded"),
    "completed": ("approved", "completed"),
    "renewed": ("approved", "renewal"),
    "order_bump": ("approved", "bump"),
    "abandoned": ("abandoned",),
    "test_ping": ("unknown",),
}
_BOLETO, _CARD = {"boleto_paid", "boleto_expired"}, {"card_approved", "card_refused", "chargeback", "renewed"}
_STEP = timedelta(minutes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One sale. ``cents`` is the price; ``at`` is when its first step happened."""

    sale_id: str = field(default_factory=lambda: f"HP{uuid4().hex[:12].upper()}")
    cents: int = 19_700
    currency: str = "BRL"
    email: str = "comprador@example.com"
    phone: str = "11912345678"
    name: str = "Maria Souza"
    document: str = "12345678909"
    product_id: int = 1_355_458
    click_id: str | None = None
    utm: dict[str, str] = field(default_factory=dict)
    payment: str = "pix"
    recurrence: int = 1
    parent: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(minutes=1))

    def moment(self, step: int) -> datetime:
        """When a step happened; never later than now, for no checkout reports the future."""
        return min(self.at + step * _STEP, datetime.now(UTC))


def payment_of(history: str) -> str:
    """``pix``, ``boleto`` or ``credit_card``: what a history is usually paid with."""
    return "boleto" if history in _BOLETO else "credit_card" if history in _CARD else "pix"
