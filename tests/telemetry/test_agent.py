"""A turn of a chat and what the setup did for it: who was asked, which tool ran, without a word of anybody."""

import json
from collections.abc import AsyncIterator

import pytest

from agent.setup.runner import Runner
from tests.agent.chatting import Chat, calls, says
from tests.agent.conftest import PREFERENCES, Session, runner, session
from tests.agent.test_chat import chat
from tests.telemetry.receiver import Received, Receiver
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.logging import configure_logging
from tracking_core.models import SecretKind
from tracking_core.secrets import vault
from tracking_core.settings import Settings
from tracking_core.setup.inbox import IntentKind
from tracking_core.telemetry import tracing
from tracking_core.tenants import service as tenants

__all__ = ["chat", "runner", "session"]


@pytest.fixture(autouse=True)
async def traced(database: Settings, receiver: Receiver) -> AsyncIterator[None]:
    update = {"otlp_endpoint": receiver.url, "telemetry_ratio": 1.0}
    tracing.start(Settings.model_validate({**database.model_dump(), **update}), "worker")
    yield
    tracing.stop()


async def test_a_turn_is_a_trace_of_its_model_and_its_tools(chat: Chat, receiver: Receiver) -> None:
    words = "hm, o que a lei pede? o meu e-mail é maria.planted@example.com"
    await chat.answer(words, calls("read_status"), says("Pronto."))
    tracing.stop()
    [turn] = receiver.named("invoke_agent chat")
    assert turn.attributes["gen_ai.conversation.id"] == str(chat.session.id)
    assert turn.attributes["hub.outcome"] == "answered"
    asked = [one for one in receiver.spans if one.attributes.get("gen_ai.operation.name") == "chat"]
    assert (asked[0].attributes["gen_ai.usage.input_tokens"], asked[0].trace) == (100, turn.trace)
    [tool] = receiver.named("execute_tool read_status")
    assert (tool.trace, tool.attributes["hub.outcome"]) == (turn.trace, "done")
    assert b"maria.planted" not in b"".join(receiver.bodies)
    assert b"a lei pede" not in b"".join(receiver.bodies)


async def test_an_intent_is_a_trace_of_its_steps_and_its_lines_say_so(
    session: Session, runner: Runner, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO")
    dataset = {"dataset_id": "1234567890", "access_token": await _of_another_kind(session)}
    await session.ask(PREFERENCES, {"consent_mode": "opt_in"})
    await session.ask(IntentKind.VALIDATE_META, dataset)
    await runner.drain(session.id)
    tracing.stop()
    preferences, meta = receiver.named("setup.intent")
    assert [one.attributes["hub.intent"] for one in (preferences, meta)] == [PREFERENCES, IntentKind.VALIDATE_META]
    assert "setup.set_preferences" in _names(receiver, preferences)
    [check] = receiver.named("setup.validate_meta")
    [tool] = receiver.named("execute_tool validate_meta_token")
    assert (check.parent, tool.parent, tool.attributes["hub.outcome"]) == (meta.id, check.id, "failed")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert {(line["tenant_id"], line["setup_session_id"], line["trace_id"]) for line in lines} == {
        (str(session.tenant_id), str(session.id), meta.trace)
    }


async def _of_another_kind(owner: Session) -> str:
    """A secret that is kept and opens for something else: refusing it is worth a line."""
    async with transaction() as session:
        tenant = await tenants.get(session, owner.tenant_id)
        kept = await vault.put(
            session, tenant=tenant, kind=SecretKind.WEBHOOK_SECRET, value="a-secret-of-the-shop", actor="seller",
            session_id=owner.id, now=clock.now(),
        )  # fmt: skip
    return kept.reference


def _names(receiver: Receiver, root: Received) -> list[str]:
    return [one.name for one in receiver.spans if one.trace == root.trace]
