"""What people do with a case: one owner, nothing twice, and the seller knows who speaks."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.handoff.conftest import NOW, Case
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.handoff.errors import HandoffClosed, HandoffTaken
from tracking_core.kit.ids import new_id
from tracking_core.models import SetupMessage, SetupSession
from tracking_core.setup import failures


async def test_who_takes_it_has_it(case: Case) -> None:
    handoff, _ = await case.open()
    taken = await case.do(handoffs.take, handoff.id, "Bia")
    assert (taken.state, taken.owner, taken.taken_at) == ("taken", "Bia", NOW)
    assert [(one["state"], one["owner"]) for one in await case.events("handoff.updated")] == [("taken", "Bia")]
    assert "Bia" in (await case.said())[-1].text
    assert ("updated", "email") in await case.told()


async def test_a_colleague_hears_whose_it_is(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    for work in (handoffs.take, handoffs.release, handoffs.resume, handoffs.resolve):
        with pytest.raises(HandoffTaken, match="Bia"):
            await case.do(work, handoff.id, "Caio")
    for writing in (handoffs.reply, handoffs.ask_seller):
        with pytest.raises(HandoffTaken, match="Bia"):
            await case.do(writing, handoff.id, "Caio", text="oi", key="1")
    assert (await case.row(handoff.id)).owner == "Bia"


async def test_of_two_at_once_one_gets_it(case: Case) -> None:
    handoff, _ = await case.open()
    people = ["Bia", "Caio", "Duda", "Edu"]
    ended = await asyncio.gather(*(case.do(handoffs.take, handoff.id, one) for one in people), return_exceptions=True)
    won = [one for one in ended if not isinstance(one, BaseException)]
    lost = [one for one in ended if isinstance(one, BaseException)]
    assert len(won) == 1
    assert [type(one) for one in lost] == [HandoffTaken] * 3
    row = await case.row(handoff.id)
    assert all(str(one).startswith(str(row.owner)) for one in lost)
    assert [one["kind"] for one in row.notes] == ["escalated", "taken"]


async def test_an_answer_reaches_the_chat_once(case: Case) -> None:
    handoff, _ = await case.open()
    for _ in range(2):
        await case.do(handoffs.reply, handoff.id, "Bia", text="Olá, vou olhar.", key="k1")
    (message,) = await case.said("support")
    assert message.text == "Olá, vou olhar."
    told = [one for one in await case.events("message.completed") if one["role"] == "support"]
    assert [(one["author"], one["text"]) for one in told] == [("Bia", "Olá, vou olhar.")]
    row = await case.row(handoff.id)
    assert (row.state, row.owner) == ("taken", "Bia")
    assert [one["kind"] for one in row.notes] == ["escalated", "taken", "replied"]


async def test_the_same_key_of_two_kinds_is_two_messages(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.reply, handoff.id, "Bia", text="Olá", key="k1")
    await case.do(handoffs.ask_seller, handoff.id, "Bia", text="Qual é o pixel?", key="k1")
    assert [one.text for one in await case.said("support")] == ["Olá", "Qual é o pixel?"]


async def test_a_question_says_that_it_waits(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.ask_seller, handoff.id, "Bia", text="Qual é o pixel?", key="k1")
    codes = [one.code for one in await case.said()]
    assert codes.count("handoff_asked") == 1


async def test_a_credential_in_an_answer_goes_nowhere(case: Case) -> None:
    token = "EAA" + "GplantedTokenOfTheDesk93kQ7Lm" * 5
    handoff, _ = await case.open()
    await case.do(handoffs.reply, handoff.id, "Bia", text=f"use este: {token}", key="k1")
    row, (message,) = await case.row(handoff.id), await case.said("support")
    assert token not in message.text + str(row.notes) + str(await case.events("message.completed"))


async def test_released_it_waits_for_another_person(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    for _ in range(2):
        freed = await case.do(handoffs.release, handoff.id, "Bia", now=NOW + timedelta(minutes=10))
    assert (freed.state, freed.owner, freed.due_at) == ("open", None, handoff.due_at)
    assert (await case.do(handoffs.take, handoff.id, "Caio")).owner == "Caio"
    kinds = [one["kind"] for one in (await case.row(handoff.id)).notes]
    assert kinds == ["escalated", "taken", "released", "taken"]


async def test_released_after_an_answer_the_clock_starts_again(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.reply, handoff.id, "Bia", text="Olá", key="k1")
    freed = await case.do(handoffs.release, handoff.id, "Bia", now=NOW + timedelta(hours=1))
    assert freed.due_at == NOW + timedelta(hours=3)


async def test_an_operator_frees_a_case_that_was_left(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    freed = await case.do(handoffs.release, handoff.id, "Olga", is_operator=True)
    assert (freed.state, freed.owner) == ("open", None)


@pytest.mark.parametrize(
    ("work", "state", "code"),
    [(handoffs.resume, "returned", "handoff_returned"), (handoffs.resolve, "resolved", "handoff_resolved")],
)
async def test_closed_once_and_for_all(case: Case, work: Any, state: str, code: str) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    for _ in range(2):
        closed = await case.do(work, handoff.id, "Bia", text="token trocado", now=NOW + timedelta(hours=1))
    assert (closed.state, closed.closed_at) == (state, NOW + timedelta(hours=1))
    assert [one.code for one in await case.said()].count(code) == 1
    assert [kind for kind, _ in await case.told()].count("closed") == 2
    assert closed.notes[-1]["text"] == "token trocado"
    other = handoffs.resolve if work is handoffs.resume else handoffs.resume
    for again in (handoffs.take, other):
        with pytest.raises(HandoffClosed):
            await case.do(again, handoff.id, "Bia")
    with pytest.raises(HandoffClosed):
        await case.do(handoffs.reply, handoff.id, "Bia", text="mais uma coisa", key="k9")
    async with transaction() as session:
        assert await handoffs.current(session, case.session_id) is None


async def _forward(case: Case, message: SetupMessage) -> bool:
    async with transaction() as session:
        owner = await session.get_one(SetupSession, case.session_id)
        return await handoffs.on_seller_message(session, owner, message, now=NOW, settings=case.settings)


async def test_what_the_seller_says_goes_to_the_person_who_has_it(case: Case) -> None:
    handoff, _ = await case.open()
    message = await case.hears("o pixel é 820000000000001")
    assert not await _forward(case, message)
    await case.do(handoffs.take, handoff.id, "Bia")
    assert await _forward(case, message)
    assert await _forward(case, message)
    assert [kind for kind, _ in await case.told()].count("seller_said") == 2
    notes = [one for one in (await case.row(handoff.id)).notes if one["kind"] == "seller_said"]
    assert [one["text"] for one in notes] == ["o pixel é 820000000000001"]


async def test_given_back_the_agent_answers(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    await case.do(handoffs.resume, handoff.id, "Bia")
    assert not await _forward(case, await case.hears("e agora?"))


async def test_another_sellers_message_goes_to_nobody(case: Case, other: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    assert not await _forward(other, await other.hears("oi"))
    assert [one["kind"] for one in (await case.row(handoff.id)).notes] == ["escalated", "taken"]


async def test_a_seller_who_does_not_stop_writing_does_not_grow_the_case(case: Case) -> None:
    handoff, _ = await case.open(Reason.USER_REQUESTED)
    await case.do(handoffs.take, handoff.id, "Bia")
    async with transaction() as session:
        row = await handoffs.current(session, case.session_id, lock=True)
        assert row is not None
        row.notes = [*row.notes, *({"kind": "seller_said", "key": str(n)} for n in range(400))]
    assert await _forward(case, await case.hears("mais uma"))
    await case.open(Reason.MONEY_AT_RISK)
    row = await case.row(handoff.id)
    assert [one["kind"] for one in row.notes[:2]] == ["escalated", "taken"]
    assert [one.get("text") for one in row.notes[-2:]] == ["mais uma", None]
    assert row.notes[2]["key"] == "104"  # the oldest made room
    assert (len(row.notes), row.priority) == (300, "P1")
    assert [kind for kind, _ in await case.told()].count("seller_said") == 2


async def test_what_our_people_wrote_makes_no_room(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    async with transaction() as session:
        row = await handoffs.current(session, case.session_id, lock=True)
        assert row is not None
        row.notes = [{"kind": "replied", "key": str(n)} for n in range(300)]
    for text in ("um", "dois"):
        assert await _forward(case, await case.hears(text))
    row = await case.row(handoff.id)
    assert [one["kind"] for one in row.notes] == ["replied"] * 300 + ["seller_said"]
    assert row.notes[-1]["text"] == "dois"


@pytest.mark.parametrize("work", [handoffs.resume, handoffs.resolve])
async def test_what_failed_before_a_case_was_closed_calls_nobody_again(case: Case, other: Case, work: Any) -> None:
    handoff, _ = await case.open()
    assert [await _fails(case), await _fails(case), await _fails(other)] == [1, 2, 1]
    await case.do(work, handoff.id, "Bia")
    assert [await _fails(case), await _fails(other)] == [1, 2]


async def _fails(case: Case) -> int:
    async with transaction() as session:
        owner = await session.get_one(SetupSession, case.session_id)
        code = "meta_token_expired"
        return await failures.count(session, owner, step="meta", fingerprint=code, intent_id=new_id(), now=NOW)
