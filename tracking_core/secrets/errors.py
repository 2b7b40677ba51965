"""What can go wrong with a credential in the vault. No message, cause or trace holds a value."""

from enum import StrEnum

from tracking_core.errors import HubError
from tracking_core.secrets.codes import MEANINGS, SecretCode


class SecretUnknown(HubError):
    """No such credential for this tenant, session and kind, or it ended: one answer, so that none can be told apart."""

    status = 404
    code = SecretCode.UNKNOWN
    message = MEANINGS[SecretCode.UNKNOWN].message


class StoreFailure(StrEnum):
    """Why the secrets manager did not do it, for the operator's log."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    THROTTLED = "throttled"
    REFUSED = "refused"  # our credentials or permissions there
    FAULT = "fault"  # theirs
    UNEXPECTED = "unexpected"  # an answer that is none


class SecretStoreUnavailable(HubError):
    """The secrets manager did not answer as it should; trying again is safe."""

    status = 503
    code = SecretCode.STORE_UNAVAILABLE
    message = MEANINGS[SecretCode.STORE_UNAVAILABLE].message

    def __init__(self, failure: StoreFailure) -> None:
        super().__init__()
        self.failure = failure
