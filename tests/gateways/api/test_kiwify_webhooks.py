"""Our webhook in the seller's Kiwify account: listed, created once, deleted whether it was there or not."""

from typing import Any

import orjson
import pytest

from tests.gateways.api import vendor as replies
from tests.gateways.api.test_kiwify_api import ACCOUNT_ID, CLIENT_SECRET, GIVEN, GRANTED, TOKEN
from tests.gateways.api.told import check_told
from tests.gateways.api.vendor import Behaviour, Vendor
from tracking_core.gateways.api import ProviderRefused, RegisteredWebhook
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.gateways.kiwify import tables
from tracking_core.gateways.kiwify.api import TRIGGERS, KiwifyApi

LIST = "GET /v1/webhooks"
CREATE = "POST /v1/webhooks"
WEBHOOK_ID = "c2be7f8e-b373-4eb7-b623-16ce98d5ed44"
DELETE = f"DELETE /v1/webhooks/{WEBHOOK_ID}"
URL = "https://hub.example/webhooks/kiwify/ep_1"
SIGNING = "planted-webhook-token"


def stored(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "id": WEBHOOK_ID if not number else f"webhook-{number}",
        "name": "hub",
        "url": URL,
        "products": "all",
        "triggers": ["compra_aprovada", "pix_gerado"],
        "token": SIGNING,
        "created_at": "2023-11-24T10:06:47.540Z",
        **changes,
    }


@pytest.fixture
def api(vendor: Vendor) -> KiwifyApi:
    vendor.on(TOKEN, GRANTED)
    return KiwifyApi(api_url=vendor.url, timeout_seconds=0.5)


async def register(api: KiwifyApi) -> RegisteredWebhook:
    return await api.register_webhook(GIVEN, name="hub", url=URL, token=SIGNING)


async def test_a_webhook_is_created_for_all_products_and_every_trigger(vendor: Vendor, api: KiwifyApi) -> None:
    vendor.on(CREATE, replies.says(201, stored()))
    webhook = await register(api)
    assert (webhook.id, webhook.url, webhook.token) == (WEBHOOK_ID, URL, SIGNING)
    assert webhook.triggers == ("compra_aprovada", "pix_gerado")
    assert SIGNING not in repr(webhook)
    sent = vendor.requests[-1]
    assert orjson.loads(sent.body) == {
        "name": "hub",
        "url": URL,
        "products": "all",
        "triggers": list(TRIGGERS),
        "token": SIGNING,
    }
    assert sent.headers["x-kiwify-account-id"] == ACCOUNT_ID


def test_every_trigger_is_one_our_normaliser_understands() -> None:
    assert set(TRIGGERS) <= set(tables.EVENT_KINDS)


@pytest.mark.parametrize("changes", [{"token": ""}, {"triggers": ()}, {"triggers": ("compra_aprovada", "nosuch")}])
async def test_a_webhook_that_would_prove_nothing_or_never_fire_is_not_created(
    vendor: Vendor, api: KiwifyApi, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="token"):
        await api.register_webhook(GIVEN, **{"name": "hub", "url": URL, "token": SIGNING, **changes})
    assert vendor.requests == []


@pytest.mark.parametrize(
    ("reply", "code", "is_ambiguous"),
    [
        (replies.says(400, {"message": "limit"}), GatewayCode.WEBHOOK_REFUSED, False),
        (replies.says(422, {"error": "validation_error"}), GatewayCode.WEBHOOK_REFUSED, False),
        (replies.says(403, {"error": "forbidden"}), GatewayCode.PERMISSION_MISSING, False),
        (replies.says(429, {}), GatewayCode.RATE_LIMITED, False),
        (replies.page(404), GatewayCode.UNEXPECTED_ANSWER, False),
        (replies.says(302, {}), GatewayCode.UNEXPECTED_ANSWER, False),
        (replies.says(500, {}), GatewayCode.UNAVAILABLE, True),
        (replies.page(504), GatewayCode.UNAVAILABLE, True),
        (replies.says(200, {"ok": True}), GatewayCode.UNEXPECTED_ANSWER, True),
        (replies.page(200), GatewayCode.UNEXPECTED_ANSWER, True),
        (replies.empty(201), GatewayCode.UNEXPECTED_ANSWER, True),
        (replies.hang, GatewayCode.UNAVAILABLE, True),
        (replies.drop, GatewayCode.UNAVAILABLE, True),
        (replies.half, GatewayCode.UNAVAILABLE, True),
    ],
)
async def test_a_creation_that_failed_says_whether_it_may_have_happened(
    vendor: Vendor, api: KiwifyApi, reply: Behaviour, code: GatewayCode, is_ambiguous: bool
) -> None:
    vendor.on(CREATE, reply)
    with pytest.raises(ProviderRefused) as refused:
        await register(api)
    outcome = check_told(refused.value.outcome, CLIENT_SECRET, SIGNING)
    assert (outcome.code, refused.value.is_ambiguous) == (code, is_ambiguous)
    assert SIGNING not in str(refused.value)
    assert vendor.calls().count(CREATE) == 1


