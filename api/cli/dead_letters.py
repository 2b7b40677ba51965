"""``hub dead-letters list`` and ``hub dead-letters replay``, with a preview of it."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from api.cli.run import in_transaction
from tracking_core.delivery.replay import Replayed, replay
from tracking_core.delivery.replay_preview import Preview, preview
from tracking_core.delivery.replay_selection import Moment, ReplayFilter, Selection
from tracking_core.kit import clock
from tracking_core.models import Delivery, DeliveryState

_letters = typer.Typer(no_args_is_help=True, help="Deliveries that Meta refused or that ran out of time.")
Tenant = Annotated[UUID, typer.Option(help="The tenant's id.")]
_moment = TypeAdapter(Moment).validate_python
_SEEN = "The seen_until of a preview: what died after it is left out."


def register(app: typer.Typer) -> None:
    app.add_typer(_letters, name="dead-letters")


@_letters.command("list")
def list_letters(tenant: Tenant, limit: int = 50) -> None:
    """Newest first, one JSON object a line."""
    for row in in_transaction(lambda session: _newest(session, tenant, limit)):
        typer.echo(json.dumps(row, default=str))


@_letters.command("replay")
def replay_letters(
    tenant: Tenant,
    delivery: Annotated[list[UUID] | None, typer.Option("--id", help="One delivery; may be repeated.")] = None,
    reason: Annotated[str | None, typer.Option(help="Reasons beginning with this, as payload:100/2804050.")] = None,
    connection: Annotated[UUID | None, typer.Option(help="Of this connection.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Created at or after (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Created before (UTC).")] = None,
    seen_until: Annotated[datetime | None, typer.Option(parser=_moment, help=_SEEN)] = None,
    is_preview: Annotated[bool, typer.Option("--preview", help="Only tell what would be done.")] = False,
) -> None:
    """Make dead letters due again under the same event_id; the sweeper sends them within a second."""
    wanted = _filter(ids=delivery or None, reason=reason, connection_id=connection, since=since, until=until)
    if is_preview:
        told = asdict(in_transaction(lambda session: _previewed(session, tenant, wanted)))
    else:
        told = asdict(in_transaction(lambda session: _replayed(session, tenant, wanted, seen_until)))
    typer.echo(json.dumps(told, default=str))


def _filter(**given: Any) -> ReplayFilter:
    try:
        return ReplayFilter(**given)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise typer.BadParameter(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


async def _previewed(session: AsyncSession, tenant_id: UUID, wanted: ReplayFilter) -> Preview:
    now = clock.now()
    return await preview(session, Selection(tenant_id=tenant_id, wanted=wanted, seen_until=now), now)


async def _replayed(
    session: AsyncSession, tenant_id: UUID, wanted: ReplayFilter, seen_until: datetime | None
) -> Replayed:
    return await replay(
        session, tenant_id, wanted, actor="cli", now=clock.now(), is_operator=True, seen_until=seen_until
    )


async def _newest(session: AsyncSession, tenant_id: UUID, limit: int) -> list[dict[str, Any]]:
    query = select(Delivery).where(Delivery.tenant_id == tenant_id, Delivery.state == DeliveryState.DEAD)
    rows = (await session.scalars(query.order_by(Delivery.created_at.desc()).limit(limit))).all()  # type: ignore[attr-defined]
    return [
        row.model_dump(include={"id", "event_name", "event_id", "reason", "attempts", "created_at"}) for row in rows
    ]
