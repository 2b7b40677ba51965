"""Where the demo's sale comes from: the simulated checkout or, with real vendors, a webhook in the gateway's shape."""

from typing import Any, Protocol

import httpx
import orjson

from tracking_core.gateways.base import Gateway, SyntheticSale
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id


class Refused(Exception):
    """The hub did not take the webhook; the text says what it answered."""


class Checkout(Protocol):
    """Sells once; ``sale_id`` is known from then on."""

    sale_id: str

    def sell(self, webhook_url: str, click_id: str) -> str:
        """Send the sale's webhooks; what was sent, for people. Raises Refused."""
        ...

    def resend(self) -> str:
        """Send the last webhook again, byte for byte; the hub's status. Raises Refused."""
        ...


class SimulatedCheckout:
    """A pix: created, then paid."""

    def __init__(self, url: str, gateway: Gateway, secret: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)
        self._gateway, self._secret = gateway.name, secret
        self._last = ""
        self.sale_id = f"DEMO{new_id().hex[-12:].upper()}"

    def sell(self, webhook_url: str, click_id: str) -> str:
        wanted = {"gateway": self._gateway, "webhook_url": webhook_url, "secret": self._secret}
        sale = {"history": "pix_paid", "sale_id": self.sale_id, "click_id": click_id}
        told = _read(self._http.post("/sales", json={**wanted, **sale}))
        deliveries: list[dict[str, Any]] = told["deliveries"]
        for one in deliveries:
            if not one["is_accepted"]:
                raise Refused(f"HTTP {one['statuses'][-1]}: {one['answer']}")
        self.sale_id, self._last = told["sale_id"], deliveries[-1]["id"]
        return ", ".join(f"{one['event']} {one['latencies_ms'][-1]:.0f} ms" for one in deliveries)

    def resend(self) -> str:
        told = _read(self._http.post(f"/deliveries/{self._last}/resend"))
        return str(orjson.loads(told["answer"])["status"])


class OwnCheckout:
    """One approved sale, built and signed by the gateway's adapter."""

    def __init__(self, gateway: Gateway, secret: str) -> None:
        self._http = httpx.Client(timeout=10, trust_env=False)
        self._gateway, self._secret = gateway, secret
        self._url, self._sale = "", SyntheticSale(sale_id="", kind="approved", occurred_at=clock.now())
        self.sale_id = f"DEMO{new_id().hex[-12:].upper()}"

    def sell(self, webhook_url: str, click_id: str) -> str:
        self._url = webhook_url
        self._sale = SyntheticSale(sale_id=self.sale_id, kind="approved", occurred_at=clock.now(), click_id=click_id)
        return f"approved: {self.resend()}"

    def resend(self) -> str:
        inbound = self._gateway.synthesize(self._sale, self._secret)
        answer = self._http.post(
            self._url, content=inbound.body, headers=dict(inbound.headers), params=dict(inbound.query)
        )
        return str(_read(answer)["status"])


def _read(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code != httpx.codes.OK:
        raise Refused(f"HTTP {answer.status_code}: {answer.text[:200]}")
    said: dict[str, Any] = answer.json()
    return said
