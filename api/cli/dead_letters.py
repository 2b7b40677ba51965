"""``hub dead-letters list`` and ``hub dead-letters replay``."""

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from api.cli.run import in_transaction
from tracking_core.delivery.replay import ReplayFilter, replay
from tracking_core.kit import clock
from tracking_core.models import Delivery, DeliveryState

_letters = typer.Typer(no_args_is_help=True, help="Deliveries that Meta refused or that ran out of time.")
Tenant = Annotated[UUID, typer.Option(help="The tenant's id.")]


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
    since: Annotated[datetime | None, typer.Option(help="Created at or after (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Created before (UTC).")] = None,
) -> None:
    """Make dead letters due again under the same event_id; the sweeper sends them within a second."""
    utc = clock.now().tzinfo
    wanted = ReplayFilter(
        ids=delivery or None,
        reason=reason,
        since=since.replace(tzinfo=utc) if since else None,
        until=until.replace(tzinfo=utc) if until else None,
    )
    done = in_transaction(lambda session: replay(session, tenant, wanted, actor="cli", now=clock.now()))
    typer.echo(json.dumps({"replayed": done.replayed, "too_late": done.too_late}))


async def _newest(session: AsyncSession, tenant_id: UUID, limit: int) -> list[dict[str, Any]]:
    query = select(Delivery).where(Delivery.tenant_id == tenant_id, Delivery.state == DeliveryState.DEAD)
    rows = (await session.scalars(query.order_by(Delivery.created_at.desc()).limit(limit))).all()  # type: ignore[attr-defined]
    return [
        row.model_dump(include={"id", "event_name", "event_id", "reason", "attempts", "created_at"}) for row in rows
    ]
