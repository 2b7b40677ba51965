"""Hotmart's sales history: its filters, and its pages by cursor."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import orjson

_PAGE_MAX = 50
_NUMBER_DIGITS_MAX = 18
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


class BadQuery(Exception):
    """``error`` is the vendor's word; the value that was sent is not repeated."""

    def __init__(self, error: str, parameter: str) -> None:
        super().__init__(f"{error}: {parameter}")
        self.error, self.parameter = error, parameter


def listed(sales: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """One page. Raises BadQuery."""
    for parameter, allowed in _VALUES.items():
        if query.get(parameter, next(iter(allowed))) not in allowed:
            raise BadQuery("invalid_value_parameter", parameter)
    found = [sale for sale in sales if _is_wanted(sale, query)]
    size, number = _place(query)
    shown = found[(number - 1) * size : number * size]
    info: dict[str, Any] = {"total_results": len(found), "results_per_page": size}
    if number * size < len(found):
        info["next_page_token"] = _cursor(size, number + 1)
    if number > 1:
        info["prev_page_token"] = _cursor(size, number - 1)
    return {"items": shown, "page_info": info}


def _is_wanted(sale: dict[str, Any], query: Mapping[str, str]) -> bool:
    start, end = _number(query, "start_date", 0), _number(query, "end_date", 10**_NUMBER_DIGITS_MAX)
    if not start <= sale["purchase"]["order_date"] <= end:
        return False
    if not query.keys() & {"transaction", "transaction_status"} and sale["purchase"]["status"] not in _PAID:
        return False
    return all(str(_at(sale, path)) == query[name] for name, path in _FILTERS.items() if name in query)


def _at(sale: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        sale = sale.get(key) if isinstance(sale, dict) else None
    return sale


def _place(query: Mapping[str, str]) -> tuple[int, int]:
    """The page's size and its number, from 1. A cursor brings both."""
    if "page_token" in query:
        return _read(query["page_token"])
    size = _number(query, "max_results", _PAGE_MAX)
    if not size:
        raise BadQuery("invalid_parameter", "max_results")
    return min(size, _PAGE_MAX), 1


def _number(query: Mapping[str, str], name: str, without: int) -> int:
    said = query.get(name)
    if said is None:
        return without
    if not (said.isascii() and said.isdigit() and len(said) <= _NUMBER_DIGITS_MAX):
        raise BadQuery("invalid_parameter", name)
    return int(said)


def _cursor(size: int, number: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps({"rows": size, "page": number})).decode()


def _read(cursor: str) -> tuple[int, int]:
    try:
        place = orjson.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        size, number = place["rows"], place["page"]
    except (binascii.Error, ValueError, TypeError, KeyError):
        raise BadQuery("invalid_token", "page_token") from None
    if type(size) is not int or type(number) is not int or not 1 <= size <= _PAGE_MAX or number < 1:
        raise BadQuery("invalid_token", "page_token")
    return size, number
