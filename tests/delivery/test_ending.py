"""A worker that is told to end finishes the batch it sends, and leaves the backlog to the next one."""

import httpx

from tests.delivery.test_codes import codes_at, rows, sell
from tests.pipeline.conftest import Shop
from tracking_core.delivery.drain import drain_connection
from tracking_core.destinations.meta_capi.client import MetaClient

_STANDS = "SELECT state, lease_id IS NOT NULL AS held, count(*) AS n FROM deliveries GROUP BY 1, 2 ORDER BY 1"


async def test_no_batch_is_taken_after_the_end_was_told(
    shop: Shop, strict_meta: MetaClient, meta: httpx.Client
) -> None:
    await sell(shop, 3, 0)
    small = shop.settings.model_copy(update={"delivery_batch": 1, "delivery_slots": 1})

    def is_ending() -> bool:
        return bool(codes_at(meta))

    handled = await drain_connection(shop.connection_id, client=strict_meta, settings=small, is_ending=is_ending)
    assert (handled, len(codes_at(meta))) == (1, 1)
    assert await rows(_STANDS) == [
        {"state": "delivered", "held": False, "n": 1},
        {"state": "waiting", "held": False, "n": 2},
    ]
    await drain_connection(shop.connection_id, client=strict_meta, settings=small)
    assert len(codes_at(meta)) == 3
