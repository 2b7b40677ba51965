"""Whatever is sent, the simulator answers below 500: it has no bug a client could mistake for a fault of Meta's."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evals.simulators.meta.validate import refusal_of
from tests.simulators.calls import TOKEN, URL, event

_scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_PERSON = ["em", "ph", "external_id", "client_ip_address", "fbc", "fbp", "lead_id", "ctwa_clid", "page_id", "db"]
_MONEY = ["value", "currency", "contents", "content_ids", "num_items", "customer_segmentation", "delivery_category"]
_objects = st.dictionaries(st.sampled_from([*_PERSON, *_MONEY, "extinfo", "event_time"]), _values, max_size=4)
_EVENT = [
    *("event_name", "event_time", "event_id", "action_source", "user_data", "custom_data", "opt_out", "app_data"),
    *("data_processing_options", "data_processing_options_country", "data_processing_options_state"),
    *("original_event_data", "attribution_data", "messaging_channel", "event_source_url", "anything"),
]
_sources = st.sampled_from(["website", "app", "business_messaging", "system_generated"])
_changes = st.dictionaries(st.sampled_from(_EVENT), _values | _objects | _sources, max_size=5)
_TYPES = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain", ""]
_prefixes = st.sampled_from([b"", b"data=", b"--b"])
_quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def client(base_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base_url, trust_env=False, timeout=5) as made:
        yield made


@_quick
@given(changes=_changes)
def test_an_event_with_garbage_in_any_place_is_taken_or_refused_with_a_number(
    client: httpx.Client, changes: dict[str, Any]
) -> None:
    answer = client.post(URL, json={"data": [event() | changes], "access_token": TOKEN})
    said = answer.json()
    assert (answer.status_code, said.get("events_received")) == (200, 1) or said["error"]["code"] == 100


@settings(max_examples=300, deadline=None)
@given(changes=_changes)
def test_judging_an_event_never_raises_and_names_a_path_inside_it(changes: dict[str, Any]) -> None:
    refusal = refusal_of(event() | changes, 1_700_000_000.0)
    assert refusal is None or all(isinstance(part, str | int) for part in refusal.path)


@_quick
@given(whole=st.dictionaries(st.sampled_from(["data", "access_token", "appsecret_proof", "appsecret_time"]), _values))
def test_any_json_object_is_answered_below_500(client: httpx.Client, whole: dict[str, Any]) -> None:
    assert client.post(URL, json=whole).status_code < 500
    assert client.post(URL, json=whole, headers={"authorization": f"Bearer {TOKEN}"}).status_code < 500


@_quick
@given(
    body=st.binary(max_size=200), content_type=st.sampled_from(_TYPES), prefix=st.sampled_from([b"", b"data=", b"--b"])
)
def test_any_bytes_are_answered_below_500(client: httpx.Client, body: bytes, content_type: str, prefix: bytes) -> None:
    headers = {"content-type": content_type, "authorization": f"Bearer {TOKEN}"}
    assert client.post(URL, content=prefix + body, headers=headers).status_code < 500


@_quick
@given(version=st.text(min_size=1, max_size=8), dataset=st.text(min_size=1, max_size=8), query=st.text(max_size=8))
def test_any_path_is_answered_below_500(client: httpx.Client, version: str, dataset: str, query: str) -> None:
    path = f"/{quote(version, safe='')}/{quote(dataset, safe='')}"
    headers = {"authorization": f"Bearer {TOKEN}"}
    for answer in (
        client.post(f"{path}/events", params={"q": query}, json={"data": [event()]}, headers=headers),
        client.get(path, params={"fields": query}, headers=headers),
    ):
        assert answer.status_code < 500


@_quick
@given(body=_values | _objects, path=st.sampled_from(["faults", "datasets"]))
def test_any_control_request_is_answered_below_500(client: httpx.Client, body: Any, path: str) -> None:
    assert client.post(f"/_control/{path}", json=body).status_code < 500
