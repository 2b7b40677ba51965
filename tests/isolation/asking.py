"""What each route is asked: with the ids of somebody, and a body that the route understands.

A route that changes something and is not named here cannot be asked, and the tests fail: so does one whose path has a
name that nobody gave an id for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.isolation.routes import Route
from tests.isolation.world import PLAN_HASH, Seller
from tests.privacy.planted import EMAIL

Ids = Mapping[str, str]
# What no id stands behind.
WORDS = {
    "gateway": "hotmart", "endpoint_key": "nobody", "kind": "meta_app_secret", "code": "capi_errors", "step": "page",
    "check": "meta", "act": "take", "scope": "all", "name:path": "app.css", "token": "nobody",
}  # fmt: skip
_API, _SETUP = "/api/v1", "/api/v1/setup/sessions/{session_id}"
_PAGE, _SALES, _ALERTS = "/app/setups/{session_id}", "/app/sales", "/app/alerts"
_SECRET = {"value": "an-app-secret-of-the-test"}
_PICTURE = {"not": "a picture"}
_SOMEBODY = {"kind": "email", "value": EMAIL}


@dataclass(frozen=True)
class Asked:
    method: str
    url: str
    body: dict[str, Any] | None

    @property
    def said(self) -> str:
        return f"{self.url} {self.body}"


def _json(ids: Ids) -> dict[str, dict[str, Any] | None]:
    letter, secret = ids.get("letter_id", ""), ids.get("secret", "")
    credentials = {"client_id": "an-id-of-the-test", "client_secret": "a-secret-of-the-test"}
    return {
        f"POST {_API}/dead-letters/replay/preview": {"ids": [letter]},
        f"POST {_API}/dead-letters/replay": {"ids": [letter]},
        f"PUT {_API}/tenant/settings": {},
        f"POST {_API}/setup/sessions": {"tenant_id": ids["tenant_id"]},
        f"PUT {_SETUP}/secrets/{{kind}}": _SECRET,
        f"POST {_SETUP}/actions/validate_gateway_credentials": {"gateway": "hotmart", "credentials": credentials},
        f"POST {_SETUP}/actions/validate_meta_token": {"dataset_id": "820000000000001", "access_token": secret},
        f"POST {_SETUP}/actions/probe_landing_url": {"url": "https://loja.example/"},
        f"PUT {_SETUP}/preferences": {},
        f"POST {_SETUP}/plan": None,
        f"POST {_SETUP}/plan/decision": {"plan_hash": PLAN_HASH, "decision": "approve"},
        f"POST {_SETUP}/proof": None,
        f"POST {_SETUP}/rollback": {"scope": "all"},
        "POST /setup/sessions/{session_id}/chat": {"text": "oi", "attachments": [ids.get("screenshot_id")]},
        f"POST {_SETUP}/chat": {"text": "oi", "attachments": [ids.get("screenshot_id")]},
        f"POST {_SETUP}/screenshots": _PICTURE,
        f"DELETE {_SETUP}/screenshots/{{screenshot_id}}": None,
        f"POST {_SETUP}/handoff": {"note": "oi"},
        f"POST {_API}/alert-channels": {"kind": "email", "target": "alguem@example.com", "tenant_id": ids["tenant_id"]},
        f"PATCH {_API}/alert-channels/{{channel_id}}": {"enabled": False},
        f"POST {_API}/alert-channels/{{channel_id}}/test": None,
        f"DELETE {_API}/alert-channels/{{channel_id}}": None,
        f"POST {_API}/alerts/{{alert_id}}/acknowledge": None,
        f"POST {_API}/alert-silences": {"ends_at": "2050-01-01T00:00:00Z", "reason": "x"},
        f"DELETE {_API}/alert-silences/{{silence_id}}": None,
        f"PUT {_API}/objectives/{{code}}": {"enabled": True},
        f"POST {_API}/consents/search": {"email": EMAIL},
        f"POST {_API}/consents": {"email": EMAIL, "granted": False},
        f"POST {_API}/privacy/export": _SOMEBODY,
        f"POST {_API}/privacy/purge": _SOMEBODY,
    }


def _forms(ids: Ids) -> dict[str, dict[str, Any] | None]:
    channel = f"POST {_ALERTS}/channels"
    return {
        "POST /app/setups": {"tenant_id": ids["tenant_id"]},
        "POST /app/account/language": {"locale": "en"},
        "POST /app/account/browsers/end": {},
        "POST /app/account/browsers/{web_session_id}/end": {},
        "POST /app/account/password": {"password": "x", "again": "x"},
        f"POST {_PAGE}/business": {"contact-name": "Ana"},
        f"POST {_PAGE}/preferences": {},
        f"POST {_PAGE}/checks/{{step}}": {"url": "https://loja.example/"},
        f"POST {_PAGE}/plan": {},
        f"POST {_PAGE}/proof": {},
        f"POST {_PAGE}/rollback": {"scope": "all"},
        f"POST {_PAGE}/plan/decision": {"plan_hash": PLAN_HASH, "decision": "approve"},
        f"POST {_PAGE}/device": {},
        f"POST {_PAGE}/status/withdraw": {},
        f"POST {_PAGE}/chat": {"text": "oi", "attachments": ids.get("screenshot_id", "")},
        f"POST {_PAGE}/chat/screenshots": _PICTURE,
        f"DELETE {_PAGE}/chat/screenshots/{{screenshot_id}}": {},
        f"POST {_PAGE}/person": {"note": "oi"},
        f"POST {_SALES}/replays/preview": {"ids": ids.get("letter_id", "")},
        f"POST {_SALES}/replays": {"ids": ids.get("letter_id", "")},
        channel: {"kind": "email", "target": "alguem@example.com", "min_severity": "ticket"},
        f"{channel}/{{channel_id}}/test": {},
        f"{channel}/{{channel_id}}/change": {"min_severity": "page"},
        f"{channel}/{{channel_id}}/remove": {},
        "POST /app/privacy": {**_SOMEBODY, "shop": ids["tenant_id"]},
        "POST /app/privacy/{request_id:uuid}/approve": {"plan_hash": PLAN_HASH},
    }


def bodies(ids: Ids, *, is_page: bool) -> dict[str, dict[str, Any] | None]:
    return _forms(ids) if is_page else _json(ids)


def url_of(route: Route, ids: Ids) -> str:
    """Raises KeyError for a name that nobody gave an id for."""
    url = route.path
    while (start := url.find("{")) >= 0:
        end = url.index("}", start)
        name = url[start + 1 : end].removesuffix(":uuid")
        url = url[:start] + ({**WORDS, **ids}[name]) + url[end + 1 :]
    return url


def asked_of(route: Route, theirs: Seller, own: Seller) -> Iterator[Asked]:
    """The route with all ids of theirs; a second time beneath an id of one's own; and with theirs in the query."""
    body = None if route.method == "GET" else bodies(theirs.ids, is_page=route.is_page)[route.name]
    yield Asked(route.method, url_of(route, theirs.ids), body)
    if route.is_stream:
        return  # of Ana's own it would never end
    if "{session_id}" in route.path:
        mixed = {**theirs.ids, "session_id": own.ids["session_id"]}
        after = theirs.ids.get("action_id" if route.path.endswith("/actions") else "message_id", "")
        yield Asked(route.method, url_of(route, mixed), body)
        if route.method == "GET":
            name = "before" if route.path.endswith("/chat/messages") else "after"
            yield Asked(route.method, f"{url_of(route, mixed)}?{name}={after}", None)
    else:
        yield Asked(route.method, f"{url_of(route, theirs.ids)}?tenant_id={theirs.ids['tenant_id']}", body)
