"""One full run with the planted values in every place where such a value comes in, faults and exceptions included."""

import hashlib
import hmac
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, LiteralString
from urllib.parse import urlencode

import orjson

from tests.secrets import planted
from tests.secrets.echoing_meta import DATASETS, HOLDING, EchoingMeta
from tests.secrets.hub import Hub
from tracking_core.gateways import registry
from tracking_core.gateways.base import SyntheticSale
from tracking_core.kit import clock

_LINK = urlencode({"email": planted.LINK_EMAIL, "phonenumber": planted.LINK_PHONE, "name": planted.LINK_NAME})
_PAGE = f"https://loja.example/obrigado/{planted.CONTROL}?utm_source=meta&{_LINK}"
# Fields of either gateway's webhooks, with what they never hold.
_HALF_UNDERSTOOD: list[dict[str, Any]] = [
    {"event": {"of": planted.EMAIL}},
    {"event": "NEW"},
    {"event": None},
    {"webhook_event_type": [planted.EMAIL]},
    {"order_id": {"of": planted.CPF}},
    {"updated_at": "?"},
]
# A sale's row is first made without its buyer; the refusal is to meet the buyer.
_REFUSED: dict[str, LiteralString] = {
    "tracking_events": "false",
    "received_webhooks": "false",
    "conversions": "user_data = '{}'",
    "deliveries": "false",
    "dispatch_attempts": "false",
}


