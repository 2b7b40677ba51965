"""What could not be read when it came is read when it comes again, or when the operator says so."""

import asyncio

import pytest
from typer.testing import CliRunner

from api.cli import app
from tests.pipeline.conftest import Shop, shop
from tests.pipeline.test_sales import rows, totals
from tracking_core.db.engine import transaction
from tracking_core.gateways import registry
from tracking_core.gateways.base import PayloadUnreadable
from tracking_core.gateways.sale_event import SaleEvent
from tracking_core.kit import clock
from tracking_core.webhooks.receive import Receipt, read_again

__all__ = ["shop"]
_STATES = "SELECT state, reason, attempts FROM received_webhooks ORDER BY gateway"
_READ = {"state": "processed", "reason": "advanced", "attempts": 0}


def _unread(_payload: object) -> SaleEvent:
    raise PayloadUnreadable("price", "must be an amount")


async def _kept_unread(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[Receipt]:
    """A sale of each gateway, at a time when neither could be read."""
    with monkeypatch.context() as then:
        for name in ("hotmart", "kiwify"):
            then.setattr(type(registry.get(name)), "normalize", staticmethod(_unread))
        kept = [await shop.webhook("HP1", gateway=name) for name in ("hotmart", "kiwify")]
        await shop.process()
    assert {row["state"] for row in await rows(_STATES)} == {"unreadable"}
    return kept


async def test_a_resend_of_what_was_not_read_is_read_and_of_what_was_is_a_repeat(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = clock.now()
    clock.set_source(lambda: moment)
    [hotmart, _kiwify] = await _kept_unread(shop, monkeypatch)
    assert await shop.webhook("HP1") == hotmart
    await shop.process()
    assert (await rows(_STATES))[0] == _READ
    assert (await shop.webhook("HP1")).created is False
    assert await totals(shop) == {"waiting": 1}


async def test_what_has_lost_its_body_or_is_no_webhook_stays_unread(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _kept_unread(shop, monkeypatch)
    await rows("UPDATE received_webhooks SET body = '' WHERE gateway = 'hotmart' RETURNING id")
    await rows("UPDATE received_webhooks SET reason = 'sales_api:' || reason WHERE gateway = 'kiwify' RETURNING id")
    async with transaction() as session:
        assert await read_again(session, shop.tenant_id) == 0


async def test_the_command_has_one_gateways_read_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await _kept_unread(shop, monkeypatch)
    arguments = ["webhooks", "reread", "--tenant", str(shop.tenant_id), "--gateway", "kiwify"]
    done = await asyncio.to_thread(CliRunner().invoke, app, arguments, catch_exceptions=False)
    assert (done.exit_code, done.stdout.strip()) == (0, "1")
    await shop.process()
    [hotmart, kiwify] = await rows(_STATES)
    assert hotmart["state"] == "unreadable"
    assert kiwify == _READ
