"""The ledger and the messages of a session can be read to their end, page by page."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from tests.api.setups import Setup
from tracking_core.chat.keep import keep
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import SetupActionLog, SetupMessage, SetupSession


async def _fill(setup: Setup) -> None:
    """Seven of each, three of them in the same moment."""
    now = clock.now()
    own: dict[str, Any] = {"session_id": setup.session_id, "tenant_id": setup.tenant.id}
    moments = [now + timedelta(seconds=max(0, number - 2)) for number in range(7)]
    async with transaction() as session:
        for number, at in enumerate(moments):
            action: dict[str, Any] = {"action": "probe_landing_url", "idem": str(number), "actor": "test", "fence": 1}
            await session.execute(insert(SetupActionLog).values(id=new_id(), **own, **action, started_at=at))
            said = {"client_id": str(number), "role": "hub", "text": f"{number}"}
            await session.execute(insert(SetupMessage).values(id=new_id(), **own, **said, created_at=at))


@pytest.mark.parametrize(("path", "name"), [("actions", "action_id"), ("messages", "id")])
async def test_a_list_is_read_to_its_end_in_pages(setup: Setup, path: str, name: str) -> None:
    await _fill(setup)
    whole = [one[name] for one in (await setup.send("GET", path)).json()["items"]]
    read: list[Any] = []
    while page := await _page(setup, path, read[-1][name] if read else None):
        read += page
    assert len(whole) == 7
    assert [one[name] for one in read] == whole


async def test_a_message_that_is_committed_after_a_later_one_is_not_passed_over(setup: Setup) -> None:
    """Two say something at once; the one who said it first is kept last."""
    first, second = clock.now(), clock.now() + timedelta(milliseconds=5)
    await _say(setup, "second", second)
    [seen] = await _page(setup, "messages", None)
    await _say(setup, "first", first)
    assert [one["text"] for one in await _page(setup, "messages", seen["id"])] == ["first"]
    assert [one["text"] for one in await _page(setup, "messages", None)] == ["second", "first"]


async def _say(setup: Setup, text: str, at: datetime) -> None:
    async with transaction() as session:
        owner = await session.get_one(SetupSession, setup.session_id)
        await keep(session, owner, text=text, client_id=text, attachments=[], secrets=[], now=at)


@pytest.mark.parametrize("path", ["actions", "messages"])
async def test_an_entry_of_another_session_is_no_place_to_go_on_from(setup: Setup, path: str) -> None:
    other = await Setup.begin(setup.client, setup.tenant)
    await _fill(other)
    [first, *_] = (await other.send("GET", path)).json()["items"]
    answer = await setup.send("GET", f"{path}?after={first.get('id') or first.get('action_id')}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "query.after")


async def _page(setup: Setup, path: str, after: str | None) -> list[Any]:
    answer = await setup.send("GET", f"{path}?limit=2{f'&after={after}' if after else ''}")
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items
