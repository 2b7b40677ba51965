"""A promise that was not kept is told once, and only of a case that nobody has."""

import asyncio
from datetime import timedelta

import pytest

from tests.handoff.conftest import NOW, Case
from tracking_core.db.engine import transaction
from tracking_core.handoff import breaches
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
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


async def test_a_case_that_somebody_has_is_not_late(case: Case) -> None:
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    assert await breaches.sweep(LATE, case.settings) == 0


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
