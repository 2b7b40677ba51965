"""Sends deliveries as a checkout does: again when the hub does not answer 2xx, and again by hand."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

_KEPT_MAX = 10_000
_TIMEOUT_SECONDS = 10.0
# Neither vendor publishes its schedule; integrators report several repeats with growing pauses.
_PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0)


@dataclass(slots=True)
class Delivery:
    """One webhook as it goes out; ``statuses`` has one entry an attempt, 0 when no answer came."""

    event: str
    url: str
    body: bytes
    headers: dict[str, str]
    query: dict[str, str]
    id: str = field(default_factory=lambda: uuid4().hex)
    statuses: list[int] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    answer: str = ""

    @property
    def is_accepted(self) -> bool:
        return bool(self.statuses) and 200 <= self.statuses[-1] < 300

    def shown(self) -> dict[str, object]:
        """Without the signature, which is a credential."""
        fields = ("id", "event", "statuses", "latencies_ms", "answer", "is_accepted")
        return {name: getattr(self, name) for name in fields}


class Sender:
    """Keeps the last deliveries, so that one can be sent again as from the checkout's panel."""

    def __init__(self) -> None:
        self.kept: OrderedDict[str, Delivery] = OrderedDict()
        self._http = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, delivery: Delivery, *, time_scale: float) -> Delivery:
        """Until the hub answers 2xx or the attempts are over; ``time_scale`` shortens the pauses."""
        self._keep(delivery)
        for pause in (*_PAUSES_SECONDS, None):
            await self.attempt(delivery)
            if delivery.is_accepted or pause is None:
                break
            await asyncio.sleep(pause * time_scale)
        return delivery

    async def attempt(self, delivery: Delivery) -> Delivery:
        """One more time."""
        started = time.perf_counter()
        try:
            headers = {"Content-Type": "application/json", **delivery.headers}
            answer = await self._http.post(delivery.url, content=delivery.body, headers=headers, params=delivery.query)
            delivery.statuses.append(answer.status_code)
            delivery.answer = answer.text[:500]
        except httpx.HTTPError as error:
            delivery.statuses.append(0)
            delivery.answer = type(error).__name__
        delivery.latencies_ms.append(round((time.perf_counter() - started) * 1_000, 2))
        return delivery

    def _keep(self, delivery: Delivery) -> None:
        self.kept[delivery.id] = delivery
        if len(self.kept) > _KEPT_MAX:
            self.kept.popitem(last=False)
