"""Somebody is erased or withdraws while Meta answers: what else was in the worker's hand for them is not sent."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import orjson
import pytest

from tests.consent.test_withdrawal import enter
from tests.delivery.test_codes import codes_at, drain, rows
from tests.pipeline.conftest import Shop
from tests.pipeline.test_browser_events import choose, plan
from tests.pipeline.test_sales import track
from tests.privacy.planted import erased
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.client import MetaClient, SendResult
from tracking_core.kit import clock
from tracking_core.kit.hashing import sha256_hex
from tracking_core.models import PrivacyState, TrackingKind
from tracking_core.proof.announce import announce

MARIA, OTHERS = "maria@example.com", ("joao@example.com", "bia@example.com")
_PLANNED = "SELECT event_id, convert_from(payload, 'UTF8') AS text FROM deliveries"
_ENDS = """
SELECT DISTINCT state, reason, lease_id, payload = CAST('{}' AS bytea) AS is_erased FROM deliveries
WHERE id IN (SELECT delivery_id FROM dispatch_attempts WHERE request_id = :first) ORDER BY state
"""
_ATTEMPTS = """
SELECT a.request_id, a.outcome, a.response IS NOT NULL AS has_answer, a.request_digest IS NOT NULL AS has_digest,
    d.reason AS why FROM dispatch_attempts a JOIN deliveries d ON d.id = a.delivery_id ORDER BY a.started_at
"""


class Interrupted(MetaClient):
    """A client of the simulator. Something happens after Meta's first answer and before the worker has it."""

    meanwhile: Callable[[], Awaitable[object]]
    sent: list[set[str]]

    async def send(self, **asked: Any) -> SendResult:
        result = await super().send(**asked)
        self.sent.append({orjson.loads(one)["event_id"] for one in asked["events"]})
        if len(self.sent) == 1:
            await self.meanwhile()
        return result


@pytest.fixture
async def client(base_url: str) -> AsyncIterator[Interrupted]:
    made = Interrupted(graph_url=base_url, version="v26.0", timeout_seconds=5)
    made.sent = []
    yield made
    await made.aclose()


async def refused_together(shop: Shop, meta: httpx.Client) -> tuple[set[str], set[str]]:
    """Event ids of Maria's sale and visit, and of two others' sales, one of which Meta refuses with its batch."""
    await choose(shop, "pageview")
    await track(shop, TrackingKind.PAGEVIEW, email=MARIA, fbp="fb.1.1700000000000.1234567890")
    for email in (MARIA, *OTHERS):
        await shop.webhook(f"HP{email}", email=email, phone="")
    await shop.process()
    assert await plan(shop) == 1
    of = {row["event_id"]: sha256_hex(MARIA) in row["text"] for row in await rows(_PLANNED)}
    hers, theirs = {one for one in of if of[one]}, {one for one in of if not of[one]}
    assert (len(hers), len(theirs)) == (2, 2)
    refuse(meta, min(theirs))
    return hers, theirs


def refuse(meta: httpx.Client, event_id: str) -> None:
    """It and whatever comes with it."""
    meta.post("/_control/faults", json={"kind": "poison", "params": {"event_id": event_id}}).raise_for_status()


async def first_attempts(size: int) -> list[dict[str, Any]]:
    """Of the request in which all were."""
    attempts = await rows(_ATTEMPTS)
    first = [one for one in attempts if one["request_id"] == attempts[0]["request_id"]]
    assert len(first) == size
    return first


async def test_who_is_erased_while_meta_refuses_a_batch_is_not_in_its_halves(
    shop: Shop, client: Interrupted, meta: httpx.Client
) -> None:
    hers, theirs = await refused_together(shop, meta)
    receipts = []

    async def meanwhile() -> None:
        receipts.append(await erased(shop, "email", MARIA))

    client.meanwhile = meanwhile
    await drain(shop.connection_id, client, shop)
    assert [one.state for one in receipts] == [PrivacyState.DONE]
    assert client.sent[0] == hers | theirs
    assert set().union(*client.sent[1:]) == theirs
    assert codes_at(meta).keys() == theirs - {min(theirs)}
    # Written after the receipt: codes alone, for the answer may speak of anybody who was in the request.
    first = await first_attempts(4)
    assert {(one["outcome"], one["has_answer"], one["has_digest"]) for one in first} == {("payload", False, False)}
    ends = await rows(_ENDS, {"first": first[0]["request_id"]})
    assert [(one["state"], one["reason"], one["lease_id"], one["is_erased"]) for one in ends if one["is_erased"]] == [
        ("withheld", "privacy_erased", None, True)
    ]
    assert [one["why"] for one in await rows(_ATTEMPTS)].count("privacy_erased") == len(hers)
    assert {one["state"] for one in ends} == {"dead", "delivered", "withheld"}


async def test_who_withdraws_while_meta_refuses_a_batch_is_not_in_its_halves(
    shop: Shop, client: Interrupted, meta: httpx.Client
) -> None:
    hers, theirs = await refused_together(shop, meta)
    client.meanwhile = lambda: enter(shop, email=MARIA)
    await drain(shop.connection_id, client, shop)
    assert client.sent[0] == hers | theirs
    assert set().union(*client.sent[1:]) == theirs
    assert codes_at(meta).keys() == theirs - {min(theirs)}
    first = await first_attempts(4)
    assert all(one["has_answer"] and one["has_digest"] for one in first)
    ends = await rows(_ENDS, {"first": first[0]["request_id"]})
    withheld = {"state": "withheld", "reason": "consent_refused", "lease_id": None, "is_erased": False}
    assert [one for one in ends if one["state"] == "withheld"] == [withheld]
    assert {one["state"] for one in ends} == {"dead", "delivered", "withheld"}
    assert [one["why"] for one in await rows(_ATTEMPTS)].count("consent_refused") == len(hers)


async def test_who_withdraws_while_meta_takes_the_first_part_of_a_batch_is_not_in_the_next(
    shop: Shop, client: Interrupted, meta: httpx.Client
) -> None:
    await shop.webhook("HPFIRST", email=OTHERS[0], phone="")
    async with transaction() as session:
        made = await announce(
            session,
            shop.tenant_id,
            "hotmart",
            session_id=None,
            connection_id=shop.connection_id,
            test_event_code="TEST0",
            now=clock.now(),
        )
    await shop.webhook(made.sale_id, email=MARIA, phone="")
    await shop.process()
    client.meanwhile = lambda: enter(shop, email=MARIA)
    await drain(shop.connection_id, client, shop)
    assert list(codes_at(meta).values()) == [None]
    assert len(client.sent) == 1
    states = await rows("SELECT state, reason, lease_id FROM deliveries ORDER BY state")
    assert states == [
        {"state": "delivered", "reason": None, "lease_id": None},
        {"state": "withheld", "reason": "consent_refused", "lease_id": None},
    ]
    assert len(await rows("SELECT id FROM dispatch_attempts")) == 1
