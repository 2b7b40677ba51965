"""What is told of a configuration in use is what is in use."""

from typing import Any

import pytest
from sqlmodel import select

from agent.setup.nodes import checks
from agent.setup.runner import Runner
from tests.agent.chatting import Chat, chat
from tests.agent.configured import approve, ask, change, configured, kept, waiting
from tests.agent.conftest import PREFERENCES, Session
from tests.agent.done import done
from tests.configuration.world import DATASET, DATASET_NAME
from tracking_core.configuration.ledger import applied
from tracking_core.db.engine import transaction
from tracking_core.models import SecretKind, SetupActionLog, SetupMessage
from tracking_core.setup.inbox import IntentKind

__all__ = ["chat", "configured"]
HELD = "UPDATE meta_connections SET state = 'on_hold', held_at = :now WHERE tenant_id = :tenant"
NOT_STARTED = ("not_started", None)


async def test_the_last_change_taken_back_is_told_as_that_and_the_rest_by_name(
    configured: Session, runner: Runner
) -> None:
    await ask(configured, runner, IntentKind.ROLLBACK, scope="last")
    assert await approve(configured, runner) == "setup_last_undone"
    row, stages = await configured.row(), await _stages(configured)
    assert row.state == "awaiting_seller"
    assert stages["configuration"] == ("action_required", "setup_last_undone")
    assert stages["proof"] == NOT_STARTED
    standing = row.stages["configuration"]["params"]["standing"]
    assert f"a conexão com o conjunto de dados da Meta {DATASET_NAME} ({DATASET})" in standing
    assert "o endereço dos webhooks da Hotmart; o webhook no painel da Hotmart" in standing
    assert "versão" not in standing

    await ask(configured, runner, IntentKind.ROLLBACK, scope="all")
    assert await approve(configured, runner) == "setup_undone"
    row, stages = await configured.row(), await _stages(configured)
    assert (row.state, stages["configuration"], stages["proof"]) == ("rolled_back", NOT_STARTED, NOT_STARTED)
    async with transaction() as opened:
        assert await applied(opened, configured.id) == []


async def test_what_still_stands_can_be_taken_back_in_the_chat(configured: Session, runner: Runner, chat: Chat) -> None:
    await ask(configured, runner, IntentKind.ROLLBACK, scope="last")
    await approve(configured, runner)
    assert "O plano está pronto" in await chat.answer("desfaz tudo")


async def test_sales_on_hold_want_another_token_and_no_plan(
    configured: Session, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    await change(HELD, configured.tenant_id)
    await ask(configured, runner, PREFERENCES, consent_mode="opt_in")
    stages = await _stages(configured)
    assert stages["configuration"] == ("verified", None)
    assert stages["meta"] == ("action_required", "doctor_connection_on_hold")
    assert await ask(configured, runner, IntentKind.REQUEST_PLAN) == "config_incomplete"
    assert await waiting(configured) is None

    monkeypatch.setattr(checks, "validate_meta_token", _taken)
    token = await kept(configured, SecretKind.META_ACCESS_TOKEN, "EAAanotherToken00000000000000000001")
    await ask(configured, runner, IntentKind.VALIDATE_META, dataset_id=DATASET, access_token=token)
    stages = await _stages(configured)
    assert (stages["meta"][0], stages["configuration"]) == ("verified", ("action_required", "setup_changed"))
    await ask(configured, runner, IntentKind.REQUEST_PLAN)
    assert await waiting(configured) is not None


async def test_an_approval_that_meets_changed_facts_is_answered_with_a_word(
    configured: Session, runner: Runner
) -> None:
    await ask(configured, runner, PREFERENCES, consent_mode="opt_out", browser_events=[])
    await ask(configured, runner, IntentKind.REQUEST_PLAN)
    before = await waiting(configured)
    await change("UPDATE tenants SET consent_mode = 'opt_out' WHERE id = :tenant", configured.tenant_id)
    assert await approve(configured, runner) == "setup_plan_superseded"
    after = await waiting(configured)
    assert before is not None
    assert after is not None
    assert after.plan_hash != before.plan_hash
    assert (await _stages(configured))["configuration"] == ("action_required", "setup_plan_superseded")
    assert await _said(configured) == ["setup_plan_superseded"]


async def _stages(session: Session) -> dict[str, tuple[str, str | None]]:
    stages = (await session.row()).stages
    return {name: (one["status"], one.get("code")) for name, one in stages.items()}


async def _said(session: Session) -> list[str | None]:
    async with transaction() as opened:
        return list(
            (await opened.scalars(select(SetupMessage.code).where(SetupMessage.session_id == session.id))).all()
        )


async def _taken(context: Any, intent_id: Any, asked: Any) -> SetupActionLog:
    facts = {"dataset_name": DATASET_NAME}
    return done(context, intent_id, "validate_meta_token", "meta_ok", is_taken=True, facts=facts)
