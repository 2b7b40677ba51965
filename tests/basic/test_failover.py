"""Whatever a model's endpoint does, the seller gets an answer soon; a defect of ours is not hidden by that."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest
import structlog
from langchain.agents.middleware import AgentMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.outputs import ChatResult
from vcr import VCR
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.record_mode import RecordMode

from agent.chat.breaker import Phase
from agent.chat.failover import OFF
from agent.chat.failures import Reason
from agent.chat.model import HubChatModel, chat_model, close
from evals.simulators.llm.state import State
from tests.basic.conftest import Agent, facts_of, settings_of
from tracking_core.embedded.process import free_port

RULES_SAY = "Em qual plataforma você vende: Hotmart ou Kiwify?"
# What the endpoint does, and what is told to be the reason.
FAULTS: list[tuple[str, dict[str, Any], Reason]] = [
    ("hang", {"kind": "hang"}, Reason.TIMEOUT),
    ("hang-after-headers", {"kind": "hang_after_headers"}, Reason.TIMEOUT),
    ("stall", {"kind": "stall"}, Reason.STALLED),
    ("chatter", {"kind": "chatter"}, Reason.TIMEOUT),
    ("429", {"kind": "status", "status": 429, "retry_after": "30"}, Reason.RATE_LIMITED),
    ("500", {"kind": "status", "status": 500}, Reason.SERVER_ERROR),
    ("503", {"kind": "status", "status": 503}, Reason.SERVER_ERROR),
    ("401", {"kind": "status", "status": 401}, Reason.AUTH),
    ("403", {"kind": "status", "status": 403}, Reason.AUTH),
    ("404", {"kind": "status", "status": 404}, Reason.BAD_REQUEST),
    ("400", {"kind": "status", "status": 400}, Reason.BAD_REQUEST),
    ("422", {"kind": "status", "status": 422}, Reason.BAD_REQUEST),
    ("overflow", {"kind": "status", "status": 400, "code": "context_length_exceeded"}, Reason.CONTEXT_OVERFLOW),
    (
        "llama-overflow",
        {"kind": "status", "status": 400, "message": "exceeds the context size"},
        Reason.CONTEXT_OVERFLOW,
    ),
    ("redirect", {"kind": "redirect"}, Reason.GARBAGE),
    ("html", {"kind": "html"}, Reason.GARBAGE),
    ("no-choices", {"kind": "no_choices"}, Reason.GARBAGE),
    ("garbage", {"kind": "garbage"}, Reason.GARBAGE),
    ("error-in-the-stream", {"kind": "stream_error"}, Reason.SERVER_ERROR),
    ("too-large", {"kind": "huge"}, Reason.CUT),
    ("reset", {"kind": "reset"}, Reason.CUT),
    ("cut", {"kind": "cut"}, Reason.CUT),
    ("cut-in-good-order", {"kind": "short"}, Reason.CUT),
    ("bad-tool-json", {"kind": "bad_tool_json"}, Reason.UNUSABLE),
    ("unknown-tool", {"kind": "unknown_tool"}, Reason.UNUSABLE),
    ("empty", {"kind": "empty"}, Reason.UNUSABLE),
]
SILENT = frozenset({"hang", "hang_after_headers", "stall", "chatter"})


@pytest.mark.parametrize(("fault", "reason"), [pytest.param(*one[1:], id=one[0]) for one in FAULTS])
async def test_rules_answer_when_the_model_does_not(
    agent: Agent, llm: State, fault: dict[str, Any], reason: Reason
) -> None:
    llm.order(fault)
    if fault["kind"] in SILENT:
        await agent.hurry(patience=0.3, whole=60)
    answered = await agent.ask("oi")
    assert RULES_SAY in answered.text
    assert answered.modes == [{"mode": "basic", "reason": reason.value}]
    assert (agent.context.spend.calls, len(llm.bodies)) == (1, 1)


async def test_rules_answer_when_nothing_listens(agent: Agent) -> None:
    agent.context.model = chat_model(settings_of(f"http://127.0.0.1:{free_port()}/v1"))
    answered = await agent.ask("oi")
    assert RULES_SAY in answered.text
    assert answered.modes == [{"mode": "basic", "reason": "refused"}]
    assert agent.context.breaker.standing.phase is Phase.OPEN
    await close(agent.context.model)


async def test_without_a_model_rules_answer_and_nobody_is_asked(agent: Agent, llm: State) -> None:
    await close(agent.context.model)
    agent.context.model = chat_model(settings_of("", llm_api_key=""))
    answered = await agent.ask("oi")
    assert RULES_SAY in answered.text
    assert answered.modes == [{"mode": "basic", "reason": OFF}]
    assert (list(llm.bodies), agent.context.spend.calls) == ([], 0)


async def test_a_model_that_is_well_answers_word_by_word_and_is_counted(agent: Agent, llm: State) -> None:
    llm.say("Tudo certo por aqui, vamos em frente.")
    answered = await agent.ask("oi")
    assert answered.text == "Tudo certo por aqui, vamos em frente."
    assert answered.modes == [{"mode": "ai"}]
    assert len(answered.tokens) > 3
    spend = agent.context.spend
    assert (spend.calls, spend.input_tokens, spend.output_tokens) == (1, 100, 20)


async def test_a_long_answer_that_comes_steadily_is_heard_to_its_end(agent: Agent, llm: State) -> None:
    """It takes longer than the patience: the limit is on silence."""
    words, pause, patience = 20, 0.1, 1.0
    await agent.hurry(patience=patience, whole=60)
    llm.order({"kind": "slow", "seconds": pause})
    llm.say("palavra " * words)
    assert words * pause > patience
    answered = await agent.ask("oi")
    assert answered.text.split() == ["palavra"] * words
    assert answered.modes == [{"mode": "ai"}]


async def test_an_answer_that_never_ends_is_left_at_the_limit_on_the_whole(agent: Agent, llm: State) -> None:
    await agent.hurry(patience=30, whole=0.5)
    llm.order({"kind": "slow", "seconds": 0.02})
    llm.say("palavra " * 2_000)
    answered = await agent.ask("oi")
    assert RULES_SAY in answered.text
    assert answered.modes == [{"mode": "basic", "reason": "timeout"}]


async def test_what_was_half_said_is_followed_by_the_word_that_takes_it_back(agent: Agent, llm: State) -> None:
    llm.order({"kind": "stall"})
    await agent.hurry(patience=0.3, whole=60)
    answered = await agent.ask("oi")
    assert "".join(answered.tokens) == "Estou aqui "
    assert RULES_SAY in answered.text
    assert "Estou aqui" not in answered.text
    assert answered.modes == [{"mode": "basic", "reason": "stalled"}]


async def test_the_rules_take_over_in_the_middle_of_a_turn_with_what_the_tools_did(agent: Agent, llm: State) -> None:
    """The model called a tool and then died: the result is explained, and nothing is called twice."""
    agent.results["check_page"] = {"status": "failed", "code": "url_http_only", "playbook": "**Sem HTTPS**\n1. Peça."}
    llm.call("check_page", url="loja.example/curso")
    llm.order({"kind": "slow", "seconds": 0, "times": 1}, {"kind": "html"})
    answered = await agent.ask("minha página é loja.example/curso")
    assert answered.text == "**Sem HTTPS**\n1. Peça."
    assert answered.modes == [{"mode": "ai"}, {"mode": "basic", "reason": "garbage"}]
    assert agent.calls == [("check_page", {"url": "loja.example/curso"})]


async def test_rules_call_the_tool_that_the_model_would_have_called(agent: Agent, llm: State) -> None:
    llm.order({"kind": "status", "status": 500})
    agent.context.fresh = facts_of(status={"url": "verified"})
    answered = await agent.ask("a página é loja.example/curso")
    assert agent.calls == [("check_page", {"url": "loja.example/curso"})]
    assert RULES_SAY in answered.text


async def test_an_endpoint_that_is_well_again_is_given_back(
    agent: Agent, llm: State, move: Callable[[float], None]
) -> None:
    llm.order({"kind": "status", "status": 500, "times": 3})
    llm.say("Voltei.")
    for _ in range(3):
        assert (await agent.ask("oi")).modes[-1]["mode"] == "basic"
    assert (await agent.ask("oi")).modes == [{"mode": "basic", "reason": "server_error"}]
    assert len(llm.bodies) == 3
    move(20)
    answered = await agent.ask("oi")
    assert (answered.text, answered.modes) == ("Voltei.", [{"mode": "ai"}])
    assert agent.context.breaker.standing.phase is Phase.CLOSED


async def test_a_throttled_endpoint_is_left_alone_as_long_as_it_asked(
    agent: Agent, llm: State, move: Callable[[float], None]
) -> None:
    llm.order({"kind": "status", "status": 429, "retry_after": "90", "times": 1})
    await agent.ask("oi")
    move(89)
    await agent.ask("oi")
    assert len(llm.bodies) == 1
    move(1)
    assert (await agent.ask("oi")).modes == [{"mode": "ai"}]


async def test_an_answer_that_nobody_can_use_says_nothing_against_the_endpoint(agent: Agent, llm: State) -> None:
    llm.order({"kind": "unknown_tool", "times": 4})
    for _ in range(4):
        await agent.ask("oi")
    assert agent.context.breaker.standing.phase is Phase.CLOSED
    assert agent.calls == []


@pytest.mark.parametrize("error", [KeyError("x"), TypeError("x"), AssertionError("x"), ValueError("x")])
async def test_a_defect_in_a_tool_goes_up(agent: Agent, llm: State, error: Exception) -> None:
    agent.results["read_status"] = error
    llm.call("read_status")
    with pytest.raises(type(error)):
        await agent.ask("status")


class Broken(BaseChatModel):
    """Ours, and defective."""

    error: Any

    @property
    def _llm_type(self) -> str:
        return "broken"

    def bind_tools(self, tools: Any, **_options: Any) -> Any:
        return self

    def _generate(self, *_given: Any, **_options: Any) -> ChatResult:
        raise self.error


@pytest.mark.parametrize(
    "error", [KeyError("x"), TypeError("x"), ValueError("x"), AssertionError("x"), TimeoutError("x")]
)
async def test_a_defect_in_the_model_of_ours_goes_up_and_frees_the_probe(
    agent: Agent, llm: State, move: Callable[[float], None], error: Exception
) -> None:
    well, agent.context.model = agent.context.model, Broken(error=error)
    with pytest.raises(type(error)):
        await agent.ask("oi")
    agent.context.breaker.failed(agent.context.breaker.admit(), Reason.REFUSED)  # type: ignore[arg-type]
    move(20)
    with pytest.raises(type(error)):
        await agent.ask("oi")
    assert agent.context.breaker.standing.phase is Phase.OPEN
    agent.context.model = well
    assert (await agent.ask("oi")).modes == [{"mode": "ai"}]


class Careless(AgentMiddleware[Any, Any]):
    async def awrap_model_call(self, request: Any, handler: Any) -> Any:
        await handler(request)
        raise ValueError("a defect")


async def test_a_defect_in_another_middleware_goes_up(agent: Agent) -> None:
    with pytest.raises(ValueError, match="a defect"):
        await agent.ask("oi", middleware=(Careless(),))


@pytest.mark.parametrize("name", ["_get_request_payload", "_convert_chunk_to_generation_chunk"])
async def test_a_defect_on_the_way_to_the_endpoint_or_back_goes_up(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def broken(*_given: Any, **_options: Any) -> Any:
        raise KeyError("a defect")

    monkeypatch.setattr(HubChatModel, name, broken)
    with pytest.raises(KeyError, match="a defect"):
        await agent.ask("oi")


async def test_a_request_that_a_cassette_does_not_hold_is_not_hidden(agent: Agent, tmp_path: Any) -> None:
    empty = VCR(record_mode=RecordMode.NONE).use_cassette(str(tmp_path / "empty.yaml"))
    with empty, pytest.raises(CannotOverwriteExistingCassetteException):
        await agent.ask("oi")
    assert agent.context.breaker.standing.phase is Phase.CLOSED


async def test_a_run_that_is_cancelled_says_nothing_about_the_endpoint(agent: Agent, llm: State) -> None:
    llm.order({"kind": "hang"})
    running = asyncio.create_task(agent.ask("oi"))
    await asyncio.wait_for(llm.asked.wait(), 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert agent.context.breaker.standing.phase is Phase.CLOSED


async def test_the_request_is_what_was_set_and_says_no_key(agent: Agent, llm: State) -> None:
    await agent.ask("oi")
    asked = orjson.loads(llm.bodies[0])
    assert (asked["model"], asked["stream"], asked["stream_options"]) == ("simulated", True, {"include_usage": True})
    assert (asked["temperature"], asked["max_completion_tokens"], "seed" in asked) == (0.0, 400, False)
    assert [tool["function"]["name"] for tool in asked["tools"]] == ["read_status", "check_page"]
    assert (list(llm.authorizations), "the-key" in llm.bodies[0]) == (["Bearer the-key"], False)


async def test_a_proxy_of_the_environment_is_not_used(
    agent: Agent, llm_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    made = chat_model(settings_of(llm_url, llm_seed=7))
    agent.context.model = made
    assert (await agent.ask("oi")).modes == [{"mode": "ai"}]
    await close(made)


async def test_a_failure_is_logged_without_what_the_endpoint_said(agent: Agent, llm: State) -> None:
    llm.order({"kind": "status", "status": 401, "message": "Incorrect API key provided: the-key"})
    with structlog.testing.capture_logs() as logs:
        await agent.ask("oi")
    assert {entry["event"] for entry in logs} == {"llm_failed", "llm_breaker_opened"}
    assert "the-key" not in str(logs)


async def test_models_that_are_none_are_not_made() -> None:
    assert chat_model(settings_of("", llm_api_key="")) is None
    keyless = chat_model(settings_of("http://127.0.0.1:9/v1", llm_api_key=""))
    assert keyless is not None
    assert "the-key" not in repr(keyless)
    await close(keyless)
    await close(None)
