"""Open what a plan names by reference, at the moment it is needed and before the effect's own transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed, ApplyContext
from tracking_core.configuration.ports import Credentials
from tracking_core.db.engine import transaction
from tracking_core.models import SecretKind
from tracking_core.secrets import vault
from tracking_core.secrets.errors import SecretStoreUnavailable, SecretUnknown

_PURPOSE = "apply_configuration"


async def opened(ctx: ApplyContext, wanted: Mapping[str, SecretKind]) -> dict[str, str]:
    """The credentials in clear, by reference; the openings are on record. A secrets manager is asked after the
    transaction, never within it. Raises ActionFailed when the vault does not give one."""
    if not wanted:
        return {}
    async with transaction() as session:
        admitted = {name: await _admitted(ctx, session, name, kind) for name, kind in wanted.items()}
    return {name: await _unsealed(one, wanted[name]) for name, one in admitted.items()}


async def credentials(ctx: ApplyContext, references: Mapping[str, str], account_id: str | None) -> Credentials:
    """A gateway account's credentials in clear. Raises ActionFailed."""
    clear = await opened(ctx, {reference: SecretKind(kind) for kind, reference in references.items()})
    by_kind = {kind: clear[reference] for kind, reference in references.items()}
    return Credentials(
        client_id=by_kind.get(SecretKind.GATEWAY_CLIENT_ID, ""),
        client_secret=by_kind.get(SecretKind.GATEWAY_CLIENT_SECRET, ""),
        basic=by_kind.get(SecretKind.GATEWAY_BASIC),
        account_id=account_id,
    )


async def _admitted(ctx: ApplyContext, session: AsyncSession, reference: str, kind: SecretKind) -> vault.Admitted:
    """As this setup session's own; else as the hub's, which opens what an earlier session of the tenant verified."""

    async def as_of(session_id: UUID | None) -> vault.Admitted:
        return await vault.admit(
            session,
            reference,
            tenant_id=ctx.tenant_id,
            session_id=session_id,
            kind=kind,
            actor=ctx.actor,
            purpose=_PURPOSE,
        )

    with _failures_told(kind):
        try:
            return await as_of(ctx.session_id)
        except SecretUnknown:
            return await as_of(None)


async def _unsealed(admitted: vault.Admitted, kind: SecretKind) -> str:
    with _failures_told(kind):
        return (await vault.unseal(admitted)).reveal()


@contextmanager
def _failures_told(kind: SecretKind) -> Iterator[None]:
    try:
        yield
    except SecretUnknown:
        raise ActionFailed(ConfigCode.SECRET_UNAVAILABLE, f"{kind.value}: not in the vault") from None
    except SecretStoreUnavailable as error:
        reason = f"{kind.value}: {error.failure}"
        raise ActionFailed(ConfigCode.STORE_UNAVAILABLE, reason, is_provider_fault=True) from None
