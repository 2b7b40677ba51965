"""The chat's edge: a message is kept once, and nothing secret in it is kept at all."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.conftest import Tenant, new_tenant
from tests.api.setups import Setup

TOKEN = "EAAB" + "xq7RkT2mZpW9" * 9
NOTE = "chat_secret_protected"


async def _say(setup: Setup, text: str, **more: Any) -> httpx.Response:
    path = f"/api/v1/setup/sessions/{setup.session_id}/chat"
    return await setup.client.post(path, json={"text": text, **more}, headers=setup.tenant.bearer)


async def _messages(setup: Setup) -> list[dict[str, Any]]:
    path = f"/api/v1/setup/sessions/{setup.session_id}/messages"
    items: list[dict[str, Any]] = (await setup.client.get(path, headers=setup.tenant.bearer)).json()["items"]
    return items


async def test_a_message_is_kept_and_told_before_anyone_answers(setup: Setup) -> None:
    answer = await _say(setup, "oi, por onde começo?")
    assert answer.status_code == 202
    assert answer.json()["state"] == "queued"
    [kept] = await _messages(setup)
    assert (kept["role"], kept["text"], kept["id"]) == ("seller", "oi, por onde começo?", answer.json()["message_id"])
    status = (
        await setup.client.get(f"/api/v1/setup/sessions/{setup.session_id}/status", headers=setup.tenant.bearer)
    ).json()
    assert status["chat"] == {"mode": None, "is_answering": True, "handoff": None}


async def test_the_same_message_sent_again_is_the_same(setup: Setup) -> None:
    first = await _say(setup, "oi", client_message_id="m-1")
    again = await _say(setup, "oi", client_message_id="m-1")
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["message_id"] == again.json()["message_id"]
    assert len(await _messages(setup)) == 1


async def test_two_messages_without_a_name_are_two(setup: Setup) -> None:
    await _say(setup, "oi")
    await _say(setup, "oi")
    assert len(await _messages(setup)) == 2


async def test_the_shorter_path_is_the_same_chat(setup: Setup) -> None:
    path = f"/setup/sessions/{setup.session_id}/chat"
    answer = await setup.client.post(path, json={"text": "oi"}, headers=setup.tenant.bearer)
    assert answer.status_code == 202
    assert len(await _messages(setup)) == 1


@pytest.mark.parametrize(
    "pasted",
    [
        f"meu token é {TOKEN} ok?",
        TOKEN,
        "\u200b".join(TOKEN),
        TOKEN[:60] + "\n" + TOKEN[60:],
        f'{{"access_token": "{TOKEN}"}}',
    ],
    ids=["in a sentence", "alone", "zero width", "broken over lines", "json"],
)
async def test_a_pasted_credential_is_in_the_vault_and_nowhere_else(
    setup: Setup, rows: Callable[[], bytes], pasted: str
) -> None:
    told = (await _say(setup, pasted)).json()
    assert [one["kind"] for one in told["secrets"]] == ["meta_access_token"]
    assert told["secrets"][0]["reference"] in told["text"]
    assert TOKEN[8:40] not in str(told)
    held = rows()
    assert TOKEN.encode() not in held
    assert TOKEN[8:40].encode() not in held
    assert [one["code"] for one in await _messages(setup) if one["role"] == "hub"] == [NOTE]


@pytest.mark.parametrize("at", [12, 30, 60, 100])
async def test_a_credential_split_over_two_messages_is_whole_in_the_vault_and_in_no_message(
    setup: Setup, rows: Callable[[], bytes], at: int
) -> None:
    await _say(setup, f"o token é {TOKEN[:at]}")
    told = (await _say(setup, TOKEN[at:])).json()
    assert told["secrets"][-1]["kind"] == "meta_access_token"
    assert told["secrets"][-1]["last4"] == TOKEN[-4:]
    held = rows()
    for piece in (TOKEN[:at], TOKEN[at:]):
        assert piece[:40].encode() not in held, "a piece is still there"
    first, *_ = await _messages(setup)
    assert told["secrets"][-1]["reference"] in first["text"]


async def test_a_credential_named_by_our_question_is_one(setup: Setup, rows: Callable[[], bytes]) -> None:
    secret = str(uuid4())
    await _say(setup, "meu client secret:")
    told = (await _say(setup, secret)).json()
    assert [one["kind"] for one in told["secrets"]] == ["gateway_client_secret"]
    assert secret.encode() not in rows()


async def test_both_credentials_of_a_gateway_get_their_own_kind(setup: Setup) -> None:
    told = (await _say(setup, f"client_id: {uuid4()}\nclient_secret: {uuid4()}\naccount_id: conta-77")).json()
    assert [one["kind"] for one in told["secrets"]] == ["gateway_client_id", "gateway_client_secret"]
    assert "conta-77" in told["text"]


async def test_a_document_is_masked_and_not_kept(setup: Setup, rows: Callable[[], bytes]) -> None:
    told = (await _say(setup, "meu cpf é 529.982.247-25, precisa?")).json()
    assert "***" in told["text"]
    assert told.get("secrets") is None
    assert b"529.982.247-25" not in rows()
    assert [one["code"] for one in await _messages(setup) if one["role"] == "hub"] == ["chat_personal_masked"]


async def test_ids_and_addresses_stay_as_they_are(setup: Setup) -> None:
    text = "pixel 123456789012345, página https://loja.example/curso, meu token não funciona"
    assert (await _say(setup, text)).json()["text"] == text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "  "}, "body.text"),
        ({}, "body.text"),
        ({"text": "a", "attachments": [str(uuid4())]}, "body.attachments.0"),
        ({"text": "a" * 8_001}, "body.text"),
        ({"text": "a", "client_message_id": ""}, "body.client_message_id"),
        ({"text": "a", "extra": 1}, "body.extra"),
    ],
    ids=["blank", "empty", "unknown attachment", "too long", "empty name", "extra"],
)
async def test_what_is_no_message_is_refused_by_field(setup: Setup, body: dict[str, Any], field: str) -> None:
    path = f"/api/v1/setup/sessions/{setup.session_id}/chat"
    answer = await setup.client.post(path, json=body, headers=setup.tenant.bearer)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert await _messages(setup) == []


async def test_a_message_that_is_refused_is_never_repeated(setup: Setup) -> None:
    answer = await _say(setup, TOKEN + "x" * 8_000)
    assert answer.status_code == 422
    assert TOKEN[:20] not in answer.text


async def test_another_tenants_chat_is_closed(setup: Setup, client: httpx.AsyncClient) -> None:
    other: Tenant = await new_tenant("Outra loja")
    path = f"/api/v1/setup/sessions/{setup.session_id}/chat"
    answer = await client.post(path, json={"text": "oi"}, headers=other.bearer)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await client.post(path, json={"text": "oi"})).status_code == 401
    assert await _messages(setup) == []


async def test_who_writes_on_and_on_is_asked_to_wait(setup: Setup) -> None:
    for _ in range(20):
        assert (await _say(setup, "oi")).status_code == 202
    answer = await _say(setup, "oi")
    assert (answer.status_code, answer.json()["code"]) == (429, "chat_full")
    assert answer.headers["retry-after"] == "15"
