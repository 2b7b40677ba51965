"""Open what a plan names by reference, at the moment it is needed."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed, ApplyContext
from tracking_core.configuration.ports import Credentials
from tracking_core.models import SecretKind
from tracking_core.secrets.errors import SecretStoreUnavailable, SecretUnknown

_PURPOSE = "apply_configuration"


async def revealed(ctx: ApplyContext, session: AsyncSession, reference: str | None, kind: SecretKind) -> str | None:
    """The credential in clear, None for no reference. Raises ActionFailed when the vault does not give it."""
    if reference is None:
        return None
    try:
        return await _opened(ctx, session, reference, kind)
    except SecretUnknown:
        raise ActionFailed(ConfigCode.SECRET_UNAVAILABLE, f"{kind.value}: not in the vault") from None
    except SecretStoreUnavailable as error:
        reason = f"{kind.value}: {error.failure}"
        raise ActionFailed(ConfigCode.STORE_UNAVAILABLE, reason, is_provider_fault=True) from None


async def _opened(ctx: ApplyContext, session: AsyncSession, reference: str, kind: SecretKind) -> str:
    """As this setup session's own; else as the hub's, which opens what an earlier session of the tenant verified."""

    async def as_of(session_id: UUID | None) -> str:
        opened = await ctx.secrets(
            session,
            reference,
            tenant_id=ctx.tenant_id,
            session_id=session_id,
            kind=kind,
            actor=ctx.actor,
            purpose=_PURPOSE,
        )
        return opened.reveal()

    try:
        return await as_of(ctx.session_id)
    except SecretUnknown:
        return await as_of(None)


async def credentials(
    ctx: ApplyContext, session: AsyncSession, references: Mapping[str, str], account_id: str | None
) -> Credentials:
    """A gateway account's credentials in clear. Raises ActionFailed."""

    async def of(kind: SecretKind) -> str | None:
        return await revealed(ctx, session, references.get(kind), kind)

    return Credentials(
        client_id=await of(SecretKind.GATEWAY_CLIENT_ID) or "",
        client_secret=await of(SecretKind.GATEWAY_CLIENT_SECRET) or "",
        basic=await of(SecretKind.GATEWAY_BASIC),
        account_id=account_id,
    )
