"""People in Chatwoot have the case: taking, answering and closing it there is taking, answering and closing it here."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import httpx
import orjson
import pytest
from pydantic import SecretStr
from sqlmodel import col, select

from api.app import create_app
from evals.simulators.chatwoot.shapes import conversation_event, message_event
from evals.simulators.chatwoot.state import State
from tests.notifications.desk import Desk, serving_hub
from tests.notifications.world import Case, open_case
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.kit import clock
from tracking_core.kit.json_http import tls_context
from tracking_core.models import SetupHandoff, SetupMessage
from tracking_core.notifications.drain import drain_notifications
from tracking_core.notifications.kinds import Kind
from tracking_core.settings import Settings

TOKEN = "planted-webhook-token-0123456789"


@dataclass
class There:
    """A case that Chatwoot has, with its webhooks leading back to the hub."""

    case: Case
    desk: Desk
    state: State
    address: str
    conversation_id: int

    async def handoff(self) -> SetupHandoff:
        async with transaction() as session:
            return await session.get_one(SetupHandoff, self.case.id)

    async def released(self) -> None:
        """By the operator, in the hub."""
        settings = self.case.settings
        async with transaction() as session:
            await handoffs.release(session, self.case.id, "Olga", now=clock.now(), settings=settings, is_operator=True)

    async def told_to_seller(self) -> list[str]:
        query = select(SetupMessage.text).where(SetupMessage.role == "support").order_by(col(SetupMessage.created_at))
        async with transaction() as session:
            return list((await session.scalars(query)).all())

    async def post(self, event: Mapping[str, object]) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=10, verify=tls_context()) as client:
            return await client.post(self.address, json=event)


@pytest.fixture
async def there(
    database: Settings, by_chatwoot: Settings, chatwoot: State, running_chatwoot: tuple[State, str]
) -> AsyncIterator[There]:
    values = {"chatwoot_webhook_token": SecretStr(TOKEN), "redis_url": database.redis_url}
    settings = by_chatwoot.model_copy(update=values)
    async with serving_hub(settings) as url:
        address = f"{url}/webhooks/chatwoot/{TOKEN}"
        chatwoot.account = chatwoot.account.model_copy(update={"webhook_url": address})
        case = await open_case(settings)
        await case.tell(Kind.CREATED)
        await drain_notifications(settings)
        desk = Desk(running_chatwoot[1])
        await desk.everything()
        yield There(case, desk, chatwoot, address, chatwoot.conversations[0].id)
        await desk.everything()


async def test_what_the_hub_does_itself_comes_back_and_changes_nothing(there: There) -> None:
    everything = await there.desk.everything()
    events = {one["event"] for one in everything["webhooks"]}
    assert {"conversation_created", "message_created", "conversation_updated"} <= events
    assert {one["status"] for one in everything["webhooks"]} == {200}
    assert (await there.handoff()).state == "open"
    assert await there.told_to_seller() == []


@pytest.mark.parametrize("silently", [False, True])
async def test_an_assignee_takes_the_case_and_resolving_closes_it(there: There, silently: bool) -> None:
    """``silently``: told as an update only, as auto-assignment does."""
    await there.desk.moved(there.conversation_id, status="snoozed")
    await there.desk.moved(there.conversation_id, assignee="Ana", status="open", silently=silently)
    handoff = await there.handoff()
    assert (handoff.state, handoff.owner) == ("taken", "Ana")
    await there.desk.moved(there.conversation_id, status="resolved")
    assert (await there.handoff()).state == "resolved"


async def test_pending_gives_the_case_back_to_the_agent(there: There) -> None:
    await there.desk.moved(there.conversation_id, assignee="Ana")
    await there.desk.moved(there.conversation_id, status="pending")
    assert (await there.handoff()).state == "returned"


async def test_an_answer_reaches_the_seller_once_and_a_private_note_never(there: There) -> None:
    await there.desk.said(there.conversation_id, "Olá, Maria!")
    await there.desk.said(there.conversation_id, "só entre nós", private=True)
    again = message_event(there.state, there.state.messages[-2])
    assert (await there.post(again)).json() == {"status": "done"}
    assert await there.told_to_seller() == ["Olá, Maria!"]
    assert (await there.handoff()).owner == "Ana"


async def test_a_colleague_who_answers_has_the_case_from_then_on(there: There) -> None:
    await there.desk.said(there.conversation_id, "Um.", agent="Ana")
    await there.desk.said(there.conversation_id, "Dois.", agent="Bia")
    assert await there.told_to_seller() == ["Um.", "Dois."]
    assert (await there.handoff()).owner == "Bia"


async def test_an_update_that_only_repeats_the_assignee_takes_no_case_from_a_colleague(there: There) -> None:
    await there.desk.said(there.conversation_id, "Um.", agent="Bia")
    conversation = there.state.conversations[0]
    conversation.assignee = {"id": 77, "name": "Ana", "type": "user"}
    repeated = conversation_event(there.state, conversation, "conversation_updated", {"priority": ("high", "low")})
    assert (await there.post(repeated)).status_code == 200
    assert (await there.handoff()).owner == "Bia"


async def test_a_case_released_here_is_not_taken_again_by_what_chatwoot_repeats(there: There) -> None:
    await there.desk.moved(there.conversation_id, assignee="Ana")
    await there.released()
    await drain_notifications(there.case.settings)
    conversation = there.state.conversations[0]
    echo = conversation_event(there.state, conversation, "conversation_updated", {"priority": ("high", "low")})
    assert (await there.post(echo)).status_code == 200
    assert (await there.handoff()).state == "open"
    await there.desk.moved(there.conversation_id, assignee="Bia", silently=True)
    assert (await there.handoff()).owner == "Bia"


async def test_a_case_released_here_is_taken_when_its_conversation_moves(there: There) -> None:
    await there.desk.moved(there.conversation_id, assignee="Ana")
    await there.released()
    await there.desk.moved(there.conversation_id, status="snoozed")
    assert (await there.handoff()).state == "open"
    await there.desk.moved(there.conversation_id, status="open")
    assert (await there.handoff()).owner == "Ana"


async def test_an_answer_after_the_end_is_told_to_be_lost(there: There) -> None:
    await there.desk.moved(there.conversation_id, status="resolved")
    await drain_notifications(there.case.settings)
    await there.desk.said(there.conversation_id, "Mais uma coisa")
    await drain_notifications(there.case.settings)
    assert await there.told_to_seller() == []
    note = there.state.messages[-1]
    assert note.private
    assert str(note.content).startswith("Sua última resposta não chegou ao vendedor")


async def test_the_hub_that_opened_the_conversation_with_an_agents_key_has_not_taken_the_case(
    database: Settings, by_chatwoot: Settings, chatwoot: State, running_chatwoot: tuple[State, str]
) -> None:
    values = {"chatwoot_webhook_token": SecretStr(TOKEN), "redis_url": database.redis_url}
    settings = by_chatwoot.model_copy(update=values)
    async with serving_hub(settings) as url:
        changed = {"webhook_url": f"{url}/webhooks/chatwoot/{TOKEN}", "role": "agent", "has_bot": True, "user_id": 5}
        chatwoot.account = chatwoot.account.model_copy(update=changed)
        case = await open_case(settings)
        await case.tell(Kind.CREATED)
        await drain_notifications(settings)
        await Desk(running_chatwoot[1]).everything()
    assert chatwoot.conversations[0].assignee is not None
    async with transaction() as session:
        assert (await session.get_one(SetupHandoff, case.id)).state == "open"


async def test_another_conversation_or_account_that_names_the_case_is_ignored(there: There) -> None:
    await there.desk.said(there.conversation_id, "Olá")
    event = message_event(there.state, there.state.messages[-1]) | {"id": 999, "content": "forjado"}
    elsewhere = orjson.loads(orjson.dumps(event))
    elsewhere["conversation"]["id"] = 555
    assert (await there.post(elsewhere)).json() == {"status": "ignored"}
    assert (await there.post(event | {"account": {"id": 2}})).json() == {"status": "ignored"}
    assert await there.told_to_seller() == ["Olá"]


async def test_without_the_right_token_there_is_no_such_address(there: There) -> None:
    event = {"event": "conversation_updated"}
    for wrong in ("", "x", TOKEN[:-1], TOKEN + "x", "é"):
        there.address = there.address.rpartition("/")[0] + "/" + wrong
        assert (await there.post(event)).status_code == 404


async def test_without_a_configured_token_there_is_no_address_at_all(database: Settings, by_chatwoot: Settings) -> None:
    without = by_chatwoot.model_copy(update={"redis_url": database.redis_url})
    async with serving_hub(without) as url, httpx.AsyncClient(trust_env=False, verify=tls_context()) as client:
        assert (await client.post(f"{url}/webhooks/chatwoot/", json={})).status_code == 404
        assert (await client.post(f"{url}/webhooks/chatwoot/x", json={})).status_code == 404


async def test_a_body_that_is_no_object_or_too_large_is_refused(there: There) -> None:
    async with httpx.AsyncClient(trust_env=False, verify=tls_context()) as client:
        assert (await client.post(there.address, content=b"[1]")).status_code == 400
        assert (await client.post(there.address, content=b"{")).status_code == 400
        assert (await client.post(there.address, content=b" " * 1_048_577)).status_code == 413


async def test_the_hubs_application_has_the_address(database: Settings, by_chatwoot: Settings) -> None:
    values = {"chatwoot_webhook_token": SecretStr(TOKEN), "redis_url": database.redis_url}
    app = create_app(by_chatwoot.model_copy(update={**values, "database_url": database.database_url}))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        answer = await client.post(f"/webhooks/chatwoot/{TOKEN}", json={"event": "conversation_updated"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ignored"})
