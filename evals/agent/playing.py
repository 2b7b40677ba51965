"""Play one scenario in the world, from a new tenant to the evidence."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from evals.agent.answering import Model
from evals.agent.cast import Cast, cast_of
from evals.agent.evidence import Evidence, evidence_of
from evals.agent.scenario import Scenario
from evals.agent.sellers.browser import Browser, Unsettled
from evals.agent.sellers.desk import Support
from evals.agent.sellers.persona import Played
from evals.agent.sellers.scripted import Scripted, Stuck
from evals.agent.tape import FOLDER, Use, taped
from evals.agent.vendors import Vendors
from evals.agent.world import World
from tracking_core.db.engine import transaction
from tracking_core.models import Tenant
from tracking_core.tenants import service as tenants

_SESSIONS = "/api/v1/setup/sessions"
_UNSETTLED = "the hub was still at work when the seller's patience was over"


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """``use`` None: no model's HTTP is looked at. ``is_played``: sellers with a persona are played by the model."""

    model: Model
    use: Use | None = None
    is_played: bool = False
    folder: Path = FOLDER


async def play(world: World, scenario: Scenario, how: How) -> Evidence:
    cast = cast_of(scenario.id)
    world.listen()
    browser, vendors, support = await _arrive(world, scenario, cast, how)
    vendors.open()
    with taped(how.folder / f"{scenario.id}.yaml", use) if (use := _use(scenario, how)) else nullcontext() as tape:
        stuck = await _acted(world, scenario, how, _seller(scenario, how, cast, browser, vendors, support))
    requests = [*(tape.bodies if tape else []), *world.llm.bodies]
    return await evidence_of(
        browser,
        cast,
        locale=scenario.locale,
        requests=requests,
        stuck=stuck,
        misses=tape.misses if tape else [],
        unplayed=tape.unplayed if tape else 0,
    )


def _use(scenario: Scenario, how: How) -> Use | None:
    """What the simulated model says needs no recording."""
    return None if scenario.has_own_model else how.use


async def _acted(world: World, scenario: Scenario, how: How, seller: Scripted | Played) -> str | None:
    """Why the seller gave up, if they did."""
    async with world.chat.answered_by(how.model.settings(world, scenario)):
        try:
            await seller.run()
        except Stuck as gave_up:
            return str(gave_up)
        except Unsettled:
            return _UNSETTLED
    return None


def _seller(
    scenario: Scenario, how: How, cast: Cast, browser: Browser, vendors: Vendors, support: Support
) -> Scripted | Played:
    if how.is_played and scenario.persona is not None:
        return Played(scenario, cast, browser, how.model)
    return Scripted(scenario, cast, browser, vendors, support)


async def _arrive(world: World, scenario: Scenario, cast: Cast, how: How) -> tuple[Browser, Vendors, Support]:
    """A new tenant with a new session, and somebody at the support desk."""
    async with transaction() as session:
        made = await tenants.create(session, "Loja", actor="evals")
        if scenario.start.escalate_after is not None:
            (await session.get_one(Tenant, made.tenant_id)).escalate_after = scenario.start.escalate_after
    headers = {"Authorization": f"Bearer {made.secret_key}", "Accept-Language": "*"}
    wanted = {"tenant_id": str(made.tenant_id), "locale": scenario.locale}
    answer = await world.http.post(_SESSIONS, json=wanted, headers=headers)
    answer.raise_for_status()
    session_id = UUID(answer.json()["session_id"])
    browser = Browser(world, cast, made.tenant_id, session_id, headers, how.model.patience_seconds)
    support = Support(world, session_id, {"Authorization": f"Bearer {world.desk_key}"})
    return browser, Vendors(world, scenario, cast, made.write_key), support
