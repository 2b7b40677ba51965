"""What is told stands in rows, once for each channel and key, and only if what it tells was committed."""

import pytest

from tests.notifications.world import open_case
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import SetupHandoff
from tracking_core.notifications.kinds import Channel, Kind
from tracking_core.notifications.lease import is_due
from tracking_core.notifications.outbox import announce
from tracking_core.settings import Settings


async def test_each_configured_channel_has_its_row_and_the_same_key_adds_none(
    database: Settings, by_all: Settings
) -> None:
    case = await open_case(by_all)
    told = await case.tell(Kind.CREATED, "created")
    assert {row.channel for row in told} == set(Channel)
    assert await case.tell(Kind.CREATED, "created") == []
    assert len(await case.rows()) == 3
    async with transaction() as session:
        assert await is_due(session, clock.now())


async def test_without_a_channel_nothing_is_told_and_nothing_is_due(database: Settings, silent: Settings) -> None:
    case = await open_case(silent)
    assert await case.tell(Kind.CREATED) == []
    async with transaction() as session:
        assert not await is_due(session, clock.now())


async def test_what_was_rolled_back_is_not_told(database: Settings, by_webhook: Settings) -> None:
    case = await open_case(by_webhook)

    async def broken() -> None:
        async with transaction() as session:
            handoff = await session.get_one(SetupHandoff, case.id)
            await announce(session, handoff, "created", key="created", settings=by_webhook, now=clock.now())
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await broken()
    assert await case.rows() == []


async def test_the_row_is_small_and_an_unknown_kind_is_refused(database: Settings, by_webhook: Settings) -> None:
    case = await open_case(by_webhook)
    [row] = await case.tell(Kind.UPDATED, note="Vi o erro.")
    assert set(row.payload) == {"last_note", "state"}
    async with transaction() as session:
        handoff = await session.get_one(SetupHandoff, case.id)
        with pytest.raises(ValueError, match="shouted"):
            await announce(session, handoff, "shouted", key="x", settings=by_webhook, now=clock.now())
