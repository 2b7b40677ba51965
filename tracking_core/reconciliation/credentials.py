"""The seller's credentials for one endpoint, opened for a run, each opening on record."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.configuration.spec import EndpointSpec, Spec
from tracking_core.configuration.versions import active_version
from tracking_core.db.engine import transaction
from tracking_core.gateways.api import GatewayCredentials
from tracking_core.models import ReconciliationRun, SecretKind, WebhookEndpoint
from tracking_core.reconciliation.codes import ReconciliationCode
from tracking_core.secrets import vault
from tracking_core.secrets.codes import SecretCode
from tracking_core.secrets.errors import SecretStoreUnavailable, SecretUnknown

PURPOSE = ACTOR = "reconciliation"


class CannotOpen(Exception):
    """``code`` is of ``codes``; ``reason`` technical, without a secret."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


async def open_credentials(run: ReconciliationRun) -> GatewayCredentials:
    """Raises CannotOpen. The secrets manager is asked outside of any transaction."""
    try:
        async with transaction() as session:
            endpoint = await _endpoint(session, run.tenant_id, run.endpoint_id)
            admitted = {
                kind: await vault.admit(
                    session,
                    reference,
                    tenant_id=run.tenant_id,
                    session_id=None,
                    kind=kind,
                    actor=ACTOR,
                    purpose=PURPOSE,
                )
                for kind, reference in endpoint.credentials.items()
            }
        opened = {kind: (await vault.unseal(one)).reveal() for kind, one in admitted.items()}
    except SecretUnknown:
        raise CannotOpen(SecretCode.UNKNOWN, "The reference opens no credential.") from None
    except SecretStoreUnavailable as error:
        raise CannotOpen(SecretCode.STORE_UNAVAILABLE, str(error.failure)) from None
    return GatewayCredentials(
        client_id=opened.get(SecretKind.GATEWAY_CLIENT_ID, ""),
        client_secret=opened.get(SecretKind.GATEWAY_CLIENT_SECRET, ""),
        basic=opened.get(SecretKind.GATEWAY_BASIC),
        account_id=endpoint.account_id,
    )


async def _endpoint(session: AsyncSession, tenant_id: UUID, endpoint_id: UUID) -> EndpointSpec:
    row = await session.get(WebhookEndpoint, endpoint_id)
    if row is None or row.disabled_at is not None:
        raise CannotOpen(ReconciliationCode.ENDPOINT_OFF, "The endpoint is disabled.")
    active, _ = await active_version(session, tenant_id)
    endpoints = Spec.from_json(active.spec).endpoints if active else ()
    found = next((one for one in endpoints if one.endpoint_key == row.endpoint_key), None)
    if found is None or not found.credentials:
        raise CannotOpen(ReconciliationCode.NO_CREDENTIALS, "The active configuration names none.")
    return found
