"""A message to a URL that somebody gave: through the guard, once, in bounded time; the answer's words are not kept."""

from collections.abc import Mapping

from tracking_core.kit.guarded.client import GuardedClient, Limits
from tracking_core.kit.guarded.results import Failed as NoAnswer
from tracking_core.kit.guarded.results import FailureKind as NoAnswerKind
from tracking_core.kit.guarded.results import Fetched
from tracking_core.kit.json_http import Answer, Kind, tls_context
from tracking_core.notifications.channels import http_failures
from tracking_core.notifications.kinds import Failed, FailureKind, Outcome, Sent
from tracking_core.settings import Settings

# An answer says nothing but its status; receivers answer with a word.
_ANSWER_BYTES = 65_536
_CONNECT_SECONDS = 5.0
_GONE = 410
_REFUSED = {
    NoAnswerKind.DENIED: "address_refused",
    NoAnswerKind.MALFORMED: "address_refused",
    NoAnswerKind.TLS_INVALID: "certificate_refused",
}


def guarded_client(settings: Settings) -> GuardedClient:
    """``notification_timeout_seconds`` bounds everything."""
    total = settings.notification_timeout_seconds
    limits = Limits(
        total_seconds=total,
        connect_seconds=min(total, _CONNECT_SECONDS),
        read_seconds=total,
        wire_bytes=_ANSWER_BYTES,
        decoded_bytes=_ANSWER_BYTES,
        redirects=0,
    )
    trusted = frozenset(settings.probe_trusted_origins)
    return GuardedClient(trusted_origins=trusted, ssl_context=tls_context(), limits=limits)


async def post(guarded: GuardedClient, url: str, body: bytes, headers: Mapping[str, str] = {}) -> Outcome:
    """``body`` is JSON. Never raises for what the network or the receiver does."""
    said = {"User-Agent": "hub/0.1", "Accept": "application/json", "Content-Type": "application/json", **headers}
    return outcome_of(await guarded.post(url, body, said))


def outcome_of(answer: Fetched | NoAnswer) -> Outcome:
    """A success is one whatever became of its body. An address that is gone is never asked again."""
    status = answer.status
    if status is not None:
        headers = answer.headers if isinstance(answer, Fetched) else {}
        failed = http_failures.failure_of(Answer(kind=Kind.EMPTY, status=status, headers=headers))
        return Failed(FailureKind.PERMANENT, failed.error) if failed and status == _GONE else failed or Sent()
    assert isinstance(answer, NoAnswer)
    if answer.kind in _REFUSED:
        return Failed(FailureKind.MISCONFIGURED, _REFUSED[answer.kind])
    return Failed(FailureKind.TRANSIENT, answer.kind.value)
