"""What Meta's answer means for the delivery. Decided by numbers only: texts come in the token owner's language, and
``type`` is OAuthException even for throttling. Facts: Graph API "Handle Errors" and "Rate Limits" pages.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

import orjson

from tracking_core.destinations.meta_capi.explanations import BY_CODE, BY_FAILURE, BY_SUBCODE, REFUSED_PROOF
from tracking_core.destinations.meta_capi.masking import masked
from tracking_core.kit.clock import now

RETRY_AFTER_MAX_SECONDS = 3_600.0

_MESSAGE_LIMIT = 500
_HEADER_LIMIT = 16_384
_TRACE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_THROTTLED = frozenset({4, 17, 32, 341, 368, 613, *range(80_000, 80_015)})
_TRANSIENT = frozenset({1, 2, 5_000, 21_009})
_CREDENTIAL = frozenset({102, 190})
_PERMISSION = frozenset({3, 10, *range(200, 300)})
INVALID_PARAMETER = 100
_PAYLOAD = frozenset({INVALID_PARAMETER, 105, 506, 803})
_NO_SUCH_OBJECT = 33
# A block for breaking a policy, not a full counter: asking again soon only prolongs it.
_POLICY_BLOCK = 368


class FailureClass(StrEnum):
    """What to do: retry, slow down, hold the connection (credential, permission), drop the event, or retry a little."""

    TRANSIENT = "transient"
    THROTTLED = "throttled"
    CREDENTIAL = "credential"
    PERMISSION = "permission"
    PAYLOAD = "payload"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One failed request. ``is_ambiguous``: Meta may have taken the events all the same.

    ``message`` is Meta's own text, masked, at most 500 bytes; for a network fault, ours.
    """

    failure: FailureClass
    code: int | None
    subcode: int | None
    fbtrace_id: str | None
    message: str
    is_ambiguous: bool
    retry_after_seconds: float | None


def classify(
    status: int | None, body: dict[str, Any] | None, headers: Mapping[str, str], *, secrets: Iterable[str] = ()
) -> Verdict:
    """The verdict on an answer that is no success.

    ``status`` None: the request left and nothing came back. ``body`` None: it could not be read as a JSON object.
    A 2xx given here is one without the expected ``events_received``. ``secrets`` are masked in the message.
    """
    error = body.get("error") if body else None
    error = error if isinstance(error, dict) else {}
    code, subcode = number(error.get("code")), number(error.get("error_subcode"))
    if code is None:
        failure, is_ambiguous = _by_status(status)
    else:
        failure, is_ambiguous = _by_code(code, subcode, is_transient=error.get("is_transient") is True), False
    return Verdict(
        failure=failure,
        code=code,
        subcode=subcode,
        fbtrace_id=trace_id_of(error) or trace_id_of(body or {}),
        message=masked(_said(error) or _unreadable(status), secrets=secrets, limit_bytes=_MESSAGE_LIMIT),
        is_ambiguous=is_ambiguous,
        retry_after_seconds=_retry_after(headers, code),
    )


def network_fault(message: str, *, is_ambiguous: bool) -> Verdict:
    """The verdict on a request that got no answer; ambiguous once any of it had been sent."""
    return Verdict(FailureClass.TRANSIENT, None, None, None, message, is_ambiguous, None)


def explain(code: int | None, subcode: int | None, failure: FailureClass) -> str:
    """One English sentence to act on (a gettext msgid): the most specific one known for these numbers."""
    if failure is FailureClass.CREDENTIAL and code == INVALID_PARAMETER:
        return REFUSED_PROOF
    by_number = BY_SUBCODE.get((code or 0, subcode or 0)) or BY_CODE.get(code or 0)
    return by_number or BY_FAILURE[failure.value]


def number(value: object) -> int | None:
    """An integer, also one written as text; None for anything else."""
    if isinstance(value, str) and len(value) < 12 and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def trace_id_of(answer: Mapping[str, Any]) -> str | None:
    trace_id = answer.get("fbtrace_id")
    return trace_id if isinstance(trace_id, str) and _TRACE_ID.fullmatch(trace_id) else None


def _by_code(code: int, subcode: int | None, *, is_transient: bool) -> FailureClass:
    if code in _THROTTLED:
        return FailureClass.THROTTLED
    if is_transient or code in _TRANSIENT:
        return FailureClass.TRANSIENT
    if code in _CREDENTIAL:
        return FailureClass.CREDENTIAL
    if code in _PERMISSION or (code == INVALID_PARAMETER and subcode == _NO_SUCH_OBJECT):
        return FailureClass.PERMISSION
    return FailureClass.PAYLOAD if code in _PAYLOAD else FailureClass.UNKNOWN


def _by_status(status: int | None) -> tuple[FailureClass, bool]:
    """The class, and whether the events may have been taken: a 5xx can come after the work was done."""
    if status is None or status >= 500 or 200 <= status < 300:
        return FailureClass.TRANSIENT, True
    known = {
        401: FailureClass.CREDENTIAL,
        403: FailureClass.PERMISSION,
        408: FailureClass.TRANSIENT,
        413: FailureClass.PAYLOAD,  # of a batch its halves are smaller
        425: FailureClass.TRANSIENT,
        429: FailureClass.THROTTLED,
    }
    return known.get(status, FailureClass.UNKNOWN), False


def _said(error: Mapping[str, Any]) -> str:
    """The developer's text, then the title and text meant for people where they add something."""
    texts = [error.get(key) for key in ("message", "error_user_title", "error_user_msg")]
    return " | ".join(dict.fromkeys(text for text in texts if isinstance(text, str) and text))


def _unreadable(status: int | None) -> str:
    if status is None:
        return "No answer came back."
    if 200 <= status < 300:
        return f"HTTP {status}, but Meta did not confirm every event."
    return f"HTTP {status} without a readable error."


def _retry_after(headers: Mapping[str, str], code: int | None) -> float | None:
    """Seconds to wait, from the header or the business usage counters; the longer one, at most an hour."""
    named = {name.lower(): value for name, value in headers.items() if len(value) <= _HEADER_LIMIT}
    waits = [_seconds_of(named.get("retry-after", "")), _regain_seconds(named.get("x-business-use-case-usage", ""))]
    if code == _POLICY_BLOCK:
        waits.append(RETRY_AFTER_MAX_SECONDS)
    longest = max(waits)
    return min(longest, RETRY_AFTER_MAX_SECONDS) if longest > 0 else None


def _seconds_of(retry_after: str) -> float:
    """RFC 9110: a count of seconds or an HTTP date. Zero for anything else."""
    try:
        seconds = float(retry_after)
    except ValueError:
        return _seconds_until(retry_after)
    return seconds if math.isfinite(seconds) else 0.0


def _seconds_until(http_date: str) -> float:
    try:
        return (parsedate_to_datetime(http_date) - now()).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _regain_seconds(usage: str) -> float:
    """``estimated_time_to_regain_access`` is in minutes, one for each business and use case."""
    try:
        businesses = orjson.loads(usage)
    except orjson.JSONDecodeError:
        return 0.0
    if not isinstance(businesses, dict):
        return 0.0
    cases = [case for listed in businesses.values() if isinstance(listed, list) for case in listed]
    minutes = [number(case.get("estimated_time_to_regain_access")) for case in cases if isinstance(case, dict)]
    return max((60.0 * one for one in minutes if one), default=0.0)
