"""Ask the gateway itself whether the credentials work and may do what the hub needs."""

from uuid import UUID

from tools.context import ToolContext
from tools.inputs import GatewayCheck
from tools.run import logged
from tracking_core.gateways.api import GatewayCredentials, api_of
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.models import SecretKind, SetupActionLog
from tracking_core.setup.outcome import Outcome

ACTION = "validate_gateway_credentials"


async def validate_gateway_credentials(context: ToolContext, intent_id: UUID, asked: GatewayCheck) -> SetupActionLog:
    async def work() -> Outcome:
        api = api_of(asked.gateway, context.settings)
        if api is None:
            reason = "This gateway has no API to ask."
            return Outcome(is_success=False, code=GatewayCode.NOT_SUPPORTED, reason=reason)
        return await api.check(await credentials_of(context, asked))

    return await logged(context, context.check(intent_id, ACTION), asked.model_dump(mode="json"), work)


async def credentials_of(context: ToolContext, asked: GatewayCheck) -> GatewayCredentials:
    """The credentials in clear, opened one by one."""
    given = asked.credentials
    basic = given.basic
    return GatewayCredentials(
        client_id=await context.reveal(given.client_id, SecretKind.GATEWAY_CLIENT_ID, ACTION),
        client_secret=await context.reveal(given.client_secret, SecretKind.GATEWAY_CLIENT_SECRET, ACTION),
        basic=await context.reveal(basic, SecretKind.GATEWAY_BASIC, ACTION) if basic else None,
        account_id=given.account_id,
    )
