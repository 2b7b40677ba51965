"""What the runner promises whatever happens to it: order, once, nothing stuck, nothing lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver
from sqlalchemy.exc import OperationalError

from agent.setup.runner import Runner, thread_of
from tests.agent.conftest import DONE, PREFERENCES, QUEUED, REFUSED, Session
from tracking_core.db.engine import transaction
from tracking_core.errors import StaleFence
from tracking_core.handoff import service as handoffs
from tracking_core.models import SessionState, SetupSession
from tracking_core.setup import inbox, projection
from tracking_core.setup.codes import SetupCode

MODES = ("opt_in", "opt_out")
Work = Callable[..., Awaitable[Any]]


class Failing:
    """Raises for the first ``times`` calls, then does the work."""

    def __init__(self, work: Work, error: Exception, *, times: int) -> None:
        self._work, self._error, self.times = work, error, times

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.times > 0:
            self.times -= 1
            raise self._error
        return await self._work(*args, **kwargs)


def _away() -> OperationalError:
    return OperationalError("SELECT", {}, Exception("the connection was lost"))


async def test_wishes_are_carried_out_in_order_by_one_worker_at_a_time(session: Session, runner: Runner) -> None:
    for number in range(6):
        await session.ask(PREFERENCES, {"consent_mode": MODES[number % 2]}, client_id=str(number))
    await asyncio.gather(*(runner.drain(session.id) for _ in range(4)))
    assert await session.states() == [DONE] * 6
    results = [intent.result["preferences"]["consent_mode"] for intent in await session.intents()]
    assert results == [MODES[number % 2] for number in range(6)]
    row = await session.row()
    assert (row.facts["preferences"], row.lease_owner) == ({"consent_mode": "opt_out"}, None)


async def test_a_session_whose_checkpoints_are_gone_goes_on_from_its_facts(session: Session, runner: Runner) -> None:
    await session.ask(PREFERENCES, {"consent_mode": "opt_in"})
    await runner.drain(session.id)
    assert isinstance(runner.graph.checkpointer, BaseCheckpointSaver)
    await runner.graph.checkpointer.adelete_thread(thread_of(session.id))
    await session.ask(PREFERENCES, {"test_event_code": "TEST123"})
    await runner.drain(session.id)
    chosen = (await session.row()).facts["preferences"]
    assert chosen == {"consent_mode": "opt_in", "test_event_code": "TEST123"}


async def test_a_database_that_is_away_in_a_node_leaves_a_run_that_goes_on(
    session: Session, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(projection.facts, _away(), times=1)
    monkeypatch.setattr(projection, "facts", failing)
    await session.ask(PREFERENCES, {"consent_mode": "opt_in"})
    with pytest.raises(OperationalError):
        await runner.drain(session.id)
    assert await session.states() == [QUEUED]
    await session.end_lease()
    await runner.drain(session.id)
    assert (await session.states(), (await session.row()).facts["preferences"]) == ([DONE], {"consent_mode": "opt_in"})


async def test_a_worker_that_lost_the_session_writes_nothing_and_the_next_goes_on(
    session: Session, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(projection.facts, StaleFence(), times=1)
    monkeypatch.setattr(projection, "facts", failing)
    await session.ask(PREFERENCES, {"consent_mode": "opt_in"})
    await runner.drain(session.id)
    assert await session.states() == [QUEUED]
    await session.end_lease()
    await runner.drain(session.id)
    assert await session.states() == [DONE]


async def test_a_defect_in_a_node_is_told_and_holds_up_nobody(
    session: Session, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection, "facts", Failing(projection.facts, KeyError("a defect"), times=1))
    await session.ask(PREFERENCES, {"consent_mode": "opt_in"})
    await session.ask(PREFERENCES, {"consent_mode": "opt_out"})
    await runner.drain(session.id)
    first, second = await session.intents()
    assert (first.state, first.code) == (DONE, SetupCode.CHECK_FAILED)
    assert (second.state, second.result["preferences"]) == (DONE, {"consent_mode": "opt_out"})


async def test_a_wish_that_can_never_be_carried_out_is_set_aside_after_three_tries(
    session: Session, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node that ends every run breaks, so nothing inside the graph can catch it."""
    failing = Failing(projection.move, KeyError("a defect"), times=0)
    monkeypatch.setattr(projection, "move", failing)
    await session.ask(PREFERENCES, {"consent_mode": "opt_in"}, client_id="poison")
    for _ in range(2):
        failing.times = 1
        with pytest.raises(KeyError):
            await runner.drain(session.id)
        await session.end_lease()
    failing.times = 1
    await runner.drain(session.id)
    assert (await session.states(), (await session.row()).state) == ([REFUSED], SessionState.FAILED)
    async with transaction() as opened:
        case = await handoffs.current(opened, session.id)
    assert case is not None
    assert case.reason == "tool_failure"
    await session.ask(PREFERENCES, {"consent_mode": "opt_out"})
    await runner.drain(session.id)
    assert await session.states() == [REFUSED, DONE]


async def test_a_wish_of_a_newer_version_is_refused_before_the_graph_sees_it(session: Session, runner: Runner) -> None:
    await session.ask("teleport", {})
    await session.ask(PREFERENCES, {"consent_mode": "opt_in"})
    await runner.drain(session.id)
    assert await session.states() == [REFUSED, DONE]
    assert (await session.intents())[0].code == SetupCode.UNKNOWN_INTENT


async def test_a_session_of_another_graph_is_not_touched(session: Session, runner: Runner) -> None:
    async with transaction() as opened:
        (await opened.get_one(SetupSession, session.id)).graph_version = 99
    await session.ask(PREFERENCES, {"consent_mode": "opt_in"})
    await runner.drain(session.id)
    assert [intent.code for intent in await session.intents()] == [SetupCode.OUTDATED]
    at = await runner.graph.aget_state({"configurable": {"thread_id": thread_of(session.id)}})
    assert at.values == {}


async def test_a_run_whose_end_was_not_written_down_is_not_made_again(
    session: Session, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.ask(PREFERENCES, {"consent_mode": "opt_in"})
    monkeypatch.setattr(inbox, "finish", Failing(inbox.finish, _away(), times=1))
    with pytest.raises(OperationalError):
        await runner.drain(session.id)
    before = await session.events()
    await session.end_lease()
    await runner.drain(session.id)
    assert (await session.states(), await session.events()) == ([DONE], before)
