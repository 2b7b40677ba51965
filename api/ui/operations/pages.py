"""Every page of the console, through the faces that have it."""

from fastapi import APIRouter, Depends

from api.ui.operations import (
    audit,
    charts,
    connections,
    deliveries,
    gallery,
    live,
    overview,
    replays,
    sales,
    secrets,
    tenants,
)
from api.ui.operations.faces import OPERATOR, SELLER, Face, through_operator, through_seller

router = APIRouter(include_in_schema=False)

for module in (overview, live, charts, connections, tenants, secrets, audit, gallery):
    router.include_router(module.router, prefix=OPERATOR.base)


def _both(face: Face, enter: object) -> None:
    """What a seller has too, of their own shops."""
    dependencies = [Depends(enter)]  # type: ignore[arg-type]
    for tables in (sales.files, deliveries.router, replays.router):
        router.include_router(tables, prefix=face.base, dependencies=dependencies)
    router.include_router(sales.ledger, prefix=face.ledger, dependencies=dependencies)


_both(OPERATOR, through_operator)
_both(SELLER, through_seller)
