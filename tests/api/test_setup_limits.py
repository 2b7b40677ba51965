"""What one tenant may ask: none of it costs another one's requests."""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

import pytest

from tests.api.conftest import new_tenant
from tests.api.setups import SESSIONS, Setup
from tracking_core.db.engine import engine, transaction
from tracking_core.models import IntentState
from tracking_core.setup import waiting


async def test_whoever_waits_is_asked_for_together_and_holds_no_connection(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.waits(20)
    asked: asyncio.Queue[set[UUID]] = asyncio.Queue()
    ask = waiting.off_queue

    async def off_queue(intents: Collection[UUID]) -> set[UUID]:
        asked.put_nowait(set(intents))
        assert engine().pool.checkedout() == 0  # type: ignore[attr-defined]
        return await ask(intents)

    async with setup.asking(*(setup.probe(f"https://loja.example/{one}") for one in range(15))) as under_way:
        everyone = {one.id for one in await setup.intents()}
        with monkeypatch.context() as patched:
            patched.setattr(waiting, "off_queue", off_queue)
            for _ in range(3):
                assert await asked.get() == everyone
        await setup.finish()
    assert {answer.status_code for answer in await under_way} == {200}


async def test_a_tenant_s_waiting_requests_are_few_and_another_s_are_not_its(setup: Setup) -> None:
    setup.waits(20)
    setup.limited(waiting=3)
    other = await Setup.begin(setup.client, await new_tenant("Outra loja"))
    async with setup.asking(*(setup.probe() for _ in range(3))) as under_way:
        for refused in (
            await setup.probe(),
            await setup.send("POST", "plan"),
            await setup.send("POST", "plan/decision", {"plan_hash": "a" * 64, "decision": "approve"}),
            await setup.send("PUT", "secrets/meta_access_token", {"value": "EAAaTokenOfTheTest0123456789"}),
        ):
            assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
            assert int(refused.headers["retry-after"]) > 0
        async with other.asking(other.probe()):
            await other.finish()
        assert (await setup.send("GET", "status")).status_code == 200
        await setup.finish()
    await under_way
    setup.waits(0.1)
    assert (await setup.probe()).status_code == 202


async def test_a_minute_s_actions_are_counted_by_tenant(setup: Setup) -> None:
    setup.limited(actions_per_minute=2)
    setup.waits(0.01)
    other = await Setup.begin(setup.client, await new_tenant("Outra loja"))
    answers = [await setup.probe(), await setup.meta(), await setup.probe()]
    assert [one.status_code for one in answers] == [202, 202, 429]
    assert int(answers[-1].headers["retry-after"]) in range(1, 31)
    assert (await other.probe()).status_code == 202
    assert len(await setup.intents()) == 2


async def test_a_session_s_queue_is_bounded_even_at_the_same_moment(setup: Setup) -> None:
    setup.limited(queued=3)
    answers = await asyncio.gather(*(setup.meta() for _ in range(6)))
    full = [one for one in answers if one.status_code == 429]
    assert (len(answers) - len(full), {one.json()["code"] for one in full}) == (3, {"setup_inbox_full"})
    assert all("retry-after" in one.headers for one in full)
    assert (len(await setup.intents()), len(await setup.secrets())) == (3, 3)
    await setup.finish()
    assert (await setup.meta()).status_code == 202
    assert [one.state for one in await setup.intents()].count(IntentState.QUEUED) == 1


async def test_a_day_s_sessions_are_bounded(setup: Setup) -> None:
    setup.limited(sessions_per_day=2)
    body = {"tenant_id": str(setup.tenant.id)}
    made = [await setup.client.post(SESSIONS, json=body, headers=setup.tenant.bearer) for _ in range(2)]
    assert [one.status_code for one in made] == [201, 429]
    assert (made[1].json()["code"], "retry-after" in made[1].headers) == ("rate_limited", True)
    listed = await setup.client.get(SESSIONS, headers=setup.tenant.bearer)
    assert len(listed.json()["items"]) == 2
    async with transaction() as session:
        old = await session.merge(await setup.row())
        old.created_at -= timedelta(days=1, minutes=1)
    again = await setup.client.post(SESSIONS, json=body, headers=setup.tenant.bearer)
    assert again.status_code == 201
