"""Hotmart's credentials, checked against a server that answers as Hotmart does and as it should not."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from tests.gateways.api import vendor as replies
from tests.gateways.api.told import check_told
from tests.gateways.api.vendor import Behaviour, Vendor
from tracking_core.gateways.api import GatewayCredentials, ProviderRefused
from tracking_core.gateways.check_codes import MEANINGS, GatewayCode
from tracking_core.gateways.hotmart.api import HotmartApi
from tracking_core.setup.outcome import Fault, Outcome

TOKEN = "POST /security/oauth/token"
HISTORY = "GET /payments/api/v1/sales/history"
CLIENT_ID = "0f3c1a52-7d06-4a5b-8930-00c99aecdd77"
CLIENT_SECRET = "9d5bbf17-0508-403a-9fec-d7b94736fd20"
BASIC = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
ACCESS_TOKEN = "H4sIAAAAAAAAAB%2FWPlaintoken"
GIVEN = GatewayCredentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
GRANTED = replies.says(
    200,
    {"access_token": ACCESS_TOKEN, "token_type": "bearer", "expires_in": 172_799, "scope": "read write", "jti": "x"},
)
NO_SALES = replies.says(200, {"items": [], "page_info": {"total_results": 0}})
SECRETS = (CLIENT_SECRET, BASIC, ACCESS_TOKEN)


async def check(vendor: Vendor, given: GatewayCredentials = GIVEN, timeout_seconds: float = 2.0) -> Outcome:
    api = HotmartApi(auth_url=vendor.url, api_url=vendor.url, timeout_seconds=timeout_seconds)
    return check_told(await api.check(given), *SECRETS)


def basic_of(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


async def test_good_credentials_of_an_account_without_sales_are_accepted(vendor: Vendor) -> None:
    vendor.on(TOKEN, GRANTED)
    vendor.on(HISTORY, NO_SALES)
    outcome = await check(vendor)
    assert (outcome.is_success, outcome.code, outcome.return_code) == (True, GatewayCode.OK, 200)
    assert outcome.facts == {
        "gateway": "hotmart",
        "account_id": None,
        "account_name": None,
        "scopes": ["read", "write"],
        "token_expires_in": 172_799,
        "can_register_webhooks": False,
        "checked_permission": "sales/history",
    }


async def test_the_exchange_is_as_hotmart_documents_it(vendor: Vendor) -> None:
    vendor.on(TOKEN, GRANTED)
    vendor.on(HISTORY, NO_SALES)
    await check(vendor)
    token, history = vendor.requests
    assert token.query == {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    assert (token.headers["authorization"], token.body) == (f"Basic {BASIC}", b"")
    assert (history.query, history.headers["authorization"]) == ({"max_results": "1"}, f"Bearer {ACCESS_TOKEN}")


@pytest.mark.parametrize(
    "pasted",
    [BASIC, f"Basic {BASIC}", f" basic  {BASIC}\n", f"Authorization: Basic {BASIC}", BASIC.rstrip("="), "", " "],
)
async def test_the_basic_may_be_pasted_in_any_of_its_forms_or_left_out(vendor: Vendor, pasted: str) -> None:
    vendor.on(TOKEN, GRANTED)
    vendor.on(HISTORY, NO_SALES)
    given = GatewayCredentials(client_id=f" {CLIENT_ID}\n", client_secret=f"{CLIENT_SECRET} ", basic=pasted)
    assert (await check(vendor, given)).is_success
    assert vendor.requests[0].headers["authorization"] == f"Basic {BASIC}"


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        (f"11111111-7d06-4a5b-8930-00c99aecdd77:{CLIENT_SECRET}", "client_id"),
        (f"{CLIENT_ID}:another-secret-of-the-same-app", "client_secret"),
        (f"{CLIENT_ID}:{CLIENT_SECRET[:20]}", "client_secret"),
    ],
)
async def test_a_basic_of_other_credentials_is_told_before_anything_is_sent(
    vendor: Vendor, pair: str, reason: str
) -> None:
    outcome = await check(vendor, replace(GIVEN, basic=basic_of(pair)))
    assert outcome.code == GatewayCode.BASIC_MISMATCH
    assert reason in outcome.reason
    assert vendor.requests == []


async def test_an_unreadable_basic_is_tried_and_blamed_when_the_rest_works_without_it(vendor: Vendor) -> None:
    vendor.on(TOKEN, replies.says(401, {"error": "invalid_client"}), GRANTED)
    outcome = await check(vendor, replace(GIVEN, basic=CLIENT_SECRET))
    assert outcome.code == GatewayCode.BASIC_MISMATCH
    sent = [request.headers["authorization"] for request in vendor.requests]
    assert sent == [f"Basic {CLIENT_SECRET}", f"Basic {BASIC}"]


async def test_an_unreadable_basic_that_hotmart_takes_is_fine(vendor: Vendor) -> None:
    vendor.on(TOKEN, GRANTED)
    vendor.on(HISTORY, NO_SALES)
    assert (await check(vendor, replace(GIVEN, basic="opaque-value"))).is_success


async def test_wrong_credentials_with_an_unreadable_basic_are_wrong_credentials(vendor: Vendor) -> None:
    vendor.on(TOKEN, replies.says(401, {"error": "invalid_client"}))
    assert (await check(vendor, replace(GIVEN, basic="opaque-value"))).code == GatewayCode.WRONG_CREDENTIALS


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": ""},
        {"client_id": "id with space"},
        {"client_id": "id\r\nx-injected: 1"},
        {"client_secret": " \n"},
        {"client_secret": "sécret"},
        {"client_secret": "secret\x00null"},
        {"client_secret": "x" * 5_000},
        {"client_secret": "\ud800surrogate"},
        {"basic": "Basic abc\r\nx-injected: 1"},
        {"basic": "abc def"},
    ],
)
async def test_what_could_not_stand_in_a_request_is_never_sent(vendor: Vendor, changes: dict[str, Any]) -> None:
    outcome = await check(vendor, replace(GIVEN, **changes))
    assert outcome.code == GatewayCode.CREDENTIALS_MALFORMED
    assert outcome.params["field"] in {"client ID", "client secret", "Basic"}
    assert vendor.requests == []


REFUSED_EXCHANGES = [
    (replies.says(401, {"error": "invalid_client", "error_description": "Bad"}), GatewayCode.WRONG_CREDENTIALS, 401),
    (replies.says(400, {"error": "invalid_client"}), GatewayCode.WRONG_CREDENTIALS, 400),
    (replies.says(403, {"error": "unauthorized"}), GatewayCode.WRONG_CREDENTIALS, 403),
    (replies.empty(401), GatewayCode.WRONG_CREDENTIALS, 401),
    (replies.page(401), GatewayCode.WRONG_CREDENTIALS, 401),
    (replies.page(403), GatewayCode.UNEXPECTED_ANSWER, 403),
    (replies.page(200), GatewayCode.UNEXPECTED_ANSWER, 200),
    (replies.page(404), GatewayCode.UNEXPECTED_ANSWER, 404),
    (replies.says(404, {"error": "not_found"}), GatewayCode.UNEXPECTED_ANSWER, 404),
    (replies.says(302, {}, location="/login"), GatewayCode.UNEXPECTED_ANSWER, 302),
    (replies.empty(200), GatewayCode.UNEXPECTED_ANSWER, 200),
    (replies.says(200, {}), GatewayCode.UNEXPECTED_ANSWER, 200),
    (replies.says(200, [1]), GatewayCode.UNEXPECTED_ANSWER, 200),
    (replies.says(200, {"access_token": 7}), GatewayCode.UNEXPECTED_ANSWER, 200),
    (replies.says(200, {"access_token": "a\r\nb: c"}), GatewayCode.UNEXPECTED_ANSWER, 200),
    (replies.endless, GatewayCode.UNEXPECTED_ANSWER, 200),
    (replies.says(500, {"error": "internal_server_error"}), GatewayCode.UNAVAILABLE, 500),
    (replies.page(502), GatewayCode.UNAVAILABLE, 502),
    (replies.page(503), GatewayCode.UNAVAILABLE, 503),
    (replies.drop, GatewayCode.UNAVAILABLE, None),
    (replies.half, GatewayCode.UNAVAILABLE, 200),
]


@pytest.mark.parametrize(("reply", "code", "status"), REFUSED_EXCHANGES)
async def test_each_answer_to_the_exchange_has_its_code(
    vendor: Vendor, reply: Behaviour, code: GatewayCode, status: int | None
) -> None:
    vendor.on(TOKEN, reply)
    outcome = await check(vendor)
    assert (outcome.is_success, outcome.code, outcome.return_code) == (False, code, status)
    assert vendor.calls() == [TOKEN]


REFUSED_READS = [
    (replies.says(403, {"error": "unauthorized_client"}), GatewayCode.PERMISSION_MISSING, 403),
    (replies.empty(403), GatewayCode.PERMISSION_MISSING, 403),
    (replies.page(403), GatewayCode.UNEXPECTED_ANSWER, 403),
    (replies.page(200), GatewayCode.UNEXPECTED_ANSWER, 200),
    (replies.empty(200), GatewayCode.UNEXPECTED_ANSWER, 200),
    (replies.says(200, {"hello": 1}), GatewayCode.UNEXPECTED_ANSWER, 200),
    (replies.says(400, {"error": "invalid_parameter"}), GatewayCode.UNEXPECTED_ANSWER, 400),
    (replies.says(404, {"error": "not_found"}), GatewayCode.UNEXPECTED_ANSWER, 404),
    (replies.says(500, {"error": "internal_server_error"}), GatewayCode.UNAVAILABLE, 500),
    (replies.page(502), GatewayCode.UNAVAILABLE, 502),
    (replies.drop, GatewayCode.UNAVAILABLE, None),
]


@pytest.mark.parametrize(("reply", "code", "status"), REFUSED_READS)
async def test_each_answer_to_the_sales_history_has_its_code(
    vendor: Vendor, reply: Behaviour, code: GatewayCode, status: int | None
) -> None:
    vendor.on(TOKEN, GRANTED)
    vendor.on(HISTORY, reply)
    outcome = await check(vendor)
    assert (outcome.is_success, outcome.code, outcome.return_code) == (False, code, status)
    assert vendor.calls() == [TOKEN, HISTORY]


@pytest.mark.parametrize("reply", [replies.hang, replies.drip])
@pytest.mark.parametrize("route", [TOKEN, HISTORY])
async def test_a_gateway_that_does_not_answer_in_time_is_unavailable(
    vendor: Vendor, route: str, reply: Behaviour
) -> None:
    vendor.on(TOKEN, GRANTED)
    vendor.on(HISTORY, NO_SALES)
    vendor.on(route, reply)
    outcome = await check(vendor, timeout_seconds=0.3)
    assert outcome.code == GatewayCode.UNAVAILABLE
    assert MEANINGS[GatewayCode.UNAVAILABLE].fault is Fault.PROVIDER
    assert outcome.latency_ms >= 250


async def test_a_gateway_that_cannot_be_reached_is_unavailable(unreachable: str) -> None:
    api = HotmartApi(auth_url=unreachable, api_url=unreachable, timeout_seconds=2.0)
    outcome = check_told(await api.check(GIVEN), *SECRETS)
    assert (outcome.code, outcome.return_code) == (GatewayCode.UNAVAILABLE, None)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({}, 60), ({"Retry_After": "17"}, 17), ({"RateLimit_Reset": "9"}, 9), ({"RateLimit_Reset": "x"}, 60)],
)
@pytest.mark.parametrize("route", [TOKEN, HISTORY])
async def test_too_many_calls_say_when_to_come_back(
    vendor: Vendor, route: str, headers: dict[str, str], wait: int
) -> None:
    vendor.on(TOKEN, GRANTED)
    vendor.on(route, replies.says(429, {"error": "too_many_requests"}, **headers))
    outcome = await check(vendor)
    assert (outcome.code, outcome.return_code) == (GatewayCode.RATE_LIMITED, 429)
    assert outcome.retry_after_seconds == wait


async def test_a_token_refused_once_is_exchanged_once_more(vendor: Vendor) -> None:
    second = replies.says(200, {"access_token": "second-token"})
    vendor.on(TOKEN, GRANTED, second)
    vendor.on(HISTORY, replies.says(401, {"error": "token_expired"}), NO_SALES)
    assert (await check(vendor)).is_success
    assert vendor.calls() == [TOKEN, HISTORY, TOKEN, HISTORY]
    assert vendor.requests[3].headers["authorization"] == "Bearer second-token"


async def test_a_token_refused_twice_belongs_to_credentials_that_do_not_work_here(vendor: Vendor) -> None:
    vendor.on(TOKEN, GRANTED)
    vendor.on(HISTORY, replies.says(401, {"error": "invalid_token"}))
    outcome = await check(vendor)
    assert (outcome.code, outcome.return_code) == (GatewayCode.WRONG_CREDENTIALS, 401)
    assert "invalid_token" in outcome.reason
    assert vendor.calls() == [TOKEN, HISTORY, TOKEN, HISTORY]


async def test_webhooks_are_made_by_hand(vendor: Vendor) -> None:
    api = HotmartApi(auth_url=vendor.url, api_url=vendor.url)
    assert not api.can_register_webhooks
    with pytest.raises(ProviderRefused) as listed:
        await api.list_webhooks(GIVEN)
    with pytest.raises(ProviderRefused) as registered:
        await api.register_webhook(GIVEN, name="hub", url="https://hub.example/w", token="t")
    with pytest.raises(ProviderRefused) as deleted:
        await api.delete_webhook(GIVEN, "1")
    for refused in (listed.value, registered.value, deleted.value):
        assert check_told(refused.outcome).code == GatewayCode.WEBHOOKS_BY_HAND
        assert not refused.is_ambiguous
    assert vendor.requests == []
