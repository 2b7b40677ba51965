"""Three APIs, three workers and two schedulers behind a balancer and a pooler; one of each is killed under load."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from evals.stack import wait_for
from tests.chaos.shop import Shop, new_datasets
from tests.chaos.stack import Background
from tests.scale.fleet import Fleet

pytestmark = pytest.mark.timeout(240)
_TRIES = 200
SESSIONS = "/api/v1/setup/sessions"


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with tempfile.TemporaryDirectory(prefix="hub-fleet-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        fleet = Fleet(Path(folder))
        with fleet.up(), fleet.as_this_process():
            yield fleet


class Sender:
    """Sends as gateways and browsers do: the same bytes again until they are taken."""

    def __init__(self, fleet: Fleet, shop: Shop) -> None:
        self._fleet, self._shop = fleet, shop
        self.clicks: list[str] = []
        self.sales = 0

    def click(self, _number: int) -> None:
        event_id = str(uuid4())
        body = {"url": "https://loja.example/", "event_id": event_id, "key": self._shop.write_key}
        self._until(202, lambda: self._fleet.http.post("/track/click", json=body))
        self.clicks.append(event_id)

    def sale(self, number: int) -> None:
        inbound = self._shop.webhook(f"HPFLEET{number}")
        self._until(200, lambda: self._shop.post(inbound))
        self.sales += 1

    def say(self, session_id: str, text: str) -> None:
        said = {"text": text, "client_message_id": str(uuid4())}
        path, headers = f"{SESSIONS}/{session_id}/chat", self._shop.bearer
        self._until(202, lambda: self._fleet.http.post(path, json=said, headers=headers))

    @staticmethod
    def _until(status: int, send: Callable[[], httpx.Response]) -> None:
        for _ in range(_TRIES):
            try:
                if send().status_code == status:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError("never taken")


class Follower(threading.Thread):
    """A browser's EventSource: comes back with the number it read last. ``seen`` are all numbers in their order."""

    def __init__(self, fleet: Fleet, shop: Shop, session_id: str) -> None:
        super().__init__(daemon=True)
        self._url = f"http://127.0.0.1:{fleet.port}{SESSIONS}/{session_id}/events"
        self._headers = shop.bearer | {"Accept": "text/event-stream"}
        self.seen: list[int] = []
        self.opened = 0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self._follow()
            except httpx.HTTPError:
                time.sleep(0.1)

    def _follow(self) -> None:
        headers = self._headers | ({"Last-Event-ID": str(self.seen[-1])} if self.seen else {})
        with httpx.stream("GET", self._url, headers=headers, timeout=10, trust_env=False) as answer:
            self.opened += answer.status_code == httpx.codes.OK
            for line in answer.iter_lines():
                if line.startswith("id:"):
                    self.seen.append(int(line.removeprefix("id:")))
                if self.over.is_set():
                    return


def test_one_of_each_killed_under_load_loses_nothing_and_repeats_nothing(fleet: Fleet) -> None:
    shop = Shop(fleet, new_datasets())
    sender = Sender(fleet, shop)
    [first_leader] = fleet.leader()
    with Background(sender.click), Background(sender.sale, threads=3):
        wait_for(lambda: sender.sales > 60)
        for service in (fleet.apis[0], fleet.workers[0], fleet.schedulers[0]):
            fleet.kill(service)
        before = sender.sales
        wait_for(lambda: sender.sales > before + 60)
        wait_for(lambda: len(sender.clicks) > 100)
        wait_for(lambda: fleet.leader() != [] and fleet.leader() != [first_leader])
    shop.await_totals(delivered=sender.sales)
    shop.assert_each_counted_once(sender.sales)
    stored = shop.stored_clicks()
    assert sorted(stored) == sorted(sender.clicks)
    wait_for(lambda: [term for _owner, term in fleet.leader()] == [2])


def test_a_stream_through_the_balancer_goes_on_at_another_replica(fleet: Fleet) -> None:
    shop = Shop(fleet, new_datasets())
    sender = Sender(fleet, shop)
    made = fleet.http.post(SESSIONS, json={"tenant_id": str(shop.id)}, headers=shop.bearer)
    session_id = made.json()["session_id"]
    follower = Follower(fleet, shop, session_id)
    follower.start()
    wait_for(lambda: follower.opened == 1)
    for api in fleet.apis[:2]:  # the last one is left to follow at
        sender.say(session_id, "oi")
        if api.is_running():
            fleet.kill(api)
    sender.say(session_id, "ainda aqui?")
    [(last,)] = fleet.rows("SELECT event_seq FROM setup_sessions WHERE id = %s", session_id)
    wait_for(lambda: follower.seen[-1:] == [last])
    follower.over.set()
    assert follower.seen == list(range(1, last + 1))
