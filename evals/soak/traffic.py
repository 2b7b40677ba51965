"""What visitors and gateways send, from a seed: visits, paid sales of two gateways, webhooks sent twice, refunds."""

import asyncio
import heapq
import random
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import orjson

from evals.bench.load import post
from evals.soak.sending import Parcel, Senders
from evals.soak.shops import Shop
from tracking_core.gateways.base import SyntheticSale
from tracking_core.kit import clock

_ACCEPTED, _OK = 202, 200
_KINDS, _KIND_WEIGHTS = ("click", "pageview", "initiate_checkout"), (6, 3, 1)
_HOTMART, _NAMES_A_CLICK, _TWICE, _REFUNDED = 0.6, 0.7, 0.1, 0.05
_TWICE_WITHIN, _REFUNDED_WITHIN = (0.5, 5.0), (2.0, 60.0)
_KNOWN_CLICKS, _TICK_SECONDS = 2_000, 0.02
_AGENT = "Mozilla/5.0 (Linux; Android 15; SM-S928B) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"


@dataclass(frozen=True, slots=True)
class SentSale:
    """``due`` is the Unix time at which its first webhook was to leave; ``has_click``: it names one stored before."""

    shop: int
    event_id: str
    due: float
    has_click: bool


@dataclass(slots=True)
class Sent:
    """``visits`` are the ids of the events that were acknowledged, ``sales`` those that were paid and taken."""

    visits: set[bytes] = field(default_factory=set)
    sales: list[SentSale] = field(default_factory=list)
    repeated: int = 0
    refunded: int = 0


@dataclass(slots=True)
class Traffic:
    """Sends at its own pace whatever the hub does. ``events`` and ``sales`` are per second."""

    shops: list[Shop]
    browsers: Senders
    gateways: Senders
    chance: random.Random
    events: float
    sales: float
    sent: Sent = field(default_factory=Sent)
    _later: list[tuple[float, int, Parcel]] = field(default_factory=list)
    _clicks: list[deque[str]] = field(init=False)
    _made: int = 0

    def __post_init__(self) -> None:
        self._clicks = [deque(maxlen=_KNOWN_CLICKS) for _ in self.shops]

    async def run(self, seconds: float) -> None:
        """For so long; then whatever was not taken yet is still sent again by the senders."""
        began, visits, sales = time.time(), 0, 0
        while (gone := time.time() - began) < seconds:
            for _ in range(int(gone * self.events) - visits):
                self._visit()
            for at in range(sales, int(gone * self.sales)):
                self._sale(began + at / self.sales)
            visits, sales = int(gone * self.events), int(gone * self.sales)
            self._send_later_ones(time.time())
            await asyncio.sleep(_TICK_SECONDS)
        self._send_later_ones(float("inf"))

    def _send_later_ones(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            self.gateways.send(heapq.heappop(self._later)[2])

    def _visit(self) -> None:
        shop, event_id = self.chance.randrange(len(self.shops)), UUID(int=self.chance.getrandbits(128), version=4)
        kind = self.chance.choices(_KINDS, _KIND_WEIGHTS)[0]
        known = self._clicks[shop]
        click_id = f"h{event_id.hex[:24]}" if kind == "click" or not known else self.chance.choice(known)

        def taken() -> None:
            self.sent.visits.add(event_id.bytes)
            if kind == "click":
                known.append(click_id)

        request = _visit(self.shops[shop], kind, str(event_id), click_id)
        self.browsers.send(Parcel(request, _ACCEPTED, taken))

    def _sale(self, due: float) -> None:
        self._made += 1
        at, chance = self.chance.randrange(len(self.shops)), self.chance
        shop, gateway = self.shops[at], "hotmart" if chance.random() < _HOTMART else "kiwify"
        click_id = chance.choice(self._clicks[at]) if self._clicks[at] and chance.random() < _NAMES_A_CLICK else None
        sale = _paid(self._made, click_id)
        request = shop.webhook(gateway, sale)
        sent = SentSale(at, shop.event_id(gateway, sale.sale_id), due, click_id is not None)
        self.gateways.send(Parcel(request, _OK, lambda: self.sent.sales.append(sent)))
        if chance.random() < _TWICE:
            self.sent.repeated += 1
            self._later_on(due + chance.uniform(*_TWICE_WITHIN), Parcel(request, _OK))
        if chance.random() < _REFUNDED:
            self.sent.refunded += 1
            refund = shop.webhook(gateway, _refund_of(sale))
            self._later_on(due + chance.uniform(*_REFUNDED_WITHIN), Parcel(refund, _OK))

    def _later_on(self, at: float, parcel: Parcel) -> None:
        heapq.heappush(self._later, (at, len(self._later) + self._made * 1_000_000, parcel))


def _paid(number: int, click_id: str | None) -> SyntheticSale:
    return SyntheticSale(
        sale_id=f"HPSOAK{number:08}",
        kind="approved",
        occurred_at=clock.now(),
        email=f"buyer{number}@example.com",
        name=f"Maria Silva {number}",
        click_id=click_id,
    )


def _refund_of(sale: SyntheticSale) -> SyntheticSale:
    return SyntheticSale(
        sale_id=sale.sale_id,
        kind="refunded",
        occurred_at=sale.occurred_at + timedelta(seconds=1),
        email=sale.email,
        name=sale.name,
        click_id=sale.click_id,
    )


def _visit(shop: Shop, kind: str, event_id: str, click_id: str) -> bytes:
    body = {
        "url": f"https://loja.example/curso?utm_source=meta&utm_campaign=lancamento&fbclid=IwAR{click_id}",
        "event_id": event_id,
        "click_id": click_id,
        "session_id": f"s{click_id}",
        "fbclid": f"IwAR{click_id}",
        "fbp": "fb.1.1764000000000.1234567890",
        "consent_ads": True,
        "utm_source": "meta",
        "utm_campaign": "lancamento",
    }
    headers = {"X-Hub-Key": shop.write_key, "Content-Type": "application/json", "User-Agent": _AGENT}
    return post(f"/track/{kind}", orjson.dumps(body), headers)
