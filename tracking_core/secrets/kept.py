"""The credentials that a setup holds and a check may open."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.kit import clock
from tracking_core.models import SecretKind, SecretState, SetupIntent, SetupSession, VaultSecret
from tracking_core.secrets.rows import reference_of
from tracking_core.setup.inbox import IntentKind

Kept = dict[SecretKind, VaultSecret]
_OF_GATEWAYS = frozenset(
    {
        SecretKind.GATEWAY_CLIENT_ID,
        SecretKind.GATEWAY_CLIENT_SECRET,
        SecretKind.GATEWAY_BASIC,
        SecretKind.WEBHOOK_SECRET,
    }
)


async def kept_by(session: AsyncSession, owner: SetupSession) -> Kept:
    """The one given last of each kind. What was found in a chat and is of no known kind opens for nothing."""
    return {SecretKind(row.kind): row for row in await _alive(session, owner)}


async def kept_for(session: AsyncSession, owner: SetupSession, gateway: str) -> Kept:
    """The one given last of each kind that may be sent to this gateway."""
    return (await kept_for_each(session, owner, (gateway,)))[gateway]


async def kept_for_each(session: AsyncSession, owner: SetupSession, gateways: Iterable[str]) -> dict[str, Kept]:
    """By gateway, without what a check was asked for with another one's name: what opens one is never sent to
    another, whatever came of the check."""
    rows, named = await _alive(session, owner), await _named_with(session, owner)
    return {gateway: {SecretKind(row.kind): row for row in rows if _fits(row, gateway, named)} for gateway in gateways}


def _fits(row: VaultSecret, gateway: str, named: Mapping[str, set[str]]) -> bool:
    return row.kind not in _OF_GATEWAYS or gateway in named.get(reference_of(row), {gateway})


async def _alive(session: AsyncSession, owner: SetupSession) -> Sequence[VaultSecret]:
    """Oldest first."""
    query = select(VaultSecret).where(
        VaultSecret.session_id == owner.id,
        VaultSecret.tenant_id == owner.tenant_id,
        col(VaultSecret.state) != SecretState.REVOKED,
        or_(col(VaultSecret.expires_at).is_(None), col(VaultSecret.expires_at) > clock.now()),
        col(VaultSecret.kind) != SecretKind.UNKNOWN,
    )
    return (await session.scalars(query.order_by(col(VaultSecret.created_at), col(VaultSecret.id)))).all()


async def _named_with(session: AsyncSession, owner: SetupSession) -> Mapping[str, set[str]]:
    """By reference, the gateways whose check it was given to, those that still wait included."""
    query = select(SetupIntent.payload).where(
        SetupIntent.session_id == owner.id, SetupIntent.kind == IntentKind.VALIDATE_GATEWAY
    )
    named: defaultdict[str, set[str]] = defaultdict(set)
    for payload in (await session.scalars(query)).all():
        for reference in _references(payload):
            named[reference].add(payload["gateway"])
    return named


def _references(payload: Mapping[str, Any]) -> list[str]:
    given = [*payload["credentials"].values(), payload.get("webhook_secret")]
    return [one for one in given if one]
