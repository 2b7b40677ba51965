"""How far a setup is, for who has a stake in it."""

from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from api.ui.setup import times
from api.ui.setup.review import is_working
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.notes import is_answered
from tracking_core.handoff.rows import LIVE
from tracking_core.handoff.sla import eta_text
from tracking_core.kit import clock
from tracking_core.models import HandoffState, SessionState, SetupHandoff, SetupSession
from tracking_core.setup import status
from tracking_core.setup.projection import StageStatus
from tracking_core.tenants import service as tenants
from tracking_core.webhooks.heard import owed


async def status_of(session: AsyncSession, setup: SetupSession, locale: str) -> dict[str, Any]:
    """The whole status, the case if a person is called, how many of its stages are done, and the gateway in whose panel
    the seller has still to add the webhook, if there is one."""
    told = await status.of(session, setup, locale=locale)
    case = await handoffs.latest(session, setup.id)
    done = [one for one in told["stages"].values() if one["status"] == StageStatus.VERIFIED]
    return {
        "setup": setup,
        "seq": setup.event_seq,
        "tenant": await tenants.get(session, setup.tenant_id),
        "status": told,
        "done": len(done),
        "owed": await _owed(session, setup),
        "case": _case(case, locale) if case is not None and case.state in LIVE else None,
        "is_working": await is_working(session, setup),
        "when": partial(times.told, locale=locale),
        "now": clock.now(),
    }


async def _owed(session: AsyncSession, setup: SetupSession) -> str:
    due = (await owed(session, [setup.id])).get(setup.id) if setup.state == SessionState.DONE else None
    return due.gateway.title() if due else ""


def _case(handoff: SetupHandoff, locale: str) -> dict[str, Any]:
    """Since when they wait for a person, or since when who has it; until when a person answers, while none did."""
    eta = "" if is_answered(handoff) else eta_text(handoff.due_at, clock.now(), locale)
    is_taken = handoff.state == HandoffState.TAKEN
    since = (handoff.taken_at if is_taken else None) or handoff.created_at
    is_late = bool(eta) and handoff.due_at <= clock.now()
    return {"state": handoff.state, "owner": handoff.owner, "since": since, "eta": eta, "is_late": is_late}
