"""``/app/shops/{id}/sales``: a shop's sales as the ledger has them, each with what became of it."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from babel.numbers import format_currency
from fastapi import APIRouter, Query
from starlette.responses import Response

from api.deps import SessionDep
from api.ui import paths
from api.ui.rendering import page
from api.ui.setup import times
from api.ui.setup.access import shop_of
from api.ui.visitor import SignedInDep
from tracking_core.delivery.explain import explain_reason
from tracking_core.i18n import translate
from tracking_core.ledger import read as ledger

router = APIRouter(prefix=f"{paths.APP}/shops", include_in_schema=False)
_PAGE = 50


@router.get("/{tenant_id}/sales")
async def sales(
    tenant_id: str,
    who: SignedInDep,
    session: SessionDep,
    before: Annotated[datetime | None, Query()] = None,
    tests: Annotated[bool, Query()] = False,
) -> Response:
    """The newest first, a page at a time; test sales only when asked for."""
    tenant = await shop_of(session, who, tenant_id)
    rows = await ledger.sales(session, tenant.id, state=None, before=before, limit=_PAGE + 1, include_synthetic=tests)
    shown = [_told(row, who.locale) for row in rows[:_PAGE]]
    return page(
        "home/sales.html",
        who,
        tenant=tenant,
        sales=shown,
        tests=tests,
        older=rows[_PAGE - 1]["created_at"].isoformat() if len(rows) > _PAGE else "",
        when=partial(times.told, locale=who.locale),
    )


def _told(row: dict[str, Any], locale: str) -> dict[str, Any]:
    reason = translate(explain_reason(row["reason"]), locale) if row["reason"] else ""
    known = row["amount"] is not None and row["currency"]
    amount = format_currency(row["amount"], row["currency"], locale=locale) if known else ""
    return {**row, "reason": reason, "amount": amount}
