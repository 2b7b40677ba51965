"""Why a run stopped, in words. A gateway's and the vault's codes keep their own meanings."""

from enum import StrEnum

from tracking_core.gateways.check_codes import MEANINGS as GATEWAY
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.secrets.codes import MEANINGS as SECRET
from tracking_core.secrets.codes import SecretCode
from tracking_core.setup.outcome import Fault, Meaning


class ReconciliationCode(StrEnum):
    NO_CREDENTIALS = "reconciliation_no_credentials"
    ENDPOINT_OFF = "reconciliation_endpoint_off"
    TOO_MANY_PAGES = "reconciliation_too_many_pages"
    TOO_LONG = "reconciliation_too_long"
    BROKE = "reconciliation_broke"


MEANINGS: dict[str, Meaning] = {
    ReconciliationCode.NO_CREDENTIALS: Meaning(
        Fault.SELLER,
        "No credentials of this sales platform are in use any more, so its list of sales could not be read.",
        "Set the shop up again with credentials of the platform.",
    ),
    ReconciliationCode.ENDPOINT_OFF: Meaning(
        Fault.NOBODY, "The webhook address of this shop is switched off, so there is nothing to compare."
    ),
    ReconciliationCode.TOO_MANY_PAGES: Meaning(
        Fault.HUB,
        "The platform's list of sales went on for too many pages, so it was not read to its end.",
        "Ask for fewer days at once.",
    ),
    ReconciliationCode.TOO_LONG: Meaning(
        Fault.PROVIDER,
        "The platform made us wait for a whole day, so its list of sales was not read to its end.",
        "Nothing to do: the next round reads it again.",
    ),
    ReconciliationCode.BROKE: Meaning(
        Fault.HUB, "Something of ours broke while the platform's list of sales was read. It is tried again later."
    ),
}
_ALL: dict[str, Meaning] = {**{str(code): one for code, one in (*GATEWAY.items(), *SECRET.items())}, **MEANINGS}
# Asked again with the same credentials, these are answered the same.
REFUSALS = tuple(code for code, meaning in _ALL.items() if meaning.fault is Fault.SELLER)
# What passes by itself.
PASSING = frozenset(
    {
        GatewayCode.UNAVAILABLE,
        GatewayCode.UNEXPECTED_ANSWER,
        SecretCode.STORE_UNAVAILABLE,
        ReconciliationCode.BROKE,
    }
)


def meaning_of(code: str) -> Meaning | None:
    return _ALL.get(code)
