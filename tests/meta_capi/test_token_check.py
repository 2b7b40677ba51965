"""Whether a token may send, asked of a Graph API on the loopback: each answer of Meta's has its code."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest

from tests.gateways.api import vendor as replies
from tests.gateways.api.vendor import Behaviour, Vendor
from tests.meta_capi.token_graph import (
    APP_SECRET,
    DATASET,
    EVENTS,
    NAME_MISSING,
    NOW,
    TOKEN,
    check,
    refused,
    running_well,
)
from tracking_core.destinations.meta_capi.check_codes import MEANINGS, MetaCode
from tracking_core.setup.outcome import Fault


@pytest.fixture
async def meta() -> AsyncIterator[Vendor]:
    async with running_well() as vendor:
        yield vendor


async def test_a_token_whose_old_event_is_refused_for_its_age_may_send(meta: Vendor) -> None:
    outcome = await check(meta)
    assert (outcome.is_success, outcome.code, outcome.return_code, outcome.warnings) == (True, MetaCode.OK, 400, ())
    assert 0 <= outcome.latency_ms < 2_000
    assert outcome.facts == {
        "dataset_id": DATASET,
        "can_send": True,
        "api_version": None,
        "dataset_name": "Pixel da Loja",
        "can_read_dataset": True,
        "token_type": "SYSTEM_USER",
        "app_id": "1122334455",
        "scopes": ["ads_management", "business_management"],
        "expires_at": None,
        "data_access_expires_at": None,
    }


async def test_the_probe_is_one_complete_event_of_nobody_eight_days_old(meta: Vendor) -> None:
    await check(meta)
    sent = orjson.loads(meta.requests[0].body)
    (event,) = sent["data"]
    assert event["event_time"] == int((NOW - timedelta(days=8)).timestamp())
    assert (event["event_name"], event["action_source"]) == ("HubTokenCheck", "website")
    assert event["user_data"]["em"] == [hashlib.sha256(b"hub-token-check@example.com").hexdigest()]
    assert "test_event_code" not in sent
    assert meta.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_what_meta_knows_of_the_token_is_asked_with_the_token_itself(meta: Vendor) -> None:
    await check(meta, app_secret=APP_SECRET)
    proof = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    probe, *reads = meta.requests
    assert orjson.loads(probe.body)["appsecret_proof"] == proof
    by_path = {request.path: request for request in reads}
    assert by_path["/v26.0/debug_token"].query == {"input_token": TOKEN, "appsecret_proof": proof}
    assert by_path[f"/v26.0/{DATASET}"].query == {"fields": "id,name", "appsecret_proof": proof}
    assert {request.headers["authorization"] for request in reads} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("dataset_id", ["", " ", "pixel", "123 456", "12-34", "1" * 33, "１２３", TOKEN])
async def test_a_dataset_id_that_is_none_is_not_sent_and_not_repeated(meta: Vendor, dataset_id: str) -> None:
    outcome = await check(meta, dataset_id=dataset_id)
    assert (outcome.code, outcome.return_code) == (MetaCode.DATASET_MALFORMED, None)
    assert not dataset_id.strip() or dataset_id not in repr(outcome)
    assert meta.requests == []


@pytest.mark.parametrize(
    "token", ["", "  ", "EAAB", "EAAB 1234567", "EAAB\r\nx: y", "EAABç1234567", "E" * 5_000, "\ud800EAAB12"]
)
async def test_a_token_that_could_not_stand_in_a_header_is_not_sent(meta: Vendor, token: str) -> None:
    assert (await check(meta, token=token)).code == MetaCode.TOKEN_MALFORMED
    assert meta.requests == []


@pytest.mark.parametrize("app_secret", ["abc", "with space in it", "\ud800abcdefg"])
async def test_an_app_secret_that_is_none_is_not_used(meta: Vendor, app_secret: str) -> None:
    assert (await check(meta, app_secret=app_secret)).code == MetaCode.APP_SECRET_WRONG
    assert meta.requests == []


async def test_what_was_pasted_with_space_around_it_is_taken(meta: Vendor) -> None:
    assert (await check(meta, dataset_id=f" {DATASET}\n", token=f"\t{TOKEN} ", app_secret="  ")).is_success


REFUSALS = [
    (refused(401, 190, None, "Invalid OAuth access token - Cannot parse access token"), MetaCode.TOKEN_INVALID),
    (refused(500, 190), MetaCode.TOKEN_INVALID),
    (refused(400, 102), MetaCode.TOKEN_INVALID),
    (replies.says(401, {}), MetaCode.TOKEN_INVALID),
    (refused(400, 190, 463), MetaCode.TOKEN_EXPIRED),
    (refused(400, 190, 458), MetaCode.TOKEN_REVOKED),
    (refused(400, 190, 460), MetaCode.TOKEN_REVOKED),
    (refused(400, 190, 467), MetaCode.TOKEN_REVOKED),
    (refused(400, 190, 492), MetaCode.TOKEN_REVOKED),
    (refused(400, 190, 459), MetaCode.OWNER_UNCONFIRMED),
    (refused(400, 190, 464), MetaCode.OWNER_UNCONFIRMED),
    (refused(400, 100, 33), MetaCode.DATASET_NO_ACCESS),
    (refused(404, 803), MetaCode.DATASET_NO_ACCESS),
    (refused(403, 10), MetaCode.PERMISSION_MISSING),
    (refused(400, 200), MetaCode.PERMISSION_MISSING),
    (refused(400, 294), MetaCode.PERMISSION_MISSING),
    (refused(400, 368), MetaCode.ACCOUNT_BLOCKED),
    (refused(400, 4), MetaCode.RATE_LIMITED),
    (refused(400, 80_004), MetaCode.RATE_LIMITED),
    (replies.page(429), MetaCode.RATE_LIMITED),
    (refused(500, 1), MetaCode.UNAVAILABLE),
    (refused(400, 2), MetaCode.UNAVAILABLE),
    (replies.page(502), MetaCode.UNAVAILABLE),
    (replies.drop, MetaCode.UNAVAILABLE),
    (replies.no_http, MetaCode.UNAVAILABLE),
    (replies.page(403), MetaCode.UNEXPECTED_ANSWER),
    (replies.page(404), MetaCode.UNEXPECTED_ANSWER),
    (replies.page(200), MetaCode.UNEXPECTED_ANSWER),
    (replies.empty(200), MetaCode.UNEXPECTED_ANSWER),
    (replies.says(302, {}, location="/x"), MetaCode.UNEXPECTED_ANSWER),
    (replies.says(200, {"events_received": 0}), MetaCode.UNEXPECTED_ANSWER),
    (refused(400, 2_500), MetaCode.UNEXPECTED_ANSWER),
    (refused(400, 99_999), MetaCode.UNEXPECTED_ANSWER),
]


@pytest.mark.parametrize(("reply", "code"), REFUSALS)
async def test_each_refusal_of_the_probe_has_its_code(meta: Vendor, reply: Behaviour, code: MetaCode) -> None:
    meta.on(EVENTS, reply)
    outcome = await check(meta)
    assert (outcome.is_success, outcome.code) == (False, code)
    assert outcome.facts["can_send"] is (False if MEANINGS[code].fault is Fault.SELLER else None)
    assert meta.calls() == [EVENTS]


async def test_metas_own_words_stand_in_the_reason_without_the_token(meta: Vendor) -> None:
    meta.on(EVENTS, refused(401, 190, 463, f"Session of {TOKEN} and maria@example.com has expired. " + "x" * 900))
    outcome = await check(meta)
    assert outcome.reason.startswith("190/463 Session of *** and *** has expired.")
    assert outcome.return_code == 401


async def test_a_secret_with_something_invisible_inside_is_masked_too(meta: Vendor) -> None:
    hidden = f"{APP_SECRET[:10]}\u200b{APP_SECRET[10:]}"
    meta.on(EVENTS, refused(400, 10, None, f"no {hidden} here"))
    assert (await check(meta, app_secret=APP_SECRET)).reason == "10 no *** here"


async def test_a_throttled_check_says_when_to_come_back(meta: Vendor) -> None:
    meta.on(EVENTS, refused(400, 4, Retry_After="90"))
    assert (await check(meta)).retry_after_seconds == 90


@pytest.mark.parametrize("reply", [replies.hang, replies.drip])
async def test_silence_is_metas_fault(meta: Vendor, reply: Behaviour) -> None:
    meta.on(EVENTS, reply)
    outcome = await check(meta, timeout_seconds=0.3)
    assert outcome.code in (MetaCode.UNAVAILABLE, MetaCode.UNEXPECTED_ANSWER)
    assert outcome.latency_ms >= 250


async def test_a_meta_that_cannot_be_reached_is_unavailable() -> None:
    outcome = await check(Vendor(url="http://127.0.0.1:1"))
    assert (outcome.code, outcome.return_code) == (MetaCode.UNAVAILABLE, None)


async def test_an_old_event_that_was_taken_is_a_failure_and_is_said_aloud(
    meta: Vendor, capsys: pytest.CaptureFixture[str]
) -> None:
    meta.on(EVENTS, replies.says(200, {"events_received": 1, "fbtrace_id": "Abc"}))
    outcome = await check(meta)
    assert (outcome.is_success, outcome.code, outcome.return_code) == (False, MetaCode.PROBE_STORED, 200)
    assert "meta_probe_was_stored" in capsys.readouterr().out
    assert meta.calls() == [EVENTS]


@pytest.mark.parametrize("first", [refused(400, 100, 2_804_050), refused(400, 100, 2_804_007), refused(400, 100)])
async def test_another_refusal_of_the_event_is_settled_by_an_empty_one(meta: Vendor, first: Behaviour) -> None:
    meta.on(EVENTS, first, NAME_MISSING)
    assert (await check(meta)).is_success
    assert orjson.loads(meta.requests[1].body)["data"] == [{}]


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (refused(400, 100, 2_804_050), MetaCode.UNEXPECTED_ANSWER),
        (refused(400, 100, 33), MetaCode.DATASET_NO_ACCESS),
        (refused(401, 190, 463), MetaCode.TOKEN_EXPIRED),
        (replies.page(503), MetaCode.UNAVAILABLE),
        (replies.says(200, {"events_received": 1}), MetaCode.PROBE_STORED),
    ],
)
async def test_what_the_empty_event_comes_to_decides(meta: Vendor, second: Behaviour, code: MetaCode) -> None:
    meta.on(EVENTS, refused(400, 100, 2_804_050), second)
    outcome = await check(meta)
    assert outcome.code == code
    assert meta.calls() == [EVENTS, EVENTS]


async def test_a_proof_refused_for_any_event_is_a_wrong_app_secret(meta: Vendor) -> None:
    meta.on(EVENTS, refused(400, 100, None, "Invalid appsecret_proof provided in the API argument"))
    assert (await check(meta, app_secret=APP_SECRET)).code == MetaCode.APP_SECRET_WRONG


async def test_a_proof_that_was_due_is_asked_for(meta: Vendor) -> None:
    meta.on(EVENTS, refused(400, 100, None, "API calls from the server require an appsecret_proof argument"))
    assert (await check(meta)).code == MetaCode.APP_SECRET_REQUIRED


async def test_error_100_that_names_nothing_blames_nobody(meta: Vendor) -> None:
    meta.on(EVENTS, refused(400, 100))
    assert (await check(meta)).code == MetaCode.UNEXPECTED_ANSWER
