"""SIGTERM, as every new version begins: a worker ends what it holds, an API answers what it has, nothing is lost."""

import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from api.cli.supervisor import CommandService
from evals.stack import wait_for
from tests.chaos.shop import Shop
from tests.chaos.stack import Background, Stack
from tracking_core.embedded.process import free_port

pytestmark = pytest.mark.timeout(120)
_WORKER_SECONDS, _API_SECONDS = 20, 15  # as docs/scale.md promises
_SALES, _BATCH, _HALVES = 30, 5, 3
_HELD = "SELECT id FROM deliveries WHERE tenant_id = %s AND lease_id IS NOT NULL"


class Child(CommandService):
    """Of this process itself, so that its status is ours to read."""

    def tell(self) -> None:
        assert self._child
        self._child.terminate()

    def status(self, seconds: float) -> int:
        assert self._child
        return self._child.wait(seconds)


@pytest.fixture
def children(stack: Stack) -> Iterator[tuple[Child, Child, str]]:
    """A worker, the only one, and a second API with its address."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    worker = _child(stack, "worker", "--queue", "sales", HUB_DELIVERY_BATCH=str(_BATCH))
    api = _child(stack, "api", HUB_PORT=str(port))
    for child in (worker, api):
        child.start()
    stack.worker.stop()
    try:
        wait_for(lambda: httpx.get(f"{address}/readyz", trust_env=False).status_code == httpx.codes.OK)
        wait_for(lambda: "worker_started" in (stack.folder / "logs" / f"{worker.name}.log").read_text())
        yield worker, api, address
    finally:
        for child in (worker, api):
            child.stop()


def _child(stack: Stack, command: str, *options: str, **settings: str) -> Child:
    name = f"terminated-{command}"
    line = [sys.executable, "-m", "api.cli", command, *options]
    return Child(name, line, environment=stack.environment | settings, log=stack.folder / "logs" / f"{name}.log")


class Sender:
    """Asks the API that is told to end."""

    def __init__(self, shop: Shop, address: str) -> None:
        self._shop, self._address = shop, address
        self.acknowledged: list[str] = []
        self.is_refused = threading.Event()

    def click(self, _number: int) -> None:
        event_id = str(uuid4())
        body = {"url": "https://loja.example/", "event_id": event_id, "key": self._shop.write_key}
        if self.is_refused.is_set():
            return
        try:
            answer = httpx.post(f"{self._address}/track/click", json=body, trust_env=False)
        except httpx.ConnectError:
            self.is_refused.set()
            return
        except httpx.TransportError:  # it came too late to be read
            return
        assert answer.status_code == httpx.codes.ACCEPTED
        self.acknowledged.append(event_id)

    def sell_in_halves(self, sale_id: str) -> int:
        """The second half when the API takes nobody new any more."""
        inbound = self._shop.webhook(sale_id)
        half = len(inbound.body) // 2

        def body() -> Iterator[bytes]:
            yield inbound.body[:half]
            self.is_refused.wait(10)
            yield inbound.body[half:]

        path, headers = f"{self._address}{self._shop.path}", dict(inbound.headers)
        return httpx.post(path, content=body(), headers=headers, trust_env=False, timeout=10).status_code


def test_on_sigterm_a_worker_ends_what_it_holds_and_an_api_answers_what_it_has(
    stack: Stack, shop: Shop, children: tuple[Child, Child, str]
) -> None:
    worker, api, address = children
    sender, [dataset] = Sender(shop, address), shop.datasets
    shop.hold("HPTERM", _SALES)
    before = stack.counts(dataset)["requests"]
    stack.fault("slow", {"delay_ms": 400}, dataset_id=dataset, times=None)
    with ThreadPoolExecutor(_HALVES) as gateways, Background(sender.click, threads=2):
        halves = [gateways.submit(sender.sell_in_halves, f"HPHALF{number}") for number in range(_HALVES)]
        wait_for(lambda: len(sender.acknowledged) > 20)  # and so the halves were read too
        shop.reconnect(dataset)
        wait_for(lambda: stack.counts(dataset)["requests"] > before)
        worker.tell()
        api.tell()
        assert stack.counts(dataset)["accepted"] < _SALES  # they were told in the middle
        assert [one.result() for one in halves] == [httpx.codes.OK] * _HALVES
    assert worker.status(_WORKER_SECONDS) == 0
    # Having ended in order, uvicorn ends by the signal, which the first process of a container does not.
    assert api.status(_API_SECONDS) in (0, -signal.SIGTERM)
    assert stack.rows(_HELD, shop.id) == []
    assert [outcome for outcome, ambiguous in shop.trail(dataset) if ambiguous] == []
    stack.worker.start()  # the next version
    shop.await_totals(delivered=_SALES + _HALVES)
    shop.assert_each_received_once(_SALES + _HALVES)
    assert set(sender.acknowledged) <= set(shop.stored_clicks())
