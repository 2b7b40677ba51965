"""Hotmart's sales history: its filters."""

from collections.abc import Mapping
from typing import Any

from evals.simulators.providers.hotmart_pages import NUMBER_DIGITS_MAX, BadQuery, number_of, paged

# Without ``transaction`` or ``transaction_status`` only these are listed.
_PAID = frozenset({"APPROVED", "COMPLETE"})
_STATUSES = frozenset(
    {
        *("APPROVED", "BLOCKED", "CANCELLED", "CHARGEBACK", "COMPLETE", "EXPIRED", "NO_FUNDS", "OVERDUE"),
        *("PARTIALLY_REFUNDED", "PRE_ORDER", "PRINTED_BILLET", "PROCESSING_TRANSACTION", "PROTESTED", "REFUNDED"),
        *("STARTED", "UNDER_ANALISYS", "WAITING_PAYMENT"),
    }
)
_PAYMENT_TYPES = frozenset(
    {
        *("BILLET", "CASH_PAYMENT", "CREDIT_CARD", "DIRECT_BANK_TRANSFER", "DIRECT_DEBIT", "FINANCED_BILLET"),
        *("FINANCED_INSTALLMENT", "GOOGLE_PAY", "HOTCARD", "HYBRID", "MANUAL_TRANSFER", "PAYPAL"),
        *("PAYPAL_INTERNACIONAL", "PICPAY", "PIX", "SAMSUNG_PAY", "WALLET"),
    }
)
_VALUES = {
    "transaction_status": _STATUSES,
    "payment_type": _PAYMENT_TYPES,
    "commission_as": frozenset({"PRODUCER", "COPRODUCER", "AFFILIATE"}),
}
# Where each filter looks in an item.
_FILTERS = {
    "product_id": ("product", "id"),
    "sales_source": ("purchase", "tracking", "source"),
    "transaction": ("purchase", "transaction"),
    "buyer_name": ("buyer", "name"),
    "buyer_email": ("buyer", "email"),
    "transaction_status": ("purchase", "status"),
    "payment_type": ("purchase", "payment", "type"),
    "offer_code": ("purchase", "offer", "code"),
    "commission_as": ("purchase", "commission_as"),
}


def listed(sales: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """One page. Raises BadQuery."""
    for parameter, allowed in _VALUES.items():
        if query.get(parameter, next(iter(allowed))) not in allowed:
            raise BadQuery("invalid_value_parameter", parameter)
    start, end = number_of(query, "start_date", 0), number_of(query, "end_date", 10**NUMBER_DIGITS_MAX)
    within = [sale for sale in sales if start <= sale["purchase"]["order_date"] <= end]
    return paged([sale for sale in within if _is_wanted(sale, query)], query)


def _is_wanted(sale: dict[str, Any], query: Mapping[str, str]) -> bool:
    if not query.keys() & {"transaction", "transaction_status"} and sale["purchase"]["status"] not in _PAID:
        return False
    return all(str(_at(sale, path)) == query[name] for name, path in _FILTERS.items() if name in query)


def _at(sale: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        sale = sale.get(key) if isinstance(sale, dict) else None
    return sale
