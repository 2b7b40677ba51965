"""One case for each session: opened once, whoever asks and however often; what comes later is added to it."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from tests.handoff.conftest import NOW, Case
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.handoff.package import HandoffPackage
from tracking_core.handoff.rows import lock_session
from tracking_core.models import AuditEntry, SetupHandoff


async def test_everybody_is_told_of_a_new_case(case: Case) -> None:
    handoff, is_new = await case.open()
    assert is_new
    assert (handoff.state, handoff.priority, handoff.due_at) == ("open", "P2", NOW + timedelta(hours=2))
    assert handoff.prompt == "chat@1#abc"
    told = await case.events("handoff.created")
    assert [one["handoff_id"] for one in told] == [str(handoff.id)]
    said = (await case.said())[-1]
    assert said.code == "handoff_opened"
    assert "hoje até as 12:00" in said.text
    assert await case.told() == [("created", "email"), ("created", "webhook")]
    async with transaction() as session:
        audited = (await session.get_one(SetupHandoff, handoff.id)).notes[0]
    assert (audited["kind"], audited["reason"], audited["step"]) == ("escalated", "repeated_failure", "meta")


async def test_it_is_written_into_the_audit_log(case: Case) -> None:
    handoff, _ = await case.open()
    async with transaction() as session:
        query = select(AuditEntry).where(AuditEntry.subject == str(handoff.id))
        rows = (await session.scalars(query)).all()
    assert [(row.action, row.tenant_id, row.details["priority"]) for row in rows] == [
        ("handoff.opened", case.tenant_id, "P2")
    ]


async def test_the_same_escalation_again_tells_nobody_anything(case: Case) -> None:
    first, _ = await case.open()
    again, is_new = await case.open(now=NOW + timedelta(minutes=5))
    assert (again.id, is_new) == (first.id, False)
    assert len(again.notes) == 1
    assert await case.events("handoff.updated") == []
    assert len(await case.told()) == 2


async def test_a_later_escalation_is_added_and_refreshes_the_file(case: Case) -> None:
    first, _ = await case.open()
    await case.hears("agora o site também caiu")
    later, is_new = await case.open(Reason.TOOL_FAILURE, step="url", code="url_timeout", now=NOW + timedelta(minutes=5))
    assert (later.id, is_new) == (first.id, False)
    assert [one["reason"] for one in later.notes] == ["repeated_failure", "tool_failure"]
    package = HandoffPackage.from_json(later.package)
    assert package.last_said is not None
    assert package.last_said.text == "agora o site também caiu"
    assert package.reason.failure == "url_timeout"
    assert len(await case.events("handoff.updated")) == 1
    assert (await case.said())[-1].code == "handoff_added"
    assert await case.told() == [
        ("created", "email"),
        ("created", "webhook"),
        ("updated", "email"),
        ("updated", "webhook"),
    ]


async def test_it_becomes_more_urgent_and_never_less(case: Case) -> None:
    calm, _ = await case.open(Reason.OTHER)
    assert calm.priority == "P3"
    urgent, _ = await case.open(Reason.MONEY_AT_RISK, now=NOW + timedelta(minutes=5))
    assert (urgent.priority, urgent.reason) == ("P1", "money_at_risk")
    assert urgent.due_at == NOW + timedelta(minutes=35)
    asked, _ = await case.open(Reason.USER_REQUESTED, now=NOW + timedelta(minutes=10))
    assert (asked.priority, asked.reason, asked.due_at) == ("P1", "money_at_risk", urgent.due_at)


async def test_raised_late_it_is_not_due_later_than_it_was(case: Case) -> None:
    first, _ = await case.open()
    late = NOW + timedelta(minutes=115)
    raised, _ = await case.open(Reason.MONEY_AT_RISK, now=late)
    assert raised.due_at == first.due_at


async def test_all_at_once_it_is_one_case(case: Case) -> None:
    opened = await asyncio.gather(*(case.open(Reason.USER_REQUESTED, step=None, code=None) for _ in range(6)))
    assert sorted(is_new for _, is_new in opened) == [False] * 5 + [True]
    assert len({handoff.id for handoff, _ in opened}) == 1
    assert [row.state for row in await case.all()] == ["open"]
    assert await case.told() == [("created", "email"), ("created", "webhook")]


async def test_different_troubles_at_once_are_all_in_the_one_case(case: Case) -> None:
    reasons = [Reason.REPEATED_FAILURE, Reason.USER_REQUESTED, Reason.MONEY_AT_RISK, Reason.TOOL_FAILURE]
    await asyncio.gather(*(case.open(reason) for reason in reasons))
    (row,) = await case.all()
    assert {one["reason"] for one in row.notes} == set(reasons)
    assert (row.priority, row.reason) == ("P1", "money_at_risk")


async def test_a_session_in_the_middle_of_a_transaction_does_not_lock_up(case: Case) -> None:
    """Someone who holds the session's row opens the case while another one does."""

    async def as_the_graph() -> None:
        async with transaction() as session:
            owner = await lock_session(session, case.session_id)
            await asyncio.sleep(0.05)
            await handoffs.open_(
                session,
                owner,
                reason=Reason.TOOL_FAILURE,
                step="meta",
                code=None,
                actor="agent:setup",
                now=NOW,
                settings=case.settings,
            )

    await asyncio.gather(as_the_graph(), case.open(Reason.USER_REQUESTED), as_the_graph())
    assert len(await case.all()) == 1


async def test_a_closed_case_is_followed_by_a_new_one(case: Case) -> None:
    first, _ = await case.open()
    await case.do(handoffs.resolve, first.id, "Bia")
    second, is_new = await case.open(now=NOW + timedelta(hours=1))
    assert is_new
    assert second.id != first.id
    async with transaction() as session:
        found = await handoffs.current(session, case.session_id)
    assert found is not None
    assert found.id == second.id


async def test_two_sellers_have_two_cases_and_neither_holds_the_others_words(case: Case, other: Case) -> None:
    await case.hears("sou a Ana e meu produto é o curso de bolos")
    await other.hears("sou o Beto e vendo planilhas")
    mine, theirs = (await case.open())[0], (await other.open())[0]
    assert "bolos" in str(mine.package)
    assert "planilhas" not in str(mine.package)
    assert "planilhas" in str(theirs.package)
    assert "Ana" not in str(theirs.package)
    async with transaction() as session:
        found = await handoffs.current(session, other.session_id)
    assert found is not None
    assert found.id == theirs.id


async def test_a_case_that_is_none_is_not_found(case: Case) -> None:
    with pytest.raises(NotFound):
        await case.do(handoffs.take, case.session_id, "Bia")
