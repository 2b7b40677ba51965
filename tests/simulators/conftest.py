"""One simulator of Meta's endpoint per module, and one of the gateways' APIs, as new for each test."""

from collections.abc import Iterator

import httpx
import pytest

from evals.simulators.meta.app import create_app
from evals.simulators.meta.state import State
from evals.simulators.providers.app import create_app as create_providers
from evals.simulators.providers.state import State as ProvidersState
from tests.simulators.serving import serving
from tests.simulators.vendors import Vendors
from tracking_core.kit.json_http import tls_context


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with serving(create_app(State())) as url:
        yield url


@pytest.fixture
def meta(base_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base_url, trust_env=False, timeout=5, verify=tls_context()) as client:
        yield client
        client.delete("/_control/faults")
        client.delete("/_control/events")


@pytest.fixture(scope="module")
def running_vendors() -> Iterator[tuple[ProvidersState, str]]:
    state = ProvidersState()
    with serving(create_providers(state)) as url:
        yield state, url


@pytest.fixture
def vendors(running_vendors: tuple[ProvidersState, str]) -> Iterator[Vendors]:
    state, url = running_vendors
    vars(state).update(vars(ProvidersState()))
    with httpx.Client(base_url=url, trust_env=False, timeout=5, verify=tls_context()) as client:
        yield Vendors(state, url, client)
