"""The checks against the simulated Hotmart and Kiwify, which refuse what the real ones refuse."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import uvicorn

from evals.simulators.meta.transport import config
from evals.simulators.providers.app import create_app
from evals.simulators.providers.state import Account, Fault, FaultKind, State, Vendor
from tests.gateways.api.told import check_told
from tracking_core.gateways.api import GatewayApi, GatewayCredentials, ProviderRefused
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.gateways.hotmart.api import HotmartApi
from tracking_core.gateways.kiwify.api import KiwifyApi
from tracking_core.setup.outcome import Outcome

SECRET = "planted-client-secret"
GIVEN = GatewayCredentials(client_id="client-1", client_secret=SECRET, account_id="account-1")
URL = "https://hub.example/webhooks/kiwify/ep_1"


@dataclass
class Providers:
    state: State
    apis: dict[str, GatewayApi]

    async def check(self, gateway: str, **changes: Any) -> Outcome:
        return check_told(await self.apis[gateway].check(replace(GIVEN, **changes)), SECRET)

    def allow(self, vendor: Vendor, *permissions: str, token_seconds: int = 3_600) -> None:
        account = Account(
            vendor=vendor,
            client_id=GIVEN.client_id,
            client_secret=SECRET,
            account_id="account-1",
            permissions=frozenset(permissions),
            token_seconds=token_seconds,
        )
        self.state.register(account)


@asynccontextmanager
async def serving(state: State) -> AsyncIterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = uvicorn.Server(config(create_app(state), port))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        await task


@pytest.fixture
async def providers() -> AsyncIterator[Providers]:
    state = State()
    async with serving(state) as url:
        apis: dict[str, GatewayApi] = {
            "hotmart": HotmartApi(auth_url=f"{url}/hotmart-auth", api_url=f"{url}/hotmart", timeout_seconds=0.5),
            "kiwify": KiwifyApi(api_url=f"{url}/kiwify", timeout_seconds=0.5),
        }
        yield Providers(state, apis)


every_gateway = pytest.mark.parametrize("gateway", ["hotmart", "kiwify"])


@every_gateway
async def test_credentials_that_may_do_what_we_need_are_accepted(providers: Providers, gateway: Vendor) -> None:
    providers.allow(gateway, "sales", "webhooks", "account")
    assert (await providers.check(gateway)).code == GatewayCode.OK


@every_gateway
async def test_another_secret_is_wrong_credentials(providers: Providers, gateway: Vendor) -> None:
    providers.allow(gateway, "sales", "webhooks", "account")
    outcome = await providers.check(gateway, client_secret="another-secret")
    assert (outcome.code, outcome.return_code) == (GatewayCode.WRONG_CREDENTIALS, 401)


@pytest.mark.parametrize(
    ("gateway", "permissions"), [("hotmart", ["account"]), ("kiwify", ["account"]), ("kiwify", [])]
)
async def test_credentials_without_the_right_lack_a_permission(
    providers: Providers, gateway: Vendor, permissions: list[str]
) -> None:
    providers.allow(gateway, *permissions)
    outcome = await providers.check(gateway)
    assert (outcome.code, outcome.return_code) == (GatewayCode.PERMISSION_MISSING, 403)


async def test_another_account_id_is_told_from_wrong_credentials(providers: Providers) -> None:
    providers.allow("kiwify", "account", "webhooks")
    assert (await providers.check("kiwify", account_id="account-2")).code == GatewayCode.WRONG_ACCOUNT_ID


async def test_a_token_that_never_works_is_exchanged_once_more_and_no_more(providers: Providers) -> None:
    providers.allow("hotmart", "sales", token_seconds=0)
    assert (await providers.check("hotmart")).code == GatewayCode.WRONG_CREDENTIALS
    assert providers.state.counts["hotmart POST /security/oauth/token"] == 2


@every_gateway
@pytest.mark.parametrize("call", ["POST", "GET"], ids=["exchange", "read"])
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": FaultKind.STATUS, "status": 500}, GatewayCode.UNAVAILABLE),
        ({"kind": FaultKind.STATUS, "status": 503}, GatewayCode.UNAVAILABLE),
        ({"kind": FaultKind.HANG, "seconds": 1.5}, GatewayCode.UNAVAILABLE),
        ({"kind": FaultKind.DROP_BEFORE}, GatewayCode.UNAVAILABLE),
        ({"kind": FaultKind.THROTTLED}, GatewayCode.RATE_LIMITED),
        ({"kind": FaultKind.HTML}, GatewayCode.UNEXPECTED_ANSWER),
        ({"kind": FaultKind.GARBAGE}, GatewayCode.UNEXPECTED_ANSWER),
        ({"kind": FaultKind.EMPTY}, GatewayCode.UNEXPECTED_ANSWER),
    ],
)
async def test_each_fault_of_a_provider_has_its_code(
    providers: Providers, gateway: Vendor, call: Any, fault: dict[str, Any], code: GatewayCode
) -> None:
    providers.allow(gateway, "sales", "webhooks", "account")
    providers.state.faults.append(Fault(vendor=gateway, method=call, **fault))
    outcome = await providers.check(gateway)
    assert outcome.code == code
    expected = {"hotmart": 17, "kiwify": 21}[gateway] if code is GatewayCode.RATE_LIMITED else None
    assert outcome.retry_after_seconds == expected


async def test_a_webhook_is_made_found_and_deleted_twice(providers: Providers) -> None:
    providers.allow("kiwify", "account", "webhooks")
    api = providers.apis["kiwify"]
    made = await api.register_webhook(GIVEN, name="hub", url=URL, token="signing-token")
    assert await api.list_webhooks(GIVEN) == (made,)
    await api.delete_webhook(GIVEN, made.id)
    await api.delete_webhook(GIVEN, made.id)
    assert await api.list_webhooks(GIVEN) == ()


async def test_a_webhook_whose_answer_was_lost_is_ambiguous_and_is_in_the_list(providers: Providers) -> None:
    providers.allow("kiwify", "account", "webhooks")
    api = providers.apis["kiwify"]
    providers.state.faults.append(Fault(vendor="kiwify", kind=FaultKind.DROP_AFTER, path="/v1/webhooks"))
    with pytest.raises(ProviderRefused) as refused:
        await api.register_webhook(GIVEN, name="hub", url=URL, token="signing-token")
    assert refused.value.is_ambiguous
    assert [webhook.url for webhook in await api.list_webhooks(GIVEN)] == [URL]
