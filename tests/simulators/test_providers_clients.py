"""The hub's own clients against the simulated APIs: each way of being wrong has its code."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from evals.simulators.providers.state import Vendor
from tests.gateways.api.told import check_told
from tests.simulators.vendors import ACCOUNT, CLIENT, SECRET, Vendors
from tracking_core.gateways.api import GatewayApi, GatewayCredentials
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.gateways.hotmart.api import HotmartApi
from tracking_core.gateways.kiwify.api import KiwifyApi
from tracking_core.setup.outcome import Outcome

GIVEN = GatewayCredentials(client_id=CLIENT, client_secret=SECRET, account_id=ACCOUNT)
# One that is no ``id:secret``, as a source says it can be.
OPAQUE = base64.b64encode(b"\x00\x01opaque").decode()


def api_of(vendors: Vendors, vendor: str, timeout_seconds: float = 5.0) -> GatewayApi:
    url = vendors.url
    if vendor == "hotmart":
        return HotmartApi(auth_url=f"{url}/hotmart-auth", api_url=f"{url}/hotmart", timeout_seconds=timeout_seconds)
    return KiwifyApi(api_url=f"{url}/kiwify", timeout_seconds=timeout_seconds)


async def check(vendors: Vendors, vendor: str, *, timeout_seconds: float = 5.0, **changes: Any) -> Outcome:
    outcome = await api_of(vendors, vendor, timeout_seconds).check(replace(GIVEN, **changes))
    return check_told(outcome, SECRET, OPAQUE)


@pytest.mark.parametrize("vendor", ["hotmart", "kiwify"])
async def test_right_credentials_are_accepted_with_what_the_gateway_says_of_them(
    vendors: Vendors, vendor: Vendor
) -> None:
    vendors.allow(vendor, token_seconds=345_600)
    outcome = await check(vendors, vendor)
    assert (outcome.code, outcome.return_code) == (GatewayCode.OK, 200)
    assert outcome.facts["token_expires_in"] == 345_600
    assert outcome.facts["can_register_webhooks"] is (vendor == "kiwify")


@pytest.mark.parametrize("vendor", ["hotmart", "kiwify"])
@pytest.mark.parametrize("changes", [{"client_secret": "another"}, {"client_id": "another"}])
async def test_a_wrong_id_or_secret_is_wrong_credentials(
    vendors: Vendors, vendor: Vendor, changes: dict[str, Any]
) -> None:
    vendors.allow(vendor)
    outcome = await check(vendors, vendor, **changes)
    assert (outcome.code, outcome.return_code) == (GatewayCode.WRONG_CREDENTIALS, 401)


@pytest.mark.parametrize(("basic", "exchanges"), [(OPAQUE, 2), ("b3RoZXI6b3RoZXI=", 0)], ids=["opaque", "another's"])
async def test_a_basic_that_is_not_of_the_pair_is_told_from_a_wrong_secret(
    vendors: Vendors, basic: str, exchanges: int
) -> None:
    vendors.allow("hotmart")
    assert (await check(vendors, "hotmart", basic=basic)).code == GatewayCode.BASIC_MISMATCH
    assert vendors.state.counts["hotmart POST /security/oauth/token"] == exchanges


@pytest.mark.parametrize(
    ("vendor", "permissions", "missing"),
    [
        ("hotmart", ["account", "products"], "sales/history"),
        ("kiwify", ["account", "sales"], "webhooks"),
        ("kiwify", ["webhooks"], "account-details"),
    ],
)
async def test_a_missing_permission_is_named(
    vendors: Vendors, vendor: Vendor, permissions: list[str], missing: str
) -> None:
    vendors.allow(vendor, permissions=permissions)
    outcome = await check(vendors, vendor)
    assert (outcome.code, outcome.return_code) == (GatewayCode.PERMISSION_MISSING, 403)
    assert outcome.params["permission"] == missing


async def test_a_wrong_account_id_is_told_from_one_that_is_missing(vendors: Vendors) -> None:
    vendors.allow("kiwify")
    assert (await check(vendors, "kiwify", account_id=None)).code == GatewayCode.ACCOUNT_ID_MISSING
    assert not vendors.state.counts
    outcome = await check(vendors, "kiwify", account_id="another")
    assert (outcome.code, outcome.return_code) == (GatewayCode.WRONG_ACCOUNT_ID, 403)


@pytest.mark.parametrize(("vendor", "calls"), [("hotmart", 500), ("kiwify", 100)])
async def test_too_many_calls_are_the_gateways_limit_with_its_wait(
    vendors: Vendors, vendor: Vendor, calls: int
) -> None:
    vendors.allow(vendor)
    started = vendors.state.clock()
    vendors.state.clock = lambda: started
    for _ in range(calls - 1):
        vendors.state.use(vendor)
    vendors.state.clock = lambda: started + 13.5
    outcome = await check(vendors, vendor)
    assert (outcome.code, outcome.return_code) == (GatewayCode.RATE_LIMITED, 429)
    assert outcome.retry_after_seconds == 47
    vendors.state.clock = lambda: started + 60
    assert (await check(vendors, vendor)).code == GatewayCode.OK


@pytest.mark.parametrize("vendor", ["hotmart", "kiwify"])
@pytest.mark.parametrize("method", ["POST", "GET"], ids=["exchange", "read"])
@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ({"kind": "status", "status": 500}, GatewayCode.UNAVAILABLE, 500),
        ({"kind": "status", "status": 502}, GatewayCode.UNAVAILABLE, 502),
        ({"kind": "throttled"}, GatewayCode.RATE_LIMITED, 429),
        ({"kind": "html"}, GatewayCode.UNEXPECTED_ANSWER, 200),
        ({"kind": "garbage"}, GatewayCode.UNEXPECTED_ANSWER, 200),
        ({"kind": "empty"}, GatewayCode.UNEXPECTED_ANSWER, 200),
        ({"kind": "hang", "seconds": 5}, GatewayCode.UNAVAILABLE, None),
        ({"kind": "slow", "seconds": 0.4}, GatewayCode.UNAVAILABLE, None),
        ({"kind": "drop_before"}, GatewayCode.UNAVAILABLE, None),
        ({"kind": "drop_after"}, GatewayCode.UNAVAILABLE, None),
        ({"kind": "reset"}, GatewayCode.UNAVAILABLE, None),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else None,
)
async def test_what_the_gateway_does_wrong_is_not_the_sellers(
    vendors: Vendors, vendor: Vendor, method: str, fault: dict[str, Any], code: GatewayCode, status: int | None
) -> None:
    vendors.allow(vendor)
    vendors.fault(vendor, method=method, **fault)
    outcome = await check(vendors, vendor, timeout_seconds=0.2 if "seconds" in fault else 5.0)
    assert (outcome.code, outcome.return_code) == (code, status)


async def test_a_slow_gateway_is_waited_for(vendors: Vendors) -> None:
    vendors.allow("kiwify")
    vendors.fault("kiwify", "slow", seconds=0.1)
    assert (await check(vendors, "kiwify")).code == GatewayCode.OK


async def test_a_wrong_address_of_the_api_is_a_page_and_not_a_success(vendors: Vendors) -> None:
    vendors.allow("hotmart")
    api = HotmartApi(auth_url=f"{vendors.url}/hotmart-auth", api_url=f"{vendors.url}/hotmart/v2")
    assert (await api.check(GIVEN)).code == GatewayCode.UNEXPECTED_ANSWER


async def test_webhooks_beyond_a_page_are_all_found(vendors: Vendors) -> None:
    vendors.allow("kiwify")
    vendors.state.limits = {"hotmart": 500, "kiwify": 1_000}
    api = api_of(vendors, "kiwify")
    made = await api.register_webhook(GIVEN, name="hub", url="https://hub.example/1", token="planted-signing-token")
    kept = vendors.state.webhooks[ACCOUNT]
    kept += [{**kept[0], "id": f"webhook-{number}"} for number in range(101)]
    found = await api.list_webhooks(GIVEN)
    assert (len(found), found[0]) == (102, made)
    await api.delete_webhook(GIVEN, "webhook-100")
    await api.delete_webhook(GIVEN, "webhook-100")
    assert len(await api.list_webhooks(GIVEN)) == 101
