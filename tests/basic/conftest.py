"""A small agent as the chat's is: langchain's own loop, the failover, and the simulated endpoint over real HTTP."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, SecretStr

from agent.chat.basic.model import RuleModel
from agent.chat.breaker import Breaker
from agent.chat.context import Spend
from agent.chat.facts import SessionFacts, StageFact
from agent.chat.failover import Failover
from agent.chat.model import chat_model, close
from agent.chat.toolbox import CheckPage, ReadStatus, ToolName
from agent.chat.wording import wrap
from evals.agent.serving import simulator
from evals.simulators.llm.app import create_app
from evals.simulators.llm.state import State
from tracking_core.embedded.process import free_port
from tracking_core.kit import clock
from tracking_core.models import SecretKind
from tracking_core.settings import Settings

STAGES = ("gateway", "meta", "url", "configuration", "proof")
# Patient where nothing is to be waited for, so that a busy machine is no silent model.
PATIENCE_SECONDS, WHOLE_SECONDS = 20.0, 60.0
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
Call = Callable[..., Any]


def facts_of(locale: str = "pt_BR", *, status: dict[str, str] | None = None, **known: Any) -> SessionFacts:
    """``status`` by stage; the others have not begun."""
    stages = tuple(StageFact(stage=one, status=(status or {}).get(one, "not_started")) for one in STAGES)
    return SessionFacts(**{"locale": locale, "state": "created", "stages": stages, **known})


def settings_of(url: str, **changes: Any) -> Settings:
    named: dict[str, Any] = {
        "llm_base_url": url,
        "llm_api_key": SecretStr("the-key"),
        "llm_model": "simulated",
        "llm_patience_seconds": PATIENCE_SECONDS,
        "llm_timeout_seconds": WHOLE_SECONDS,
    }
    return Settings(**{**named, **changes})


@dataclass(kw_only=True)
class Context:
    """What the failover asks of a run's context; the chat's own has more."""

    settings: Settings
    model: BaseChatModel | None
    facts: SessionFacts = field(default_factory=facts_of)
    said: tuple[str, ...] = ()
    given: frozenset[SecretKind] = frozenset()
    breaker: Breaker = field(default_factory=Breaker)
    spend: Spend = field(default_factory=Spend)
    fresh: SessionFacts | None = None

    async def read_facts(self) -> SessionFacts:
        return self.fresh or self.facts


@dataclass
class Answered:
    """``modes`` as told on the way, ``tokens`` what a model began to say, in the order they came."""

    text: str
    modes: list[dict[str, Any]]
    tokens: list[str]
    messages: list[Any]


@dataclass
class Agent:
    """``results`` are what the tools say, or raise; ``calls`` which were called."""

    context: Context
    results: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def hurry(self, *, patience: float, whole: float) -> None:
        """From now on with these limits, in seconds."""
        await close(self.context.model)
        url = self.context.settings.llm_base_url
        self.context.settings = settings_of(url, llm_patience_seconds=patience, llm_timeout_seconds=whole)
        self.context.model = chat_model(self.context.settings)

    async def ask(self, text: str, *, middleware: tuple[Any, ...] = ()) -> Answered:
        graph = create_agent(
            RuleModel(), self._tools(), middleware=[Failover(), *middleware], context_schema=type(self.context)
        )
        given = {"messages": [SystemMessage("system"), HumanMessage(wrap("gateway: falta", text))]}
        answered = Answered("", [], [], [])
        modes: Any = ["messages", "custom", "values"]
        async for part in graph.astream(given, context=self.context, stream_mode=modes, version="v2"):  # type: ignore[call-overload]
            self._hear(part, answered)
        answered.text = answered.messages[-1].text
        return answered

    def _hear(self, part: dict[str, Any], answered: Answered) -> None:
        if part["type"] == "custom":
            answered.modes.append(part["data"])
        elif part["type"] == "values":
            answered.messages = part["data"]["messages"]
        elif isinstance(part["data"][0], AIMessageChunk) and part["data"][0].text:
            answered.tokens.append(part["data"][0].text)

    def _tools(self) -> list[BaseTool]:
        return [self._tool(ToolName.READ_STATUS, ReadStatus), self._tool(ToolName.CHECK_PAGE, CheckPage)]

    def _tool(self, name: ToolName, arguments: type[BaseModel]) -> BaseTool:
        async def run(**given: Any) -> str:
            self.calls.append((name.value, given))
            result = self.results.get(name.value, {"status": "done"})
            if isinstance(result, Exception):
                raise result
            return orjson.dumps(result).decode()

        return StructuredTool.from_function(
            coroutine=run, name=name.value, description=arguments.__doc__ or "", args_schema=arguments
        )


@pytest.fixture
def llm() -> State:
    return State()


@pytest.fixture
async def llm_url(llm: State) -> AsyncIterator[str]:
    port = free_port()
    async with simulator(create_app(llm), port):
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture
async def agent(llm_url: str) -> AsyncIterator[Agent]:
    settings = settings_of(llm_url)
    made = Agent(Context(settings=settings, model=chat_model(settings)))
    yield made
    await close(made.context.model)


@pytest.fixture
def move() -> Callable[[float], None]:
    """The clock stands at noon, and goes on only by this."""
    at = [NOON]
    clock.set_source(lambda: at[0])

    def on(seconds: float) -> None:
        at[0] += timedelta(seconds=seconds)

    return on
