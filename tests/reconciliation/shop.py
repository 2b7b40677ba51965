"""What a test says of a shop, its vendors and its runs."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from evals.simulators.providers.accounts import Vendor
from evals.simulators.providers.listed import ListedSale, id_of, item_of
from evals.simulators.providers.state import Account, Fault, State
from tests.pipeline.conftest import SECRET
from tests.pipeline.conftest import Shop as PipelineShop
from tracking_core.configuration.spec import DatasetSpec, EndpointSpec, Spec
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import ConsentMode, ReconciliationRun, SecretKind, TrackingConfiguration
from tracking_core.reconciliation.drain import drain_run
from tracking_core.reconciliation.report import DayReport, report
from tracking_core.reconciliation.schedule import ask
from tracking_core.reconciliation.window import day_of
from tracking_core.reporting.scope import Scope
from tracking_core.secrets import vault
from tracking_core.settings import get_settings
from tracking_core.tenants import service as tenants

ENDPOINTS: tuple[Vendor, ...] = ("hotmart", "kiwify")
CLIENT, CLIENT_SECRET, ACCOUNT = "clients-id", "planted-clients-secret", "clients-account"


@dataclass(frozen=True)
class Vendors:
    state: State = field(repr=False)
    url: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HUB_HOTMART_AUTH_URL": f"{self.url}/hotmart-auth",
            "HUB_HOTMART_API_URL": f"{self.url}/hotmart",
            "HUB_KIWIFY_API_URL": f"{self.url}/kiwify",
            "HUB_LATE_CLICK_GRACE_SECONDS": "0",
            "HUB_RECONCILIATION_GRACE_MINUTES": "0",
            "HUB_RECONCILIATION_CALLS_PER_MINUTE": "1000000",
        }

    def sold(self, vendor: Vendor, sale_id: str, **facts: Any) -> str:
        """The vendor lists the sale from now on; its id there."""
        item = item_of(ListedSale(vendor=vendor, client_id=CLIENT, sale_id=sale_id, **facts))
        theirs = id_of(vendor, item)
        assert self.state.sold(vendor, CLIENT, theirs, item)
        return theirs

    def listed(self, vendor: Vendor) -> list[dict[str, Any]]:
        return next(one.sales for one in self.state.accounts if (one.vendor, one.client_id) == (vendor, CLIENT))

    def fault(self, vendor: Vendor, kind: str, path: str, **more: Any) -> None:
        self.state.faults.append(Fault.model_validate({"vendor": vendor, "kind": kind, "path": path, **more}))

    def calls(self, part: str) -> int:
        return sum(count for route, count in self.state.counts.items() if part in route)


@dataclass(frozen=True)
class Shop:
    pipeline: PipelineShop
    vendors: Vendors
    endpoints: dict[Vendor, UUID]
    secret_key: str = field(repr=False)

    @property
    def scope(self) -> Scope:
        return Scope(self.pipeline.tenant_id)

    async def asked(self, vendor: Vendor, *, days: int = 2) -> UUID:
        now = clock.now()
        async with transaction() as session:
            (run_id,) = await ask(
                session,
                since=now - timedelta(days=days),
                until=now,
                actor="test",
                now=now,
                settings=get_settings(),
                endpoint_id=self.endpoints[vendor],
            )
        return run_id

    async def round(self, run_id: UUID) -> bool:
        return await drain_run(run_id, settings=get_settings(), on_news=lambda: None)

    async def read(self, run_id: UUID) -> ReconciliationRun:
        """As the worker does: round after round while there is something to do at once, sales as they come."""
        while await self.round(run_id):
            await self.pipeline.process()
        return await self.run(run_id)

    async def reconciled(self, vendor: Vendor, *, days: int = 2) -> ReconciliationRun:
        return await self.read(await self.asked(vendor, days=days))

    async def run(self, run_id: UUID) -> ReconciliationRun:
        async with transaction() as session:
            return await session.get_one(ReconciliationRun, run_id)

    async def sale(self, sale_id: str) -> dict[str, Any]:
        """The conversion, with how many deliveries it has."""
        query = "SELECT c.*, (SELECT count(*) FROM deliveries d WHERE d.conversion_id = c.id) AS deliveries"
        return (await self.rows(f"{query} FROM conversions c WHERE sale_id = :sale", sale=sale_id))[0]

    async def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        async with transaction() as session:
            return [dict(row) for row in (await session.execute(text(query), values)).mappings()]

    async def change(self, statement: str, **values: Any) -> None:
        async with transaction() as session:
            await session.execute(text(statement), values)

    async def days(self, *, ago: int = 2) -> tuple[DayReport, ...]:
        now = clock.now()
        async with transaction() as session:
            found = await report(session, self.scope, first=day_of(now - timedelta(days=ago)), last=day_of(now))
        return found.days


def let_in(state: State) -> None:
    for vendor in ENDPOINTS:
        known = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "account_id": ACCOUNT}
        state.register(Account.model_validate({"vendor": vendor, **known}))


async def connect(session: AsyncSession, tenant_id: UUID) -> list[UUID]:
    """Both gateways with verified credentials in the vault, as a setup leaves them; the ids of the endpoints."""
    tenant, specs, ids = await tenants.get(session, tenant_id), [], []
    for gateway in ENDPOINTS:
        endpoint = await tenants.connect_gateway(session, tenant_id, gateway, SECRET, actor="test")
        kept = {}
        for kind, value in (
            (SecretKind.GATEWAY_CLIENT_ID, CLIENT),
            (SecretKind.GATEWAY_CLIENT_SECRET, CLIENT_SECRET),
        ):
            stored = await vault.put(
                session, tenant=tenant, kind=kind, value=value, actor="test", session_id=None, now=clock.now()
            )
            await session.flush()
            await vault.verify(session, stored.reference, tenant_id=tenant_id, actor="test", now=clock.now())
            kept[kind] = stored.reference
        account = ACCOUNT if gateway == "kiwify" else None
        specs.append(
            EndpointSpec(gateway=gateway, account_id=account, endpoint_key=endpoint.endpoint_key, credentials=kept)
        )
        ids.append(endpoint.id)
    spec = Spec(
        dataset=DatasetSpec(dataset_id="1234567890", dataset_name="Loja da Ana"),
        endpoints=tuple(specs),
        consent_mode=ConsentMode.OPT_OUT,
        landing_url="https://shop.example/",
    )
    session.add(TrackingConfiguration(tenant_id=tenant_id, version=1, spec=spec.to_json(), plan_hash="0" * 64))
    return ids


def hours_ago(hours: float) -> datetime:
    return clock.now() - timedelta(hours=hours)
