"""What a refusal over HTTP means for a notification."""

from tracking_core.kit.json_http import Answer, Kind, wait_seconds
from tracking_core.notifications.kinds import Failed, FailureKind

_BUSY = frozenset({408, 425, 429})
# The address, the key or its rights: the operator mends it, and what waits is sent then.
_OURS_TO_MEND = frozenset({401, 403, 404, 405, 410})
_UNSENDABLE = frozenset({"InvalidURL", "UnsupportedProtocol", "LocalProtocolError", "ValueError"})


def failure_of(answer: Answer) -> Failed | None:
    """None for a success: its status came, whatever became of its body."""
    if answer.is_success:
        return None
    if answer.status is None:
        kind = FailureKind.MISCONFIGURED if answer.error in _UNSENDABLE else FailureKind.TRANSIENT
        return Failed(kind, answer.kind.value)
    error = f"http_{answer.status}"
    if answer.status in _BUSY or answer.status >= 500:
        return Failed(FailureKind.TRANSIENT, error, wait_seconds(answer.headers, "retry-after"))
    if answer.status in _OURS_TO_MEND or answer.status < 400:
        return Failed(FailureKind.MISCONFIGURED, error)
    return Failed(FailureKind.PERMANENT, error)


def unreadable(answer: Answer) -> Failed:
    """A success without the object that was asked for: a proxy's page, a cut answer."""
    said = "no_object" if answer.kind is Kind.JSON else answer.kind.value
    return Failed(FailureKind.TRANSIENT, f"unreadable_{said}")
