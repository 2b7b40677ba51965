"""The wizard's forms: what they ask of the setup, what comes back from a wrong one, and that no secret ever does."""

import httpx
import pytest

from tests.ui_setup.conftest import Seller
from tracking_core.db.engine import transaction
from tracking_core.handoff import service as handoffs
from tracking_core.models import SetupActionLog, SetupIntent, SetupSession, Tenant
from tracking_core.setup.inbox import IntentKind
from tracking_core.tenants import service as tenants

SECRETS = {
    "client_id": "a-client-id-of-the-form-0001",
    "client_secret": "a-client-secret-of-the-form-0002",
    "webhook_secret": "a-hottok-of-the-form-0003",
}
TOKEN = "EAAaTokenOfTheForm0123456789abcdefghij"
REQUIRED = "Este campo é obrigatório."


def hotmart(**changes: str) -> dict[str, str]:
    return {
        "gateway": "hotmart",
        "once": "1",
        **{f"hotmart-{name}": value for name, value in SECRETS.items()},
        **changes,
    }


def business(**changes: str) -> dict[str, str]:
    return {"name": "Ana", "email": "ana@example.com", "phone": "", "consent_mode": "opt_out", "once": "1", **changes}


def leads_to(answer: httpx.Response, step: str) -> bool:
    return answer.status_code == 303 and answer.headers["location"].endswith(f"?step={step}")


async def test_the_sellers_contact_is_kept_sealed_and_their_consent_asked_for(seller: Seller) -> None:
    answer = await seller.send("business", business(phone="11 98765-4321", consent_mode="opt_in"))
    assert leads_to(answer, "gateway")
    async with transaction() as session:
        setup = await session.get_one(SetupSession, seller.setup_id)
        cipher = tenants.cipher_of(await session.get_one(Tenant, seller.tenant_id))
        contact = handoffs.contact_of(setup, cipher)
    assert contact is not None
    assert (contact.name, contact.email, contact.phone) == ("Ana", "ana@example.com", "+5511987654321")
    assert b"98765" not in bytes(setup.contact or b"")
    [intent] = await seller.asked()
    assert (intent.kind, intent.payload) == (IntentKind.SET_PREFERENCES, {"consent_mode": "opt_in"})
    assert 'value="+5511987654321"' in await seller.step("business")


async def test_what_is_chosen_already_is_not_asked_for_again(seller: Seller) -> None:
    assert leads_to(await seller.send("business", business()), "gateway")
    assert await seller.asked() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"phone": "12"}, "Isto não é um número de telefone"),
        ({"email": "ana@"}, "Isto não é um endereço de e-mail"),
        ({"email": ""}, "Informe um e-mail ou um telefone"),
        ({"name": ""}, REQUIRED),
    ],
)
async def test_a_contact_that_reaches_nobody_comes_back_with_a_sentence(
    seller: Seller, changes: dict[str, str], sentence: str
) -> None:
    answer = await seller.send("business", business(**changes))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'aria-invalid="true"' in answer.text
    kept = {"name": "Ana", "email": "ana@example.com"} | changes
    assert all(f'value="{value}"' in answer.text for value in kept.values() if value)
    async with transaction() as session:
        assert (await session.get_one(SetupSession, seller.setup_id)).contact is None


async def test_our_own_people_see_no_contact_and_send_no_form(seller: Seller, support: Seller) -> None:
    await seller.send("business", business(email="ana.pessoal@example.com"))
    assert "ana.pessoal" in await seller.step("business")
    assert "ana.pessoal" not in await support.step("business")
    assert (await support.send("business", business(name="", email=""))).status_code == 403
    assert "ana.pessoal" in await seller.step("business")


async def test_credentials_are_in_the_vault_before_the_check_is_asked_for(seller: Seller) -> None:
    assert leads_to(await seller.send("checks/gateway", hotmart()), "gateway")
    [intent] = await seller.asked()
    assert intent.kind == IntentKind.VALIDATE_GATEWAY
    given = {**intent.payload["credentials"], "webhook_secret": intent.payload["webhook_secret"]}
    assert all(given[name].startswith("secret:") for name in SECRETS)
    page = await seller.step("gateway")
    assert not any(secret in page for secret in SECRETS.values())
    assert "termina em 0002" in page


async def test_a_form_sent_twice_is_one_check_and_mended_another(seller: Seller) -> None:
    for _ in range(2):
        assert leads_to(await seller.send("checks/gateway", hotmart()), "gateway")
    assert len(await seller.asked()) == 1
    mended = hotmart(**{"hotmart-client_secret": "the-right-client-secret-0009"})
    assert leads_to(await seller.send("checks/gateway", mended), "gateway")
    assert len(await seller.asked()) == 2


async def test_what_is_missing_is_said_all_at_once_and_nothing_is_asked(seller: Seller) -> None:
    secret = SECRETS["client_secret"]
    form = {"gateway": "hotmart", "hotmart-client_secret": secret, "once": "1"}
    answer = await seller.send("checks/gateway", form)
    assert answer.status_code == 422
    assert answer.text.count(REQUIRED) == 2  # the client ID and the hottok
    assert secret not in answer.text
    assert 'value="hotmart" checked' in answer.text
    assert await seller.asked() == []


async def test_a_checkout_must_be_chosen_and_known(seller: Seller) -> None:
    for form in ({"once": "1"}, {"gateway": "another", "once": "1"}):
        answer = await seller.send("checks/gateway", form)
        assert answer.status_code == 422, form
        assert await seller.asked() == []


