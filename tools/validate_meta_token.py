"""Ask Meta whether the token lives and may send events to the dataset, storing nothing there."""

from uuid import UUID

from tools.context import ToolContext
from tools.inputs import MetaCheck
from tools.run import logged
from tracking_core.destinations.meta_capi.token_check import check_token
from tracking_core.kit import clock
from tracking_core.models import SecretKind, SetupActionLog
from tracking_core.setup.outcome import Outcome

ACTION = "validate_meta_token"


async def validate_meta_token(context: ToolContext, intent_id: UUID, asked: MetaCheck) -> SetupActionLog:
    async def work() -> Outcome:
        secret = asked.app_secret
        return await check_token(
            graph_url=context.settings.meta_graph_url,
            version=context.settings.meta_graph_version,
            dataset_id=asked.dataset_id,
            access_token=await context.reveal(asked.access_token, SecretKind.META_ACCESS_TOKEN, ACTION),
            app_secret=await context.reveal(secret, SecretKind.META_APP_SECRET, ACTION) if secret else None,
            timeout_seconds=context.settings.meta_timeout_seconds,
            now=clock.now(),
        )

    return await logged(context, context.check(intent_id, ACTION), asked.model_dump(mode="json"), work)
