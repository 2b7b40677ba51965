"""The providers' simulators, as new for each test, and the hub's settings that name them."""

from collections.abc import Iterator
from contextlib import ExitStack

import orjson
import pytest

from evals.simulators.landing.app import create_app as create_landing
from evals.simulators.meta.app import create_app as create_meta
from evals.simulators.meta.state import State as MetaState
from evals.simulators.providers.app import create_app as create_vendors
from evals.simulators.providers.state import State as VendorState
from tests.doctor.shop import Providers
from tests.simulators.serving import serving
from tracking_core.settings import Settings, get_settings


@pytest.fixture(scope="package")
def running() -> Iterator[tuple[Providers, dict[str, str]]]:
    meta, vendors = MetaState(), VendorState()
    apps = (create_meta(meta), create_vendors(vendors), create_landing())
    with ExitStack() as servers:
        graph, gateways, landing = (servers.enter_context(serving(app)) for app in apps)
        environment = {
            "HUB_META_GRAPH_URL": graph,
            "HUB_KIWIFY_API_URL": f"{gateways}/kiwify",
            "HUB_PROBE_TRUSTED_ORIGINS": orjson.dumps([landing]).decode(),
            "HUB_PUBLIC_URL": "https://hub.example",
        }
        yield Providers(meta, vendors, landing), environment


@pytest.fixture
def providers(
    running: tuple[Providers, dict[str, str]], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Providers:
    found, environment = running
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    found.vendors.reset()
    found.meta.faults.clear(None)
    found.token()
    found.account()
    return found
