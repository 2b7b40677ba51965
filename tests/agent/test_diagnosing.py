"""Who is called, and when: failures are counted through the whole graph, in the way and at the place they happened."""

from typing import Any

import pytest

from agent.setup.nodes import checks
from agent.setup.runner import Runner
from tests.agent.conftest import Session
from tests.agent.done import done
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import SetupActionLog, SetupHandoff, Tenant
from tracking_core.setup.inbox import IntentKind

URL = {"url": "https://loja.example/curso"}


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What the probe comes to, one after the other; None is a success."""
    codes: list[str | None] = []

    async def probe(context: Any, intent_id: Any, asked: Any, **_: Any) -> SetupActionLog:
        code = codes.pop(0)
        facts = {"url": asked.url}
        return done(context, intent_id, "probe_landing_url", code or "url_ok", is_taken=code is None, facts=facts)

    monkeypatch.setattr(checks, "probe_landing_url", probe)
    return codes


async def _probe(session: Session, runner: Runner, probed: list[str | None], *codes: str | None) -> list[str]:
    """The reason of the open case after each probe; empty while there is none."""
    reasons = []
    for code in codes:
        probed.append(code)
        await session.ask(IntentKind.PROBE_LANDING, URL, client_id=str(new_id()))
        await runner.drain(session.id)
        case = await _case(session)
        reasons.append(case.reason if case else "")
    return reasons


async def _case(session: Session) -> SetupHandoff | None:
    async with transaction() as opened:
        return await handoffs.current(opened, session.id)


async def test_the_third_failure_of_the_same_kind_calls_a_person(
    session: Session, runner: Runner, probed: list[str | None]
) -> None:
    said = await _probe(session, runner, probed, *["url_not_found"] * 4)
    assert said == ["", "", "repeated_failure", "repeated_failure"]
    case = await _case(session)
    assert case is not None
    assert str(case.prompt).startswith("system@")


async def test_another_failure_begins_anew_and_a_success_ends_the_count(
    session: Session, runner: Runner, probed: list[str | None]
) -> None:
    same, other = "url_not_found", "url_timeout"
    assert await _probe(session, runner, probed, same, other, same, other) == [""] * 4
    assert await _probe(session, runner, probed, None, same, same) == [""] * 3
    assert await _probe(session, runner, probed, same) == ["repeated_failure"]


async def test_what_is_our_fault_calls_a_person_as_ours(
    session: Session, runner: Runner, probed: list[str | None]
) -> None:
    assert (await _probe(session, runner, probed, *["setup_check_failed"] * 3))[-1] == "tool_failure"


@pytest.mark.parametrize("code", ["gateway_unavailable", "meta_rate_limited", "url_malformed"])
async def test_an_outage_and_a_slip_of_the_keys_call_nobody(
    session: Session, runner: Runner, probed: list[str | None], code: str
) -> None:
    assert await _probe(session, runner, probed, *[code] * 5) == [""] * 5


async def test_each_tenant_says_how_often(session: Session, runner: Runner, probed: list[str | None]) -> None:
    async with transaction() as opened:
        (await opened.get_one(Tenant, session.tenant_id)).escalate_after = 1
    assert await _probe(session, runner, probed, "url_not_found") == ["repeated_failure"]


async def test_after_a_case_was_given_back_patience_begins_anew(
    session: Session, runner: Runner, probed: list[str | None]
) -> None:
    await _probe(session, runner, probed, *["url_not_found"] * 3)
    case = await _case(session)
    assert case is not None
    async with transaction() as opened:
        await handoffs.resume(opened, case.id, "Ana", now=clock.now(), settings=runner.settings)
    assert await _probe(session, runner, probed, *["url_not_found"] * 3) == ["", "", "repeated_failure"]


async def test_sales_that_wait_unsent_call_a_person_at_once_but_not_for_a_page(
    session: Session, runner: Runner, probed: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_risk(*_: Any) -> bool:
        return True

    monkeypatch.setattr("agent.setup.nodes.diagnosing.is_money_at_risk", at_risk)
    assert await _probe(session, runner, probed, "url_not_found") == [""]
    await session.ask(IntentKind.PROVE, {})
    await runner.drain(session.id)
    case = await _case(session)
    assert case is not None
    assert (case.reason, case.priority) == ("money_at_risk", "P1")
