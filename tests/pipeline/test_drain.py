"""One webhook that cannot be worked through holds up no other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import later, rows, totals
from tracking_core.db.engine import transaction
from tracking_core.pipeline import drain
from tracking_core.pipeline.process import process_sales

_FUNCTION = """
CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF NEW.sale_id = 'HPBAD' THEN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END IF; RETURN NEW; END $$
"""


@asynccontextmanager
async def poisoned(code: str) -> AsyncIterator[None]:
    """The sale HPBAD fails with this SQLSTATE."""
    async with transaction() as session:
        await session.execute(text(_FUNCTION.format(code=code)))
        await session.execute(
            text("CREATE TRIGGER poison BEFORE INSERT ON conversions FOR EACH ROW EXECUTE FUNCTION poison()")
        )
    try:
        yield
    finally:
        async with transaction() as session:
            await session.execute(text("DROP TRIGGER poison ON conversions"))
            await session.execute(text("DROP FUNCTION poison()"))


@pytest.mark.parametrize("code", ["P0001", "57014", "55P03", "40P01"])
async def test_what_fails_alone_is_put_off_and_what_is_behind_it_goes_together_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    real, limits = process_sales, []

    async def watched(*given: Any, limit: int) -> Any:
        limits.append(limit)
        return await real(*given, limit=limit)

    monkeypatch.setattr(drain, "process_sales", watched)
    async with poisoned(code):
        for sale_id in ("HPBAD", "HP1", "HP2", "HP3"):
            await shop.webhook(sale_id)
        await rows("UPDATE received_webhooks SET attempts = 1024 RETURNING id")  # for two months
        await shop.process()
    batch = shop.settings.pipeline_batch
    assert limits == [batch, 1, batch]
    waits = "SELECT reason, extract(epoch FROM due_at - received_at) AS wait FROM received_webhooks"
    [row] = await rows(f"{waits} WHERE attempts > 1024")
    assert row["reason"].startswith("database:")
    assert 3600 <= row["wait"] < 3660
    assert await totals(shop) == {"waiting": 3}


async def test_a_batch_that_fails_though_none_of_it_does_alone_is_a_batch_again_after_as_many(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, limits = process_sales, []

    async def unlucky(*given: Any, limit: int) -> Any:
        limits.append(limit)
        if len(limits) == 1:
            raise ValueError
        return await real(*given, limit=limit)

    monkeypatch.setattr(drain, "process_sales", unlucky)
    for n in range(3):
        await shop.webhook(f"HP{n}")
    async for _ in drain.drain_webhooks(shop.settings.model_copy(update={"pipeline_batch": 2})):
        pass
    assert limits == [2, 1, 1, 2]


async def test_a_server_that_goes_is_no_fault_of_the_webhooks(shop: Shop) -> None:
    async with poisoned("57P01"):
        await shop.webhook("HPBAD")
        with pytest.raises(OperationalError):
            await shop.process()
    assert await rows("SELECT attempts, reason FROM received_webhooks") == [{"attempts": 0, "reason": None}]
    later(seconds=1)
    await shop.process()
    assert await totals(shop) == {"waiting": 1}
