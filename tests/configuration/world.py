"""One tenant with a setup session, facts that have been checked, and the verbs a test needs."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.configuration.kiwify import ACCOUNT, Kiwify
from tracking_core.configuration.apply import ActionResult, ApplyContext, applied, apply_action
from tracking_core.configuration.current import Current, read_current
from tracking_core.configuration.facts import Facts, GatewayFact, MetaFact, Preferences, UrlFact
from tracking_core.configuration.plan import Plan, make_plan
from tracking_core.configuration.registering import ApiRegistrar
from tracking_core.configuration.rollback import Scope, rollback_plan
from tracking_core.configuration.undo import Leftover, leftovers, undo_action
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import BrowserEvent, ConsentMode, SecretKind, SetupActionLog, SetupSession, Tenant
from tracking_core.secrets import vault
from tracking_core.settings import get_settings
from tracking_core.tenants import service as tenants

DATASET, OTHER_DATASET = "770000000000101", "770000000000202"
DATASET_NAME = "Loja da Ana"
PAGE = "https://loja-da-ana.example/curso"
CHECKED = datetime(2026, 11, 26, 12, tzinfo=UTC)
_TABLES = {"meta_connections": "tenant_id", "webhook_endpoints": "tenant_id", "tenants": "id"} | {
    "tracking_configurations": "tenant_id"
}
Snapshot = dict[str, Any]


VALUES = {
    "token": (SecretKind.META_ACCESS_TOKEN, "EAAplantedMetaToken0001"),
    "other_token": (SecretKind.META_ACCESS_TOKEN, "EAAplantedMetaToken0002"),
    "app_secret": (SecretKind.META_APP_SECRET, "planted-app-secret-0003"),
    "client_id": (SecretKind.GATEWAY_CLIENT_ID, "planted-client-id-0004"),
    "client_secret": (SecretKind.GATEWAY_CLIENT_SECRET, "planted-client-secret-0005"),
    "hottok": (SecretKind.WEBHOOK_SECRET, "planted-hottok-0006"),
    "other_hottok": (SecretKind.WEBHOOK_SECRET, "planted-hottok-0007"),
}
UNPROVED = SecretKind.WEBHOOK_SECRET  # only a webhook proves it
UNKNOWN = f"secret:{UUID(int=99)}"
# For tests that open nothing.
REFERENCES = {name: f"secret:{UUID(int=number)}" for number, name in enumerate(VALUES, start=1)}


def kiwify_fact(refs: Mapping[str, str] = REFERENCES, **changes: Any) -> GatewayFact:
    credentials = {
        SecretKind.GATEWAY_CLIENT_ID: refs["client_id"],
        SecretKind.GATEWAY_CLIENT_SECRET: refs["client_secret"],
    }
    known = {"name": "kiwify", "credentials": credentials, "account_id": ACCOUNT}
    return GatewayFact.model_validate({**known, "checked_at": CHECKED, "action_id": uuid4(), **changes})


def hotmart_fact(refs: Mapping[str, str] = REFERENCES, **changes: Any) -> GatewayFact:
    known = {"name": "hotmart", "account_id": None, "webhook_secret_ref": refs["hottok"]}
    return kiwify_fact(refs, **{**known, **changes})


def facts(gateway: GatewayFact | None = None, refs: Mapping[str, str] = REFERENCES, **changes: Any) -> Facts:
    """Everything checked and every preference another than a new tenant's, so that no action is left out."""
    meta = MetaFact(
        dataset_id=DATASET,
        dataset_name=DATASET_NAME,
        token_ref=refs["token"],
        app_secret_ref=refs["app_secret"],
        checked_at=CHECKED,
        action_id=uuid4(),
    )
    url = UrlFact(url=PAGE, final_url=PAGE, script_present=True, checked_at=CHECKED, action_id=uuid4())
    preferences = Preferences(
        consent_mode=ConsentMode.OPT_IN, browser_events=(BrowserEvent.PAGEVIEW,), test_event_code="TEST123"
    )
    known = Facts(gateway=gateway or kiwify_fact(refs), meta=meta, url=url, preferences=preferences)
    return known.model_copy(update=changes)


