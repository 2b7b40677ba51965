"""The request as a whole: its parts, its size, its credentials, and the answer's shape."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from evals.simulators.meta.versions import answering_version
from tests.simulators.calls import DATASET, HASH, TOKEN, URL, Json, event, numbers, person, post, taken

_SECRET = "app-secret"
_DETAILS = {
    *("message", "type", "code", "error_subcode", "is_transient", "error_user_title", "error_user_msg"),
    *("error_data", "fbtrace_id"),
}


def proof_of(signed: str) -> str:
    return hmac.new(_SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()


def register(meta: httpx.Client, dataset: str, **properties: Any) -> str:
    """The token of a dataset that is this test's own."""
    token = f"EAA{dataset}"
    wanted = {"dataset_id": dataset, "access_token": token, **properties}
    assert meta.post("/_control/datasets", json=wanted).status_code == 204
    return token


@pytest.mark.parametrize("data", [[], {}, "text", None, [1], ["{"], [None], 7])
def test_data_that_is_no_list_of_events_is_refused(meta: httpx.Client, data: Any) -> None:
    assert numbers(meta.post(URL, json={"data": data, "access_token": TOKEN})) == (400, 100, None)


def test_a_thousand_events_are_taken_and_one_more_is_refused(meta: httpx.Client) -> None:
    events = [event(f"sale-{at}") for at in range(1_001)]
    assert numbers(post(meta, *events)) == (400, 100, None)
    assert post(meta, *events[:1_000]).json()["events_received"] == 1_000


@pytest.mark.parametrize("more", [{"events": []}, {"test_event_code": ["TEST1"]}, {"partner_agent": True}])
def test_a_top_level_key_meta_does_not_know_or_of_the_wrong_type_is_refused(meta: httpx.Client, more: Json) -> None:
    assert numbers(post(meta, event(), **more)) == (400, 100, None)
    assert taken(meta) == []


