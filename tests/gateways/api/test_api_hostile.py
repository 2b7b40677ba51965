"""Whatever a provider answers, a check ends with an outcome, and what was planted is in none of it."""

import base64
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateways.api import vendor as replies
from tests.gateways.api.told import check_told
from tests.gateways.api.vendor import Behaviour, running
from tracking_core.gateways.api import GatewayApi, GatewayCredentials, ProviderRefused
from tracking_core.gateways.hotmart.api import HotmartApi
from tracking_core.gateways.kiwify.api import KiwifyApi

CLIENT_ID = "planted-client-identifier"
CLIENT_SECRET = "planted-client-secret"
ACCESS_TOKEN = "planted-access-token"
BASIC = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
SECRETS = (CLIENT_ID, CLIENT_SECRET, ACCESS_TOKEN, BASIC)
GIVEN = GatewayCredentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, basic=BASIC, account_id="acc1")
NAMES = ("access_token", "scope", "expires_in", "error", "error_description", "message", "id", "company_name", "data")

quick = settings(
    max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
echoes = st.sampled_from([*SECRETS, f"x{CLIENT_SECRET}y", quote(f"{CLIENT_ID}:{CLIENT_SECRET}"), CLIENT_SECRET.upper()])
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False), st.text(max_size=20), echoes
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)
bodies = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), values, max_size=8).map(lambda said: _dumped(said)),
    st.just({"access_token": ACCESS_TOKEN, "scope": f"read {CLIENT_SECRET} {BASIC}"}).map(lambda said: _dumped(said)),
    st.just({"id": "acc1", "company_name": f"{CLIENT_SECRET} {BASIC}", "items": []}).map(lambda said: _dumped(said)),
    values.map(lambda said: _dumped(said)),
    st.binary(max_size=60),
    echoes.map(str.encode),
)
header_values = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), max_size=30)
headers = st.dictionaries(
    st.sampled_from(["retry_after", "ratelimit_reset", "content_encoding", "location", "x_echo"]), header_values
)


def _dumped(said: Any) -> bytes:
    return orjson.dumps(said, option=orjson.OPT_NON_STR_KEYS)


@st.composite
def answers(draw: st.DrawFn) -> Behaviour:
    status = draw(st.sampled_from([200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 418, 429, 500, 503, 599]))
    content_type = draw(st.sampled_from(["application/json", "application/json", "text/html", "x", None]))
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from([replies.drop, replies.half, replies.no_http]))
    return replies.raw(status, draw(bodies), content_type, **draw(headers))


def _apis(url: str) -> list[GatewayApi]:
    return [
        HotmartApi(auth_url=url, api_url=url, timeout_seconds=2.0),
        KiwifyApi(api_url=url, timeout_seconds=2.0),
    ]


@pytest.mark.parametrize("index", [0, 1], ids=["hotmart", "kiwify"])
@quick
@given(script=st.lists(answers(), min_size=1, max_size=5))
async def test_no_answer_makes_a_check_raise_or_show_a_secret(index: int, script: list[Behaviour]) -> None:
    async with running() as vendor:
        vendor.on("*", *script)
        check_told(await _apis(vendor.url)[index].check(GIVEN), *SECRETS)


@quick
@given(granted=st.booleans(), script=st.lists(answers(), min_size=1, max_size=3))
async def test_no_answer_makes_a_webhook_call_fail_but_as_a_refusal(granted: bool, script: list[Behaviour]) -> None:
    first = [replies.says(200, {"access_token": ACCESS_TOKEN})] if granted else []
    async with running() as vendor:
        vendor.on("*", *first, *script)
        try:
            await _apis(vendor.url)[1].register_webhook(GIVEN, name="hub", url="https://hub.example", token="tok-1")
        except ProviderRefused as refused:
            check_told(refused.outcome, *SECRETS)


texts = st.one_of(st.text(max_size=30), st.sampled_from([CLIENT_SECRET, f"Basic {BASIC}", BASIC[:-5], "a:b", "\x00"]))


@quick
@given(client_id=texts, client_secret=texts, basic=st.none() | texts, account_id=st.none() | texts)
async def test_no_credentials_make_a_check_raise(
    client_id: str, client_secret: str, basic: str | None, account_id: str | None
) -> None:
    odd = GatewayCredentials(client_id=client_id, client_secret=client_secret, basic=basic, account_id=account_id)
    async with running() as vendor:
        vendor.on("*", replies.says(401, {"error": "invalid_client"}))
        for api in _apis(vendor.url):
            assert not check_told(await api.check(odd)).is_success
