"""Kiwify's words and ours. Source: the vendor's trigger list and its panel's payloads; aliases from integrations."""

from types import MappingProxyType
from zoneinfo import ZoneInfo

from tracking_core.gateways.sale_event import PaymentMethod, SaleEventKind

# The three renewal and cancellation names are the same as trigger and as event.
EVENT_KINDS = MappingProxyType(
    {
        "order_approved": SaleEventKind.APPROVED,
        "compra_aprovada": SaleEventKind.APPROVED,
        "order_rejected": SaleEventKind.REFUSED,
        "order_refused": SaleEventKind.REFUSED,
        "compra_recusada": SaleEventKind.REFUSED,
        "order_refunded": SaleEventKind.REFUNDED,
        "compra_reembolsada": SaleEventKind.REFUNDED,
        "chargeback": SaleEventKind.CHARGEBACK,
        "order_chargedback": SaleEventKind.CHARGEBACK,
        "pix_created": SaleEventKind.PENDING,
        "pix_gerado": SaleEventKind.PENDING,
        "billet_created": SaleEventKind.PENDING,
        "boleto_created": SaleEventKind.PENDING,
        "boleto_gerado": SaleEventKind.PENDING,
        "carrinho_abandonado": SaleEventKind.ABANDONED_CART,
        "cart_abandoned": SaleEventKind.ABANDONED_CART,
        "subscription_renewed": SaleEventKind.APPROVED,
        "subscription_late": SaleEventKind.OVERDUE,
        "subscription_canceled": SaleEventKind.SUBSCRIPTION_CANCELED,
    }
)
RENEWAL_EVENT = "subscription_renewed"
CART_STATUS = "abandoned"

# Sale statuses of the vendor's API; what an order says of itself when its event has no name we know.
STATUS_KINDS = MappingProxyType(
    {
        "paid": SaleEventKind.APPROVED,
        "approved": SaleEventKind.APPROVED,
        "waiting_payment": SaleEventKind.PENDING,
        "pending": SaleEventKind.PENDING,
        "processing": SaleEventKind.PENDING,
        "authorized": SaleEventKind.PENDING,
        "refused": SaleEventKind.REFUSED,
        "refund_requested": SaleEventKind.PROTEST,
        "pending_refund": SaleEventKind.PROTEST,
        "refunded": SaleEventKind.REFUNDED,
        "chargedback": SaleEventKind.CHARGEBACK,
    }
)

PAYMENT_METHODS = MappingProxyType(
    {
        "pix": PaymentMethod.PIX,
        "boleto": PaymentMethod.BOLETO,
        "credit_card": PaymentMethod.CREDIT_CARD,
    }
)
EVENT_PAYMENT_METHODS = MappingProxyType(
    {
        "pix_created": PaymentMethod.PIX,
        "pix_gerado": PaymentMethod.PIX,
        "billet_created": PaymentMethod.BOLETO,
        "boleto_created": PaymentMethod.BOLETO,
        "boleto_gerado": PaymentMethod.BOLETO,
    }
)

# The vendor writes dates without a zone; Brasília time is what everybody assumes.
ZONE = ZoneInfo("America/Sao_Paulo")

# The panel's test buyer, John Doe.
TEST_EMAIL = "johndoe@example.com"
