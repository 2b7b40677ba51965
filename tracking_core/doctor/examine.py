"""Examine one live tenant: its gateway credentials, its token, its page, the rhythm of its webhooks."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.configuration.spec import EndpointSpec, Spec
from tracking_core.configuration.versions import active_version
from tracking_core.connections.contexts import app_secret_context, token_context
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.check_codes import MetaCode
from tracking_core.destinations.meta_capi.token_check import check_token
from tracking_core.doctor.codes import DoctorCode
from tracking_core.doctor.silence import silence
from tracking_core.gateways.api import GatewayCredentials, api_of
from tracking_core.kit import clock
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.landing.codes import UrlCode
from tracking_core.landing.probe import probe
from tracking_core.models import (
    ConfigurationState,
    ConnectionState,
    MetaConnection,
    SecretKind,
    TrackingConfiguration,
    WebhookEndpoint,
)
from tracking_core.secrets import vault
from tracking_core.secrets.codes import SecretCode
from tracking_core.secrets.errors import SecretStoreUnavailable, SecretUnknown
from tracking_core.settings import Settings
from tracking_core.setup.meanings import fault_of
from tracking_core.setup.outcome import Fault, Outcome
from tracking_core.tenants import service as tenants

ACTOR = "doctor"
# Of what works, what breaks tracking on a live page or soon will.
BROKEN_WARNINGS = frozenset(
    {
        UrlCode.SCRIPT_MISSING,
        UrlCode.SCRIPT_WRONG_KEY,
        UrlCode.SCRIPT_OTHER_HUB,
        UrlCode.CHECKOUT_LINK_CANNOT_CARRY,
        MetaCode.TOKEN_EXPIRING,
    }
)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. ``subject`` names it (``meta:123``); ``code`` is the check's own."""

    tenant_id: UUID
    subject: str
    is_healthy: bool
    code: str
    reason: str = ""
    return_code: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_broken(self) -> bool:
        """Somebody here must act. What a provider has to mend says nothing of the tenant."""
        return not self.is_healthy and fault_of(self.code) is not Fault.PROVIDER


async def live_tenants(session: AsyncSession) -> list[UUID]:
    """Those with an active configuration."""
    query = select(TrackingConfiguration.tenant_id).where(TrackingConfiguration.state == ConfigurationState.ACTIVE)
    return list((await session.scalars(query.order_by(col(TrackingConfiguration.tenant_id)))).all())


async def examine(tenant_id: UUID, *, settings: Settings, guarded: GuardedClient) -> list[Finding]:
    """Every finding, healthy ones too; nothing for a tenant without an active configuration. What cannot be examined is
    a finding as well (doctor_failed), and the rest is examined all the same."""
    return await _kept(tenant_id, "tenant", _examined(tenant_id, settings, guarded))


async def _examined(tenant_id: UUID, settings: Settings, guarded: GuardedClient) -> list[Finding]:
    async with transaction() as session:
        active, _ = await active_version(session, tenant_id)
    if active is None:
        return []
    spec = Spec.from_json(active.spec)
    examination = _Examination(tenant_id, settings, guarded, active.activated_at or active.created_at)
    parts = [(f"meta:{spec.dataset.dataset_id}", examination.meta(spec)), ("url", examination.page(spec))]
    for endpoint in spec.endpoints:
        parts.append((f"webhook:{endpoint.gateway}", examination.webhooks(endpoint)))
        parts.append((f"gateway:{endpoint.gateway}", examination.gateway(endpoint)))
    return [finding for subject, part in parts for finding in await _kept(tenant_id, subject, part)]


