"""Answer what waits in a session's chat under its lease: each turn once, in order, whatever happens to the worker."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver

from agent import observed
from agent.chat.answering import Answering
from agent.chat.breaker import Breaker
from agent.chat.closing import close, pass_on, taken
from agent.chat.graph import ChatGraph
from agent.chat.tools import thread_of
from agent.leasing import kept
from agent.passing import PASSING
from tracking_core.chat import turns
from tracking_core.chat.codes import ChatCode
from tracking_core.chat.lease import LEASE, ensure
from tracking_core.chat.turns import Answer
from tracking_core.db.engine import transaction
from tracking_core.errors import StaleFence
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.logging import lines_about
from tracking_core.models import SetupChat, SetupSession, SetupTurn, TurnState
from tracking_core.settings import Settings
from tracking_core.setup.meanings import describe

log = structlog.get_logger()
_FAILURES_MAX = 3


@dataclass(frozen=True, slots=True)
class ChatRunner:
    """``model`` None means basic mode. ``ring`` wakes the setup's worker, ``wait`` waits for an intent. Bound to one
    event loop."""

    graph: ChatGraph
    saver: BaseCheckpointSaver[Any]
    settings: Settings
    model: BaseChatModel | None
    breaker: Breaker
    ring: Callable[[UUID], None]
    wait: Callable[[UUID], Awaitable[None]]

    async def drain(self, session_id: UUID) -> None:
        """Answer until nothing waits, or nothing at all while another worker holds the chat."""
        owner, seconds = new_id(), self.settings.chat_lease_seconds
        async with transaction() as session:
            await ensure(session, session_id)
            fence = await LEASE.take(session, session_id, owner, clock.now(), seconds=seconds)
            held = await session.get_one(SetupSession, session_id)
        if fence is None:
            return
        lines_about(held.tenant_id, session_id)
        try:
            async with kept(LEASE, session_id, owner, fence, seconds):
                await self._work(session_id, fence)
        except StaleFence:
            log.warning("chat_lease_lost", fence=fence)
        else:
            # After a failure the lease is left to end by itself: a pause before the next try.
            async with transaction() as session:
                await LEASE.release(session, session_id, owner, fence)
        finally:
            structlog.contextvars.unbind_contextvars("setup_session_id", "tenant_id")

    async def _work(self, session_id: UUID, fence: int) -> None:
        while turn := await self._next(session_id, fence):
            with observed.turn(turn.session_id) as told:
                told.outcome = await self._try(turn, fence)

    async def _next(self, session_id: UUID, fence: int) -> SetupTurn | None:
        """The turn that a worker left, or a new one over what waits. While a person has the session, the agent is
        silent, and what the seller says goes to that person."""
        async with transaction() as session:
            owner = await session.get_one(SetupSession, session_id, with_for_update=True, populate_existing=True)
            case = await taken(session, owner)
            left = await turns.running(session, session_id)
            if left is not None and case is None:
                return left
            if left is not None:
                await turns.discard(session, left.id, fence, clock.now())
            waiting = await turns.unanswered(session, session_id)
            if case is None and waiting:
                chat = await session.get_one(SetupChat, session_id)
                return await turns.begin(session, chat, fence, waiting, clock.now())
            if case is not None and waiting:
                await LEASE.require(session, session_id, fence)
                await pass_on(session, owner, case, waiting, self.settings)
        return None

    async def _try(self, turn: SetupTurn, fence: int) -> str:
        """``answered``, or ``failed``: a defect of ours that meets the same turn again and again must not keep the
        seller waiting for ever."""
        for _ in range(_FAILURES_MAX):
            try:
                await Answering(self, turn, fence).answer()
            except PASSING:
                raise
            except Exception as error:
                log.exception("chat_turn_failed", turn=str(turn.id), error=type(error).__name__)
                async with transaction() as session:
                    failures = await turns.count_failure(session, turn.id, fence)
                if failures >= _FAILURES_MAX:
                    break
            else:
                return "answered"
        await self._give_up(turn, fence)
        return "failed"

    async def _give_up(self, turn: SetupTurn, fence: int) -> None:
        async with transaction() as session:
            owner = await session.get_one(SetupSession, turn.session_id)
            said = describe(ChatCode.NOT_ANSWERED, {}, owner.locale)
            text = f"{said['message']} {said['recommendation']}"
            answer = Answer(text=text, code=ChatCode.NOT_ANSWERED, state=TurnState.FAILED)
            await close(session, turn, fence, answer, self.settings)
        await self.saver.adelete_thread(thread_of(turn.session_id))
