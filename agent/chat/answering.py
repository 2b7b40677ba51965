"""One turn from the seller's words to the answer. Run again after a crash it goes on from its last checkpoint, and what
it asked for the first time is asked for once."""

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableConfig
from sqlalchemy.ext.asyncio import AsyncSession

from agent.chat import speaking
from agent.chat.basic.person import asks_for_person
from agent.chat.closing import close
from agent.chat.context import ChatContext, Spend
from agent.chat.graph import BudgetSpent
from agent.chat.pictures import look_at
from agent.chat.prompting import messages_for, prompt_ref
from agent.chat.proposing import propose
from agent.chat.reading import before, facts_of
from agent.chat.runs import Run, Standing, read_off
from agent.chat.streaming import Telling
from agent.chat.toolbox import CallPerson
from agent.chat.tools import call_person, thread_of
from tracking_core.chat import turns
from tracking_core.chat.codes import ChatCode
from tracking_core.chat.turns import Answer
from tracking_core.db.engine import transaction
from tracking_core.models import (
    ChatMode,
    MessageRole,
    SecretKind,
    SetupChat,
    SetupMessage,
    SetupSession,
    SetupTurn,
)
from tracking_core.safety.scanner import mask
from tracking_core.setup import messages as hub_messages
from tracking_core.setup.inbox import InboxFull, IntentKind
from tracking_core.streams.append import EventType, append

if TYPE_CHECKING:
    from agent.chat.runner import ChatRunner

log = structlog.get_logger()
_SUPERSTEPS_MAX = 40


