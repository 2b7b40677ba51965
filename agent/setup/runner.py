"""Work through a session's inbox under its lease: each intent one run of the graph, in order, to its rest.

A worker that dies leaves its lease to end; who comes next finds the graph where it stood and goes on from there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

import structlog
from langchain_core.runnables import RunnableConfig
from langgraph._internal._constants import CONFIG_KEY_STRICT_RESUME
from langgraph.errors import UnknownInterruptError
from langgraph.graph import END
from langgraph.types import Command, Interrupt, StateSnapshot

from agent import observed
from agent.leasing import kept
from agent.passing import PASSING
from agent.setup.context import SetupContext
from agent.setup.graph import SetupGraph
from agent.setup.nodes.applying import FINISH
from agent.setup.state import Intent
from tracking_core.db.engine import transaction
from tracking_core.errors import StaleFence
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.logging import lines_about
from tracking_core.models import IntentState, SessionState, SetupIntent, SetupSession
from tracking_core.settings import Settings
from tracking_core.setup import approvals, inbox, lease, projection
from tracking_core.setup.codes import SetupCode
from tracking_core.setup.inbox import IntentKind
from tracking_core.setup.sessions import GRAPH_VERSION

log = structlog.get_logger()
_SUPERSTEPS_MAX = 200
_FAILURES_MAX = 3
_ANSWERS = (IntentKind.DECIDE, IntentKind.EXPIRE)


@dataclass(frozen=True, slots=True)
class Runner:
    """``context`` makes what the nodes need for a session in hand. Bound to one event loop."""

    graph: SetupGraph
    settings: Settings
    context: Callable[[SetupSession, int], SetupContext]

    async def drain(self, session_id: UUID) -> None:
        """Handle what is queued until nothing is, or nothing at all while another worker holds the session."""
        owner = new_id()
        seconds = self.settings.setup_lease_seconds
        async with transaction() as session:
            fence = await lease.take(session, session_id, owner, clock.now(), seconds=seconds)
            held = await session.get_one(SetupSession, session_id) if fence is not None else None
        if fence is None or held is None:
            return
        lines_about(held.tenant_id, session_id)
        try:
            async with kept(lease.LEASE, session_id, owner, fence, seconds):
                await _Hand(self, held, fence).work()
        except StaleFence:
            log.warning("setup_lease_lost", fence=fence)
        else:
            # After a failure the lease is left to end by itself: a pause before the next try.
            async with transaction() as session:
                await lease.release(session, session_id, owner, fence)
        finally:
            structlog.contextvars.unbind_contextvars("setup_session_id", "tenant_id")


class _Hand:
    """The session while it is held."""

    def __init__(self, runner: Runner, owner: SetupSession, fence: int) -> None:
        self._graph, self._settings = runner.graph, runner.settings
        self._owner, self._fence = owner, fence
        self._context = runner.context(owner, fence)
        self._config: RunnableConfig = {
            "configurable": {"thread_id": thread_of(owner.id), CONFIG_KEY_STRICT_RESUME: True},
            "recursion_limit": _SUPERSTEPS_MAX,
        }

    async def work(self) -> None:
        while intent := await self._next():
            if code := self._refusal(intent):
                await self._refuse(intent, code)
            else:
                with observed.intent(intent, self._owner):
                    await self._try(intent)

    async def _next(self) -> SetupIntent | None:
        async with transaction() as session:
            return await inbox.next_queued(session, self._owner.id)

    def _refusal(self, intent: SetupIntent) -> SetupCode | None:
        """What a worker of another version must not touch."""
        if self._owner.graph_version != GRAPH_VERSION:
            return SetupCode.OUTDATED
        return SetupCode.UNKNOWN_INTENT if intent.kind not in set(IntentKind) else None

    async def _try(self, intent: SetupIntent) -> None:
        """A defect of ours that meets the same intent again and again must not hold up those behind it for ever."""
        try:
            await self._handle(intent)
        except PASSING:
            raise
        except Exception as error:
            log.exception("setup_run_failed", intent=intent.kind, error=type(error).__name__)
            async with transaction() as session:
                failures = await inbox.count_failure(session, intent.id)
            if failures < _FAILURES_MAX:
                raise
            await self._park(intent)

    async def _handle(self, intent: SetupIntent) -> None:
        at = await self._graph.aget_state(self._config)
        if at.next and not at.interrupts:  # a worker died in the middle: its run goes on from the last checkpoint
            await self._run(None, _actor_in(at))
            at = await self._graph.aget_state(self._config)
        if not _is_taken(at, intent):
            await self._start(intent, at)
            at = await self._graph.aget_state(self._config)
        await self._close(intent, at)

    async def _park(self, intent: SetupIntent) -> None:
        """Bring the thread to rest without the run that cannot end; a person has to look at the session."""
        result = {"outcome": "failed", "code": SetupCode.CHECK_FAILED.value}
        at_rest = {"intent": _intent_of(intent), "plan": None, "proof": None, "replan": False, "result": result}
        await self._graph.aupdate_state(self._config, at_rest, as_node=FINISH)
        await self._graph.aupdate_state(self._config, None, as_node=END)
        await self._refuse(intent, SetupCode.CHECK_FAILED)
        await self._move(SessionState.FAILED)
        await self._call_person()

    async def _call_person(self) -> None:
        async with transaction() as session:
            await lease.require(session, self._owner.id, self._fence)
            await handoffs.open_(
                session,
                self._owner,
                reason=Reason.TOOL_FAILURE,
                step=None,
                code=SetupCode.CHECK_FAILED,
                actor="agent:setup",
                now=clock.now(),
                settings=self._settings,
            )

    async def _refuse(self, intent: SetupIntent, code: SetupCode) -> None:
        async with transaction() as session:
            await inbox.finish(session, intent.id, IntentState.REFUSED, clock.now(), code=code.value)

    async def _start(self, intent: SetupIntent, at: StateSnapshot) -> None:
        asked = _intent_of(intent)
        waiting = at.interrupts[0] if at.interrupts else None
        if intent.kind in _ANSWERS:
            if waiting is None or waiting.id != intent.payload["interrupt_id"]:
                return  # what it answers is gone; ``_close`` says so
            decision = intent.payload["decision"]
            await self._run(_answer(waiting, decision, intent.payload["plan_hash"], asked), intent.actor)
        elif waiting is not None:
            async with transaction() as session:
                await approvals.supersede(session, self._owner, self._fence, clock.now())
            await self._run(_answer(waiting, "superseded", waiting.value["plan_hash"], asked), intent.actor)
        else:
            await self._run({"session_id": str(self._owner.id), "intent": asked, **self._facts(at)}, intent.actor)

    def _facts(self, at: StateSnapshot) -> dict[str, Any]:
        """A thread whose checkpoints are gone goes on from what was kept of them."""
        return {} if "facts" in at.values else {"facts": self._owner.facts}

    async def _run(self, given: Any, actor: str) -> None:
        await self._move(SessionState.WORKING)
        context = replace(self._context, tool=replace(self._context.tool, actor=actor))
        try:
            await self._graph.ainvoke(given, self._config, context=context, durability="sync")
        except UnknownInterruptError:
            # The answer was stored before a worker died: the run that it began goes on.
            await self._graph.ainvoke(None, self._config, context=context, durability="sync")

    async def _close(self, intent: SetupIntent, at: StateSnapshot) -> None:
        """The approval that now waits is shown, the intent leaves the queue."""
        is_taken = _is_taken(at, intent)
        for waiting in at.interrupts:
            await self._show(waiting)
        async with transaction() as session:
            state = IntentState.DONE if is_taken else IntentState.REFUSED
            result = dict(at.values.get("result", {})) if is_taken else {}
            code = result.get("code") if is_taken else SetupCode.APPROVAL_GONE.value
            await inbox.finish(session, intent.id, state, clock.now(), code=code, result=result)

    async def _show(self, waiting: Interrupt) -> None:
        async with transaction() as session:
            await approvals.request(
                session,
                self._owner,
                self._fence,
                interrupt_id=waiting.id,
                plan=waiting.value["plan"],
                plan_hash=waiting.value["plan_hash"],
                now=clock.now(),
                hours=self._settings.approval_hours,
            )
        await self._move(SessionState.AWAITING_APPROVAL)

    async def _move(self, state: SessionState) -> None:
        async with transaction() as session:
            await projection.move(session, self._owner.id, self._fence, state)


def thread_of(session_id: UUID) -> str:
    return f"setup:{session_id}"


def _answer(waiting: Interrupt, decision: str, plan_hash: str, intent: Intent) -> Command[Any]:
    """Always by the interrupt's id: a plain answer that does not fit would wedge the thread."""
    return Command(resume={waiting.id: {"decision": decision, "plan_hash": plan_hash, "intent": dict(intent)}})


def _is_taken(at: StateSnapshot, intent: SetupIntent) -> bool:
    taken = cast(dict[str, Any], at.values).get("intent", {})
    return bool(taken.get("id") == str(intent.id))


def _intent_of(intent: SetupIntent) -> Intent:
    return Intent(id=str(intent.id), kind=intent.kind, payload=intent.payload, actor=intent.actor)


def _actor_in(at: StateSnapshot) -> str:
    return str(at.values["intent"]["actor"])
