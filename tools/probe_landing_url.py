"""Look at the seller's page from outside: reachable, not led elsewhere, our script in place."""

from uuid import UUID

from tools.context import ToolContext
from tools.inputs import LandingCheck
from tools.run import logged
from tracking_core.db.engine import transaction
from tracking_core.landing.probe import probe
from tracking_core.models import SetupActionLog
from tracking_core.setup.outcome import Outcome
from tracking_core.tenants import service as tenants

ACTION = "probe_landing_url"


async def probe_landing_url(
    context: ToolContext, intent_id: UUID, asked: LandingCheck, *, dataset_id: str | None
) -> SetupActionLog:
    async def is_our_key(key: str) -> bool:
        async with transaction() as session:
            return await tenants.is_write_key_of(session, context.tenant_id, key)

    async def work() -> Outcome:
        return await probe(
            asked.url,
            is_our_key=is_our_key,
            hub_base_url=context.settings.base_url,
            dataset_id=dataset_id,
            client=context.guarded,
        )

    return await logged(context, context.check(intent_id, ACTION), asked.model_dump(mode="json"), work)
