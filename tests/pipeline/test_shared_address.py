"""Buyers behind one address, as mobile carriers have them: nobody is taken for somebody else."""

from typing import Any

import pytest

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import later, rows, track
from tracking_core.models import TrackingKind
from tracking_core.pipeline import conversions

_ADDRESS = "200.147.3.199"  # of every visit in these tests


@pytest.fixture(autouse=True)
def _address_of_the_buyer(monkeypatch: pytest.MonkeyPatch) -> None:
    """As some gateways tell it."""
    facts = conversions._facts
    monkeypatch.setattr(conversions, "_facts", lambda said: {**facts(said), "buyer_ip": _ADDRESS})


async def bought(shop: Shop) -> dict[str, Any]:
    """What the sale of whoever clicked as ``hA`` was matched to."""
    await shop.webhook("HP1", email="ana@loja.example", phone="", product_id="")
    await shop.process()
    [match] = await rows("SELECT rule, click_id, missing FROM matches")
    return match


async def test_a_stranger_who_looks_at_many_pages_hides_no_buyer(shop: Shop) -> None:
    await track(shop, click_id="hA", session_id="sA", fbclid="A")
    for _ in range(6):
        await track(shop, TrackingKind.PAGEVIEW, click_id="hB", session_id="sB")
    later(minutes=2)
    match = await bought(shop)
    assert (match["rule"], match["click_id"]) == ("none", None)
    assert "a_clear_winner" in match["missing"]


async def test_who_is_alone_behind_it_is_found(shop: Shop) -> None:
    await track(shop, click_id="hA", session_id="sA", fbclid="A")
    later(minutes=2)
    match = await bought(shop)
    assert (match["rule"], match["click_id"]) == ("score", "hA")


async def test_in_opt_in_a_likeness_says_no_yes_for_anybody(shop: Shop) -> None:
    await rows("UPDATE tenants SET consent_mode = 'opt_in' RETURNING 1")
    await track(shop, click_id="hA", session_id="sA", fbclid="A", consent_ads=True)
    later(minutes=2)
    assert (await bought(shop))["rule"] == "score"
    assert await rows("SELECT decision, decision_reason AS why FROM conversions") == [
        {"decision": "withheld", "why": "consent_missing"}
    ]