class Answering:
    """One turn in hand."""

    def __init__(self, runner: "ChatRunner", turn: SetupTurn, fence: int) -> None:
        self._runner, self._turn, self._fence = runner, turn, fence
        self._settings = runner.settings
        self._telling = Telling(turn.session_id, turn.id)

    async def answer(self) -> None:
        async with transaction() as session:
            self._turn = await session.get_one(SetupTurn, self._turn.id)
            owner = await session.get_one(SetupSession, self._turn.session_id)
            current = await turns.messages_of(session, self._turn.id)
            memory = await before(session, current)
            context = await self._context(session, owner, current, memory)
        if context.facts.handoff is None and any(asks_for_person(one.text) for one in current):
            # Before any model: who asks for a person always gets one.
            await call_person(context, CallPerson(reason=""))
            await self._finish(Answer())
            return
        context = await self._with_pictures(context, current)
        if context.facts.questions and not context.text.strip():
            await self._finish(Answer(text=speaking.ask_instead(context.facts.questions, context.locale)))
            return
        run = await self._run(context, memory, current)
        await self._finish(await self._answer_of(run, context))

    async def _with_pictures(self, context: ChatContext, current: list[SetupMessage]) -> ChatContext:
        pictures = list(dict.fromkeys(UUID(one) for message in current for one in message.attachments))
        if not pictures:
            return context
        looked = await look_at(pictures, self._runner.breaker, self._settings)
        async with transaction() as session:
            await turns.spend(session, self._turn.id, calls=looked.calls, input_tokens=0, output_tokens=0)
        for picture, code in looked.warned:
            await self._say(code, f"screenshot:{picture}")
        facts = await self._facts()
        return replace(context, facts=replace(facts, questions=looked.questions))

    async def _context(
        self, session: AsyncSession, owner: SetupSession, current: list[SetupMessage], memory: list[SetupMessage]
    ) -> ChatContext:
        runner = self._runner
        spent = await turns.tokens_of(session, owner.id)
        is_spent = spent >= self._settings.llm_tokens_per_session
        said = [one.text for one in (*memory, *current) if one.role == MessageRole.SELLER]
        given = frozenset(SecretKind(one["kind"]) for message in current for one in message.secrets)
        return ChatContext(
            settings=self._settings,
            session_id=owner.id,
            tenant_id=owner.tenant_id,
            turn_id=self._turn.id,
            locale=owner.locale,
            facts=await facts_of(session, owner),
            text="\n".join(one.text for one in current),
            said=tuple(said),
            given=given,
            prompt=prompt_ref(),
            model=None if is_spent else runner.model,
            breaker=runner.breaker,
            ring=runner.ring,
            wait=runner.wait,
            read_facts=self._facts,
            spend=Spend(calls=self._turn.calls),
        )

    async def _run(self, context: ChatContext, memory: list[SetupMessage], current: list[SetupMessage]) -> Run:
        config: RunnableConfig = {
            "configurable": {"thread_id": thread_of(self._turn.session_id)},
            "recursion_limit": _SUPERSTEPS_MAX,
        }
        standing = await self._standing(config)
        run = Run()
        try:
            if standing is not Standing.ENDED:
                given = {"messages": messages_for(context.facts, memory, current), "turn_id": str(self._turn.id)}
                await self._stream(given if standing is Standing.FRESH else None, config, context, run)
        except BudgetSpent:
            log.warning("chat_call_limit_met", calls=context.spend.calls)
        finally:
            await self._keep_spend(context)
        state = await self._runner.graph.aget_state(config)
        read_off(state.values.get("messages", []), run)
        if context.model is None:
            run.mode = ChatMode.BASIC
        return run

    async def _standing(self, config: RunnableConfig) -> Standing:
        """Whether the thread is this turn's already; what was told of it before is taken back."""
        at = await self._runner.graph.aget_state(config)
        if at.values.get("turn_id") != str(self._turn.id):
            await self._runner.saver.adelete_thread(thread_of(self._turn.session_id))
            return Standing.FRESH
        async with transaction() as session:
            told = {"turn_id": str(self._turn.id)}
            await append(session, self._turn.session_id, EventType.MESSAGE_DISCARDED, told)
        return Standing.MIDDLE if at.next else Standing.ENDED

    async def _stream(self, given: Any, config: RunnableConfig, context: ChatContext, run: Run) -> None:
        stream = self._runner.graph.astream(
            given,
            config,
            context=context,
            stream_mode=["messages", "custom"],
            version="v2",
            durability="sync",
        )
        async for part in stream:
            if part["type"] == "custom":
                await self._told_mode(part["data"], run)
            elif part["type"] == "messages":
                chunk, where = part["data"]
                if isinstance(chunk, AIMessageChunk) and where.get("langgraph_node") == "model":
                    await self._telling.add(chunk.text)

    async def _told_mode(self, told: Any, run: Run) -> None:
        run.mode, run.reason = ChatMode(told["mode"]), told.get("reason")
        if run.mode is ChatMode.BASIC:  # what a model had begun to say is not the answer
            await self._telling.discard()

    async def _keep_spend(self, context: ChatContext) -> None:
        spend = context.spend
        async with transaction() as session:
            await turns.spend(
                session,
                self._turn.id,
                calls=spend.calls - self._turn.calls,
                input_tokens=spend.input_tokens,
                output_tokens=spend.output_tokens,
            )

    async def _answer_of(self, run: Run, context: ChatContext) -> Answer:
        facts = await self._facts()
        if run.results and speaking.is_ready_for_plan(facts):
            with suppress(InboxFull):  # then the seller asks for it
                run.results.append(await propose(context, IntentKind.REQUEST_PLAN, {}))
            facts = await self._facts()
        text = run.text or speaking.after(run.results, facts)
        model = self._settings.llm_model if run.mode is ChatMode.AI else None
        await self._announce(run, context)
        return Answer(
            text=speaking.shown(mask(text), facts.locale),
            mode=run.mode,
            fallback=run.reason,
            model=model,
            prompt=context.prompt,
        )

    async def _announce(self, run: Run, context: ChatContext) -> None:
        """Say it when the mode changed; a setup that begins with a model says nothing."""
        async with transaction() as session:
            chat = await session.get_one(SetupChat, self._turn.session_id)
            before = chat.mode
            if run.mode is None or before == run.mode or (before is None and run.mode is ChatMode.AI):
                return
            told = {"mode": run.mode.value, "reason": run.reason}
            await append(session, self._turn.session_id, EventType.ASSISTANT_MODE, told)
        code = ChatCode.AI_MODE
        if run.mode is ChatMode.BASIC:
            is_spent = self._runner.model is not None and context.model is None
            code = ChatCode.BUDGET_SPENT if is_spent else ChatCode.BASIC_MODE
        await self._say(code, f"mode:{self._turn.id}")

    async def _say(self, code: ChatCode, client_id: str) -> None:
        async with transaction() as session:
            owner = await session.get_one(SetupSession, self._turn.session_id)
            await hub_messages.say(session, owner, client_id, code, None)

    async def _facts(self) -> Any:
        async with transaction() as session:
            owner = await session.get_one(SetupSession, self._turn.session_id)
            return await facts_of(session, owner)

    async def _finish(self, answer: Answer) -> None:
        async with transaction() as session:
            await close(session, self._turn, self._fence, answer, self._settings)
        await self._runner.saver.adelete_thread(thread_of(self._turn.session_id))
