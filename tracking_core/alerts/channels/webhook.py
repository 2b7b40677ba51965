"""A webhook, signed as Standard Webhooks says, with the same id at every try.

``{type: "alert.opened", timestamp, data}``: ``data`` has the alert in codes and numbers, and in words.
"""

import orjson

from tracking_core.alerts.channels.notice import Notice
from tracking_core.alerts.channels.posting import post
from tracking_core.alerts.channels.target import Target
from tracking_core.kit.clock import now
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.notifications.kinds import Outcome
from tracking_core.notifications.signatures import sign


async def send(target: Target, notice: Notice, guarded: GuardedClient) -> Outcome:
    """Never raises for what the network or the receiver does."""
    body = body_of(notice)
    return await post(guarded, target.to, body, sign(target.secret, str(notice.id), body, now()))


def body_of(notice: Notice) -> bytes:
    said = {
        "title": notice.title,
        "text": " ".join(notice.said),
        "what_to_do": list(notice.todo),
        "numbers": [{"name": name, "value": value} for name, value in notice.numbers],
        "link": notice.link,
        "locale": notice.locale,
    }
    told = {"type": f"alert.{notice.event}", "timestamp": notice.at.isoformat(), "data": {**notice.data, **said}}
    return orjson.dumps(told)
