"""What only app and messaging events must have. A seller's website sends neither; a wrong action_source meets them."""

from typing import Any

from evals.simulators.meta.person import Check, is_text
from evals.simulators.meta.refusals import Reason, Refusal, bad, unexpected

_EXTINFO_LENGTH = 16
_OS_VERSION_AT = 4
_MESSAGING_NAMES = frozenset(
    {
        *("Purchase", "LeadSubmitted", "InitiateCheckout", "AddToCart", "ViewContent", "CartAbandoned"),
        *("OrderCreated", "OrderShipped", "OrderDelivered", "OrderCanceled", "OrderReturned"),
        *("QualifiedLead", "RatingProvided", "ReviewProvided"),
    }
)
# Each key of user_data a channel needs, and the refusal without it.
_NEEDED = {
    "messenger": (("page_id", Reason.NO_PAGE),),
    "whatsapp": (("ctwa_clid", Reason.NO_CLICK),),
    "instagram": (("ig_account_id", Reason.NO_IG_ACCOUNT), ("ig_sid", Reason.NO_IG_USER)),
}


def refusal_of_channel(event: dict[str, Any]) -> Refusal | None:
    """For an event whose ``user_data`` and ``custom_data`` are objects of the right shapes."""
    if event["action_source"] == "business_messaging":
        return _messaging(event)
    if event["action_source"] == "app" and not isinstance(event.get("app_data"), dict):
        return Refusal(Reason.REQUIRED, "An app event needs app_data", ("app_data",))
    if "app_data" in event:
        refusal = _app(event["app_data"], is_app=event["action_source"] == "app")
        return refusal.inside("app_data") if refusal else None
    return None


def _messaging(event: dict[str, Any]) -> Refusal | None:
    channel, person = event.get("messaging_channel"), event["user_data"]
    if not isinstance(channel, str) or channel not in _NEEDED:
        return Refusal(Reason.CHANNEL, "messaging_channel is missing", ("messaging_channel",))
    if event["event_name"] not in _MESSAGING_NAMES:
        return Refusal(Reason.MESSAGING_NAME, "event_name is not one of messaging's", ("event_name",))
    for key, reason in _NEEDED[channel]:
        if key not in person:
            return Refusal(reason, f"user_data[{key!r}] is missing", ("user_data", key))
    if channel == "whatsapp" and not person.keys() & {"page_id", "whatsapp_business_account_id"}:
        return Refusal(Reason.NO_ACCOUNT, "Neither page nor business account", ("user_data",))
    if event["event_name"].startswith("Order") and not (event.get("custom_data") or {}).get("currency"):
        return Refusal(Reason.ORDER_CURRENCY, "An order event needs a currency", ("custom_data", "currency"))
    return None


def _app(app_data: Any, *, is_app: bool) -> Refusal | None:
    if not isinstance(app_data, dict):
        return bad("app_data must be an object")
    if unknown := app_data.keys() - _APP_KEYS.keys():
        return unexpected(unknown, "app_data")
    if is_app and not _is_extinfo(app_data.get("extinfo")):
        return Refusal(Reason.EXTINFO, "extinfo needs 16 texts, its version and the OS version", ("extinfo",))
    for key, check in _APP_KEYS.items():
        is_needed = is_app and key in _APP_NEEDED
        if (key in app_data or is_needed) and not check(app_data.get(key)):
            return bad(f"app_data[{key!r}] is not valid", key)
    return None


def _is_extinfo(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != _EXTINFO_LENGTH:
        return False
    if not all(isinstance(one, str | int | float) for one in value):
        return False
    return value[0] in ("a2", "i2") and is_text(value[_OS_VERSION_AT])


def _is_flag(value: Any) -> bool:
    """0 or 1; Meta's SDKs write true and false."""
    return isinstance(value, int) and value in (0, 1)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int)


def _is_scalars(value: Any) -> bool:
    return all(map(_is_scalar, value)) if isinstance(value, list) else _is_scalar(value)


_APP_NEEDED = frozenset({"advertiser_tracking_enabled", "application_tracking_enabled"})
_APP_KEYS: dict[str, Check] = {
    **dict.fromkeys(_APP_NEEDED, _is_flag),
    **dict.fromkeys(("consider_views", "include_dwell_data", "include_video_data"), _is_flag),
    **dict.fromkeys(("campaign_ids", "url_schemes"), _is_scalars),
    **dict.fromkeys(("install_referrer", "installer_package", "receipt_data", "windows_attribution_id"), _is_scalar),
    "app_user_id": _is_scalar,
    "extinfo": lambda value: isinstance(value, list),
}
