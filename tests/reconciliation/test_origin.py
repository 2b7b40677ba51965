"""A sale that the list brought says so in the ledger, in JSON, and where it is explained."""

from tests.reconciliation.shop import Shop
from tracking_core.db.engine import transaction
from tracking_core.ledger import read as ledger
from tracking_core.reconciliation.origin import Origin
from tracking_core.reporting import sales
from tracking_core.reporting.explained import explain
from tracking_core.reporting.hops.webhooks import LISTED
from tracking_core.reporting.pages import Place


async def test_the_origin_of_a_sale_is_shown_wherever_it_is(shop: Shop) -> None:
    shop.vendors.sold("hotmart", "HP-listed")
    await shop.pipeline.webhook("HP-heard")
    await shop.pipeline.process()
    await shop.reconciled("hotmart")
    async with transaction() as session:
        rows = await ledger.sales(session, shop.pipeline.tenant_id, state=None, before=None, limit=9)
        page = await sales.search(session, shop.scope, sales.SaleSearch(), Place(sales.TABLE))
        listed = next(one for one in page.items if one.sale_id == "HP-listed")
        told = await explain(session, shop.scope, listed.id)
    assert {row["sale_id"]: row["origin"] for row in rows} == {"HP-listed": "reconciliation", "HP-heard": "webhook"}
    assert {one.sale_id: one.origin for one in page.items} == {
        "HP-listed": Origin.RECONCILIATION,
        "HP-heard": Origin.WEBHOOK,
    }
    assert told is not None
    assert [(one.origin, one.sentences[0].msgid) for one in told.webhooks] == [(Origin.RECONCILIATION, LISTED)]
