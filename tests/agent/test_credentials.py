"""Whose credentials they are: what was given for one gateway is never sent to another."""

from typing import Any

import pytest

from agent.setup.nodes import checks
from agent.setup.runner import Runner
from tests.agent.chatting import Chat, chat, says
from tests.agent.configured import kept
from tests.agent.done import done
from tracking_core.models import SecretKind, SetupActionLog
from tracking_core.setup.inbox import IntentKind

__all__ = ["chat"]
ID, SECRET, HOTTOK = SecretKind.GATEWAY_CLIENT_ID, SecretKind.GATEWAY_CLIENT_SECRET, SecretKind.WEBHOOK_SECRET


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the gateways were asked with. Hotmart takes it, Kiwify does not."""
    asked_with: list[dict[str, Any]] = []

    async def check(context: Any, intent_id: Any, asked: Any) -> SetupActionLog:
        asked_with.append(asked.model_dump(mode="json"))
        is_taken = asked.gateway == "hotmart"
        code = "gateway_ok" if is_taken else "gateway_wrong_credentials"
        return done(context, intent_id, "validate_gateway_credentials", code, is_taken=is_taken)

    monkeypatch.setattr(checks, "validate_gateway_credentials", check)
    return asked_with


async def test_what_opens_one_gateway_is_not_sent_to_another_and_keeps_what_was_verified(
    chat: Chat, runner: Runner, checked: list[dict[str, Any]]
) -> None:
    session = chat.session
    hotmart = {
        "client_id": await kept(session, ID, "hotmart-client"),
        "client_secret": await kept(session, SECRET, "a"),
    }
    hook = await kept(session, HOTTOK, "hottok-of-the-shop")
    payload = {"gateway": "hotmart", "credentials": hotmart, "webhook_secret": hook}
    await session.ask(IntentKind.VALIDATE_GATEWAY, payload)
    await runner.drain(session.id)

    said = await chat.answer("agora quero ligar a kiwify tambem, o account id e aB3dE9fGh12")
    assert [one["gateway"] for one in checked] == ["hotmart"]
    assert "client ID e client secret" in said

    kiwify = {"client_id": await kept(session, ID, "kiwify-client"), "client_secret": await kept(session, SECRET, "b")}
    chat.model.script = [says("Confira os dois.")]
    given = [{"kind": ID.value}, {"kind": SECRET.value}]
    await chat.say(f"client id {kiwify['client_id']} client secret {kiwify['client_secret']}", secrets=given)
    await chat.runner.drain(session.id)
    assert checked[1]["credentials"] == {**kiwify, "basic": None, "account_id": "aB3dE9fGh12"}
    assert checked[1]["webhook_secret"] is None
    row = await session.row()
    assert (row.stages["gateway"]["status"], row.facts["gateway"]["name"]) == ("action_required", "hotmart")

    await chat.answer("verifica a hotmart de novo")
    assert (checked[2]["gateway"], checked[2]["webhook_secret"]) == ("hotmart", hook)
    assert checked[2]["credentials"] == {**hotmart, "basic": None, "account_id": None}
    assert (await session.row()).stages["gateway"]["status"] == "verified"
