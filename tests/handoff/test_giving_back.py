"""What the seller wrote while a person had the case: given back, the agent answers what the person did not."""

import asyncio
from datetime import timedelta

import pytest

from tests.handoff.conftest import NOW, Case
from tracking_core.chat import turns
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.models import HandoffState, SetupMessage, SetupSession

ANSWERED = NOW + timedelta(minutes=10)


async def passed_on(case: Case) -> bool:
    """As the chat's worker does it: what waits goes to the person who has the case, if there is one."""
    async with transaction() as session:
        owner = await session.get_one(SetupSession, case.session_id)
        handoff = await handoffs.current(session, owner.id, lock=True)
        if handoff is None or handoff.state != HandoffState.TAKEN:
            return False
        waiting = await turns.unanswered(session, owner.id)
        for message in waiting:
            await handoffs.on_seller_message(session, owner, message, now=NOW, settings=case.settings)
        await turns.assign(session, waiting, handoff.id)
        return True


async def says(case: Case, text: str, *, minutes: int) -> SetupMessage:
    message = await case.hears(text, at=NOW + timedelta(minutes=minutes))
    await passed_on(case)
    return message


async def waiting(case: Case) -> list[str]:
    async with transaction() as session:
        return [one.text for one in await turns.unanswered(session, case.session_id)]


async def test_what_was_written_after_the_last_answer_is_the_agents(case: Case, other: Case) -> None:
    for one in (case, other):
        handoff, _ = await one.open()
        await one.do(handoffs.take, handoff.id, "Bia")
        await says(one, "um", minutes=1)
        await one.do(handoffs.ask_seller, handoff.id, "Bia", text="Qual pixel?", key="1", now=ANSWERED)
        await says(one, "dois", minutes=11)
        await says(one, "três", minutes=12)
        assert await waiting(one) == []
    (mine,) = await case.all()
    await case.do(handoffs.resume, mine.id, "Bia", now=NOW + timedelta(minutes=20))
    assert await waiting(case) == ["dois", "três"]
    assert await waiting(other) == []


async def test_without_an_answer_all_of_it_is(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    await says(case, "um", minutes=1)
    await says(case, "dois", minutes=2)
    await case.do(handoffs.resume, handoff.id, "Bia")
    assert await waiting(case) == ["um", "dois"]


async def test_what_was_on_its_way_while_the_person_wrote_is_too(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    await case.hears("antes", at=NOW + timedelta(minutes=9))
    await case.do(handoffs.reply, handoff.id, "Bia", text="Olá", key="1", now=ANSWERED)
    assert await passed_on(case)
    await case.do(handoffs.resume, handoff.id, "Bia", now=NOW + timedelta(minutes=20))
    assert await waiting(case) == ["antes"]


async def test_what_had_to_make_room_in_the_notes_is_too(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.reply, handoff.id, "Bia", text="Olá", key="1")
    await says(case, "a primeira", minutes=1)
    async with transaction() as session:
        row = await handoffs.current(session, case.session_id, lock=True)
        assert row is not None
        row.notes = [one for one in row.notes if one["kind"] != "seller_said"]
    await case.do(handoffs.resume, handoff.id, "Bia", now=ANSWERED)
    assert await waiting(case) == ["a primeira"]


async def test_of_a_resolved_case_it_stays_with_the_case(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    await says(case, "obrigado!", minutes=1)
    await case.do(handoffs.resolve, handoff.id, "Bia")
    assert await waiting(case) == []


async def test_given_back_twice_what_the_agent_answered_in_between_does_not_wait_again(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    message = await says(case, "um", minutes=1)
    await case.do(handoffs.resume, handoff.id, "Bia")
    async with transaction() as session:
        await turns.assign(session, [message], case.session_id)  # any id that is not the case's
    await case.hears("dois", at=NOW + timedelta(minutes=2))
    assert not await passed_on(case)
    await case.do(handoffs.resume, handoff.id, "Bia")
    assert await waiting(case) == ["dois"]


@pytest.mark.parametrize("is_forwarded_first", [True, False])
async def test_whichever_comes_first_the_message_is_not_lost(case: Case, is_forwarded_first: bool) -> None:
    """The one holds the case in the middle of its transaction when the other begins."""
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    await case.hears("e agora?", at=NOW + timedelta(minutes=1))
    holds = asyncio.Event()

    async def given_back() -> None:
        async with transaction() as session:
            await handoffs.resume(session, handoff.id, "Bia", now=ANSWERED, settings=case.settings)
            holds.set()
            await asyncio.sleep(0.05)

    async def forwarded() -> None:
        async with transaction() as session:
            owner = await session.get_one(SetupSession, case.session_id)
            row = await handoffs.current(session, owner.id, lock=True)
            if row is None:
                return
            (message,) = await turns.unanswered(session, owner.id)
            assert await handoffs.on_seller_message(session, owner, message, now=NOW, settings=case.settings)
            await turns.assign(session, [message], row.id)
            holds.set()
            await asyncio.sleep(0.05)

    first, second = (forwarded, given_back) if is_forwarded_first else (given_back, forwarded)
    running = asyncio.create_task(first())
    await holds.wait()
    await asyncio.gather(running, second())
    assert (await case.row(handoff.id)).state == "returned"
    assert await waiting(case) == ["e agora?"]
    kinds = [one["kind"] for one in (await case.row(handoff.id)).notes]
    assert ("seller_said" in kinds) is is_forwarded_first
