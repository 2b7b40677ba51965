"""Kiwify's credentials and account id, checked against a server that answers as Kiwify does and as it should not."""

from dataclasses import replace
from typing import Any

import pytest

from tests.gateways.api import vendor as replies
from tests.gateways.api.told import check_told
from tests.gateways.api.vendor import Behaviour, Vendor
from tracking_core.gateways.api import GatewayCredentials
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.gateways.kiwify.api import KiwifyApi
from tracking_core.setup.outcome import Outcome

TOKEN = "POST /v1/oauth/token"
ACCOUNT = "GET /v1/account-details"
WEBHOOKS = "GET /v1/webhooks"
ACCOUNT_ID = "XvS0qfkdzCZTg8z"
CLIENT_SECRET = "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"
ACCESS_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdG9yZSI6IngifQ.c2lnbmF0dXJl"
SECRETS = (CLIENT_SECRET, ACCESS_TOKEN)
GIVEN = GatewayCredentials(
    client_id="36b506ea-73ff-4664-848f-b81cc9efe476", client_secret=CLIENT_SECRET, account_id=ACCOUNT_ID
)
GRANTED = replies.says(
    200,
    {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": "345600", "scope": ["webhooks", "sales"]},
)
DETAILS = {"id": ACCOUNT_ID, "company_name": "Cursos Exemplo LTDA", "director_cpf": "00000000191"}
KNOWN = replies.says(200, DETAILS)
NONE_YET = replies.says(200, {"pagination": {"count": 0, "page_number": 1, "page_size": 1}, "data": []})


@pytest.fixture
def kiwify(vendor: Vendor) -> Vendor:
    """One whose every call succeeds until a test says otherwise."""
    vendor.on(TOKEN, GRANTED)
    vendor.on(ACCOUNT, KNOWN)
    vendor.on(WEBHOOKS, NONE_YET)
    return vendor


async def check(vendor: Vendor, given: GatewayCredentials = GIVEN, timeout_seconds: float = 2.0) -> Outcome:
    return check_told(await KiwifyApi(api_url=vendor.url, timeout_seconds=timeout_seconds).check(given), *SECRETS)


async def test_good_credentials_are_proved_by_the_account_and_its_webhooks(kiwify: Vendor) -> None:
    outcome = await check(kiwify)
    assert (outcome.is_success, outcome.code, outcome.return_code) == (True, GatewayCode.OK, 200)
    assert outcome.facts == {
        "gateway": "kiwify",
        "account_id": "***Tg8z",
        "account_name": "Cursos Exemplo LTDA",
        "scopes": ["webhooks", "sales"],
        "token_expires_in": 345_600,
        "can_register_webhooks": True,
        "checked_permission": "webhooks",
    }
    assert "00000000191" not in repr(outcome)


async def test_the_calls_are_as_kiwify_documents_them(kiwify: Vendor) -> None:
    await check(kiwify)
    token, account, webhooks = kiwify.requests
    assert token.form == {"client_id": GIVEN.client_id, "client_secret": CLIENT_SECRET}
    assert token.headers["content-type"] == "application/x-www-form-urlencoded"
    for request in (account, webhooks):
        assert request.headers["authorization"] == f"Bearer {ACCESS_TOKEN}"
        assert request.headers["x-kiwify-account-id"] == ACCOUNT_ID
    assert webhooks.query == {"page_size": "1", "page_number": "1"}


@pytest.mark.parametrize("missing", [None, "", "  "])
async def test_without_an_account_id_nothing_is_asked(kiwify: Vendor, missing: str | None) -> None:
    outcome = await check(kiwify, replace(GIVEN, account_id=missing))
    assert outcome.code == GatewayCode.ACCOUNT_ID_MISSING
    assert kiwify.requests == []


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": ""},
        {"client_secret": "a b"},
        {"client_secret": "a\x7f"},
        {"account_id": "abc\r\nx-injected: 1"},
        {"account_id": "contá"},
    ],
)
async def test_what_could_not_stand_in_a_request_is_never_sent(kiwify: Vendor, changes: dict[str, Any]) -> None:
    assert (await check(kiwify, replace(GIVEN, **changes))).code == GatewayCode.CREDENTIALS_MALFORMED
    assert kiwify.requests == []


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (replies.says(401, {"error": "auth_error", "message": "Invalid"}), GatewayCode.WRONG_CREDENTIALS),
        (replies.says(400, {"message": "Invalid"}), GatewayCode.WRONG_CREDENTIALS),
        (replies.says(403, {}), GatewayCode.WRONG_CREDENTIALS),
        (replies.page(403), GatewayCode.UNEXPECTED_ANSWER),
        (replies.page(200), GatewayCode.UNEXPECTED_ANSWER),
        (replies.empty(200), GatewayCode.UNEXPECTED_ANSWER),
        (replies.says(200, {"token": "x"}), GatewayCode.UNEXPECTED_ANSWER),
        (replies.page(500), GatewayCode.UNAVAILABLE),
        (replies.drop, GatewayCode.UNAVAILABLE),
    ],
)
async def test_each_answer_to_the_exchange_has_its_code(kiwify: Vendor, reply: Behaviour, code: GatewayCode) -> None:
    kiwify.on(TOKEN, reply)
    assert (await check(kiwify)).code == code
    assert kiwify.calls() == [TOKEN]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (replies.says(400, {"message": "account"}), GatewayCode.WRONG_ACCOUNT_ID),
        (replies.says(401, {"error": "auth_error"}), GatewayCode.WRONG_ACCOUNT_ID),
        (replies.says(403, {"error": "forbidden"}), GatewayCode.WRONG_ACCOUNT_ID),
        (replies.says(404, {}), GatewayCode.WRONG_ACCOUNT_ID),
        (replies.says(200, {**DETAILS, "id": "AnotherAccount1"}), GatewayCode.WRONG_ACCOUNT_ID),
        (replies.says(403, {"error": "insufficient_scope"}), GatewayCode.PERMISSION_MISSING),
        (replies.says(403, {"message": "Missing permission"}), GatewayCode.PERMISSION_MISSING),
        (replies.says(403, {"message": ["x"]}), GatewayCode.WRONG_ACCOUNT_ID),
        (replies.says(200, {"company_name": "X"}), GatewayCode.UNEXPECTED_ANSWER),
        (replies.says(200, []), GatewayCode.UNEXPECTED_ANSWER),
        (replies.empty(200), GatewayCode.UNEXPECTED_ANSWER),
        (replies.page(200), GatewayCode.UNEXPECTED_ANSWER),
        (replies.page(404), GatewayCode.UNEXPECTED_ANSWER),
        (replies.says(503, {}), GatewayCode.UNAVAILABLE),
        (replies.half, GatewayCode.UNAVAILABLE),
    ],
)
async def test_each_answer_about_the_account_has_its_code(kiwify: Vendor, reply: Behaviour, code: GatewayCode) -> None:
    kiwify.on(ACCOUNT, reply)
    assert (await check(kiwify)).code == code
    assert WEBHOOKS not in kiwify.calls()


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (replies.says(403, {"error": "forbidden"}), GatewayCode.PERMISSION_MISSING),
        (replies.says(401, {"error": "auth_error"}), GatewayCode.PERMISSION_MISSING),
        (replies.says(400, {}), GatewayCode.UNEXPECTED_ANSWER),
        (replies.says(200, {"items": []}), GatewayCode.UNEXPECTED_ANSWER),
        (replies.page(200), GatewayCode.UNEXPECTED_ANSWER),
        (replies.says(429, {}), GatewayCode.RATE_LIMITED),
        (replies.page(503), GatewayCode.UNAVAILABLE),
    ],
)
async def test_each_answer_about_the_webhooks_has_its_code(kiwify: Vendor, reply: Behaviour, code: GatewayCode) -> None:
    kiwify.on(WEBHOOKS, reply)
    assert (await check(kiwify)).code == code


