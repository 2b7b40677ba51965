"""An erased sale and the gateway's list: no difference, no way back, and its origin stays."""

from tests.privacy.planted import EMAIL, OTHER, erased
from tests.privacy.test_erasure import searched
from tests.reconciliation.shop import Shop, hours_ago
from tracking_core.models import PrivacyState
from tracking_core.reconciliation.origin import ORIGIN


async def test_a_sale_erased_after_it_was_listed_is_no_difference_and_keeps_its_origin(shop: Shop) -> None:
    shop.vendors.sold("hotmart", "HP1", email=EMAIL, at=hours_ago(5))
    shop.vendors.sold("hotmart", "HP2", email=OTHER, at=hours_ago(5))
    assert (await shop.reconciled("hotmart")).recovered == 2
    assert (await erased(shop.pipeline, "email", EMAIL)).state == PrivacyState.DONE
    run = await shop.reconciled("hotmart")
    days = await shop.days()
    assert (run.differences, [line.is_equal for day in days for line in day.lines]) == (0, [True])
    assert (sum(line.ours for day in days for line in day.lines), sum(day.erased for day in days)) == (1, 1)
    origins = await shop.rows(f"SELECT {ORIGIN} AS origin FROM conversions c WHERE starts_with(c.sale_id, 'erased:')")
    assert [row["origin"] for row in origins] == ["reconciliation"]


async def test_an_endpoint_that_was_not_there_at_the_erasure_brings_nobody_back(shop: Shop) -> None:
    shop.vendors.sold("hotmart", "HP1", email=EMAIL, at=hours_ago(5))
    await shop.reconciled("hotmart")
    await erased(shop.pipeline, "email", EMAIL)
    # As if the platform had been connected anew since then.
    await shop.change("DELETE FROM erased_sales WHERE endpoint_id = :one", one=shop.endpoints["hotmart"])
    run = await shop.reconciled("hotmart")
    await shop.pipeline.webhook("HP1", "refunded", email=EMAIL, occurred_at=hours_ago(1))
    await shop.pipeline.process()
    assert (run.found, run.missing) == (0, 0)
    assert await shop.rows("SELECT sale_id FROM gateway_sales") == []
    assert await shop.rows("SELECT status, user_data FROM conversions") == [{"status": "refunded", "user_data": {}}]
    assert (await searched(shop.pipeline, "email", EMAIL)).found == []
