"""A promise that was not kept is told once, of every case in which nobody wrote to the seller."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.handoff.conftest import NOW, Case
from tracking_core.db.engine import transaction
from tracking_core.handoff import breaches
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.handoff.measures import measures
from tracking_core.models import SetupHandoff

LATE = NOW + timedelta(hours=2)


async def test_late_cases_are_told_once_over_every_channel(case: Case, other: Case) -> None:
    handoff, _ = await case.open()
    await other.open(Reason.OTHER)  # due tomorrow
    assert await breaches.sweep(LATE - timedelta(seconds=1), case.settings) == 0
    assert await breaches.sweep(LATE, case.settings) == 1
    assert await breaches.sweep(LATE + timedelta(hours=1), case.settings) == 0
    row = await case.row(handoff.id)
    assert row.breached_at == LATE
    assert [one["kind"] for one in row.notes] == ["escalated", "breached"]
    assert (await case.told())[2:] == [("breached", "email"), ("breached", "webhook")]
    assert [one["is_late"] for one in await case.events("handoff.updated")] == [True]
    assert [kind for kind, _ in await other.told()] == ["created", "created"]


async def test_to_have_a_case_is_no_answer(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    assert await breaches.sweep(LATE, case.settings) == 1
    row = await case.row(handoff.id)
    assert (row.state, row.breached_at) == ("taken", LATE)


@pytest.mark.parametrize("work", [handoffs.reply, handoffs.ask_seller])
async def test_a_case_in_which_the_seller_was_written_to_is_not_late(case: Case, work: Any) -> None:
    handoff, _ = await case.open()
    await case.do(work, handoff.id, "Bia", text="Olá", key="k1")
    assert await breaches.sweep(LATE, case.settings) == 0


async def test_cases_that_people_work_on_keep_none_that_waits_from_being_told(
    case: Case, other: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaches, "_LIMIT", 1)
    answered, _ = await case.open(now=NOW - timedelta(minutes=5))
    await case.do(handoffs.reply, answered.id, "Bia", text="Olá", key="k1")
    await other.open()
    assert await breaches.sweep(LATE, case.settings) == 1


async def test_released_after_an_answer_it_can_be_late_again(case: Case) -> None:
    handoff, _ = await case.open()
    assert await breaches.sweep(LATE, case.settings) == 1
    await case.do(handoffs.reply, handoff.id, "Bia", text="Olá", key="k1", now=LATE)
    await case.do(handoffs.release, handoff.id, "Bia", now=LATE)
    await case.do(handoffs.take, handoff.id, "Caio", now=LATE)
    again = LATE + timedelta(hours=2)
    assert await breaches.sweep(again - timedelta(seconds=1), case.settings) == 0
    assert await breaches.sweep(again, case.settings) == 1
    assert await breaches.sweep(again + timedelta(hours=1), case.settings) == 0
    assert [kind for kind, _ in await case.told()].count("breached") == 2 * 2
    async with transaction() as session:
        counted = await measures(session, since=NOW - timedelta(days=36_500), until=NOW + timedelta(days=36_500))
    assert counted.breached == 1


async def test_released_without_an_answer_the_clock_goes_on(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    assert await breaches.sweep(LATE, case.settings) == 1
    await case.do(handoffs.release, handoff.id, "Bia", now=LATE)
    assert await breaches.sweep(LATE + timedelta(hours=9), case.settings) == 0


async def test_more_urgent_after_an_answer_it_is_due_anew(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.reply, handoff.id, "Bia", text="Olá", key="k1")
    raised, _ = await case.open(Reason.MONEY_AT_RISK, now=LATE)
    assert raised.due_at == LATE + timedelta(minutes=30)
    assert await breaches.sweep(LATE, case.settings) == 0
    assert await breaches.sweep(raised.due_at, case.settings) == 1


async def test_more_urgent_when_it_is_late_already_it_is_told_of_once_more(case: Case) -> None:
    handoff, _ = await case.open()
    assert await breaches.sweep(LATE, case.settings) == 1
    raised, _ = await case.open(Reason.MONEY_AT_RISK, now=LATE)
    assert raised.due_at == handoff.due_at
    assert [await breaches.sweep(LATE, case.settings) for _ in range(2)] == [1, 0]


async def test_two_schedulers_tell_it_once(case: Case) -> None:
    await case.open()
    counts = await asyncio.gather(*(breaches.sweep(LATE, case.settings) for _ in range(3)))
    assert sum(counts) == 1
    assert [kind for kind, _ in await case.told()].count("breached") == 2


async def test_one_that_breaks_keeps_no_other_from_being_told(
    case: Case, other: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, _ = await case.open(now=NOW - timedelta(minutes=1))
    fine, _ = await other.open()
    marked = breaches._mark

    async def mark(session, handoff_id, now, settings):  # type: ignore[no-untyped-def]
        if handoff_id == broken.id:
            raise KeyError("planted")
        return await marked(session, handoff_id, now, settings)

    monkeypatch.setattr(breaches, "_mark", mark)
    assert await breaches.sweep(LATE, case.settings) == 1
    async with transaction() as session:
        assert (await session.get_one(SetupHandoff, broken.id)).breached_at is None
        assert (await session.get_one(SetupHandoff, fine.id)).breached_at == LATE