async def test_an_account_id_that_is_a_credential_is_not_shown_again_as_one(seller: Seller) -> None:
    form = {"gateway": "kiwify", "kiwify-client_id": "x-client-id", "kiwify-client_secret": "y-client-secret"}
    answer = await seller.send("checks/gateway", {**form, "kiwify-account_id": "minha-conta", "once": "1"})
    assert leads_to(answer, "gateway")
    refused = await seller.send("checks/gateway", {**form, "kiwify-account_id": TOKEN, "once": "2"})
    assert refused.status_code == 422
    assert "Isto não é um ID de conta" in refused.text
    assert TOKEN not in refused.text


async def test_the_dataset_goes_with_its_test_code_and_the_token_stays_unseen(seller: Seller) -> None:
    form = {"dataset_id": "123456789012345", "access_token": TOKEN, "test_event_code": "TEST123", "once": "1"}
    answer = await seller.send("checks/meta", form)
    assert leads_to(answer, "meta")
    chosen, check = await seller.asked()
    assert (chosen.kind, chosen.payload) == (IntentKind.SET_PREFERENCES, {"test_event_code": "TEST123"})
    assert check.payload["access_token"].startswith("secret:")
    assert TOKEN not in await seller.step("meta")


async def test_a_wrong_dataset_and_code_come_back_together_in_the_open_part(seller: Seller) -> None:
    form = {"dataset_id": "my pixel", "access_token": TOKEN, "test_event_code": "not a code!", "once": "1"}
    answer = await seller.send("checks/meta", form)
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 2
    assert '<details class="advanced" open>' in answer.text
    assert 'value="my pixel"' in answer.text
    assert TOKEN not in answer.text
    assert await seller.asked() == []


@pytest.mark.parametrize(
    ("typed", "asked"),
    [("loja.example/oferta", "https://loja.example/oferta"), (" http://loja.example/ ", "http://loja.example/")],
)
async def test_an_address_may_be_typed_as_people_do(seller: Seller, typed: str, asked: str) -> None:
    assert leads_to(await seller.send("checks/page", {"url": typed, "once": "1"}), "page")
    [intent] = await seller.asked()
    assert intent.payload == {"url": asked}


async def test_an_address_that_is_none_or_empty_comes_back(seller: Seller) -> None:
    for typed, sentence in (
        ("", REQUIRED),
        ("https://", "Isto não é o endereço"),
        ("https://a:b@loja.example", "senha"),
    ):
        answer = await seller.send("checks/page", {"url": typed, "once": "1"})
        assert answer.status_code == 422, typed
        assert sentence in answer.text
    assert await seller.asked() == []


async def test_visits_are_reported_too_when_a_box_is_ticked(seller: Seller) -> None:
    answer = await seller.send("preferences", {"browser_events": "shown", "event-pageview": "yes", "once": "1"})
    assert leads_to(answer, "review")
    [intent] = await seller.asked()
    assert intent.payload == {"browser_events": ["pageview"]}


async def test_a_plan_that_does_not_wait_is_not_decided_on(seller: Seller) -> None:
    answer = await seller.send("plan/decision", {"plan_hash": "0" * 64, "decision": "approve", "once": "1"})
    assert answer.status_code == 409
    assert "não espera mais" in answer.text
    assert 'id="review-plan"' in answer.text
    for form in ({"plan_hash": "x", "decision": "approve"}, {"plan_hash": "0" * 64, "decision": "perhaps"}):
        assert (await seller.send("plan/decision", form)).status_code == 422
    assert await seller.asked() == []


async def test_each_button_is_the_wish_of_its_name(seller: Seller) -> None:
    for path, form in (("plan", {}), ("proof", {}), ("rollback", {"scope": "last"}), ("rollback", {"scope": "all"})):
        assert leads_to(await seller.send(path, {**form, "once": path + str(form)}), "review")
    assert (await seller.send("rollback", {"scope": "everything"})).status_code == 422
    asked = [(intent.kind, intent.payload) for intent in await seller.asked()]
    assert asked == [
        (IntentKind.REQUEST_PLAN, {}),
        (IntentKind.PROVE, {}),
        (IntentKind.ROLLBACK, {"scope": "last"}),
        (IntentKind.ROLLBACK, {"scope": "all"}),
    ]


async def test_what_opens_one_checkout_is_never_sent_to_another(seller: Seller) -> None:
    await seller.send("checks/gateway", hotmart())
    [intent] = await seller.asked()
    async with transaction() as session:
        session.add(_checked(seller, intent))
    assert "termina em 0002" in await seller.step("gateway")
    answer = await seller.send("checks/gateway", {"gateway": "kiwify", "kiwify-account_id": "conta", "once": "2"})
    assert answer.status_code == 422
    assert answer.text.count(REQUIRED) == 2  # its client ID and its client secret
    again = await seller.send("checks/gateway", {"gateway": "hotmart", "once": "3"})
    assert leads_to(again, "gateway")
    assert (await seller.asked())[1].payload == intent.payload


def _checked(seller: Seller, intent: SetupIntent) -> SetupActionLog:
    """The ledger's entry of the check, as the worker leaves it."""
    return SetupActionLog(
        session_id=seller.setup_id,
        tenant_id=seller.tenant_id,
        action=IntentKind.VALIDATE_GATEWAY,
        idem=f"check:{intent.id}",
        actor="test",
        fence=1,
        input=intent.payload,
    )


async def test_every_step_is_light(seller: Seller) -> None:
    for step in ("business", "gateway", "meta", "page", "review"):
        assert len((await seller.step(step)).encode()) < 60_000, step


async def test_the_line_for_the_page_asks_for_consent_where_that_was_chosen(seller: Seller) -> None:
    assert "data-consent" not in await seller.step("page")
    async with transaction() as session:
        (await session.get_one(Tenant, seller.tenant_id)).consent_mode = "opt_in"
    assert " data-consent=&#34;required&#34;" in (await seller.step("page")).replace('"', "&#34;")
