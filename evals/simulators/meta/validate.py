"""What Meta refuses, in Meta's own numbers. Written from the vendor's documented rules, not from our sender's code.

A refusal is ``(code, subcode, message)``; the first one found refuses the whole request.
"""

import re
from typing import Any

from babel.core import get_global

Refusal = tuple[int, int | None, str]

_WEEK_SECONDS = 7 * 86_400
_FUTURE_SECONDS = 60
_HASHED = (
    *("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country"),
    *("f5first", "f5last", "fi", "dobd", "dobm", "doby"),
)
_CLEAR = (
    "external_id",
    "client_ip_address",
    "client_user_agent",
    "fbc",
    "fbp",
    "subscription_id",
    "fb_login_id",
    "lead_id",
    "anon_id",
    "madid",
    "page_id",
    "page_scoped_user_id",
    "ctwa_clid",
    "partner_id",
    "partner_name",
    "whatsapp_business_account_id",
    "ig_account_id",
    "ig_sid",
)
_EVENT_KEYS = {
    "event_name",
    "event_time",
    "user_data",
    "action_source",
    "event_source_url",
    "event_id",
    "opt_out",
    "referrer_url",
    "custom_data",
    "data_processing_options",
    "data_processing_options_country",
    "data_processing_options_state",
    "app_data",
    "original_event_data",
    "attribution_data",
    "messaging_channel",
    "advanced_measurement_table",
}
_ACTION_SOURCES = {
    "email",
    "website",
    "app",
    "phone_call",
    "chat",
    "physical_store",
    "system_generated",
    "business_messaging",
    "other",
}
_DIGEST = re.compile(r"[0-9a-f]{64}(\.[A-Za-z0-9_-]{2,8})?")
_FBC = re.compile(r"fb\.[0-9]\.[0-9]{13}\.[^.\s]+(\.[A-Za-z0-9_-]{2,8})?")
_CURRENCIES = frozenset(get_global("all_currencies")) - {"MRU"}  # refused although it is ISO 4217
_TOO_WEAK = (
    {"ct", "country", "st", "zp", "ge", "client_user_agent"},
    {"db", "client_user_agent"},
    {"fn", "ge"},
    {"ln", "ge"},
)


def refusal_of(event: Any, now: float) -> Refusal | None:
    """Why Meta would refuse this event, or None."""
    if not isinstance(event, dict):
        return 100, None, "Param data[0] must be an object"
    if not event.get("event_name"):
        return 100, 2804019, "Missing required parameter: event_name"
    if unexpected := set(event) - _EVENT_KEYS:
        return 100, None, f"Unexpected key {sorted(unexpected)[0]!r} on param data[0]"
    return _time(event, now) or _source(event) or _person(event.get("user_data")) or _money(event)


def _time(event: dict[str, Any], now: float) -> Refusal | None:
    at = event.get("event_time")
    if not isinstance(at, int) or isinstance(at, bool):
        return 100, None, "event_time must be an integer"
    if at > now + _FUTURE_SECONDS:
        return 100, 2804004, "Event timestamp is in the future"
    age = 62 * 86_400 if event.get("action_source") == "physical_store" else _WEEK_SECONDS
    return (100, 2804003, "Event timestamp is too old") if at < now - age else None


def _source(event: dict[str, Any]) -> Refusal | None:
    source = event.get("action_source")
    if not isinstance(source, str) or source not in _ACTION_SOURCES:
        return 100, None, "action_source is not valid"
    return None


def _person(user_data: Any) -> Refusal | None:
    if not isinstance(user_data, dict):
        return 100, 2804050, "No customer information"
    if unexpected := set(user_data) - {*_HASHED, *_CLEAR}:
        return 100, None, f"Unexpected key {sorted(unexpected)[0]!r} on param user_data"
    for key in _HASHED:
        values = user_data.get(key, [])
        for value in values if isinstance(values, list) else [values]:
            if not isinstance(value, str) or not _DIGEST.fullmatch(value):
                return 100, None, f"user_data[{key!r}] must be a SHA-256 digest"
    fbc = user_data.get("fbc")
    if fbc is not None and not (isinstance(fbc, str) and _FBC.fullmatch(fbc)):
        return 100, 2804001, "fbc is not well formed"
    present = {key for key, value in user_data.items() if value}
    if any(present <= weak for weak in _TOO_WEAK):
        return 100, 2804050, "Too little customer information"
    return None


def _money(event: dict[str, Any]) -> Refusal | None:
    custom = event.get("custom_data") or {}
    if not isinstance(custom, dict):
        return 100, None, "custom_data must be an object"
    if event["event_name"] != "Purchase":
        return None
    if not _is_number(custom.get("value")):
        return 100, 2804009, "A Purchase needs a value"
    currency = custom.get("currency")
    if not currency:
        return 100, 2804010, "A Purchase needs a currency"
    if str(currency).upper() not in _CURRENCIES:
        return 100, 2804011, "The currency is not taken"
    return None


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        return float("-inf") < float(value) < float("inf")
    except ValueError:
        return False
