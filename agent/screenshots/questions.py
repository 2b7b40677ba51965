"""What to ask the seller when nobody can read their picture: what it would have told, a few short questions at a time.

English msgids. No answer to any of them is a credential.
"""

from collections.abc import Mapping
from typing import Any, Final

from tracking_core.configuration.codes import ConfigCode
from tracking_core.destinations.meta_capi.check_codes import MetaCode
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.i18n import translate
from tracking_core.landing.codes import UrlCode
from tracking_core.proof.codes import ProofCode
from tracking_core.setup.outcome import Stage
from tracking_core.setup.projection import StageStatus

GENERAL: Final = (
    "What is the title at the top of the screen?",
    "Which error code or message does it show? Write it as it stands there, without passwords or tokens.",
)
_GATEWAY_FIELDS = "Which fields do you see there: Client ID, Client Secret, Basic, Account ID? Only the names."
_WEBHOOK_LIST = "How many webhooks does the list show, and is each of them active?"
_DATASET_NUMBER = "Which number stands below the name of the dataset (pixel)?"
_TOKEN_PAGE = "Where did you make the token: in Events Manager or in Business settings?"  # noqa: S105 - a question
_PERMISSIONS = "Which permissions are ticked where the token is made?"
_ADDRESS = "Which address stands in the browser's bar?"
_TEST_EVENTS = "Which events does the Test Events page show, and at what time did they arrive?"
BY_STAGE: Final[Mapping[Stage, tuple[str, ...]]] = {
    Stage.GATEWAY: ("Is the screen of Hotmart or of Kiwify, and of which page of the menu?", _GATEWAY_FIELDS),
    Stage.META: (_TOKEN_PAGE, _DATASET_NUMBER),
    Stage.URL: (_ADDRESS, "Does the page open in a private window, without logging in?"),
    Stage.CONFIGURATION: (_WEBHOOK_LIST,),
    Stage.PROOF: (_TEST_EVENTS,),
}
_CREDENTIALS_KIND = "Are the credentials shown as production or as sandbox, and are they active?"
_ACCOUNT_FIELD = "Is a field Account ID shown beside the Client ID, and how many characters does it have?"
_SYSTEM_USER = "Is the token's system user among the people who have access to the dataset?"
_EXPIRY = "Does the page say until when the token is valid?"
_SCRIPT = "Where in the page's settings did you paste the script: in the head, in the body, or in a tag manager?"
BY_CODE: Final[Mapping[str, str]] = {
    GatewayCode.WRONG_CREDENTIALS: _CREDENTIALS_KIND,
    GatewayCode.BASIC_MISMATCH: _CREDENTIALS_KIND,
    GatewayCode.CREDENTIALS_MALFORMED: _GATEWAY_FIELDS,
    GatewayCode.ACCOUNT_ID_MISSING: _ACCOUNT_FIELD,
    GatewayCode.WRONG_ACCOUNT_ID: _ACCOUNT_FIELD,
    GatewayCode.WEBHOOK_REFUSED: _WEBHOOK_LIST,
    GatewayCode.WEBHOOKS_BY_HAND: _WEBHOOK_LIST,
    MetaCode.TOKEN_MALFORMED: _TOKEN_PAGE,
    MetaCode.TOKEN_INVALID: _TOKEN_PAGE,
    MetaCode.TOKEN_EXPIRED: _EXPIRY,
    MetaCode.TOKEN_REVOKED: _EXPIRY,
    MetaCode.DATASET_MALFORMED: _DATASET_NUMBER,
    MetaCode.DATASET_NO_ACCESS: _SYSTEM_USER,
    MetaCode.PERMISSION_MISSING: _PERMISSIONS,
    MetaCode.SCOPE_MISSING: _PERMISSIONS,
    UrlCode.SCRIPT_MISSING: _SCRIPT,
    UrlCode.SCRIPT_WRONG_KEY: _SCRIPT,
    UrlCode.REDIRECTED_ELSEWHERE: _ADDRESS,
    UrlCode.REDIRECTED_TO_LOGIN: _ADDRESS,
    ConfigCode.WEBHOOK_REFUSED: _WEBHOOK_LIST,
    ProofCode.WEBHOOK_REFUSED: _WEBHOOK_LIST,
    ProofCode.NOT_DELIVERED: _TEST_EVENTS,
}


def questions_for(stage: Stage | None, code: str | None, locale: str) -> tuple[str, ...]:
    """What the picture is, what it says, and the one or two that help where the setup is stuck."""
    own = BY_STAGE[stage] if stage else ()
    if code and code in BY_CODE:
        own = (BY_CODE[code],)
    return tuple(translate(question, locale) for question in (*GENERAL, *own))


def stuck_at(stages: Mapping[str, Any]) -> tuple[Stage | None, str | None]:
    """The first stage that waits for the seller, else the first that is not verified; with its code."""
    entries = [(stage, stages.get(stage.value, {})) for stage in Stage]
    waiting = [one for one in entries if one[1].get("status") == StageStatus.ACTION_REQUIRED]
    open_ones = [one for one in entries if one[1].get("status") != StageStatus.VERIFIED]
    for stage, entry in (*waiting, *open_ones):
        return stage, entry.get("code")
    return None, None
