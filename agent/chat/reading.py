"""Read a session's facts for a turn."""

from collections.abc import Mapping
from typing import Any, TypedDict, get_args

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agent.chat.basic.slots import Gateway
from agent.chat.facts import SessionFacts, StageFact
from tracking_core.handoff import service as handoffs
from tracking_core.models import ScreenshotState, SecretKind, SetupMessage, SetupScreenshot, SetupSession
from tracking_core.secrets.kept import kept_by, kept_for_each
from tracking_core.setup import status
from tracking_core.webhooks import heard

_SCREENS = 3
_MEMORY = 12


class Known(TypedDict):
    gateway: str | None
    account_id: str | None
    dataset_id: str | None
    landing_url: str | None


async def facts_of(session: AsyncSession, owner: SetupSession) -> SessionFacts:
    """Everything the chat may know now, in the session's language."""
    told = await status.of(session, owner, locale=owner.locale)
    handoff = await handoffs.current(session, owner.id)
    failure = told["last_failure"]
    secrets = frozenset(await kept_by(session, owner))
    return SessionFacts(
        locale=owner.locale,
        state=owner.state,
        stages=tuple(_stage(name, entry, owner.stages) for name, entry in told["stages"].items()),
        percent=told["progress"],
        **known_of(owner.facts),
        secrets=secrets,
        of_others=await _of_others(session, owner, secrets),
        due=tuple(told["requirements"]),
        is_webhook_owed=owner.id in await heard.owed(session, [owner.id]),
        plan=tuple(told["plan"]["diff"]) if told["plan"] else (),
        failure=_failure(failure, owner.stages) if failure else None,
        handoff=handoff.state if handoff else None,
        screens=await _screens(session, owner),
    )


async def _of_others(
    session: AsyncSession, owner: SetupSession, secrets: frozenset[SecretKind]
) -> dict[str, frozenset[SecretKind]]:
    kept = await kept_for_each(session, owner, get_args(Gateway))
    return {gateway: secrets - theirs.keys() for gateway, theirs in kept.items()}


def known_of(facts: Mapping[str, Any]) -> Known:
    """The values a seller gave that a check has taken."""
    gateway, meta, page = (facts.get(name, {}) for name in ("gateway", "meta", "url"))
    return Known(
        gateway=gateway.get("name"),
        account_id=gateway.get("account_id"),
        dataset_id=meta.get("dataset_id"),
        landing_url=page.get("url"),
    )


async def before(session: AsyncSession, current: list[SetupMessage]) -> list[SetupMessage]:
    """What was said before this turn, oldest first."""
    first = current[0]
    query = select(SetupMessage).where(
        SetupMessage.session_id == first.session_id,
        col(SetupMessage.created_at) <= first.created_at,
        col(SetupMessage.id).not_in([one.id for one in current]),
    )
    newest = query.order_by(col(SetupMessage.created_at).desc(), col(SetupMessage.id).desc()).limit(_MEMORY)
    return list(reversed((await session.scalars(newest)).all()))


def _stage(name: str, entry: Mapping[str, Any], stages: Mapping[str, Any]) -> StageFact:
    return StageFact(
        stage=name,
        status=entry["status"],
        code=entry.get("code"),
        message=entry.get("message", ""),
        recommendation=entry.get("recommendation", ""),
        params=stages.get(name, {}).get("params", {}),
    )


def _failure(told: Mapping[str, Any], stages: Mapping[str, Any]) -> StageFact:
    params: dict[str, Any] = next(
        (one.get("params", {}) for one in stages.values() if one.get("code") == told["code"]), {}
    )
    return StageFact(
        stage=told["action"],
        status="action_required",
        code=told["code"],
        message=told["message"],
        recommendation=told.get("recommendation", ""),
        params=params,
    )


async def _screens(session: AsyncSession, owner: SetupSession) -> tuple[dict[str, Any], ...]:
    """What was read from the newest pictures."""
    read = select(SetupScreenshot.extraction).where(
        SetupScreenshot.session_id == owner.id, SetupScreenshot.state == ScreenshotState.READ
    )
    newest = (await session.scalars(read.order_by(col(SetupScreenshot.created_at).desc()).limit(_SCREENS))).all()
    return tuple(dict(one) for one in newest)
