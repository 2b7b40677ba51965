"""An export holds all of one person, nobody else's, and no secret; nothing of it is kept."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import orjson

from tests.api.conftest import Tenant, client, new_tenant, rows, tenant
from tests.pipeline.conftest import SECRET, ScriptedMeta, Shop
from tests.pipeline.test_sales import later, track
from tests.pipeline.test_sales import rows as read
from tracking_core.consent.recording import record_new
from tracking_core.db.engine import transaction
from tracking_core.handoff.contact import Contact, keep_contact
from tracking_core.kit import clock
from tracking_core.models import Role, SetupMessage, SetupSession
from tracking_core.portability.export import SCHEMA
from tracking_core.portability.sections import SECTIONS, without_credentials
from tracking_core.settings import Settings
from tracking_core.setup import sessions
from tracking_core.tenants import service as tenants
from tracking_core.users import service as users
from tracking_core.users.actor import actor_of

__all__ = ["client", "rows", "tenant"]
ANA, BETO = "ana@loja.example", "beto@loja.example"
Sections = dict[str, list[dict[str, Any]]]


async def shop_of(tenant: Tenant, settings: Settings) -> Shop:
    async with transaction() as session:
        connection = await tenants.connect_meta(session, tenant.id, "1234567890", "EAAtesttoken", actor="test")
    return Shop(settings, ScriptedMeta(), tenant.id, connection.id)


async def bought(shop: Shop, sale_id: str, email: str) -> None:
    click = await track(shop, email=email, consent_ads=True, consent_version="2026-01")
    await shop.webhook(sale_id, email=email, phone="", click_id=click["click_id"])


async def exported(client: httpx.AsyncClient, tenant: Tenant, kind: str, value: str) -> Sections:
    asked = {"kind": kind, "value": value}
    answer = await client.post("/api/v1/privacy/export", json=asked, headers=tenant.bearer)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    document = answer.json()
    assert (document["schema"], document["asked_by"], document["is_complete"]) == (SCHEMA, kind, True)
    assert list(document["sections"]) == [section.name for section in SECTIONS]
    assert document["rows"] == sum(map(len, document["sections"].values()))
    return document["sections"]  # type: ignore[no-any-return]


def filled(sections: Sections) -> dict[str, int]:
    return {name: len(found) for name, found in sections.items() if found}


async def test_a_buyer_gets_all_that_is_theirs_and_nothing_of_others(
    client: httpx.AsyncClient, tenant: Tenant, database: Settings, rows: Callable[[], bytes]
) -> None:
    shop = await shop_of(tenant, database)
    await bought(shop, "HP-ANA", ANA)
    await bought(shop, "HP-BETO", BETO)
    await shop.process()
    await shop.deliver()
    later(seconds=61)
    await record_new()
    found = await exported(client, tenant, "email", "  Ana@Loja.example ")
    assert filled(found) == {
        "tracking_events": 1,
        "sales": 1,
        "matches": 1,
        "told_to_meta": 1,
        "answers_of_meta": 1,
        "webhooks": 1,
        "consents": 1,
    }
    [sale], [told], [webhook], [proof] = (found[name] for name in ("sales", "told_to_meta", "webhooks", "consents"))
    assert (sale["sale_id"], sale["amount"]) == ("HP-ANA", "197.0000")
    assert (told["sale"], told["state"], told["event"]["event_name"]) == (sale["id"], "delivered", "Purchase")
    assert ANA in json.dumps(webhook["body"])
    assert (proof["granted"], proof["text_version"]) == (True, "2026-01")
    text = json.dumps(found)
    assert BETO not in text
    assert "HP-BETO" not in text
    assert SECRET not in text
    by_order = await exported(client, tenant, "order", "HP-ANA")
    assert filled(by_order)["sales"] == 1
    audited = await read("SELECT subject, details FROM audit_log WHERE action = 'privacy.exported' ORDER BY id")
    assert [one["details"] for one in audited] == [{"kind": "email"}, {"kind": "order"}]
    assert ANA.encode() not in rows()


async def test_another_tenant_holds_nothing_of_them_and_a_stranger_gets_none(
    client: httpx.AsyncClient, tenant: Tenant, database: Settings
) -> None:
    shop = await shop_of(tenant, database)
    await bought(shop, "HP-ANA", ANA)
    await shop.process()
    other = await new_tenant("Outra loja")
    assert filled(await exported(client, other, "email", ANA)) == {}
    wrong = {"kind": "email", "value": "not an address of mine"}
    answer = await client.post("/api/v1/privacy/export", json=wrong, headers=tenant.bearer)
    assert (answer.status_code, answer.json()["code"]) == (422, "identifier_email_malformed")
    assert "not an address" not in answer.text
    assert (await client.post("/api/v1/privacy/export", json=wrong)).status_code == 401


async def test_a_seller_gets_their_account_setups_and_chat(
    client: httpx.AsyncClient, tenant: Tenant, database: Settings
) -> None:
    async with transaction() as session:
        user = await users.invite(session, ANA, "Ana", Role.SELLER, actor="test", tenants=[tenant.id], locale="en")
        made = await sessions.create(session, tenant.id, caller=tenant.id, actor=actor_of(user))
        cipher = tenants.cipher_of(await tenants.get(session, tenant.id))
        keep_contact(made, Contact(name="Ana", email=ANA), cipher)
        session.add(
            SetupMessage(
                session_id=made.id,
                tenant_id=tenant.id,
                client_id="1",
                role="seller",
                text="my token is secret:0",
                secrets=[{"reference": "secret:0", "last4": "9999"}],
            )
        )
        elsewhere = SetupSession(tenant_id=tenant.id, created_by="test", stages={}, created_at=clock.now())
        session.add(elsewhere)
    found = await exported(client, tenant, "email", ANA)
    assert filled(found) == {"accounts": 1, "setups": 1, "chat": 1}
    assert found["accounts"][0]["email"] == ANA
    assert found["setups"][0]["contact"] == {"name": "Ana", "email": ANA, "phone": None}
    assert found["chat"][0]["text"] == "my token is secret:0"
    assert "9999" not in json.dumps(found)


def test_what_proves_a_webhook_is_masked_wherever_it_stands() -> None:
    body = orjson.loads(b'{"hottok": "x", "data": [{"Token": "x", "email": "ana@loja.example"}]}')
    assert without_credentials(body) == {"hottok": "***", "data": [{"Token": "***", "email": "ana@loja.example"}]}