async def test_too_many_calls_say_when_to_come_back(kiwify: Vendor) -> None:
    kiwify.on(ACCOUNT, replies.says(429, {}, Retry_After="31"))
    outcome = await check(kiwify)
    assert (outcome.code, outcome.retry_after_seconds) == (GatewayCode.RATE_LIMITED, 31)


async def test_silence_is_the_gateways_fault(kiwify: Vendor) -> None:
    kiwify.on(ACCOUNT, replies.hang)
    assert (await check(kiwify, timeout_seconds=0.3)).code == GatewayCode.UNAVAILABLE


async def test_a_token_refused_once_is_exchanged_once_more(kiwify: Vendor) -> None:
    kiwify.on(TOKEN, GRANTED, replies.says(200, {"access_token": "second-token"}))
    kiwify.on(ACCOUNT, replies.says(401, {"error": "auth_error"}), KNOWN)
    assert (await check(kiwify)).is_success
    assert kiwify.calls() == [TOKEN, ACCOUNT, TOKEN, ACCOUNT, WEBHOOKS]
    assert kiwify.requests[-1].headers["authorization"] == "Bearer second-token"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("JOAO DA SILVA 12345678900", "JOAO DA SILVA ***"),
        (f"a {CLIENT_SECRET} b", "a *** b"),
        (f"{CLIENT_SECRET[:9]}\u200b{CLIENT_SECRET[9:]}", "***"),
        ("nul\x00 and\nlines", "nul and lines"),
        ("maria@example.com", "***"),
        (["x"], None),
        ("", None),
        (None, None),
    ],
)
async def test_the_accounts_name_is_shown_without_what_is_private(
    kiwify: Vendor, name: object, shown: str | None
) -> None:
    kiwify.on(ACCOUNT, replies.says(200, {**DETAILS, "company_name": name}))
    assert (await check(kiwify)).facts["account_name"] == shown


