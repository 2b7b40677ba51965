"""What the simulated Graph API tells of a token, what a dead one gets, and what the hub's check makes of both."""

import hashlib
import hmac
import time
from typing import Any

import httpx
import pytest

from tests.meta_capi.token_graph import check_told
from tests.simulators.calls import DAY, Json, event, numbers, post, taken
from tests.simulators.test_meta import register
from tracking_core.destinations.meta_capi.check_codes import MetaCode
from tracking_core.destinations.meta_capi.token_check import check_token
from tracking_core.kit.clock import now
from tracking_core.setup.outcome import Outcome

SECRET = "app-secret-of-a-seller"
LIVE = {"authorization": "Bearer EAALive"}
NOT_THE_APPS = (
    "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app"
)


def debugged(meta: httpx.Client, token: str, **more: str) -> httpx.Response:
    return meta.get("/v26.0/debug_token", params={"input_token": token, **more}, headers={} if more else LIVE)


def data(answer: httpx.Response) -> Json:
    assert answer.status_code == 200, answer.text
    said: Json = answer.json()["data"]
    return said


@pytest.mark.parametrize("more", [{}, {"access_token": "EAALive"}], ids=["bearer", "query"])
def test_a_registered_token_is_told_as_it_was_registered(meta: httpx.Client, more: dict[str, str]) -> None:
    ends = int(time.time()) + DAY
    facts: Json = {"token_type": "USER", "scopes": ["ads_read"], "expires_at": ends, "data_access_expires_at": ends + 1}
    token = register(meta, "9201", **facts)
    assert data(debugged(meta, token, **more)) == {
        "app_id": "1122334455",
        "type": "USER",
        "application": "Aplicativo da Loja",
        "data_access_expires_at": ends + 1,
        "expires_at": ends,
        "is_valid": True,
        "scopes": ["ads_read"],
        "granular_scopes": [{"scope": "ads_read"}],
    }


def test_a_token_of_no_dataset_is_a_system_users_without_an_end(meta: httpx.Client) -> None:
    said = data(debugged(meta, "EAAUnregistered"))
    assert (said["type"], said["expires_at"], said["is_valid"]) == ("SYSTEM_USER", 0, True)
    assert "ads_management" in said["scopes"]


def test_what_is_no_token_is_told_inside_the_data(meta: httpx.Client) -> None:
    error = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
    assert data(debugged(meta, "garbage")) == {"is_valid": False, "error": error, "scopes": []}


def test_a_token_is_asked_about_with_a_token_about_a_token(meta: httpx.Client) -> None:
    assert numbers(meta.get("/v26.0/debug_token", params={"input_token": "EAALive"})) == (401, 190, None)
    assert numbers(meta.get("/v26.0/debug_token", headers=LIVE)) == (400, 100, None)
    assert numbers(debugged(meta, "EAALive", access_token="garbage")) == (401, 190, None)
    assert numbers(meta.get("/latest/debug_token", params={"input_token": "EAALive"}, headers=LIVE))[1] == 2500
    assert meta.get("/v26.0/debug_token", headers=LIVE).headers["facebook-api-version"] == "v26.0"


@pytest.mark.parametrize("is_its_own", [True, False])
def test_a_token_of_another_app_or_of_events_manager_is_not_told(meta: httpx.Client, is_its_own: bool) -> None:
    for dataset, facts in (("9202", {"token_type": "events_manager"}), ("9203", {"app_id": "99"})):
        token = register(meta, dataset, **facts)
        answer = debugged(meta, token, **({"access_token": token} if is_its_own else {}))
        if is_its_own and "app_id" in facts:
            assert data(answer)["app_id"] == "99"
        else:
            assert numbers(answer) == (400, 100, None)
            assert answer.json()["error"]["message"] == NOT_THE_APPS


def permissions(meta: httpx.Client, token: str) -> httpx.Response:
    return meta.get("/v26.0/me/permissions", headers={"authorization": f"Bearer {token}"})


