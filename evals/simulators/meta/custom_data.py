"""The rules of ``custom_data``: the money of a Purchase, the shapes of the standard keys, scalars for all others."""

import re
from collections.abc import Callable
from math import isfinite
from typing import Any

from babel.core import get_global

from evals.simulators.meta.person import Check, is_id
from evals.simulators.meta.refusals import Reason, Refusal, bad, unexpected

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_TENDER = frozenset(
    code for uses in get_global("territory_currencies").values() for code, _, end, tender in uses if tender and not end
)
_CURRENCIES = _TENDER - {"MRU"}  # refused although it is ISO 4217
# Reported as refused here: they belong, hashed, in user_data.
_PERSONAL = frozenset({"city", "state", "zip"})
_SEGMENTS = frozenset(
    f"{kind}_to_{scope}"
    for kind in ("new_customer", "existing_customer")
    for scope in ("business", "business_line", "product_area", "medium")
) | {"customer_in_loyalty_program"}
_DELIVERY = frozenset({"in_store", "curbside", "home_delivery"})


def refusal_of_custom_data(event_name: str, custom: Any) -> Refusal | None:
    """Paths in the answer start at ``custom_data``."""
    if custom is None:
        custom = {}
    if not isinstance(custom, dict):
        return bad("custom_data must be an object", "custom_data")
    refusal = _money(event_name, custom) or _fields(custom)
    return refusal.inside("custom_data") if refusal else None


def _money(event_name: str, custom: dict[str, Any]) -> Refusal | None:
    is_purchase, currency = event_name == "Purchase", custom.get("currency")
    if is_purchase and not _is_number(custom.get("value")):
        return Refusal(Reason.NO_VALUE, "A Purchase needs a value", ("value",))
    if currency in (None, ""):
        return Refusal(Reason.NO_CURRENCY, "A Purchase needs a currency", ("currency",)) if is_purchase else None
    if not isinstance(currency, str) or currency.upper() not in _CURRENCIES:
        return Refusal(Reason.BAD_CURRENCY, "The currency is not taken", ("currency",))
    return None


def _fields(custom: dict[str, Any]) -> Refusal | None:
    for key, value in custom.items():
        check, rule = _STANDARD.get(key, _SCALAR)
        if not check(value):
            return bad(f"custom_data[{key[:80]!r}] must be {rule}", key[:80])
    if personal := custom.keys() & _PERSONAL:
        return Refusal(Reason.CUSTOM_FIELD, "Not a field of custom_data", (min(personal),))
    contents = custom.get("contents")
    return _contents(contents) if contents else None


def _contents(contents: Any) -> Refusal | None:
    for at, content in enumerate(contents if isinstance(contents, list) else ()):
        if refusal := _content(content):
            return refusal.inside("contents", at)
    return None


def _content(content: Any) -> Refusal | None:
    if not isinstance(content, dict):
        return bad("contents must be a list of objects")
    if unknown := content.keys() - _CONTENT.keys():
        return unexpected(unknown, "contents")
    for key in ("id", "quantity"):
        if key not in content:
            return bad(f"contents must have {key!r}", key)
    for key, value in content.items():
        if not _CONTENT[key](value):
            return bad(f"contents[{key!r}] is not valid", key)
    return None


def _is_number(value: Any) -> bool:
    """A number, or one written as text without thousands separator."""
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _is_ids(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_id, value))


def _one_of(*known: str) -> Check:
    return lambda value: isinstance(value, str) and value in known


def _is_plain(value: Any) -> bool:
    return isinstance(value, str)


_Rule = tuple[Callable[[Any], bool], str]
_SCALAR: _Rule = (_is_scalar, "text, a number or true or false")
_STANDARD: dict[str, _Rule] = {
    **dict.fromkeys(("value", "predicted_ltv", "net_revenue"), (_is_number, "a number without thousands separator")),
    **dict.fromkeys(("content_name", "content_category", "search_string"), (_is_plain, "text")),
    **dict.fromkeys(("order_id", "item_number"), (lambda value: value == "" or is_id(value), "text")),
    "content_ids": (_is_ids, "a list of ids"),
    "content_type": (_one_of("product", "product_group"), "product or product_group"),
    "contents": (lambda value: isinstance(value, list), "a list of objects"),
    "num_items": (_is_count, "a whole number"),
    "delivery_category": (_one_of(*_DELIVERY), "one of in_store, curbside, home_delivery"),
    "customer_segmentation": (_one_of(*_SEGMENTS), "one of the documented segments"),
}
_CONTENT: dict[str, Check] = {
    **dict.fromkeys(("title", "description", "brand", "category"), _is_plain),
    "id": is_id,
    "quantity": _is_number,
    "item_price": _is_number,
    "delivery_category": _one_of(*_DELIVERY),
}
