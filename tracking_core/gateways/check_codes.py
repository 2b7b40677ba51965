"""What the check of a gateway's credentials, or a call to its API, can come to.

Placeholders: ``gateway`` is its name, ``where`` the place in its panel with the credentials, ``webhooks`` that with the
webhooks, ``field`` the credential that is meant, ``permission`` the right that is missing.
"""

from enum import StrEnum

from tracking_core.setup.outcome import Fault, Meaning


class GatewayCode(StrEnum):
    OK = "gateway_ok"
    WRONG_CREDENTIALS = "gateway_wrong_credentials"
    BASIC_MISMATCH = "gateway_basic_mismatch"
    PERMISSION_MISSING = "gateway_permission_missing"
    ACCOUNT_ID_MISSING = "gateway_account_id_missing"
    WRONG_ACCOUNT_ID = "gateway_wrong_account_id"
    CREDENTIALS_MALFORMED = "gateway_credentials_malformed"
    RATE_LIMITED = "gateway_rate_limited"
    UNAVAILABLE = "gateway_unavailable"
    UNEXPECTED_ANSWER = "gateway_unexpected_answer"
    NOT_SUPPORTED = "gateway_not_supported"
    WEBHOOK_REFUSED = "gateway_webhook_refused"
    WEBHOOKS_BY_HAND = "gateway_webhooks_by_hand"


MEANINGS: dict[GatewayCode, Meaning] = {
    GatewayCode.OK: Meaning(Fault.NOBODY, "{gateway} accepts these credentials, and they may do what we need."),
    GatewayCode.WRONG_CREDENTIALS: Meaning(
        Fault.SELLER,
        "{gateway} does not accept this client ID and client secret.",
        "Open {where} in {gateway}, copy each value of one production credential again, and enter them here.",
    ),
    GatewayCode.BASIC_MISMATCH: Meaning(
        Fault.SELLER,
        "The Basic does not belong to this client ID and client secret.",
        "Open {where} in {gateway} and copy client ID, client secret and Basic of the same credential, or leave the "
        "Basic empty.",
    ),
    GatewayCode.PERMISSION_MISSING: Meaning(
        Fault.SELLER,
        "The credentials are right, but {gateway} does not let them do what we need: {permission}.",
        "Open {where} in {gateway}, with the account's owner logged in, create a credential with this permission, and "
        "enter it here.",
    ),
    GatewayCode.ACCOUNT_ID_MISSING: Meaning(
        Fault.SELLER,
        "{gateway} also needs the account ID, and it was not given.",
        "Open {where} in {gateway}, copy the account ID shown beside the client ID, and enter it here.",
    ),
    GatewayCode.WRONG_ACCOUNT_ID: Meaning(
        Fault.SELLER,
        "The client ID and client secret are right, but they are not of this {gateway} account ID.",
        "Open {where} in {gateway} and copy the account ID shown beside this same client ID.",
    ),
    GatewayCode.CREDENTIALS_MALFORMED: Meaning(
        Fault.SELLER,
        "The {field} is empty or has spaces or characters that no credential has, so nothing was sent to {gateway}.",
        "Open {where} in {gateway}, copy the {field} with its copy button, and enter it here alone.",
    ),
    GatewayCode.RATE_LIMITED: Meaning(
        Fault.PROVIDER,
        "{gateway} is refusing calls for now because there were too many in a short time.",
        "Nothing is wrong with your credentials. Wait a minute and try again.",
    ),
    GatewayCode.UNAVAILABLE: Meaning(
        Fault.PROVIDER,
        "{gateway} did not answer or is having problems, so the credentials could not be checked.",
        "Nothing is wrong on your side. Try again in a few minutes.",
    ),
    GatewayCode.UNEXPECTED_ANSWER: Meaning(
        Fault.PROVIDER,
        "{gateway} answered with something that is not what its API promises, so nothing could be concluded.",
        "Nothing is wrong on your side. Try again in a few minutes; if it happens again, ask for help.",
    ),
    GatewayCode.NOT_SUPPORTED: Meaning(
        Fault.HUB,
        "We cannot check credentials of this gateway, because it has no API that we can ask.",
        "Go on without this check: the first webhook will show whether the connection works.",
    ),
    GatewayCode.WEBHOOK_REFUSED: Meaning(
        Fault.SELLER,
        "{gateway} refused to create or change the webhook.",
        "Open {webhooks} in {gateway}, delete webhooks you no longer use, and try again; or create ours there by hand.",
    ),
    GatewayCode.WEBHOOKS_BY_HAND: Meaning(
        Fault.SELLER,
        "{gateway} lets nobody create webhooks through its API; you create ours in its panel.",
        "Open {webhooks} in {gateway} and create a webhook with the address shown here.",
    ),
}
