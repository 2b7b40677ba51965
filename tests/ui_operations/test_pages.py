"""Every page of the console opens for whom it is, and for nobody else."""

import pytest

from tests.pipeline.conftest import Shop
from tests.reporting.conftest import sell
from tests.ui_operations.conftest import Enter
from tests.ui_operations.people import Person
from tracking_core.models import Role

OPERATOR_PAGES = (
    "/ops",
    "/ops/sales",
    "/ops/deliveries",
    "/ops/dead-letters",
    "/ops/replays",
    "/ops/connections",
    "/ops/charts",
    "/ops/live",
    "/ops/reconciliation",
    "/ops/objectives",
    "/ops/silences",
    "/ops/privacy",
    "/ops/retention",
    "/ops/secrets",
    "/ops/audit",
    "/ops/components",
)
SELLER_PAGES = ("/app/sales", "/app/sales/deliveries", "/app/sales/dead-letters", "/app/sales/replays")


@pytest.mark.parametrize("has_sales", [False, True], ids=["empty", "with_sales"])
async def test_an_operator_sees_every_page(ana: Shop, olga: Person, has_sales: bool) -> None:
    if has_sales:
        await sell(ana, "HP1", "HP2")
    for path in (*OPERATOR_PAGES, f"/ops/tenants/{ana.tenant_id}", f"/ops/sales?tenant_id={ana.tenant_id}"):
        page = await olga.get(path)
        assert (path, page.status) == (path, 200)
        assert len(page.all("h1")) == 1
        assert ("uplot" in page.answer.text) is (path == "/ops/charts")  # the heaviest script, where it draws


async def test_a_seller_sees_their_own_tables_and_no_page_of_the_operators(ana: Shop, seller: Person) -> None:
    for path in SELLER_PAGES:
        assert (path, (await seller.get(path)).status) == (path, 200)
    for path in (*OPERATOR_PAGES, f"/ops/tenants/{ana.tenant_id}", "/ops/sales.csv", "/ops/live/events"):
        assert (path, (await seller.get(path)).status) == (path, 403)


async def test_the_desk_has_neither_face(enter: Enter) -> None:
    bia = await enter(Role.SUPPORT)
    for path in (*OPERATOR_PAGES, *SELLER_PAGES):
        assert (path, (await bia.get(path)).status) == (path, 403)
