"""Hotmart's words and ours. Source: captured deliveries and the payloads of the vendor's own test panel."""

from types import MappingProxyType

from tracking_core.gateways.sale_event import PaymentMethod, SaleEventKind

PURCHASE_KINDS = MappingProxyType(
    {
        "PURCHASE_BILLET_PRINTED": SaleEventKind.PENDING,  # pix as well as boleto, whatever the name says
        "PURCHASE_APPROVED": SaleEventKind.APPROVED,
        "PURCHASE_COMPLETE": SaleEventKind.COMPLETED,
        "PURCHASE_DELAYED": SaleEventKind.OVERDUE,
        "PURCHASE_CANCELED": SaleEventKind.REFUSED,
        "PURCHASE_EXPIRED": SaleEventKind.EXPIRED,
        "PURCHASE_PROTEST": SaleEventKind.PROTEST,
        "PURCHASE_REFUNDED": SaleEventKind.REFUNDED,
        "PURCHASE_CHARGEBACK": SaleEventKind.CHARGEBACK,
    }
)
# The second name of a kind is on one mirror of the documentation and in no capture.
OTHER_KINDS = MappingProxyType(
    {
        "PURCHASE_OUT_OF_SHOPPING_CART": SaleEventKind.ABANDONED_CART,
        "CART_ABANDONMENT": SaleEventKind.ABANDONED_CART,
        "SUBSCRIPTION_CANCELLATION": SaleEventKind.SUBSCRIPTION_CANCELED,
        "SWITCH_PLAN": SaleEventKind.PLAN_SWITCHED,
        "UPDATE_SUBSCRIPTION_CHARGE_DATE": SaleEventKind.CHARGE_DATE_CHANGED,
        "SUBSCRIPTION_BILLING_DATE_CHANGE": SaleEventKind.CHARGE_DATE_CHANGED,
    }
)
MEMBER_AREA_EVENTS = frozenset({"CLUB_FIRST_ACCESS", "CLUB_MODULE_COMPLETED"})

PURCHASE_STATUS = MappingProxyType(
    {
        "PURCHASE_BILLET_PRINTED": "BILLET_PRINTED",
        "PURCHASE_APPROVED": "APPROVED",
        "PURCHASE_COMPLETE": "COMPLETED",
        "PURCHASE_DELAYED": "DELAYED",
        "PURCHASE_CANCELED": "CANCELED",
        "PURCHASE_EXPIRED": "EXPIRED",
        "PURCHASE_PROTEST": "DISPUTE",
        "PURCHASE_REFUNDED": "REFUNDED",
        "PURCHASE_CHARGEBACK": "CHARGEBACK",
    }
)

# Any other payment type Hotmart lists (wallets, transfers, HYBRID...) is OTHER.
PAYMENT_METHODS = MappingProxyType(
    {
        "PIX": PaymentMethod.PIX,
        "BILLET": PaymentMethod.BOLETO,
        "FINANCED_BILLET": PaymentMethod.BOLETO,
        "CREDIT_CARD": PaymentMethod.CREDIT_CARD,
    }
)

# What the test panel sends; never a sale.
TEST_TRANSACTION = "HP16015479281022"
TEST_BUYER_NAME = "teste comprador"
TEST_EMAILS = frozenset({"testecomprador271101postman15@example.com", "teste@hotmart.com.br", "test@hotmart.com"})
