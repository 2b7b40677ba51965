"""Turns: every message answered once, whoever asks and however often."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from tests.chat.conftest import Chat
from tracking_core.chat import turns
from tracking_core.chat.lease import LEASE
from tracking_core.chat.turns import Answer
from tracking_core.db.engine import transaction
from tracking_core.errors import StaleFence
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import ChatMode, SessionEvent, SetupChat, SetupMessage, SetupTurn
from tracking_core.streams.append import EventType, append

ANSWER = Answer(text="Olá!", mode=ChatMode.AI, model="some-model", prompt="system@1#abc")


async def _begun(chat: Chat) -> SetupTurn:
    async with transaction() as session:
        waiting = await turns.unanswered(session, chat.session_id)
        row = await session.get_one(SetupChat, chat.session_id)
        return await turns.begin(session, row, chat.fence, waiting, clock.now())


async def _finish(chat: Chat, turn: SetupTurn, answer: Answer = ANSWER, *, fence: int | None = None) -> None:
    async with transaction() as session:
        await turns.finish(session, turn.id, chat.fence if fence is None else fence, answer, clock.now())


async def _rows(chat: Chat, model: Any) -> list[Any]:
    async with transaction() as session:
        return list((await session.scalars(select(model).where(model.session_id == chat.session_id))).all())


async def test_messages_that_came_together_are_one_turn_and_those_after_it_are_the_next(chat: Chat) -> None:
    first = [await chat.say("oi"), await chat.say("tudo bem?")]
    turn = await _begun(chat)
    later = await chat.say("e aí?")
    async with transaction() as session:
        assert [one.id for one in await turns.messages_of(session, turn.id)] == first
        assert [one.id for one in await turns.unanswered(session, chat.session_id)] == [later]


async def test_an_answer_is_said_once_with_what_wrote_it(chat: Chat) -> None:
    await chat.say("oi")
    turn = await _begun(chat)
    await _finish(chat, turn)
    await _finish(chat, turn, Answer(text="outra"))
    said = [one for one in await _rows(chat, SetupMessage) if one.role == "assistant"]
    assert [(one.text, one.mode, one.prompt) for one in said] == [("Olá!", "ai", "system@1#abc")]
    completed = [one for one in await _rows(chat, SessionEvent) if one.type == EventType.MESSAGE_COMPLETED]
    assert [one.data["text"] for one in completed] == ["Olá!"]
    [kept] = await _rows(chat, SetupTurn)
    assert (kept.state, kept.model) == ("done", "some-model")


async def test_an_answer_without_words_ends_the_turn_and_says_nothing(chat: Chat) -> None:
    await chat.say("quero falar com uma pessoa")
    turn = await _begun(chat)
    await _finish(chat, turn, Answer())
    assert [one.role for one in await _rows(chat, SetupMessage)] == ["seller"]
    assert [one.state for one in await _rows(chat, SetupTurn)] == ["done"]


async def test_the_words_told_on_the_way_give_place_to_the_whole_answer(chat: Chat) -> None:
    await chat.say("oi")
    turn = await _begun(chat)
    async with transaction() as session:
        await append(session, chat.session_id, EventType.MESSAGE_DELTA, {"turn_id": str(turn.id), "text": "Ol"})
        await append(session, chat.session_id, EventType.MESSAGE_DELTA, {"turn_id": str(new_id()), "text": "x"})
    await _finish(chat, turn)
    deltas = [one.data["text"] for one in await _rows(chat, SessionEvent) if one.type == EventType.MESSAGE_DELTA]
    assert deltas == ["x"]


async def test_a_worker_that_lost_the_chat_can_neither_begin_nor_answer_nor_count(chat: Chat) -> None:
    await chat.say("oi")
    turn = await _begun(chat)
    async with transaction() as session:
        later = clock.now() + timedelta(minutes=5)
        assert await LEASE.take(session, chat.session_id, new_id(), later, seconds=5) == chat.fence + 1
    with pytest.raises(StaleFence):
        await _finish(chat, turn)
    async with transaction() as session:
        with pytest.raises(StaleFence):
            await turns.count_failure(session, turn.id, chat.fence)
    assert [one.role for one in await _rows(chat, SetupMessage)] == ["seller"]
    await _finish(chat, turn, fence=chat.fence + 1)
    assert len(await _rows(chat, SetupMessage)) == 2


async def test_what_waits_and_what_was_left_is_due_once_nobody_is_at_it(chat: Chat) -> None:
    async def due(seconds: int) -> bool:
        async with transaction() as session:
            return chat.session_id in await turns.due_chats(session, clock.now() + timedelta(seconds=seconds))

    assert not await due(120)
    await chat.say("oi")
    assert not await due(0)
    assert await due(120)
    turn = await _begun(chat)
    assert await due(120)
    await _finish(chat, turn)
    assert not await due(120)


async def test_the_cost_of_a_session_adds_up_over_turns_and_tries(chat: Chat) -> None:
    for _ in range(2):
        await chat.say("oi")
        turn = await _begun(chat)
        for _ in range(2):
            async with transaction() as session:
                await turns.spend(session, turn.id, calls=1, input_tokens=100, output_tokens=7)
        await _finish(chat, turn)
    async with transaction() as session:
        assert await turns.tokens_of(session, chat.session_id) == 428
        calls = (await session.scalars(select(SetupTurn.calls).order_by(col(SetupTurn.started_at)))).all()
    assert list(calls) == [2, 2]
