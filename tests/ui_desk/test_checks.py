"""What a person can have done to the setup: with what is in the vault, and nothing without the seller."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.handoff.conftest import Case
from tests.ui_desk.conftest import ORIGIN, Person, handle, intents
from tracking_core.handoff import service as handoffs
from tracking_core.models import ActionState

TOKEN = "EAATokenOfTheVaultAbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
CLIENT_ID, CLIENT_SECRET = "client-id-of-the-vault", "9f1c2d3e-4b5a-4c6d-8e7f-0a1b2c3d4e5f"


async def _kept(app: FastAPI, case: Case, **values: str) -> dict[str, str]:
    """The references of what the seller put into the vault."""
    path = f"/api/v1/setup/sessions/{case.session_id}/secrets"
    headers = {"Authorization": f"Bearer {case.secret_key}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as seller:
        answers = {kind: await seller.put(f"{path}/{kind}", json={"value": value}) for kind, value in values.items()}
    return {kind: answer.json()["secret"] for kind, answer in answers.items()}


@pytest.fixture
async def path(bia: Person, case: Case) -> str:
    """Of a case that is Bia's."""
    handoff, _ = await case.open()
    await case.do(handoffs.take, handoff.id, "Bia")
    await bia.get(f"/{handoff.id}")
    return f"/{handoff.id}"


async def _only(case: Case) -> tuple[str, dict[str, Any]]:
    (intent,) = await intents(case.session_id)
    return intent.kind, intent.payload


async def test_meta_is_checked_with_the_token_of_the_vault(app: FastAPI, bia: Person, case: Case, path: str) -> None:
    kept = await _kept(app, case, meta_access_token=TOKEN)
    page = await bia.does(f"{path}/checks/meta", dataset_id="820000000000001", access_token="EAAofTheDesk")
    assert "Asked for." in page
    kind, payload = await _only(case)
    assert kind == "validate_meta_token"
    assert payload == {
        "dataset_id": "820000000000001",
        "access_token": kept["meta_access_token"],
        "app_secret": None,
    }
    assert (await intents(case.session_id))[0].actor.startswith("user:")
    for text in (page, (await bia.get(path)).text):
        assert TOKEN not in text
        assert TOKEN[-4:] not in text
        assert 'type="password"' not in text


async def test_what_came_of_it_is_told(app: FastAPI, bia: Person, case: Case, path: str) -> None:
    await _kept(app, case, meta_access_token=TOKEN)
    asked = await bia.post(f"{path}/checks/meta", dataset_id="820000000000001")
    await handle(case.session_id, "meta_token_expired")
    page = await bia.client.get(asked.headers["location"])
    assert "The token has expired." in page.text
    assert 'class="notice warn"' in page.text
    other = await bia.client.get(f"/desk{path}?asked={case.tenant_id}")
    assert (other.status_code, 'id="notice"' in other.text) == (200, False)


async def test_the_checkout_is_checked_with_its_own_credentials(
    app: FastAPI, bia: Person, case: Case, path: str
) -> None:
    kept = await _kept(app, case, gateway_client_id=CLIENT_ID, gateway_client_secret=CLIENT_SECRET)
    await bia.does(f"{path}/checks/gateway", gateway="kiwify", account_id="acc-1")
    kind, payload = await _only(case)
    assert kind == "validate_gateway_credentials"
    assert payload["gateway"] == "kiwify"
    assert payload["credentials"]["client_secret"] == kept["gateway_client_secret"]
    assert payload["credentials"]["account_id"] == "acc-1"


async def test_what_opens_one_checkout_is_not_sent_to_another(app: FastAPI, bia: Person, case: Case, path: str) -> None:
    kept = await _kept(app, case, gateway_client_id=CLIENT_ID, gateway_client_secret=CLIENT_SECRET)
    credentials = {"client_id": kept["gateway_client_id"], "client_secret": kept["gateway_client_secret"]}
    tried = {"gateway": "kiwify", "credentials": {**credentials, "account_id": "acc-1"}}
    await case.logs("validate_gateway_credentials", code="gateway_wrong_credentials", input=tried)
    refused = await bia.post(f"{path}/checks/gateway", gateway="hotmart", account_id="")
    assert refused.status_code == 422
    assert "The vault holds no credential for this check." in refused.text
    assert await intents(case.session_id) == []


async def test_the_page_is_looked_at_again(bia: Person, case: Case, path: str) -> None:
    await bia.does(f"{path}/checks/page", url="loja.example/oferta")
    assert await _only(case) == ("probe_landing_url", {"url": "https://loja.example/oferta"})


async def test_without_a_credential_nothing_is_asked(bia: Person, case: Case, path: str) -> None:
    refused = await bia.post(f"{path}/checks/meta", dataset_id="820000000000001", access_token=TOKEN)
    assert refused.status_code == 422
    assert "The vault holds no credential for this check." in refused.text
    assert TOKEN not in refused.text
    assert await intents(case.session_id) == []


async def test_a_wrong_field_comes_back_with_its_sentence(app: FastAPI, bia: Person, case: Case, path: str) -> None:
    await _kept(app, case, meta_access_token=TOKEN)
    refused = await bia.post(f"{path}/checks/meta", dataset_id="oitocentos")
    assert refused.status_code == 422
    assert "A dataset ID has digits only" in refused.text
    assert 'value="oitocentos"' in refused.text


async def test_the_forms_begin_with_what_was_tried(bia: Person, case: Case, path: str) -> None:
    await case.logs(input={"dataset_id": "820000000000777", "access_token": "secret:00000000"})
    await case.logs("probe_landing_url", state=ActionState.SUCCESS, code=None, input={"url": "https://loja.example/a"})
    page = (await bia.get(path)).text
    assert 'value="820000000000777"' in page
    assert 'value="https://loja.example/a"' in page
    assert "secret:" not in page


async def test_the_test_sale_is_sent_again(bia: Person, case: Case, path: str) -> None:
    await bia.does(f"{path}/proof")
    assert await _only(case) == ("prove", {})


@pytest.mark.parametrize("scope", ["last", "all"])
async def test_taking_back_makes_a_plan_that_the_seller_decides_on(
    bia: Person, case: Case, path: str, scope: str
) -> None:
    asked = await bia.post(f"{path}/rollback/{scope}")
    assert await _only(case) == ("rollback", {"scope": scope})
    await handle(case.session_id, outcome="awaiting_approval")
    page = (await bia.client.get(asked.headers["location"])).text
    assert "only they can give it" in page
    assert "Only the seller can approve it" in page
    assert "plan/decision" not in page
    assert (await bia.post(f"{path}/rollback/version")).status_code == 404


async def test_only_who_has_the_case_touches_the_setup(app: FastAPI, bia: Person, caio: Person, case: Case) -> None:
    await _kept(app, case, meta_access_token=TOKEN)
    handoff, _ = await case.open()
    tools = ("checks/meta", "checks/page", "proof", "rollback/all")
    for said in ("Nobody has this case yet.", "Caio is already working", "This case is closed."):
        for tool in tools:
            refused = await bia.post(f"/{handoff.id}/{tool}", dataset_id="820000000000001", url="loja.example")
            assert (refused.status_code, said in refused.text) == (409, True)
        if said.startswith("Nobody"):
            await case.do(handoffs.take, handoff.id, "Caio")
        elif said.startswith("Caio"):
            await case.do(handoffs.resolve, handoff.id, "Caio")
    assert await intents(case.session_id) == []
