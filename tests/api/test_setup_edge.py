"""What the setup API lets in: references that open something, addresses and ids without secrets in them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import new_tenant
from tests.api.setups import Setup
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.secrets import vault
from tracking_core.secrets.rows import reference_of
from tracking_core.setup.codes import SetupCode

PLANTED = "EAAPlantedValue0123456789abc"
PASSWORD = "planted-pass"


def errors_of(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(one["field"], one["code"]) for one in answer.json()["errors"]]


@pytest.mark.parametrize(
    "given",
    [
        f"secret: {PLANTED}",
        f"secret:{PLANTED}",
        f"Secret:{PLANTED}",
        "secret:",
        f"secret:01a2174e-84cd-744d-b76b-4908c684398d {PLANTED}",
        f"secret:{'a' * 36}",
        "secret:01a2174e84cd71d9b2d88746488be114",
    ],
)
async def test_what_only_begins_like_a_reference_is_refused_and_never_kept(
    setup: Setup, rows: Callable[[], bytes], given: str
) -> None:
    answer = await setup.meta(access_token=given)
    assert errors_of(answer) == [("body.access_token", "secret_reference")]
    assert "reference of a saved credential" in answer.json()["errors"][0]["message"]
    assert PLANTED not in answer.text
    assert await setup.intents() == []
    assert PLANTED.encode() not in rows()


async def test_a_reference_that_opens_nothing_here_is_refused_on_its_field(setup: Setup) -> None:
    other = await Setup.begin(setup.client, await new_tenant("Outra loja"))
    own = await Setup.begin(setup.client, setup.tenant)
    wrong = [
        f"secret:{new_id()}",
        await other.keep("meta_access_token", PLANTED),
        await own.keep("meta_access_token", PLANTED),
        await setup.keep("meta_app_secret", PLANTED),
    ]
    revoked = await setup.keep("meta_access_token", PLANTED)
    async with transaction() as session:
        await vault.revoke(session, revoked, tenant_id=setup.tenant.id, actor="seller", now=clock.now())
    for reference in [*wrong, revoked]:
        answer = await setup.meta(access_token=reference)
        assert errors_of(answer) == [("body.access_token", "secret_unknown")]
        assert "does not exist here" in answer.json()["errors"][0]["message"]
    assert await setup.intents() == []


async def test_every_wrong_reference_is_told_at_once(setup: Setup) -> None:
    unknown = f"secret:{new_id()}"
    body = {
        "gateway": "hotmart",
        "credentials": {"client_id": "in-clear", "client_secret": unknown},
        "webhook_secret": unknown,
    }
    answer = await setup.send("POST", "actions/validate_gateway_credentials", body)
    assert errors_of(answer) == [
        ("body.credentials.client_secret", "secret_unknown"),
        ("body.webhook_secret", "secret_unknown"),
    ]
    assert await setup.secrets() == []


async def test_a_reference_and_a_value_in_clear_both_reach_the_inbox_as_references(
    setup: Setup, rows: Callable[[], bytes]
) -> None:
    kept = await setup.keep("meta_access_token", PLANTED)
    assert (await setup.meta(access_token=kept, app_secret="planted-app-secret-0123")).status_code == 202
    [intent] = await setup.intents()
    assert intent.payload["access_token"] == kept
    assert [reference_of(row) for row in await setup.secrets()] == [kept, intent.payload["app_secret"]]
    assert b"planted-app-secret" not in rows()


async def test_a_value_that_cannot_be_a_credential_is_refused_on_its_field(setup: Setup) -> None:
    answer = await setup.meta(app_secret=f"two\nlines {PLANTED}")
    assert errors_of(answer) == [("body.app_secret", "invalid")]
    assert await setup.intents() == []


async def test_a_check_that_broke_without_an_entry_is_told_as_failed(setup: Setup) -> None:
    waiting = await setup.probe()
    action, location = waiting.json()["action_id"], waiting.headers["location"]
    read = await setup.client.get(location, headers=setup.tenant.bearer)
    assert (read.status_code, read.json()["status"]) == (200, "in_flight")
    await setup.finish(SetupCode.CHECK_FAILED)
    told = await setup.send("GET", f"actions/{action}")
    assert (told.json()["status"], told.json()["code"]) == ("failed", "setup_check_failed")
    assert "broke on our side" in told.json()["message"]


async def test_the_waiting_caller_is_told_of_a_broken_check_too(setup: Setup) -> None:
    setup.waits(20)
    async with setup.asking(setup.probe()) as under_way:
        await setup.finish(SetupCode.CHECK_FAILED)
    [answer] = await under_way
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (200, "failed", "setup_check_failed")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("loja.example", "url_malformed"),
        ("ftp://loja.example/", "url_malformed"),
        ("https://", "url_malformed"),
        ("https:\\\\loja.example", "url_malformed"),
        ("https://loja.example:99999/", "url_malformed"),
        (f"https://user:{PASSWORD}@loja.example/", "url_credentials"),
        (f"user:{PASSWORD}@loja.example", "url_credentials"),
        (f"https:///user:{PASSWORD}@loja.example/", "url_credentials"),
        (f"https:\\\\user:{PASSWORD}@loja.example", "url_credentials"),
        (f"https://user:{PASSWORD}%40loja/", "url_credentials"),
        (f"https://user%3A{PASSWORD}%2540loja.example/", "url_credentials"),
        (f"https://loja.example/{PLANTED}/", "url_credentials"),
    ],
)
async def test_an_address_of_no_page_or_with_a_login_in_it_is_refused(
    setup: Setup, rows: Callable[[], bytes], url: str, code: str
) -> None:
    answer = await setup.probe(url)
    assert errors_of(answer) == [("body.url", code)]
    assert (PASSWORD in answer.text, PLANTED in answer.text) == (False, False)
    assert PASSWORD.encode() not in rows()


@pytest.mark.parametrize(
    "query",
    [
        f"access_token={PLANTED}",
        f"api_key={PASSWORD}",
        f"apiKey={PASSWORD}",
        f"key={PASSWORD}",
        f"senha={PASSWORD}",
        f"password={PASSWORD}",
        f"client_secret={PASSWORD}",
        f"auth={PASSWORD}",
        f"X-Amz-Signature={PASSWORD}",
        f"sig={PASSWORD}",
        f"token%5B%5D={PASSWORD}",
        f"next=https%3A%2F%2Floja.example%2F%3Ftoken%3D{PASSWORD}",
        f"x={PLANTED}",
        PLANTED,
        "x=eyJhbGciOiJIUzI1NiJ9.planted-pass",
    ],
)
async def test_credentials_in_an_address_are_dropped_and_the_rest_stays(
    setup: Setup, rows: Callable[[], bytes], query: str
) -> None:
    url = f"https://loja.example/oferta?off=abc&{query}&keyword=b&monkey=2"
    assert (await setup.probe(url)).status_code == 202
    [intent] = await setup.intents()
    assert intent.payload["url"] == "https://loja.example/oferta?off=abc&keyword=b&monkey=2"
    assert (PASSWORD.encode() in rows(), PLANTED.encode() in rows()) == (False, False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/admin", "http://169.254.169.254/", "https://0x7f.1/"])
async def test_a_denied_address_is_taken_like_one_that_does_not_answer(setup: Setup, url: str) -> None:
    assert (await setup.probe(url)).status_code == 202
    assert [intent.payload["url"] for intent in await setup.intents()] == [url]


@pytest.mark.parametrize("dataset", [PLANTED, "12a", "1" * 33, "١٢٣", ""])
async def test_a_dataset_has_digits_only(setup: Setup, dataset: str) -> None:
    answer = await setup.meta(dataset_id=dataset)
    assert [field for field, _ in errors_of(answer)] == ["body.dataset_id"]
    assert PLANTED not in answer.text


@pytest.mark.parametrize("account", [PLANTED, "eyJhbGciOiJIUzI1NiJ9.abc.def", "a" * 65, "x@loja.example"])
async def test_an_account_that_looks_like_a_credential_is_refused(setup: Setup, account: str) -> None:
    body = {"gateway": "kiwify", "credentials": {"client_id": "a", "client_secret": "b", "account_id": account}}
    answer = await setup.send("POST", "actions/validate_gateway_credentials", body)
    assert [field for field, _ in errors_of(answer)] == ["body.credentials.account_id"]
    assert account not in answer.text


async def test_preferences_are_few_and_a_test_event_code_can_be_taken_away(setup: Setup) -> None:
    many = await setup.send("PUT", "preferences", {"browser_events": ["pageview"] * 3})
    assert errors_of(many) == [("body.browser_events", "too_long")]
    for body in (
        {"browser_events": ["pageview", "pageview"], "test_event_code": "TEST1"},
        {"test_event_code": None, "consent_mode": None},
    ):
        assert (await setup.send("PUT", "preferences", body)).status_code == 202
    assert [intent.payload for intent in await setup.intents()] == [
        {"browser_events": ["pageview"], "test_event_code": "TEST1"},
        {"test_event_code": None},
    ]
