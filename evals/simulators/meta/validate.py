"""Why Meta would refuse an event. Written from the vendor's documented rules, not from our sender's code."""

from collections.abc import Sequence
from typing import Any

from evals.simulators.meta.channels import refusal_of_channel
from evals.simulators.meta.custom_data import refusal_of_custom_data
from evals.simulators.meta.person import is_text, refusal_of_person
from evals.simulators.meta.refusals import Reason, Refusal, bad, unexpected

_DAY_SECONDS = 86_400
_MAX_AGE_SECONDS = 7 * _DAY_SECONDS
_MAX_AGE_IN_A_SHOP_SECONDS = 62 * _DAY_SECONDS
# Meta does not say how far ahead a clock may be; a minute is the strictest any integration assumes.
_FUTURE_SECONDS = 60
_ACTION_SOURCES = frozenset(
    {
        *("email", "website", "app", "phone_call", "chat", "physical_store", "system_generated"),
        *("business_messaging", "other"),
    }
)
_TEXTS = ("event_id", "event_source_url", "referrer_url", "messaging_channel", "advanced_measurement_table")
_PRIVACY = ("data_processing_options", "data_processing_options_country", "data_processing_options_state")
_REQUIRED = ("event_name", "event_time", "action_source")
_EVENT_KEYS = frozenset(
    {
        *(*_REQUIRED, *_TEXTS, *_PRIVACY),
        *("user_data", "custom_data", "app_data", "original_event_data", "attribution_data", "opt_out"),
    }
)
_COUNTRIES = (0, 1)
_FIRST_STATE = 1_000


def refusal_of_batch(events: Sequence[Any], now: float) -> Refusal | None:
    """That of the first event refused, which refuses all of them; ``now`` in unix seconds."""
    for at, event in enumerate(events):
        if refusal := refusal_of(event, now):
            return refusal.inside("data", at)
    return None


def refusal_of(event: Any, now: float) -> Refusal | None:
    """Why Meta would refuse this event, or None; the path starts at the event."""
    if not isinstance(event, dict):
        return bad("Each of param data must be an object")
    return (
        _keys(event)
        or _time(event, now)
        or _fields(event)
        or refusal_of_person(event.get("user_data"))
        or refusal_of_custom_data(event["event_name"], event.get("custom_data"))
        or refusal_of_channel(event)
        or _privacy(event)
        or _original(event)
    )


def _keys(event: dict[str, Any]) -> Refusal | None:
    for key in _REQUIRED:
        if event.get(key) in (None, ""):
            return Refusal(Reason.REQUIRED, f"Missing required parameter: {key}", (key,))
    unknown = event.keys() - _EVENT_KEYS
    return unexpected(unknown, "data") if unknown else None


def _time(event: dict[str, Any], now: float) -> Refusal | None:
    at, source = event["event_time"], event["action_source"]
    if not isinstance(at, int) or isinstance(at, bool):
        return bad("event_time must be an integer", "event_time")
    if at > now + _FUTURE_SECONDS:
        return Refusal(Reason.FUTURE, "Event timestamp is in the future", ("event_time",))
    max_age = _MAX_AGE_IN_A_SHOP_SECONDS if source == "physical_store" else _MAX_AGE_SECONDS
    if at < now - max_age:
        return Refusal(Reason.TOO_OLD, "Event timestamp is too old", ("event_time",))
    return None


def _fields(event: dict[str, Any]) -> Refusal | None:
    source = event["action_source"]
    if not isinstance(source, str) or source not in _ACTION_SOURCES:
        return bad("action_source is not valid", "action_source")
    if not isinstance(event["event_name"], str):
        return bad("event_name must be text", "event_name")
    for key in _TEXTS:
        if key in event and not isinstance(event[key], str):
            return bad(f"{key} must be text", key)
    if not isinstance(event.get("opt_out", False), bool):
        return bad("opt_out must be true or false", "opt_out")
    if not isinstance(event.get("attribution_data", {}), dict):
        return bad("attribution_data must be an object", "attribution_data")
    return None


def _privacy(event: dict[str, Any]) -> Refusal | None:
    """Limited data use: who asks for it says where the person is, or lets Meta find out by the IP address."""
    options, country, state = (event.get(key) for key in _PRIVACY)
    if not isinstance(options, list | None) or any(one != "LDU" for one in options or ()):
        return bad("data_processing_options must be [] or ['LDU']", _PRIVACY[0])
    if country is not None and (isinstance(country, bool) or country not in _COUNTRIES):
        return bad("data_processing_options_country must be 0 or 1", _PRIVACY[1])
    if state is not None and not _is_state(state):
        return bad("data_processing_options_state must be 0 or the number of a state", _PRIVACY[2])
    return _limited_use(event, country, state) if options else None


def _is_state(state: Any) -> bool:
    return isinstance(state, int) and not isinstance(state, bool) and (state == 0 or state >= _FIRST_STATE)


def _limited_use(event: dict[str, Any], country: int | None, state: int | None) -> Refusal | None:
    if country is None:
        return bad("LDU needs data_processing_options_country", _PRIVACY[1])
    if state is None:
        return bad("LDU needs data_processing_options_state", _PRIVACY[2])
    if state and not country:
        return bad("A state needs data_processing_options_country 1", _PRIVACY[1])
    if not state and "client_ip_address" not in event["user_data"]:
        return bad("Without client_ip_address the state must be given", _PRIVACY[2])
    return None


def _original(event: dict[str, Any]) -> Refusal | None:
    """The first event a delayed one refers to."""
    if "original_event_data" not in event:
        return None
    original = event["original_event_data"]
    if not isinstance(original, dict):
        return bad("original_event_data must be an object", "original_event_data")
    if unknown := original.keys() - {"event_name", "event_time", "event_id", "order_id"}:
        return unexpected(unknown, "original_event_data").inside("original_event_data")
    for key, value in original.items():
        is_right = type(value) is int if key == "event_time" else is_text(value)
        if not is_right:
            return bad(f"original_event_data[{key!r}] is not valid", "original_event_data", key)
    return None