def wait_for(what: str, is_true: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Journey:
    """The run, step by step, as its tenant."""

    def __init__(self, hub: Hub, meta: EchoingMeta) -> None:
        self._hub, self._meta = hub, meta
        self.secret_key = ""

    def run(self) -> None:
        self._connect()
        self._browse()
        for gateway in self._paths:
            self._sell(gateway, planted.CONTROL + gateway.upper())
            self._be_refused(gateway)
        self._await_outcomes()
        self._read()
        self._crash()
        self._recover()
        self._read()

    def _connect(self) -> None:
        made = orjson.loads(self._hub.command("tenant", "create", "--name", "Loja", "--json", is_shown=False))
        self._tenant, self._write_key, self.secret_key = made["tenant_id"], made["write_key"], made["secret_key"]
        self._bearer = {"Authorization": f"Bearer {self.secret_key}"}
        secrets = f"{planted.TOKEN} {planted.APP_SECRET}"
        self._hub.module("tests.secrets.connecting", self._tenant, *DATASETS, secret=secrets)
        for dataset in (DATASETS[0], "not-a-dataset"):
            self._connect_meta(dataset, planted.TOKEN)
        self._paths = {
            "hotmart": self._connected("hotmart", planted.HOTTOK),
            "kiwify": self._connected("kiwify", planted.KIWIFY_TOKEN),
        }
        self._hub.command("connect", "gateway", "no-such", "--tenant", self._tenant, secret=planted.HOTTOK)

    def _connect_meta(self, dataset: str, token: str) -> None:
        arguments = ("connect", "meta", "--tenant", self._tenant, "--dataset", dataset, "--json")
        self._hub.command(*arguments, secret=token)

    def _connected(self, gateway: str, secret: str) -> str:
        said = self._hub.command("connect", "gateway", gateway, "--tenant", self._tenant, "--json", secret=secret)
        path: str = orjson.loads(said)["webhook_path"]
        return path

    def _browse(self) -> None:
        """Every kind of event, with the person in its fields and in its addresses; then broken ones."""
        person = {"email": planted.EMAIL, "phone": planted.PHONE}
        pages = {
            "url": _PAGE,
            "referrer": _PAGE,
            "checkout_url": _PAGE,
            "utm_content": planted.LINK_EMAIL,
            "utm_term": planted.LINK_PHONE,
        }
        for kind in ("click", "pageview", "initiate_checkout"):
            answer = self._track(kind, orjson.dumps({**pages, **person, "consent_ads": True}))
            self._click_id = orjson.loads(answer)["click_id"]
        broken: list[dict[str, Any]] = [
            {"email": {"of": planted.EMAIL}, "phone": [planted.PHONE]},
            {"email": planted.EMAIL * 20, "phone": planted.PHONE * 20, "event_id": planted.EMAIL + " é"},
            {"url": f"javascript:{planted.EMAIL}", "consent_ads": planted.EMAIL},
        ]
        for fields in broken:
            self._track("click", orjson.dumps({**pages, **fields}))
        self._track("click", f'{{"email": "{planted.EMAIL}", "phone'.encode())
        self._track("click", orjson.dumps({**pages, **person}), key=self.secret_key)
        self._hub.http.post(f"/track/{planted.EMAIL}", content=b"{}")

    def _track(self, kind: str, body: bytes, key: str = "") -> bytes:
        headers = {"X-Hub-Key": key or self._write_key, "X-Correlation-Id": planted.CONTROL}
        return self._hub.http.post(f"/track/{kind}", content=body, headers=headers).content

    def _sell(self, gateway: str, sale_id: str, kind: str = "approved") -> None:
        assert self._post(gateway, self._order(gateway, sale_id, kind)) == 200

    def _order(self, gateway: str, sale_id: str, kind: str = "approved") -> bytes:
        """A webhook as the gateway makes it, with all it can say about a buyer."""
        sale = SyntheticSale(
            sale_id=sale_id,
            kind=kind,
            occurred_at=clock.now(),
            email=planted.EMAIL,
            phone=planted.PHONE,
            name=planted.NAME,
            click_id=self._click_id,
        )
        payload = orjson.loads(registry.get(gateway).synthesize(sale, "unused").body)
        address = {"street": planted.STREET, "city": planted.CITY, "zipcode": planted.ZIP_CODE}
        if gateway == "hotmart":
            payload["hottok"] = planted.HOTTOK
            payload["data"]["buyer_ip"] = planted.IP
            payload["data"]["buyer"] |= {"document": planted.CPF, "address": {**address, "address": planted.STREET}}
            payload["data"].get("purchase", {}).setdefault("origin", {})["sck"] = (
                f"news|{planted.LINK_EMAIL}|{planted.LINK_PHONE}"
            )
        else:
            person = {"CPF": planted.CPF, "cpf": planted.CPF, "ip": planted.IP, **address}
            payload.get("Customer", payload).update(person)
            payload.setdefault("TrackingParameters", {}).update(
                {"src": planted.LINK_EMAIL, "utm_term": planted.LINK_PHONE}
            )
        return orjson.dumps(payload)

    def _post(self, gateway: str, body: bytes, *, is_forged: bool = False) -> int:
        headers = {"Content-Type": "application/json", "X-Correlation-Id": planted.CONTROL}
        query = {}
        if gateway == "hotmart":
            headers["X-Hotmart-Hottok"] = planted.HOTTOK[::-1] if is_forged else planted.HOTTOK
        else:
            key = planted.KIWIFY_TOKEN[::-1] if is_forged else planted.KIWIFY_TOKEN
            query["signature"] = hmac.new(key.encode(), body, hashlib.sha1).hexdigest()
        return self._hub.http.post(self._paths[gateway], content=body, headers=headers, params=query).status_code

    def _be_refused(self, gateway: str) -> None:
        """Forged, unreadable, unknown and half-understood webhooks."""
        order = self._order(gateway, f"{gateway}refused")
        assert self._post(gateway, order, is_forged=True) == 401
        said = orjson.loads(order)
        for body in (order[:-20], b"[" + order + b"]", order.replace(planted.EMAIL.encode(), b"\xff\xfe")):
            assert self._post(gateway, body) == 200
        for change in _HALF_UNDERSTOOD:
            assert self._post(gateway, orjson.dumps({**said, **change})) == 200
        self._sell(gateway, f"{gateway}cart", "abandoned_cart")
        self._sell(gateway, f"{gateway}refunded", "refunded")
        path = f"/webhooks/{gateway}/no-such-key"
        self._hub.http.post(path, content=order, headers={"X-Hotmart-Hottok": planted.HOTTOK})

    def _await_outcomes(self) -> None:
        """One of each: accepted, held, refused, and failed without an end."""
        query = "SELECT outcome FROM dispatch_attempts"
        wanted = {"accepted", "credential", "payload", "transient", "unknown"}
        wait_for("every kind of outcome", lambda: wanted <= self._texts(query))

    def _texts(self, query: str) -> set[str]:
        with self._hub.database() as connection:
            return {text for (text,) in connection.execute(query).fetchall()}

    def _read(self) -> None:
        """All there is to read, and how it refuses."""
        get = self._hub.http.get
        conversions = get("/api/v1/conversions", headers=self._bearer).json()["items"]
        for path in [f"/api/v1/conversions/{one['id']}" for one in conversions]:
            assert get(path, headers=self._bearer).status_code == 200
        for path in ("/api/v1/deliveries", "/api/v1/dead-letters", "/metrics", "/openapi.json", "/sign-in", "/readyz"):
            assert get(path, headers=self._bearer).status_code == 200
        for key in (planted.TOKEN, self.secret_key + "x", self._write_key):
            assert get("/api/v1/conversions", headers={"Authorization": f"Bearer {key}"}).status_code == 401
        for path in (f"/api/v1/conversions/{planted.TOKEN}", f"/api/v1/conversions?state={planted.EMAIL}"):
            assert get(path, headers=self._bearer).status_code == 422
        self._hub.http.post("/api/v1/dead-letters/replay", json={"reason": planted.EMAIL}, headers=self._bearer)
        for arguments in (("list",), ("replay", "--reason", "nothing")):
            self._hub.command("dead-letters", *arguments, "--tenant", self._tenant)

    def _crash(self) -> None:
        """Errors nobody planned for, in every process, each with the row or the query in PostgreSQL's own words."""
        hub = self._hub
        for table, unless in _REFUSED.items():
            with hub.refusing(table, unless):
                self._track("click", orjson.dumps({"url": _PAGE, "email": planted.EMAIL, "phone": planted.PHONE}))
                for gateway in self._paths:
                    self._post(gateway, self._order(gateway, f"{gateway}{table}"))
                time.sleep(1)
        with hub.refusing("meta_connections"), hub.refusing("webhook_endpoints"), hub.refusing("api_keys"):
            self._connect_meta("770000000099", planted.TOKEN)
            hub.command("connect", "gateway", "kiwify", "--tenant", self._tenant, secret=planted.KIWIFY_TOKEN)
            hub.command("tenant", "create", "--name", "Outra")
        with ExitStack() as away:
            for table in ("conversions", "deliveries", "webhook_endpoints", "meta_connections"):
                away.enter_context(hub.missing(table))
            hub.http.get("/api/v1/conversions", headers=self._bearer)
            self._post("kiwify", self._order("kiwify", "kiwifyaway"))
            self._connect_meta(DATASETS[0], planted.TOKEN)
            time.sleep(1)

    def _recover(self) -> None:
        """A new token, Meta in a better mood, and the dead letters once more."""
        self._meta.is_kind = True
        self._connect_meta(HOLDING, planted.NEW_TOKEN)
        wait_for("the new token in use", lambda: planted.NEW_TOKEN in self._meta.tokens)
        replayed = self._hub.http.post("/api/v1/dead-letters/replay", json={}, headers=self._bearer).json()
        assert replayed["replayed"] >= 1
        wait_for("no dead letter", lambda: self._texts("SELECT state FROM deliveries") <= {"delivered", "retrying"})
