"""schemathesis over the OpenAPI document against a real server: whatever it sends, nothing answers with a 5xx."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error

from api.app import create_app
from api.cli.supervisor import CommandService
from tests.api.conftest import Tenant, new_tenant
from tracking_core.db.engine import dispose
from tracking_core.embedded.process import free_port
from tracking_core.settings import Settings

schema = schemathesis.openapi.from_dict(
    create_app(Settings(database_url="", redis_url="redis://127.0.0.1:1")).openapi()
)


@dataclass(frozen=True)
class Server:
    url: str
    tenant: Tenant


@pytest.fixture
def server(settings: Settings, tmp_path: Path) -> Iterator[Server]:
    async def make() -> Tenant:
        tenant = await new_tenant("Loja")
        await dispose()
        return tenant

    tenant, port = asyncio.run(make()), free_port()
    service = CommandService(
        "api",
        [sys.executable, "-m", "api.cli", "api"],
        environment={**os.environ, "HUB_PORT": str(port)},
        log=tmp_path / "api.log",
    )
    service.start()
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                break
        except httpx.HTTPError:
            time.sleep(0.05)
    yield Server(url, tenant)
    service.stop()


@schema.parametrize()
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_of_the_documented_api_ends_in_a_server_error(case: Case[Any], server: Server) -> None:
    headers = {"Authorization": f"Bearer {server.tenant.secret_key}", "X-Hub-Key": server.tenant.write_key}
    case.call_and_validate(base_url=server.url, headers=headers, checks=[not_a_server_error])
