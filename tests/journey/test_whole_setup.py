"""From nothing to a proved configuration over HTTP and SSE: clean, and with a fault at every stage, then mended."""

import pytest

from tests.journey.seller import Seller, Watcher

VERIFIED = dict.fromkeys(("gateway", "meta", "url", "configuration", "proof"), "verified")


@pytest.mark.parametrize("gateway", ["hotmart", "kiwify"])
def test_a_clean_setup_ends_proved(seller: Seller, gateway: str) -> None:
    with Watcher(seller) as watcher:
        seller.check_everything(gateway)
        plan = seller.plan()
        assert any(seller.dataset in line for line in plan["diff"])
        assert any(seller.landing in line for line in plan["diff"])
        status = seller.decide(plan)
    assert (seller.stages(), status["state"], status["progress"]) == (VERIFIED, "done", 100), status
    assert status["last_failure"] is None
    assert status["configuration"]["version"] == 1
    numbers = [told.id for told in watcher.told]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    hops = [told.data["hop"] for told in watcher.told if told.type == "proof.hop"]
    assert hops == ["click", "pageview", "initiate_checkout", "webhook", "match", "delivery", "meta"]