def test_the_documented_top_level_keys_are_taken_and_read_back(meta: httpx.Client) -> None:
    more: Json = {"test_event_code": "TEST1", "partner_agent": "hub_0_1", "namespace_id": 1, "upload_id": "2"}
    more |= {"upload_tag": "t", "upload_source": "s"}
    assert post(meta, event(), **more).is_success
    assert taken(meta)[0]["parameters"] == more


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[1]"),
        ("application/json", b"\xff"),
        ("application/x-www-form-urlencoded", b"data=[{"),
        ("application/x-www-form-urlencoded", b"data=\xff"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\ncontent-disposition: form-data; name="data"\r\n\r\n{\r\n--x--\r\n',
        ),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(meta: httpx.Client, content_type: str, body: bytes) -> None:
    headers = {"content-type": content_type, "authorization": f"Bearer {TOKEN}"}
    assert numbers(meta.post(URL, content=body, headers=headers)) == (400, 100, None)


def test_the_token_is_read_from_header_body_or_query_and_never_shown(meta: httpx.Client) -> None:
    texts = json.dumps([json.dumps(event("texts"))])
    assert post(meta, event("bearer")).is_success
    assert meta.post(URL, json={"data": [event("body")], "access_token": TOKEN}).is_success
    assert meta.post(URL, params={"access_token": TOKEN}, json={"data": [event("query")]}).is_success
    assert meta.post(URL, data={"data": json.dumps([event("form")]), "access_token": TOKEN}).is_success
    assert meta.post(URL, data={"data": texts, "access_token": TOKEN}).is_success
    parts = {"data": (None, json.dumps([event("parts")])), "access_token": (None, TOKEN)}
    assert meta.post(URL, files=parts).is_success
    shown = meta.get("/_control/events")
    ids = [one["event"]["event_id"] for one in shown.json()["events"]]
    assert ids == ["bearer", "body", "query", "form", "texts", "parts"]
    assert TOKEN not in shown.text


@pytest.mark.parametrize("token", ["", "garbage", "EAÁ"])
def test_a_missing_or_unknown_token_is_190_with_http_401(meta: httpx.Client, token: str) -> None:
    assert numbers(meta.post(URL, json={"data": [event()], "access_token": token})) == (401, 190, None)


def test_a_registered_dataset_wants_its_own_token_which_opens_no_other(meta: httpx.Client) -> None:
    token = register(meta, "9001")
    assert numbers(post(meta, event(), dataset="9001", token="EAAOther")) == (401, 190, None)
    assert numbers(post(meta, event(), dataset="9002", token=token)) == (400, 100, 33)
    assert post(meta, event(), dataset="9001", token=token).is_success
    assert post(meta, event(), dataset="9002", token="EAAOther").is_success


def test_an_app_that_wants_the_proof_gets_it_in_body_or_query_with_or_without_time(meta: httpx.Client) -> None:
    token = register(meta, "9003", app_secret=_SECRET)
    timed = {"appsecret_proof": proof_of(f"{token}|1700000000"), "appsecret_time": 1_700_000_000}
    for good in ({"appsecret_proof": proof_of(token)}, timed):
        assert post(meta, event(), dataset="9003", token=token, **good).is_success
    query = {"appsecret_proof": proof_of(token), "access_token": token}
    assert meta.post("/v26.0/9003/events", params=query, json={"data": [event()]}).is_success
    late = timed | {"appsecret_time": 1_700_000_001}
    for bad in ({}, {"appsecret_proof": "0" * 64}, {"appsecret_proof": proof_of(token), "appsecret_time": 1}, late):
        assert numbers(post(meta, event(), dataset="9003", token=token, **bad)) == (400, 100, None)


def test_a_proof_that_can_be_none_is_refused_for_any_dataset(meta: httpx.Client) -> None:
    assert numbers(post(meta, event(), appsecret_proof="abc")) == (400, 100, None)
    assert numbers(post(meta, event(), appsecret_proof=HASH, appsecret_time="soon")) == (400, 100, None)
    assert post(meta, event(), appsecret_proof=HASH).is_success


def test_what_is_no_dataset_id_or_no_version_is_not_found(meta: httpx.Client) -> None:
    assert numbers(post(meta, event(), dataset="loja"))[:2] == (400, 803)
    assert numbers(meta.post(f"/latest/{DATASET}/events", json={"data": [event()]}))[:2] == (400, 2500)


@pytest.mark.parametrize(("asked", "answering"), [("v26.0", "v26.0"), ("v30.0", "v30.0")])
def test_the_header_names_the_version_that_answered(meta: httpx.Client, asked: str, answering: str) -> None:
    answer = meta.post(f"/{asked}/{DATASET}/events", json={"data": [event()], "access_token": TOKEN})
    assert answer.headers["facebook-api-version"] == answering
    assert answer.headers["x-fb-trace-id"]
    assert answer.json().keys() == {"events_received", "messages", "fbtrace_id"}


def test_a_refusal_has_metas_shape_names_what_is_to_blame_and_repeats_no_value(meta: httpx.Client) -> None:
    answer = post(meta, event(), person(fbc="secret-click"))
    error = answer.json()["error"]
    assert error.keys() == _DETAILS
    assert (error["type"], error["message"], error["is_transient"]) == ("OAuthException", "Invalid parameter", False)
    assert error["error_data"] == {"blame_field_specs": [["data", 1, "user_data", "fbc"]]}
    assert error["error_user_title"] == "fbc inválido"
    assert "secret-click" not in answer.text


def test_a_refusal_without_subcode_says_so_in_its_message(meta: httpx.Client) -> None:
    error = post(meta, event(opt_out=1)).json()["error"]
    assert error["message"] == "(#100) opt_out must be true or false"
    assert "error_subcode" not in error


def test_error_data_may_be_json_text(meta: httpx.Client) -> None:
    token = register(meta, "9004", textual_error_data=True)
    error = post(meta, {}, dataset="9004", token=token).json()["error"]
    assert json.loads(error["error_data"]) == {"blame_field_specs": [["data", 0, "event_name"]]}


def test_reading_a_dataset_gives_the_fields_asked_for(meta: httpx.Client) -> None:
    token = register(meta, "9005", name="Loja")
    bearer = {"authorization": f"Bearer {token}"}
    assert meta.get("/v26.0/9005", params={"fields": "id,name"}, headers=bearer).json() == {
        "id": "9005",
        "name": "Loja",
    }
    assert meta.get("/v26.0/9005", params={"fields": "id", "access_token": token}).json() == {"id": "9005"}
    assert numbers(meta.get("/v26.0/9005", params={"fields": "owner"}, headers=bearer)) == (400, 100, None)
    assert numbers(meta.get("/v26.0/9005")) == (401, 190, None)
    assert numbers(meta.get("/v26.0/9006", headers=bearer)) == (400, 100, 33)


def test_a_token_that_cannot_read_its_dataset_can_still_send(meta: httpx.Client) -> None:
    token = register(meta, "9007", missing_permission=True)
    answer = meta.get("/v26.0/9007", params={"fields": "id,name", "access_token": token})
    assert numbers(answer) == (400, 100, None)
    assert answer.json()["error"]["message"] == "(#100) Missing Permission"
    assert post(meta, event(), dataset="9007", token=token).is_success


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("faults", {"kind": "earthquake"}, "kind: "),
        ("faults", {"kind": "slow", "times": 0}, "times: "),
        ("faults", {"kind": "slow", "params": {"delay": 1}}, "params.delay: "),
        ("faults", {"kind": "slow", "params": {"delay_ms": "long"}}, "params.delay_ms: "),
        ("faults", {"kind": "poison"}, "request: "),
        ("faults", [], "request: "),
        ("datasets", {"dataset_id": "1"}, "access_token: "),
        ("datasets", {"dataset_id": 1, "access_token": "EAASecret"}, "dataset_id: "),
    ],
)
def test_a_malformed_control_request_answers_422_with_a_sentence(
    meta: httpx.Client, path: str, body: Any, said: str
) -> None:
    answer = meta.post(f"/_control/{path}", json=body)
    assert answer.status_code == 422
    assert answer.text.startswith(said)
    assert answer.text.endswith(".")
    assert "EAASecret" not in answer.text
    assert post(meta, event()).is_success


def test_a_limit_reads_back_the_newest_and_must_be_a_number(meta: httpx.Client) -> None:
    post(meta, *[event(f"sale-{at}") for at in range(3)])
    assert [one["event"]["event_id"] for one in taken(meta, limit="2")] == ["sale-1", "sale-2"]
    assert taken(meta, limit="0") == []
    assert meta.get("/_control/events", params={"limit": "-1"}).status_code == 422


@pytest.mark.parametrize(
    ("asked", "answering"),
    [("v20.0", "v21.0"), ("v2.0", "v21.0"), ("v21.0", "v21.0"), ("v26.0", "v26.0"), ("v27.1", "v27.1"), ("26.0", None)],
)
def test_an_ended_version_is_served_by_the_oldest_alive(asked: str, answering: str | None) -> None:
    assert answering_version(asked, datetime(2026, 11, 24, tzinfo=UTC).timestamp()) == answering


def test_when_every_known_version_has_ended_the_newest_answers() -> None:
    assert answering_version("v21.0", datetime(2040, 1, 1, tzinfo=UTC).timestamp()) == "v26.0"
