"""The money of a sale went back: that is so at every endpoint of the shop that told of the sale."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.models import UNDONE_STATUSES, Conversion, ConversionStatus, Decision
from tracking_core.pipeline.stages import Sale

# Tenant, gateway and the gateway's id of the sale.
Name = tuple[UUID, str, str]


async def told_elsewhere(session: AsyncSession, undone: Collection[Name]) -> Sequence[UUID]:
    """The conversions of these sales, at whichever endpoint: one of them is on its way to Meta."""
    if not undone:
        return ()
    return (await session.scalars(select(Conversion.id).where(_is_one_of(undone)))).all()


def undone_with(one: Conversion, known: Iterable[Conversion], now: datetime) -> list[Conversion]:
    """Those of ``known`` that are the same sale, and for which it is news that it was undone, moved on."""
    if one.status not in UNDONE_STATUSES:
        return []
    status = ConversionStatus(one.status)
    found = [
        other
        for other in known
        if other is not one and _name(other) == _name(one) and status.rank > ConversionStatus(other.status).rank
    ]
    for other in found:
        other.status, other.occurred_at, other.updated_at = status, one.occurred_at, now
    return found


async def undone_meanwhile(session: AsyncSession, sales: Sequence[Sale], now: datetime) -> list[Conversion]:
    """What another worker approved at another endpoint while these waited for its claim, moved on: now it can be seen.
    Whoever calls it has made the claims."""
    lost = [one.conversion for one in sales if one.conversion.decision == Decision.DUPLICATE]
    late = [one for one in lost if one.status in UNDONE_STATUSES]
    if not late:
        return []
    query = select(Conversion).where(_is_one_of({_name(one) for one in late})).order_by(col(Conversion.id))
    known = (await session.scalars(query.with_for_update())).all()
    return [other for one in late for other in undone_with(one, known, now)]


def _name(one: Conversion) -> Name:
    return one.tenant_id, one.gateway, one.sale_id


def _is_one_of(names: Collection[Name]) -> ColumnElement[bool]:
    """The id of the sale alone is what an index knows."""
    by_id = col(Conversion.sale_id).in_({sale_id for _, _, sale_id in names})
    return by_id & tuple_(Conversion.tenant_id, Conversion.gateway, Conversion.sale_id).in_(names)
