"""(d) Draining a backlog against Meta's own SDK, one by one and in its own batches, at the same simulator."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import orjson
import psycopg
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

from evals.bench.report import Figure
from evals.bench.shop import DATASET, TOKEN, Shop
from evals.stack import Stack, wait_for
from tracking_core.destinations.meta_capi.client import MAX_EVENTS
from tracking_core.destinations.meta_capi.event import build_event
from tracking_core.destinations.meta_capi.user_data import Person, build_user_data
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex, stable_id
from tracking_core.kit.money import Money

_BACKLOG = 50_000
_DRAIN_SECONDS = 120.0
_COPY = """
COPY deliveries (id, tenant_id, connection_id, event_name, event_id, event_time, payload, state, attempts, due_at)
FROM STDIN
"""
_LEFT = "SELECT count(*) FROM deliveries WHERE connection_id = %s AND state <> 'delivered'"


def measure(stack: Stack, shop: Shop, seconds: float) -> list[Figure]:
    """Draining 50,000 deliveries, against the official SDK sending the same events to the same simulator."""
    events = [_event(shop, number) for number in range(_BACKLOG)]
    stack.start(stack.meta)
    with _official_sdk(stack):
        built = [_as_sdk(event) for event in events]
        one_by_one = _rate(lambda at: _execute(built[at : at + 1]), 1, seconds)
        batches = _rate(lambda at: _execute(built[at : at + MAX_EVENTS]), MAX_EVENTS, seconds)
    _store(stack, shop, events)
    stack.control.delete("/events")
    hub = _drained(stack, shop)
    return [
        Figure("d", "official SDK, one event a request", one_by_one, "/s"),
        Figure("d", "official SDK, 1,000 events a request", batches, "/s"),
        Figure("d", f"hub, backlog of {_BACKLOG:,}, every attempt recorded", hub, "/s"),
        Figure("d", "hub / SDK one by one", hub / one_by_one, "", 1.0, at_least=True),
        Figure("d", "hub / SDK in batches", hub / batches, "", 1.0, at_least=True),
        Figure("d", "deliveries the simulator did not take once", _not_once(stack, events), "", 0),
    ]


def _event(shop: Shop, number: int) -> dict[str, object]:
    person = Person(
        emails=(f"buyer{number}@example.com",),
        phones=(f"119{80000000 + number}",),
        full_name=f"Maria Silva {number}",
        city="São Paulo",
        state="SP",
        zip_code="01310-100",
        country="BR",
        client_ip="8.8.8.8",
        client_user_agent="Mozilla/5.0",
    )
    return build_event(
        event_name="Purchase",
        event_id=str(stable_id(shop.tenant_id, number)),
        event_time=clock.now(),
        user_data=build_user_data(person),
        value=Money(Decimal(197), "BRL"),
        order_id=f"HP{number}",
        content_ids=("1234567",),
    )


def _as_sdk(event: dict[str, object]) -> Event:
    """The same event as the SDK's object, its people already hashed."""
    user, custom = dict(event["user_data"]), dict(event["custom_data"])  # type: ignore[call-overload]
    keys = {"em": "emails", "ph": "phones", "fn": "first_names", "ln": "last_names", "ct": "cities", "st": "states"}
    keys |= {"zp": "zip_codes", "country": "country_codes"}
    people = {keys[key]: value if isinstance(value, list) else [value] for key, value in user.items() if key in keys}
    return Event(
        event_name=event["event_name"],
        event_time=event["event_time"],
        event_id=event["event_id"],
        action_source=ActionSource.WEBSITE,
        user_data=UserData(**people, client_ip_address="8.8.8.8", client_user_agent="Mozilla/5.0"),
        custom_data=CustomData(**{key: custom[key] for key in ("value", "currency", "order_id", "content_ids")}),
    )


@contextmanager
def _official_sdk(stack: Stack) -> Iterator[None]:
    real, FacebookSession.GRAPH = FacebookSession.GRAPH, f"http://127.0.0.1:{stack.meta_port}"
    api = FacebookAdsApi.init(access_token=TOKEN, crash_log=False, timeout=30)
    api._session.requests.trust_env = False
    try:
        yield
    finally:
        FacebookSession.GRAPH = real


def _execute(events: list[Event]) -> None:
    answer = EventRequest(pixel_id=DATASET, events=events).execute()
    if answer.events_received != len(events):
        raise RuntimeError("the simulator did not take the SDK's events")


def _rate(send: Callable[[int], None], step: int, seconds: float) -> float:
    """Events a second over the backlog, or over as much of it as the time allows."""
    started, at = time.perf_counter(), 0
    while at < _BACKLOG and time.perf_counter() - started < seconds:
        send(at)
        at += step
    return at / (time.perf_counter() - started)


def _store(stack: Stack, shop: Shop, events: list[dict[str, object]]) -> None:
    now = clock.now()
    with psycopg.connect(stack.dsn) as connection, connection.cursor().copy(_COPY) as copy:
        for event in events:
            fixed = (new_hex(), shop.tenant_id, shop.connection_id, "Purchase", event["event_id"], now)
            copy.write_row((*fixed, orjson.dumps(event), "waiting", 0, now))


def _drained(stack: Stack, shop: Shop) -> float:
    """From the first bell to the last delivery; the scheduler finds the backlog as it would after an outage."""
    stack.start(stack.worker)
    time.sleep(3)
    started = time.perf_counter()
    stack.start(stack.scheduler)
    wait_for(lambda: stack.rows(_LEFT, shop.connection_id) == [(0,)], _DRAIN_SECONDS, every=0.1)
    return _BACKLOG / (time.perf_counter() - started)


def _not_once(stack: Stack, events: list[dict[str, object]]) -> float:
    received = stack.control.get("/stats", params={"event_ids": "1"}).json()["received"]
    return float(sum(received.get(str(event["event_id"])) != 1 for event in events))