@pytest.mark.parametrize(
    ("scope", "shown"),
    [
        ("sales webhooks", ["sales", "webhooks"]),
        (["sales", 7, None, "a b", "x" * 65, "é"], ["sales"]),
        (["sales", CLIENT_SECRET, f"x:{ACCESS_TOKEN}"], ["sales"]),
        ([f"s{number}" for number in range(40)], [f"s{number}" for number in range(30)]),
        (None, []),
        ({"a": 1}, []),
    ],
)
async def test_scopes_are_words_and_never_hold_a_secret(kiwify: Vendor, scope: object, shown: list[str]) -> None:
    kiwify.on(TOKEN, replies.says(200, {"access_token": ACCESS_TOKEN, "scope": scope}))
    assert (await check(kiwify)).facts["scopes"] == shown


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [(345_600, 345_600), ("86400", 86_400), (-1, None), (True, None), (1.5, None), ("soon", None), (10**15, None)],
)
async def test_a_lifetime_is_a_count_of_seconds_or_unknown(
    kiwify: Vendor, lifetime: object, seconds: int | None
) -> None:
    kiwify.on(TOKEN, replies.says(200, {"access_token": ACCESS_TOKEN, "expires_in": lifetime}))
    assert (await check(kiwify)).facts["token_expires_in"] == seconds


@pytest.mark.parametrize("account_id", ["A", "AB", "ABCD", "ABCDE"])
async def test_a_short_account_id_is_not_shown_whole(kiwify: Vendor, account_id: str) -> None:
    kiwify.on(ACCOUNT, replies.says(200, {**DETAILS, "id": account_id}))
    shown = (await check(kiwify, replace(GIVEN, account_id=account_id))).facts["account_id"]
    assert account_id not in shown