@dataclass
class World:
    kiwify: Kiwify
    appliers: "Appliers"
    tenant_id: UUID = field(default_factory=uuid4)
    ctx: ApplyContext = field(init=False)
    refs: dict[str, str] = field(default_factory=dict)

    async def begin(self) -> None:
        async with transaction() as session:
            self.tenant_id = (await tenants.create(session, "Loja da Ana", actor="test")).tenant_id
        await self.begin_session()

    async def begin_session(self) -> ApplyContext:
        """Another setup session of the tenant, in our hands."""
        async with transaction() as session:
            made = SetupSession(tenant_id=self.tenant_id, created_by="test", fence=1)
            session.add(made)
            await session.flush()
            tenant = await tenants.get(session, self.tenant_id)
            self.refs = {name: await self._kept(session, tenant, made.id, *value) for name, value in VALUES.items()}
        self.ctx = ApplyContext(
            session_id=made.id,
            tenant_id=self.tenant_id,
            fence=1,
            actor="seller:ana",
            settings=get_settings(),
            registrar=ApiRegistrar(get_settings()),
        )
        return self.ctx

    async def _kept(self, session: AsyncSession, tenant: Tenant, session_id: UUID, kind: SecretKind, value: str) -> str:
        now = clock.now()
        stored = await vault.put(
            session, tenant=tenant, kind=kind, value=value, actor="test", session_id=session_id, now=now
        )
        if kind is not UNPROVED:
            await session.flush()
            await vault.verify(session, stored.reference, tenant_id=tenant.id, actor="test", now=now)
        return stored.reference

    def facts(self, gateway: str = "kiwify", **changes: Any) -> Facts:
        """Everything checked, with this session's credentials. ``changes`` are of the gateway."""
        made = (kiwify_fact if gateway == "kiwify" else hotmart_fact)(self.refs, **changes)
        return facts(made, self.refs)

    async def current(self) -> Current:
        async with transaction() as session:
            return await read_current(session, self.tenant_id)

    async def plan(self, known: Facts) -> Plan:
        return make_plan(known, await self.current())

    async def rollback(self, scope: Scope, version: int | None = None) -> Plan:
        async with transaction() as session:
            return await rollback_plan(
                session, session_id=self.ctx.session_id, tenant_id=self.tenant_id, scope=scope, version=version
            )

    async def apply(self, plan: Plan, *, ctx: ApplyContext | None = None) -> list[ActionResult]:
        """Every action, or up to the first that fails."""
        results = []
        for position in range(len(plan.actions)):
            results.append(await apply_action(ctx or self.ctx, plan, position))
            if not results[-1].is_success:
                break
        return results

    async def apply_all(self, plan: Plan) -> None:
        results = await self.apply(plan)
        assert [one.code for one in results if not one.is_success] == []

    async def undo_all(self, plan: Plan) -> list[ActionResult]:
        async with transaction() as session:
            rows = await applied(session, self.ctx.session_id, plan.hash)
        return [await undo_action(self.ctx, row.id) for row in rows]

    async def leftovers(self, among: Collection[UUID] | None = None) -> list[Leftover]:
        async with transaction() as session:
            return await leftovers(session, self.ctx.session_id, among)

    async def row_of(self, action: str) -> SetupActionLog:
        """The ledger's only row of the action."""
        [row] = [one for one in await self.ledger() if one.action == action]
        return row

    async def ledger(self) -> list[SetupActionLog]:
        """In order."""
        async with transaction() as session:
            query = text("SELECT id FROM setup_action_logs WHERE session_id = :id ORDER BY started_at, position")
            ids = (await session.execute(query, {"id": self.ctx.session_id})).scalars().all()
            return [await session.get_one(SetupActionLog, row_id) for row_id in ids]

    async def snapshot(self) -> Snapshot:
        """Every row of the configuration's tables as PostgreSQL's JSON, and the gateway's webhooks."""
        seen: Snapshot = {"webhooks": dict(self.kiwify.webhooks)}
        async with transaction() as session:
            for table, column in _TABLES.items():
                query = text(f"SELECT to_jsonb(t) FROM {table} t WHERE {column} = :id ORDER BY id")
                seen[table] = (await session.execute(query, {"id": self.tenant_id})).scalars().all()
        return seen

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with transaction() as session:
            return list((await session.execute(text(query), {"tenant": self.tenant_id, **values})).all())

    async def beside(self) -> ApplyContext:
        """One more session of the tenant's, in other hands; it uses the credentials that are verified."""
        async with transaction() as session:
            made = SetupSession(tenant_id=self.tenant_id, created_by="test", fence=1)
            session.add(made)
        return replace(self.ctx, session_id=made.id)

    async def bump_fence(self) -> ApplyContext:
        """Another worker takes the session; its context."""
        await self.rows(
            "UPDATE setup_sessions SET fence = fence + 1 WHERE id = :id RETURNING 1", id=self.ctx.session_id
        )
        return replace(self.ctx, fence=self.ctx.fence + 1)

    async def killed(
        self, order: dict[str, Any], point: str, *, started: Callable[[int], None] = lambda _pid: None
    ) -> None:
        """Carry the order out in a process of its own that dies by SIGKILL at the point (or by the provider's hand)."""
        said = {
            **order,
            "point": point,
            "session_id": str(self.ctx.session_id),
            "tenant_id": str(self.tenant_id),
            "fence": self.ctx.fence,
            "environment": {name: value for name, value in os.environ.items() if name.startswith("HUB_")},
        }
        assert await asyncio.to_thread(self.appliers.run, orjson.dumps(said), started) == -signal.SIGKILL


class Appliers:
    """Starts a worker process for each order; see ``tests.configuration.applier``."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.configuration.applier"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, order: bytes, started: Callable[[int], None]) -> int:
        """How the worker ended; ``started`` is told its process id before it begins."""
        started(self._said(order))
        return self._said(b"go")

    def close(self) -> None:
        self._process.communicate(timeout=20)

    def _said(self, line: bytes) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())