async def _kept(tenant_id: UUID, subject: str, part: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        return await part
    except Exception as error:
        log.exception("doctor_broke", tenant_id=str(tenant_id), subject=subject, error=type(error).__name__)
        reason = f"The examination broke: {type(error).__name__}."
        code = DoctorCode.FAILED.value
        return [Finding(tenant_id=tenant_id, subject=subject, is_healthy=False, code=code, reason=reason)]


@dataclass(frozen=True, slots=True)
class _Examination:
    tenant_id: UUID
    settings: Settings
    guarded: GuardedClient
    activated_at: datetime

    async def meta(self, spec: Spec) -> list[Finding]:
        """The token in use, also when the connection is on hold: that is when it matters."""
        dataset_id = spec.dataset.dataset_id
        async with transaction() as session:
            query = select(MetaConnection).where(
                MetaConnection.tenant_id == self.tenant_id, MetaConnection.dataset_id == dataset_id
            )
            row = (await session.scalars(query)).first()
            cipher = tenants.cipher_of(await tenants.get(session, self.tenant_id))
        if row is None or row.disabled_at is not None:
            return [self._finding(f"meta:{dataset_id}", DoctorCode.CONNECTION_OFF, {"dataset_id": dataset_id})]
        secret = row.app_secret
        outcome = await check_token(
            graph_url=self.settings.meta_graph_url,
            version=self.settings.meta_graph_version,
            dataset_id=row.dataset_id,
            access_token=cipher.decrypt(bytes(row.access_token), token_context(row.id)).decode(),
            app_secret=cipher.decrypt(bytes(secret), app_secret_context(row.id)).decode() if secret else None,
            timeout_seconds=self.settings.meta_timeout_seconds,
            now=clock.now(),
        )
        held = self._finding(f"meta:{dataset_id}:hold", DoctorCode.ON_HOLD, {"dataset_id": dataset_id})
        is_held = row.state == ConnectionState.ON_HOLD
        return [*self._found(f"meta:{dataset_id}", outcome), *([held] if is_held else [])]

    async def page(self, spec: Spec) -> list[Finding]:
        async def is_our_key(key: str) -> bool:
            async with transaction() as session:
                return await tenants.is_write_key_of(session, self.tenant_id, key)

        outcome = await probe(
            spec.landing_url,
            is_our_key=is_our_key,
            hub_base_url=self.settings.base_url,
            dataset_id=spec.dataset.dataset_id,
            client=self.guarded,
        )
        return self._found("url", outcome)

    async def webhooks(self, endpoint: EndpointSpec) -> list[Finding]:
        subject, gateway = f"webhook:{endpoint.gateway}", {"gateway": endpoint.gateway.title()}
        url = f"{self.settings.base_url}/webhooks/{endpoint.gateway}/{endpoint.endpoint_key}"
        async with transaction() as session:
            query = select(WebhookEndpoint).where(
                WebhookEndpoint.tenant_id == self.tenant_id, WebhookEndpoint.endpoint_key == endpoint.endpoint_key
            )
            row = (await session.scalars(query)).first()
            if row is None or row.disabled_at is not None:
                return [self._finding(subject, DoctorCode.WEBHOOK_OFF, {**gateway, "url": url})]
            quiet = await silence(session, row.id, self.activated_at, clock.now())
        if quiet is None:
            return [self._finding(subject, DoctorCode.WEBHOOK_ALIVE, gateway, is_healthy=True)]
        code = DoctorCode.WEBHOOK_SILENT if quiet.since else DoctorCode.WEBHOOK_NEVER
        return [self._finding(subject, code, {**gateway, "hours": str(quiet.hours), "url": url})]

    async def gateway(self, endpoint: EndpointSpec) -> list[Finding]:
        """The credentials at the gateway's API, where it has one and they were given."""
        api = api_of(endpoint.gateway, self.settings)
        if api is None or not endpoint.credentials:
            return []
        credentials = await self._credentials(endpoint)
        outcome = credentials if isinstance(credentials, Outcome) else await api.check(credentials)
        return self._found(f"gateway:{endpoint.gateway}", outcome)

    async def _credentials(self, endpoint: EndpointSpec) -> GatewayCredentials | Outcome:
        try:
            async with transaction() as session:
                opened = {
                    kind: (await self._opened(session, reference, kind))
                    for kind, reference in endpoint.credentials.items()
                }
        except SecretUnknown:
            return Outcome(is_success=False, code=SecretCode.UNKNOWN, reason="The reference opens no credential.")
        except SecretStoreUnavailable as error:
            return Outcome(is_success=False, code=SecretCode.STORE_UNAVAILABLE, reason=str(error.failure))
        return GatewayCredentials(
            client_id=opened.get(SecretKind.GATEWAY_CLIENT_ID, ""),
            client_secret=opened.get(SecretKind.GATEWAY_CLIENT_SECRET, ""),
            basic=opened.get(SecretKind.GATEWAY_BASIC),
            account_id=endpoint.account_id,
        )

    async def _opened(self, session: AsyncSession, reference: str, kind: SecretKind) -> str:
        opened = await vault.open_(
            session,
            reference,
            tenant_id=self.tenant_id,
            session_id=None,
            kind=kind,
            actor=ACTOR,
            purpose="doctor",
        )
        return opened.reveal()

    def _found(self, subject: str, outcome: Outcome) -> list[Finding]:
        """The check's outcome; of a success, each warning that means a break as a finding of its own."""
        params = dict(outcome.params)
        broken = [code for code in outcome.warnings if code in BROKEN_WARNINGS]
        if outcome.is_success and broken:
            return [self._finding(subject, code, params) for code in broken]
        said = Finding(
            tenant_id=self.tenant_id,
            subject=subject,
            is_healthy=outcome.is_success,
            code=outcome.code,
            reason=outcome.reason,
            return_code=outcome.return_code,
            params=params,
        )
        return [said]

    def _finding(self, subject: str, code: str, params: Mapping[str, str], *, is_healthy: bool = False) -> Finding:
        return Finding(
            tenant_id=self.tenant_id, subject=subject, is_healthy=is_healthy, code=str(code), params=dict(params)
        )
