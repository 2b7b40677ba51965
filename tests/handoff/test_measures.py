"""What is counted: sessions, what the agent did alone, cases and how soon they were answered."""

from datetime import timedelta

from sqlalchemy import text

from tests.handoff.conftest import NOW, Case, new_case
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.measures import Measures, measures
from tracking_core.models import SetupTurn


async def _measured() -> Measures:
    async with transaction() as session:
        return await measures(session, since=NOW - timedelta(days=1), until=NOW + timedelta(days=1))


async def test_nothing_is_nothing(database: object) -> None:
    counted = await _measured()
    assert (counted.sessions, counted.automation, counted.first_reply_seconds) == (0, 0.0, None)


async def test_sessions_cases_and_answers(case: Case, other: Case) -> None:
    alone = await new_case(case.settings, "Loja da Célia")
    silent = await new_case(case.settings, "Loja do Davi")
    for one in (case, other, alone):
        async with transaction() as session:
            session.add(SetupTurn(session_id=one.session_id, tenant_id=one.tenant_id, state="done"))
    for done in (alone, silent):
        await done.changes(state="done")
    async with transaction() as session:
        await session.execute(text("UPDATE setup_sessions SET created_at = :now"), {"now": NOW})
    first, _ = await case.open()
    await case.do(handoffs.ask_seller, first.id, "Bia", text="Qual pixel?", key="1", now=NOW + timedelta(minutes=10))
    await case.do(handoffs.reply, first.id, "Bia", text="Pronto", key="2", now=NOW + timedelta(minutes=50))
    await case.do(handoffs.resolve, first.id, "Bia")
    second, _ = await case.open(now=NOW + timedelta(hours=1))
    await case.do(handoffs.resume, second.id, "Bia")
    await other.open()
    counted = await _measured()
    assert counted == Measures(
        sessions=4,
        chatted=3,
        done_alone=1,
        cases=3,
        resolved=1,
        returned=1,
        breached=0,
        asked_again=1,
        first_reply_seconds=600.0,
    )
    assert (counted.involvement, round(counted.resolution, 3), counted.automation) == (0.75, 0.333, 0.25)