async def test_a_creation_that_never_began_did_not_happen(unreachable: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        await register(KiwifyApi(api_url=unreachable, timeout_seconds=1.0))
    assert (refused.value.outcome.code, refused.value.is_ambiguous) == (GatewayCode.UNAVAILABLE, False)


@pytest.mark.parametrize(
    "reply", [replies.page(503), replies.hang, replies.drop, replies.empty(200), replies.says(401, {})]
)
async def test_a_creation_that_got_no_token_did_not_happen(vendor: Vendor, api: KiwifyApi, reply: Behaviour) -> None:
    vendor.on(TOKEN, reply)
    with pytest.raises(ProviderRefused) as refused:
        await register(api)
    assert not refused.value.is_ambiguous
    assert vendor.calls() == [TOKEN]


async def test_a_creation_refused_for_its_token_and_then_given_none_did_not_happen(
    vendor: Vendor, api: KiwifyApi
) -> None:
    vendor.on(TOKEN, GRANTED, replies.drop)
    vendor.on(CREATE, replies.says(401, {}))
    with pytest.raises(ProviderRefused) as refused:
        await register(api)
    assert not refused.value.is_ambiguous


async def test_a_creation_whose_token_had_expired_is_made_with_a_new_one(vendor: Vendor, api: KiwifyApi) -> None:
    vendor.on(CREATE, replies.says(401, {"error": "auth_error"}), replies.says(200, stored()))
    assert (await register(api)).id == WEBHOOK_ID
    assert vendor.calls() == [TOKEN, CREATE, TOKEN, CREATE]


async def test_every_page_of_the_list_is_read(vendor: Vendor, api: KiwifyApi) -> None:
    first = {"pagination": {}, "data": [stored(number) for number in range(1, 101)]}
    vendor.on(LIST, replies.says(200, first), replies.says(200, {"data": [stored(101)]}))
    webhooks = await api.list_webhooks(GIVEN)
    assert [webhook.id for webhook in webhooks] == [f"webhook-{number}" for number in range(1, 102)]
    assert [request.query["page_number"] for request in vendor.requests[1:]] == ["1", "2"]


async def test_a_list_that_never_ends_is_read_to_a_bound(vendor: Vendor, api: KiwifyApi) -> None:
    vendor.on(LIST, replies.says(200, {"data": [stored(number) for number in range(1, 101)]}))
    assert len(await api.list_webhooks(GIVEN)) == 100
    assert vendor.calls().count(LIST) == 20


async def test_entries_of_the_list_that_are_no_webhooks_are_left_out(vendor: Vendor, api: KiwifyApi) -> None:
    odd = [None, 7, {}, {"id": 5, "url": URL}, {"id": "a/../b", "url": URL}, {"id": "w1", "url": None}]
    loose = {"id": "w2", "url": URL, "triggers": "all", "token": "", "name": None}
    vendor.on(LIST, replies.says(200, {"data": [*odd, loose]}))
    assert await api.list_webhooks(GIVEN) == (RegisteredWebhook(id="w2", name="", url=URL, triggers=(), token=None),)


@pytest.mark.parametrize("reply", [replies.page(200), replies.says(200, {}), replies.says(500, {})])
async def test_a_list_that_is_none_is_not_an_empty_list(vendor: Vendor, api: KiwifyApi, reply: Behaviour) -> None:
    vendor.on(LIST, reply)
    with pytest.raises(ProviderRefused) as refused:
        await api.list_webhooks(GIVEN)
    assert not refused.value.is_ambiguous


@pytest.mark.parametrize(
    "reply", [replies.says(200, {}), replies.empty(200), replies.empty(204), replies.says(404, {}), replies.empty(410)]
)
async def test_a_deleted_webhook_is_gone_also_when_it_was_gone_before(
    vendor: Vendor, api: KiwifyApi, reply: Behaviour
) -> None:
    vendor.on(DELETE, reply)
    await api.delete_webhook(GIVEN, WEBHOOK_ID)
    assert vendor.calls() == [TOKEN, DELETE]


@pytest.mark.parametrize(
    ("reply", "code", "is_ambiguous"),
    [
        (replies.says(403, {}), GatewayCode.PERMISSION_MISSING, False),
        (replies.says(409, {}), GatewayCode.WEBHOOK_REFUSED, False),
        (replies.page(404), GatewayCode.UNEXPECTED_ANSWER, False),
        (replies.page(200), GatewayCode.UNEXPECTED_ANSWER, True),
        (replies.says(500, {}), GatewayCode.UNAVAILABLE, True),
        (replies.drop, GatewayCode.UNAVAILABLE, True),
    ],
)
async def test_a_deletion_that_failed_is_told(
    vendor: Vendor, api: KiwifyApi, reply: Behaviour, code: GatewayCode, is_ambiguous: bool
) -> None:
    vendor.on(DELETE, reply)
    with pytest.raises(ProviderRefused) as refused:
        await api.delete_webhook(GIVEN, WEBHOOK_ID)
    assert (refused.value.outcome.code, refused.value.is_ambiguous) == (code, is_ambiguous)


@pytest.mark.parametrize("webhook_id", ["", "../account-details", "a b", "a?b=c", "x" * 65, "é"])
async def test_what_is_no_id_deletes_nothing(vendor: Vendor, api: KiwifyApi, webhook_id: str) -> None:
    with pytest.raises(ValueError, match="id"):
        await api.delete_webhook(GIVEN, webhook_id)
    assert vendor.requests == []
