"""Tell a wrong app secret from a wrong event: Meta answers both with error 100, for the secret without a subcode."""

from dataclasses import replace

from tracking_core.delivery.lease import Batch
from tracking_core.destinations.meta_capi.client import MetaClient, SendResult
from tracking_core.destinations.meta_capi.errors import INVALID_PARAMETER, FailureClass

# With a good proof it is refused for its missing name (100/2804019), and nothing of it is kept.
_NOTHING = b"{}"


async def diagnosed(batch: Batch, result: SendResult, client: MetaClient) -> SendResult:
    """The result, with its failure corrected to a credential's when even an empty event is refused without a subcode.

    Asks Meta once more only where the doubt exists: a connection with an app secret, and error 100 without a subcode.
    """
    if not (batch.app_secret and _is_doubtful(result)):
        return result
    probe = await client.send(
        dataset_id=batch.dataset_id, access_token=batch.access_token, events=[_NOTHING], app_secret=batch.app_secret
    )
    if result.verdict is None or not _is_doubtful(probe):
        return result
    return replace(result, verdict=replace(result.verdict, failure=FailureClass.CREDENTIAL))


def _is_doubtful(result: SendResult) -> bool:
    verdict = result.verdict
    return verdict is not None and verdict.code == INVALID_PARAMETER and verdict.subcode is None
