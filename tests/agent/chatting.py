"""A chat over the real graph, its real checkpoints and the real setup graph behind its tools; the model is a script."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
import pytest
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field
from sqlmodel import col, select

from agent.chat.breaker import Breaker
from agent.chat.graph import build
from agent.chat.runner import ChatRunner
from agent.checkpoints import checkpointer
from agent.setup.runner import Runner
from tests.agent.conftest import Session
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.logging import configure_logging
from tracking_core.models import MessageRole, SessionEvent, SetupChat, SetupMessage, SetupTurn
from tracking_core.settings import Settings

Script = Sequence[AIMessage | BaseException]
BEGUN = ("Um momento, por favor, já vou olhar isso para você agora ", "mesmo, e mais um pouco de texto para contar. ")
_USAGE = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}


def says(text: str) -> AIMessage:
    return AIMessage(text)


def calls(name: str, **arguments: Any) -> AIMessage:
    return AIMessage("", tool_calls=[tool_call(name=name, args=arguments, id=f"call_{new_id().hex[:8]}")])


class Hangs(Exception):
    """In a script: an answer that begins and never ends."""


class Scripted(BaseChatModel):
    """Answers by a script, and remembers what it was asked; an exception in it is raised in the middle of an answer."""

    script: list[Any]
    pause_seconds: float = 0.0
    has_usage: bool = True
    hanging: asyncio.Event = Field(default_factory=asyncio.Event)
    asked: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **_: Any) -> "Scripted":
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_: Any,
    ) -> ChatResult:
        raise NotImplementedError

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **_: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        self.asked.append(list(messages))
        answer = self.script.pop(0)
        if isinstance(answer, BaseException):
            for words in BEGUN:
                yield ChatGenerationChunk(message=AIMessageChunk(content=words))
                await asyncio.sleep(0.12)
            if isinstance(answer, Hangs):
                self.hanging.set()
                await asyncio.Event().wait()
            raise answer
        for word in answer.text.split(" "):
            await asyncio.sleep(self.pause_seconds)
            yield ChatGenerationChunk(message=AIMessageChunk(content=f"{word} " if answer.text else ""))
        used = _USAGE if self.has_usage else None
        chunks = [
            {"name": one["name"], "args": orjson.dumps(one["args"]).decode(), "id": one["id"], "index": at}
            for at, one in enumerate(answer.tool_calls)
        ]
        yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=chunks, usage_metadata=used))


@dataclass
class Chat:
    session: Session
    runner: ChatRunner
    model: Scripted

    async def say(self, text: str, **more: Any) -> UUID:
        async with transaction() as opened:
            message = SetupMessage(
                session_id=self.session.id,
                tenant_id=self.session.tenant_id,
                client_id=f"seller:{new_id()}",
                role=MessageRole.SELLER,
                text=text,
                created_at=clock.now(),
                **more,
            )
            opened.add(message)
        return message.id

    async def answer(self, text: str, *script: AIMessage | BaseException) -> str:
        """What was answered; empty when nothing was said."""
        self.model.script = list(script)
        await self.say(text)
        before = len(await self.said())
        await self.runner.drain(self.session.id)
        return "\n".join((await self.said())[before:])

    async def cut(self, text: str, *script: AIMessage | BaseException) -> None:
        """The worker ends in the middle of an answer; its lease is over."""
        self.model.script = list(script)
        await self.say(text)
        draining = asyncio.create_task(self.runner.drain(self.session.id))
        await self.model.hanging.wait()
        draining.cancel()
        with pytest.raises(asyncio.CancelledError):
            await draining
        async with transaction() as opened:
            row = await opened.get_one(SetupChat, self.session.id)
            row.lease_owner = row.lease_until = None

    async def said(self) -> list[str]:
        """All of the assistant's messages."""
        return [one.text for one in await self.messages() if one.role == MessageRole.ASSISTANT]

    async def messages(self) -> list[SetupMessage]:
        return await self._rows(SetupMessage, SetupMessage.created_at)

    async def turns(self) -> list[SetupTurn]:
        return await self._rows(SetupTurn, SetupTurn.started_at)

    async def events(self, kind: str) -> list[dict[str, Any]]:
        rows = await self._rows(SessionEvent, SessionEvent.seq)
        return [row.data for row in rows if row.type == kind]

    async def _rows(self, model: Any, order: Any) -> list[Any]:
        async with transaction() as opened:
            query = select(model).where(model.session_id == self.session.id).order_by(col(order))
            return list((await opened.scalars(query)).all())

    def with_settings(self, **changed: Any) -> "Chat":
        settings = self.runner.settings.model_copy(update=changed)
        return replace(self, runner=replace(self.runner, settings=settings))


@pytest.fixture
async def chat(session: Session, runner: Runner, database: Settings) -> AsyncIterator[Chat]:
    """What a tool asks for is done by the setup's runner at once."""
    configure_logging("INFO")  # the default's tracebacks draw every local, for seconds
    model = Scripted(script=[])

    async def done(_intent_id: UUID) -> None:
        await runner.drain(session.id)

    async with checkpointer(database.database_url, connections=4) as saver:
        made = ChatRunner(
            graph=build(saver, model),
            saver=saver,
            settings=database,
            model=model,
            breaker=Breaker(),
            ring=lambda _: None,
            wait=done,
        )
        yield Chat(session, made, model)
