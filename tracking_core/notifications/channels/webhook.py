"""A webhook of the operator's: the whole case as JSON, signed as Standard Webhooks says.

``{type: "handoff.<kind>", timestamp, data}``; ``data`` is what ``render.as_json`` makes. The id is the notification's,
the same at every try. The seller's contact is not in it: who may see it asks the hub.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from tracking_core.kit.clock import now
from tracking_core.kit.json_http import JsonClient
from tracking_core.notifications import render
from tracking_core.notifications.channels.http_failures import failure_of
from tracking_core.notifications.kinds import Failed, FailureKind, Outcome, Sent
from tracking_core.notifications.message import Message
from tracking_core.notifications.signatures import sign
from tracking_core.settings import Settings

BODY_LIMIT_BYTES = 1_048_576


async def send(message: Message, settings: Settings) -> Outcome:
    """Never raises for what the network or the receiver does. Redirects are not followed."""
    body = _body(message)
    # The client encodes the same mapping in the same way, so these are the bytes that leave.
    encoded = orjson.dumps(body)
    if len(encoded) > BODY_LIMIT_BYTES:
        return Failed(FailureKind.PERMANENT, "too_large")
    try:
        headers = sign(settings.support_webhook_secret.get_secret_value(), str(message.id), encoded, now())
    except ValueError:
        return Failed(FailureKind.MISCONFIGURED, "secret_malformed")
    async with JsonClient(timeout_seconds=settings.notification_timeout_seconds) as http:
        answer = await http.call("POST", settings.support_webhook_url, headers=headers, body=body)
    return failure_of(answer) or Sent()


def _body(message: Message) -> Mapping[str, Any]:
    return {
        "type": f"handoff.{message.kind}",
        "timestamp": message.created_at.isoformat(),
        "data": render.as_json(message),
    }