def test_permissions_are_listed_as_granted(meta: httpx.Client) -> None:
    token = register(meta, "9204", scopes=["ads_read"])
    assert permissions(meta, token).json() == {"data": [{"permission": "ads_read", "status": "granted"}]}
    by_hand = register(meta, "9205", token_type="events_manager")
    assert permissions(meta, by_hand).json() == {"data": []}
    assert numbers(permissions(meta, "garbage")) == (401, 190, None)
    assert {"permission": "ads_management", "status": "granted"} in permissions(meta, "EAALive").json()["data"]


@pytest.mark.parametrize(
    ("facts", "subcode"),
    [({"is_expired": True}, 463), ({"expires_at": 1}, 463), ({"is_revoked": True}, 460)],
    ids=["expired", "ended", "revoked"],
)
def test_a_dead_token_is_refused_by_every_call_and_told_to_a_live_one(
    meta: httpx.Client, facts: Json, subcode: int
) -> None:
    token = register(meta, "9206", **facts)
    bearer = {"authorization": f"Bearer {token}"}
    answers = [
        post(meta, event(), dataset="9206", token=token),
        post(meta, event(), dataset="9299", token=token),
        meta.get("/v26.0/9206", headers=bearer),
        permissions(meta, token),
        meta.get("/v26.0/debug_token", params={"input_token": token}, headers=bearer),
    ]
    assert {numbers(answer) for answer in answers} == {(401, 190, subcode)}
    assert answers[0].json()["error"]["message"].startswith("Error validating access token: ")
    assert taken(meta) == []
    said = data(debugged(meta, token))
    assert (said["is_valid"], said["error"]["code"], said["error"]["subcode"]) == (False, 190, subcode)


@pytest.mark.parametrize(("code", "status"), [(10, 400), (200, 403)])
def test_a_missing_scope_refuses_to_send_and_not_to_read(meta: httpx.Client, code: int, status: int) -> None:
    token = register(meta, "9207", missing_scope=code)
    answer = post(meta, event(), dataset="9207", token=token)
    assert numbers(answer) == (status, code, None)
    assert answer.json()["error"]["message"].startswith(f"(#{code}) ")
    assert meta.get("/v26.0/9207", params={"access_token": token}).is_success
    assert taken(meta) == []


