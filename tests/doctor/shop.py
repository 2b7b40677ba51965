"""Live tenants in front of simulated providers: set up, working, and then broken one thing at a time."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from evals.simulators.meta.state import Dataset
from evals.simulators.meta.state import State as MetaState
from evals.simulators.providers.state import Account
from evals.simulators.providers.state import State as VendorState
from tracking_core.configuration.spec import DatasetSpec, EndpointSpec, Spec
from tracking_core.db.engine import transaction
from tracking_core.doctor.examine import Finding, examine
from tracking_core.kit import clock
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.models import ConsentMode, SecretKind, TrackingConfiguration
from tracking_core.secrets import vault
from tracking_core.settings import get_settings
from tracking_core.tenants import service as tenants

DATASET, TOKEN = "770000000000303", "EAAplantedDoctorToken0001"
CLIENT, SECRET, ACCOUNT = "doctors-client", "planted-doctors-secret", "doctors-account"


@dataclass(frozen=True)
class Providers:
    """Everybody the hub asks, on the loopback; ``landing`` is the seller's page at ``{landing}/ok``."""

    meta: MetaState = field(repr=False)
    vendors: VendorState = field(repr=False)
    landing: str

    def token(self, **facts: Any) -> None:
        """What Meta knows of the token from now on."""
        known = {"dataset_id": DATASET, "access_token": TOKEN, "name": "Loja da Ana", **facts}
        self.meta.registered[DATASET] = Dataset.model_validate(known)

    def account(self, **facts: Any) -> None:
        known = {"client_id": CLIENT, "client_secret": SECRET, "account_id": ACCOUNT, "vendor": "kiwify", **facts}
        self.vendors.register(Account.model_validate(known))

    def page(self, **changes: Any) -> None:
        url = f"{self.landing}/_control/page"
        assert httpx.patch(url, json=changes, trust_env=False).status_code == 204


@dataclass(frozen=True)
class Shop:
    """``credential`` is the reference of the gateway's client secret."""

    tenant_id: UUID
    credential: str

    async def examined(self) -> dict[str, Finding]:
        """By subject."""
        settings = get_settings()
        guarded = GuardedClient(trusted_origins=frozenset(settings.probe_trusted_origins))
        return {one.subject: one for one in await examine(self.tenant_id, settings=settings, guarded=guarded)}

    async def change(self, statement: str) -> None:
        """SQL on the tenant's rows; ``:tenant`` is its id."""
        async with transaction() as session:
            result = await session.execute(text(statement), {"tenant": self.tenant_id})
            assert result.rowcount  # type: ignore[attr-defined]


async def open_shop(providers: Providers) -> Shop:
    """A tenant with an active configuration in which everything works."""
    async with transaction() as session:
        made = await tenants.create(session, "Loja da Ana", actor="test")
        await tenants.connect_meta(session, made.tenant_id, DATASET, TOKEN, actor="test")
        endpoint = await tenants.connect_gateway(session, made.tenant_id, "kiwify", "a-signing-token", actor="test")
        tenant = await tenants.get(session, made.tenant_id)
        references = {}
        for kind, value in ((SecretKind.GATEWAY_CLIENT_ID, CLIENT), (SecretKind.GATEWAY_CLIENT_SECRET, SECRET)):
            kept = await vault.put(
                session, tenant=tenant, kind=kind, value=value, actor="test", session_id=None, now=clock.now()
            )
            await session.flush()
            await vault.verify(session, kept.reference, tenant_id=tenant.id, actor="test", now=clock.now())
            references[kind] = kept.reference
        spec = Spec(
            dataset=DatasetSpec(dataset_id=DATASET, dataset_name="Loja da Ana"),
            endpoints=(
                EndpointSpec(
                    gateway="kiwify",
                    account_id=ACCOUNT,
                    endpoint_key=endpoint.endpoint_key,
                    credentials=references,
                    is_registered=True,
                ),
            ),
            consent_mode=ConsentMode.OPT_OUT,
            landing_url=f"{providers.landing}/ok",
        )
        configuration = TrackingConfiguration(
            tenant_id=tenant.id,
            version=1,
            spec=spec.to_json(),
            plan_hash="0" * 64,
            activated_at=clock.now() - timedelta(hours=1),
        )
        session.add(configuration)
    providers.page(script=f"{get_settings().base_url}/t.js?key={made.write_key}", fault=None, pixel_id=DATASET)
    return Shop(made.tenant_id, references[SecretKind.GATEWAY_CLIENT_SECRET])
