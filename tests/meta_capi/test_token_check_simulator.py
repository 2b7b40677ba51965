"""The check of a token against the simulated Graph API, which is as strict about an event as Meta is."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn

from evals.simulators.meta.app import create_app
from evals.simulators.meta.state import State
from evals.simulators.meta.transport import config
from tests.meta_capi.token_graph import APP_SECRET, DATASET, TOKEN, check_told
from tracking_core.destinations.meta_capi.check_codes import MetaCode
from tracking_core.destinations.meta_capi.token_check import check_token
from tracking_core.kit.clock import now
from tracking_core.setup.outcome import Outcome

OTHER = "9999999999999999"


@pytest.fixture
async def state() -> State:
    return State()


@pytest.fixture
async def graph(state: State) -> AsyncIterator[httpx.AsyncClient]:
    """The simulator's control, at the address of its Graph API."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = uvicorn.Server(config(create_app(state), port))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
        server.should_exit = True
        await serving


async def register(graph: httpx.AsyncClient, **rules: Any) -> None:
    dataset = {"dataset_id": DATASET, "access_token": TOKEN, "name": "Pixel da Loja", **rules}
    (await graph.post("/_control/datasets", json=dataset)).raise_for_status()


async def check(graph: httpx.AsyncClient, **changes: Any) -> Outcome:
    asked = {"dataset_id": DATASET, "access_token": TOKEN, "version": "v26.0", "timeout_seconds": 5.0, **changes}
    return check_told(await check_token(graph_url=str(graph.base_url), now=now(), **asked), TOKEN, APP_SECRET)


async def test_a_good_token_is_told_and_nothing_is_stored(graph: httpx.AsyncClient, state: State) -> None:
    await register(graph)
    outcome = await check(graph)
    assert (outcome.is_success, outcome.facts["dataset_name"]) == (True, "Pixel da Loja")
    assert outcome.facts["api_version"] == "v26.0"
    assert not state.events


async def test_a_token_that_may_not_read_the_dataset_can_send_all_the_same(graph: httpx.AsyncClient) -> None:
    await register(graph, missing_permission=True)
    outcome = await check(graph)
    assert (outcome.is_success, MetaCode.DATASET_UNREADABLE in outcome.warnings) == (True, True)


async def test_another_token_and_another_dataset_are_told_apart(graph: httpx.AsyncClient) -> None:
    await register(graph)
    assert (await check(graph, access_token="EAABnotthatone")).code == MetaCode.TOKEN_INVALID
    assert (await check(graph, dataset_id=OTHER)).code == MetaCode.DATASET_NO_ACCESS


async def test_an_app_secret_is_right_wrong_or_missing(graph: httpx.AsyncClient) -> None:
    await register(graph, app_secret=APP_SECRET)
    assert (await check(graph, app_secret=APP_SECRET)).is_success
    assert (await check(graph, app_secret=APP_SECRET[::-1])).code == MetaCode.APP_SECRET_WRONG
    assert (await check(graph)).code == MetaCode.APP_SECRET_REQUIRED


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "http_500"}, MetaCode.UNAVAILABLE),
        ({"kind": "graph_500"}, MetaCode.UNAVAILABLE),
        ({"kind": "http_429"}, MetaCode.RATE_LIMITED),
        ({"kind": "graph_throttle"}, MetaCode.RATE_LIMITED),
        ({"kind": "code_190", "params": {"subcode": 463}}, MetaCode.TOKEN_EXPIRED),
        ({"kind": "code_190", "params": {"subcode": 460}}, MetaCode.TOKEN_REVOKED),
        ({"kind": "code_100_33"}, MetaCode.DATASET_NO_ACCESS),
        ({"kind": "redirect"}, MetaCode.UNEXPECTED_ANSWER),
        ({"kind": "timeout_before", "params": {"seconds": 2}}, MetaCode.UNAVAILABLE),
    ],
)
async def test_each_fault_of_the_simulator_has_its_code(
    graph: httpx.AsyncClient, state: State, fault: dict[str, Any], code: MetaCode
) -> None:
    await register(graph)
    (await graph.post("/_control/faults", json={**fault, "times": 1})).raise_for_status()
    assert (await check(graph, timeout_seconds=0.5)).code == code
    assert not state.events


async def test_an_ended_version_is_warned_of(graph: httpx.AsyncClient) -> None:
    await register(graph)
    outcome = await check(graph, version="v20.0")
    assert outcome.warnings[-1] == MetaCode.VERSION_DIFFERS
    assert outcome.params["asked"] == "v20.0"
