"""The rules of ``user_data``: which keys exist, which are hashed, their shapes, and what is too little to match on."""

import re
import socket
from collections.abc import Callable
from typing import Any

from evals.simulators.meta.refusals import Reason, Refusal, unexpected

Check = Callable[[Any], bool]

_HASHED = (
    *("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country"),
    *("f5first", "f5last", "fi", "dobd", "dobm", "doby"),
)
_PLAIN = (
    *("client_user_agent", "subscription_id", "anon_id", "madid", "page_id", "page_scoped_user_id", "partner_id"),
    *("partner_name", "whatsapp_business_account_id", "ig_account_id", "ig_sid", "instagram_business_account_id"),
)
_APPENDIX = r"(\.(AQ|Ag|Aw|BA|BQ|Bg|[A-Za-z0-9_-]{8}))?"
_DIGEST_LENGTH = 64
_DIGEST = re.compile(rf"[0-9a-f]{{{_DIGEST_LENGTH}}}{_APPENDIX}")
_FBC = re.compile(r"fb\.[0-9]\.[0-9]{13}\.[A-Za-z0-9_-]+" + _APPENDIX)
_FBP = re.compile(r"fb\.[0-9]\.[0-9]{13}\.[0-9]+" + _APPENDIX)
_DIGITS = re.compile(r"[0-9]{1,20}")
_LEAD_ID = re.compile(r"[0-9]{15,17}")
_TOO_WEAK = (
    frozenset({"ct", "country", "st", "zp", "ge", "client_user_agent"}),
    frozenset({"db", "client_user_agent"}),
    frozenset({"fn", "ge"}),
    frozenset({"ln", "ge"}),
)
# No documented weak set has one of these; most events do.
_STRONG = ("em", "ph", "external_id", "fbp", "fbc")


def refusal_of_person(user_data: Any) -> Refusal | None:
    """Paths in the answer start at ``user_data``."""
    if not isinstance(user_data, dict):
        return Refusal(Reason.TOO_WEAK, "user_data must be an object", ("user_data",))
    for key, value in user_data.items():
        check = _CHECKS.get(key)
        if check is None:
            return unexpected(user_data.keys() - _CHECKS.keys(), "user_data").inside("user_data")
        if not (check(value) or _all_pass(check, key, value)):
            reason, rule = _RULES.get(key, _HASH_RULE if key in _HASHED else _PLAIN_RULE)
            return Refusal(reason, f"user_data[{key!r}] {rule}", ("user_data", key))
    return _strength(user_data)


def _all_pass(check: Check, key: str, value: Any) -> bool:
    return isinstance(value, list) and key in _LISTS and all(map(check, value))


def _strength(user_data: dict[str, Any]) -> Refusal | None:
    if any(user_data.get(key) for key in _STRONG):
        return None
    present = {key for key, value in user_data.items() if value}
    if any(present <= weak for weak in _TOO_WEAK):
        return Refusal(Reason.TOO_WEAK, "Too little customer information", ("user_data",))
    return None


def is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def is_id(value: Any) -> bool:
    """Text, or the number some callers write an id as."""
    return is_text(value) or (isinstance(value, int) and not isinstance(value, bool))


def _matches(pattern: re.Pattern[str]) -> Check:
    fullmatch = pattern.fullmatch
    return lambda value: isinstance(value, str) and fullmatch(value) is not None


def _matches_number(pattern: re.Pattern[str]) -> Check:
    return lambda value: is_id(value) and pattern.fullmatch(str(value)) is not None


def _is_digest(value: Any) -> bool:
    try:
        # Three times as fast as the pattern, and nearly every value of an event is one.
        if len(value) == _DIGEST_LENGTH and bytes.fromhex(value).hex() == value:
            return True
    except (TypeError, ValueError):
        pass
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _is_ip(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in value else socket.AF_INET, value)
    except (OSError, ValueError):
        return False
    return True


_LISTS = frozenset({*_HASHED, "external_id"})
_CHECKS: dict[str, Check] = {
    **dict.fromkeys(_HASHED, _is_digest),
    **dict.fromkeys(_PLAIN, is_id),
    "external_id": is_id,
    "client_ip_address": _is_ip,
    "fbc": _matches(_FBC),
    "fbp": _matches(_FBP),
    "fb_login_id": _matches_number(_DIGITS),
    "lead_id": _matches_number(_LEAD_ID),
    "ctwa_clid": is_text,
}
_HASH_RULE = (Reason.PARAMETER, "must be a SHA-256 digest in lower-case hex, or a list of them")
_PLAIN_RULE = (Reason.PARAMETER, "must be text and not empty")
_RULES = {
    "client_ip_address": (Reason.PARAMETER, "must be an IPv4 or IPv6 address"),
    "fbc": (Reason.FBC, "is not well formed"),
    "fbp": (Reason.PARAMETER, "is not well formed"),
    "fb_login_id": (Reason.PARAMETER, "must be an integer"),
    "lead_id": (Reason.LEAD_ID, "must have 15 to 17 digits"),
    "ctwa_clid": (Reason.BAD_CLICK, "is not a click id"),
}
