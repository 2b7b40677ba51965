"""The format of Slack's incoming webhooks, which Mattermost, Rocket.Chat and Discord read too.

Source: docs.slack.dev, "Sending messages using incoming webhooks" and "Reference: blocks". ``text`` is what a
notification on a phone and a reader without blocks show. A header holds 150 characters, a section 3,000, ten fields of
2,000.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from tracking_core.alerts.channels.notice import Event, Notice
from tracking_core.alerts.channels.posting import post
from tracking_core.alerts.channels.target import Target
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.notifications.kinds import Outcome

_HEADER, _SECTION, _FIELD, _FIELDS = 150, 3_000, 2_000, 10
_MARKS = {Event.RECOVERED: ":white_check_mark:", Event.TEST: ":bell:"}
_URGENT, _LATER = ":rotating_light:", ":warning:"


async def send(target: Target, notice: Notice, guarded: GuardedClient) -> Outcome:
    """Never raises for what the network or the receiver does."""
    return await post(guarded, target.to, body_of(notice))


def body_of(notice: Notice) -> bytes:
    return orjson.dumps({"text": _fallback(notice), "blocks": list(_blocks(notice))})


def _fallback(notice: Notice) -> str:
    lines = [notice.title, *notice.said, *(f"{name}: {value}" for name, value in notice.numbers), *notice.todo]
    return _escaped("\n".join([*lines, notice.link]))[:_SECTION]


def _blocks(notice: Notice) -> Iterator[dict[str, Any]]:
    mark = _MARKS.get(notice.event) or (_URGENT if notice.is_urgent else _LATER)
    title = f"{mark} {notice.title}"[:_HEADER]
    yield {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": True}}
    yield _section(_escaped("\n".join(notice.said)))
    if notice.numbers:
        shown = notice.numbers[:_FIELDS]
        fields = [_markdown(f"*{_escaped(name)}*\n{_escaped(value)}"[:_FIELD]) for name, value in shown]
        yield {"type": "section", "fields": fields}
    if notice.todo:
        steps = "\n".join(f"• {_escaped(one)}" for one in notice.todo)
        yield _section(f"*{_escaped(notice.todo_title)}*\n{steps}")
    yield _section(f"<{_escaped(notice.link)}|{_escaped(notice.link_title)}>")


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _markdown(text[:_SECTION])}


def _markdown(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def _escaped(text: str) -> str:
    """What begins a link, a mention of everybody or an entity is text ("Formatting text", docs.slack.dev)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