def test_a_token_whose_app_wants_the_proof_is_told_with_it_alone(meta: httpx.Client) -> None:
    token = register(meta, "9208", app_secret=SECRET)
    proof = hmac.new(SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
    bearer = {"authorization": f"Bearer {token}"}
    for path, query in (("debug_token", {"input_token": token}), ("me/permissions", {})):
        assert numbers(meta.get(f"/v26.0/{path}", params=query, headers=bearer)) == (400, 100, None)
        proven = meta.get(f"/v26.0/{path}", params={**query, "appsecret_proof": proof}, headers=bearer)
        assert proven.is_success


@pytest.mark.parametrize(
    "facts",
    [{"token_type": "PAGE"}, {"expires_at": -1}, {"expires_at": "soon"}, {"missing_scope": 11}, {"app_id": "app"}],
)
def test_facts_no_token_has_are_refused(meta: httpx.Client, facts: Json) -> None:
    wanted = {"dataset_id": "9209", "access_token": "EAAPlanted", **facts}
    answer = meta.post("/_control/datasets", json=wanted)
    assert (answer.status_code, answer.text.startswith(next(iter(facts)))) == (422, True)
    assert "EAAPlanted" not in answer.text


async def check(meta: httpx.Client, dataset: str, token: str, **changes: Any) -> Outcome:
    """By the hub's client, having stored nothing."""
    asked = {"version": "v26.0", "timeout_seconds": 5.0, "app_secret": None, **changes}
    outcome = await check_token(
        graph_url=str(meta.base_url), dataset_id=dataset, access_token=token, now=now(), **asked
    )
    assert taken(meta) == []
    return check_told(outcome, token, SECRET)


async def test_a_good_token_is_told_whole(meta: httpx.Client) -> None:
    ends = int(time.time()) + 90 * DAY
    token = register(meta, "9211", name="Pixel da Loja", expires_at=ends, data_access_expires_at=ends)
    outcome = await check(meta, "9211", token)
    assert (outcome.code, outcome.warnings) == (MetaCode.OK, ())
    facts = {name: outcome.facts[name] for name in ("token_type", "app_id", "scopes", "dataset_name")}
    assert facts == {
        "token_type": "SYSTEM_USER",
        "app_id": "1122334455",
        "scopes": ["ads_management", "business_management"],
        "dataset_name": "Pixel da Loja",
    }


@pytest.mark.parametrize(
    ("facts", "code", "status"),
    [
        ({"is_expired": True}, MetaCode.TOKEN_EXPIRED, 401),
        ({"expires_at": 1}, MetaCode.TOKEN_EXPIRED, 401),
        ({"is_revoked": True}, MetaCode.TOKEN_REVOKED, 401),
        ({"missing_scope": 10}, MetaCode.PERMISSION_MISSING, 400),
        ({"missing_scope": 200}, MetaCode.PERMISSION_MISSING, 403),
        ({"app_secret": SECRET}, MetaCode.APP_SECRET_REQUIRED, 400),
    ],
)
async def test_a_token_that_cannot_send_has_its_code(
    meta: httpx.Client, facts: Json, code: MetaCode, status: int
) -> None:
    token = register(meta, "9212", **facts)
    outcome = await check(meta, "9212", token)
    assert (outcome.code, outcome.return_code, outcome.facts["can_send"]) == (code, status, False)


@pytest.mark.parametrize(
    ("facts", "warnings"),
    [
        ({"expires_at": int(time.time()) + 3 * DAY}, [MetaCode.TOKEN_EXPIRING]),
        ({"scopes": ["ads_read"]}, [MetaCode.SCOPE_MISSING]),
        ({"missing_permission": True}, [MetaCode.DATASET_UNREADABLE]),
        ({"token_type": "events_manager", "missing_permission": True}, [MetaCode.DATASET_UNREADABLE]),
        ({"token_type": "events_manager"}, []),
    ],
)
async def test_a_token_that_can_send_is_good_whatever_else_is_to_say(
    meta: httpx.Client, facts: Json, warnings: list[MetaCode]
) -> None:
    token = register(meta, "9213", **facts)
    outcome = await check(meta, "9213", token)
    assert (outcome.code, list(outcome.warnings)) == (MetaCode.OK, warnings)


async def test_of_a_token_from_events_manager_nothing_is_known_but_that_it_works(meta: httpx.Client) -> None:
    token = register(meta, "9214", token_type="events_manager")
    outcome = await check(meta, "9214", token)
    unknown = [outcome.facts[name] for name in ("token_type", "app_id", "expires_at", "scopes")]
    assert (outcome.is_success, unknown) == (True, [None, None, None, []])


async def test_another_dataset_and_another_token_are_told_apart(meta: httpx.Client) -> None:
    token = register(meta, "9215")
    assert (await check(meta, "9216", token)).code == MetaCode.DATASET_NO_ACCESS
    assert (await check(meta, "9215", "EAAnotthatone")).code == MetaCode.TOKEN_INVALID


async def test_the_app_secret_is_right_or_wrong(meta: httpx.Client) -> None:
    token = register(meta, "9217", app_secret=SECRET)
    right = await check(meta, "9217", token, app_secret=SECRET)
    assert (right.code, right.facts["token_type"]) == (MetaCode.OK, "SYSTEM_USER")
    assert (await check(meta, "9217", token, app_secret=SECRET[::-1])).code == MetaCode.APP_SECRET_WRONG
