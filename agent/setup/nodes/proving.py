"""The synthetic sale, one hop in each superstep. Red after an apply takes the configuration back."""

from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime
from langgraph.types import Command
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from agent.setup.context import SetupContext
from agent.setup.nodes.applying import COMPENSATE, DIAGNOSE, PROVE, entries_of
from agent.setup.state import SetupState
from tracking_core.configuration.spec import Spec
from tracking_core.configuration.versions import active_version
from tracking_core.connections.endpoints import secret_context
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import stable_id
from tracking_core.models import MetaConnection, WebhookEndpoint
from tracking_core.proof.cleanup import cleanup
from tracking_core.proof.codes import ProofCode
from tracking_core.proof.hops import run_hop
from tracking_core.proof.run import HOPS, Hop, HopResult, ProofContext, ProofRun, start
from tracking_core.setup import lease, ledger, projection
from tracking_core.setup.codes import SetupCode
from tracking_core.setup.meanings import fault_of
from tracking_core.setup.outcome import Fault, Stage
from tracking_core.setup.projection import StageStatus
from tracking_core.streams.append import EventType, append
from tracking_core.tenants import service as tenants

# Shown in Test Events when the seller gave no code of their own.
_TEST_EVENT_CODE = "HUBSETUP"


async def prove(state: SetupState, runtime: Runtime[SetupContext]) -> Command[Any]:
    """Announce the sale first; then one hop for each run of this node."""
    context = runtime.context
    if state.get("proof") is None:
        return await _begin(state, context)
    run = ProofRun.from_json(state["proof"] or {})
    hop = HOPS[state["hop"]]
    result = await run_hop(run, hop, await _edge(context, run))
    await _told(context, run, result, len(HOPS))
    if not result.is_green or hop == HOPS[-1]:
        await end_proof(state, context)
    if not result.is_green:
        return await _red(state, context, result)
    if state["hop"] + 1 < len(HOPS):
        return Command(goto=PROVE, update={"hop": state["hop"] + 1})
    return Command(goto=DIAGNOSE, update={"proof": None, "plan": None, "result": _green(state)})


async def end_proof(state: SetupState, context: SetupContext) -> None:
    """What the proof still had to send is not sent any more."""
    async with transaction() as session:
        await cleanup(session, ProofRun.from_json(state["proof"] or {}), actor=context.tool.actor)


async def _begin(state: SetupState, context: SetupContext) -> Command[Any]:
    tool = context.tool
    async with transaction() as session:
        target = await _target(session, tool.tenant_id, state)
        if target is None:
            result = {"outcome": "failed", "code": SetupCode.NOTHING_TO_PROVE.value}
            return Command(goto=DIAGNOSE, update={"result": result, "plan": None})
        gateway, connection_id, code = target
        run = await start(
            session,
            proof_id=UUID(state["intent"]["id"]),
            tenant_id=tool.tenant_id,
            gateway=gateway,
            connection_id=connection_id,
            test_event_code=code,
            session_id=tool.session_id,
            now=clock.now(),
        )
        await projection.stage(session, tool.session_id, tool.fence, Stage.PROOF, StageStatus.IN_PROGRESS)
    return Command(goto=PROVE, update={"proof": run.to_json(), "hop": 0})


async def _target(session: AsyncSession, tenant_id: UUID, state: SetupState) -> tuple[str, UUID, str] | None:
    """The gateway, connection and test code of the active configuration; the gateway of the facts comes first."""
    active, _ = await active_version(session, tenant_id)
    if active is None:
        return None
    spec = Spec.from_json(active.spec)
    wanted = state.get("facts", {}).get("gateway", {}).get("name")
    endpoint = spec.endpoint_of(wanted) if wanted else None
    gateway = (endpoint or spec.endpoints[0]).gateway
    query = select(MetaConnection).where(
        MetaConnection.tenant_id == tenant_id, MetaConnection.dataset_id == spec.dataset.dataset_id
    )
    connection = (await session.scalars(query)).one()
    return gateway, connection.id, spec.dataset.test_event_code or _TEST_EVENT_CODE


async def _edge(context: SetupContext, run: ProofRun) -> ProofContext:
    """The hub's own edge as a visitor and a gateway meet it, with what they know."""
    settings = context.tool.settings
    async with transaction() as session:
        active, _ = await active_version(session, run.tenant_id)
        assert active is not None
        spec = Spec.from_json(active.spec)
        endpoint = spec.endpoint_of(run.gateway)
        assert endpoint is not None
        query = select(WebhookEndpoint).where(WebhookEndpoint.endpoint_key == endpoint.endpoint_key)
        row = (await session.scalars(query)).one()
        cipher = tenants.cipher_of(await tenants.get(session, run.tenant_id))
        secret = cipher.decrypt(bytes(row.secret), secret_context(row.id)).decode()
        write_key = await tenants.write_key(session, run.tenant_id)
        path = tenants.webhook_path(row)
    return ProofContext(
        base_url=settings.edge_url,
        http=context.http,
        write_key=write_key,
        webhook_path=path,
        webhook_secret=secret,
        page_url=spec.landing_url,
    )


async def _told(context: SetupContext, run: ProofRun, result: HopResult, of: int) -> None:
    """Each hop lights up where it is watched."""
    tool = context.tool
    said = {**result.to_json(), "number": HOPS.index(result.hop) + 1, "of": of}
    async with transaction() as session:
        await lease.require(session, tool.session_id, tool.fence)
        await append(session, tool.session_id, EventType.PROOF_HOP, said)
        await ledger.keep_hop(session, tool.check(_hop_id(run, result.hop), f"proof_{result.hop}"), result.outcome())
        if result.is_green and result.hop == HOPS[-1]:
            hops = {"code": ProofCode.OK.value, "hops": of}
            await projection.stage(session, tool.session_id, tool.fence, Stage.PROOF, StageStatus.VERIFIED, **hops)


async def _red(state: SetupState, context: SetupContext, result: HopResult) -> Command[Any]:
    """After an apply, everything is taken back; a proof asked for by itself only tells."""
    is_sellers = fault_of(result.code) is Fault.SELLER
    failure = {
        "code": result.code.value,
        "reason": result.reason,
        "hop": result.hop.value,
        "is_provider_fault": not is_sellers,
        "stage": Stage.PROOF.value,
    }
    if state.get("plan"):
        undo = await entries_of(context, (state["plan"] or {})["hash"])
        return Command(goto=COMPENSATE, update={"failure": failure, "undo": undo, "undoing": undo, "proof": None})
    tool = context.tool
    status = StageStatus.ACTION_REQUIRED if is_sellers else StageStatus.WAITING
    async with transaction() as session:
        said = {"code": failure["code"], "hop": result.hop.value}
        await projection.stage(session, tool.session_id, tool.fence, Stage.PROOF, status, **said)
    outcome = {"outcome": "failed", "code": failure["code"], "hop": result.hop.value}
    return Command(goto=DIAGNOSE, update={"failure": failure, "proof": None, "result": outcome})


def _hop_id(run: ProofRun, hop: Hop) -> UUID:
    return stable_id("proof", run.proof_id, hop.value)


def _green(state: SetupState) -> dict[str, Any]:
    return {**state.get("result", {}), "outcome": "proved", "code": SetupCode.PROVED.value}
