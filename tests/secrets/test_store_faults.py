"""Secrets managers on bad days: whatever they answer instead is classed, and nothing is believed."""

import json
import uuid
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from tests.secrets.conftest import Configure, point_at
from tests.secrets.faulty import FaultyServer
from tests.secrets.test_vault import TOKEN, opened, put
from tracking_core.models import Tenant, VaultSecret
from tracking_core.secrets.backends.aws import AwsBackend
from tracking_core.secrets.backends.base import Backend
from tracking_core.secrets.backends.hashicorp import HashicorpBackend
from tracking_core.secrets.errors import SecretStoreUnavailable, StoreFailure

UNIQUE = uuid.UUID(int=7)


def _aws_error(code: str) -> bytes:
    return json.dumps({"__type": code, "message": "no"}).encode()


FAULTS = {
    "html": (200, b"<html>Sign in</html>", StoreFailure.UNEXPECTED),
    "redirect": (307, b"", StoreFailure.UNEXPECTED),
    "empty object": (200, b"{}", StoreFailure.UNEXPECTED),
    "list": (200, b"[]", StoreFailure.UNEXPECTED),
    "server error": (500, b"{}", StoreFailure.FAULT),
    "bad gateway": (502, b"<html>", StoreFailure.FAULT),
    "sealed": (503, b'{"errors": ["Vault is sealed"]}', StoreFailure.FAULT),
    "throttled": (429, b"{}", StoreFailure.THROTTLED),
    "forbidden": (403, b"{}", StoreFailure.REFUSED),
    "teapot": (418, b"", StoreFailure.UNEXPECTED),
}
AWS_FAULTS = {
    "throttled by code": (400, _aws_error("ThrottlingException"), StoreFailure.THROTTLED),
    "denied by code": (400, _aws_error("AccessDeniedException"), StoreFailure.REFUSED),
    "expired credentials": (400, _aws_error("ExpiredTokenException"), StoreFailure.REFUSED),
    "other by code": (400, _aws_error("LimitExceededException"), StoreFailure.UNEXPECTED),
}
CASES = [
    *(("hashicorp", fault, *said) for fault, said in FAULTS.items()),
    *(("aws", fault, *said) for fault, said in {**FAULTS, **AWS_FAULTS}.items()),
]


async def keep(backend: Backend, row: VaultSecret) -> None:
    await backend.keep(row, b"sealed")


async def fetch(backend: Backend, row: VaultSecret) -> None:
    await backend.fetch(row)


async def wipe(backend: Backend, row: VaultSecret) -> None:
    await backend.wipe(row)


async def drop(backend: Backend, row: VaultSecret) -> None:
    await backend.drop(row.id)


async def list_kept(backend: Backend, _row: VaultSecret) -> None:
    await backend.kept_outside()


def row_outside() -> VaultSecret:
    """A row of no database."""
    return VaultSecret(
        tenant_id=UNIQUE, kind="gateway_basic", fingerprint="", last4="", created_by="test", external_ref="hub/one"
    )


@pytest.fixture
def failing(faulty: FaultyServer, aws_credential: str, request: pytest.FixtureRequest) -> Iterator[Backend]:
    """The backend named by the parameter, which asks the faulty server."""
    common = {"prefix": "hub", "timeout_seconds": 4.0}
    backend: Backend = (
        AwsBackend(region="sa-east-1", endpoint_url=faulty.url, **common)  # type: ignore[arg-type]
        if request.param == "aws"
        else HashicorpBackend(address=faulty.url, mount="secret", token=SecretStr("s.x"), ca_file="", **common)  # type: ignore[arg-type]
    )
    yield backend
    backend.close()


@pytest.mark.parametrize(("failing", "fault", "status", "body", "failure"), CASES, indirect=["failing"])
async def test_whatever_it_answers_instead_is_classed_and_nothing_is_believed(
    faulty: FaultyServer,
    failing: Backend,
    fault: str,
    status: int,
    body: bytes,
    failure: StoreFailure,
) -> None:
    faulty.answers(status, body, location=f"{faulty.url}/elsewhere")
    for do in (keep, fetch, wipe, drop, list_kept):
        faulty.asked.clear()
        row = row_outside()
        with pytest.raises(SecretStoreUnavailable) as failed:
            await do(failing, row)
        assert (do.__name__, failed.value.failure) == (do.__name__, failure)
        assert row.external_ref == "hub/one"
        assert not [asked for asked in faulty.asked if "elsewhere" in asked]
        assert 1 <= len(faulty.asked) <= 2


@pytest.mark.parametrize("backend", ["aws", "hashicorp"])
async def test_one_that_says_nothing_is_given_up_and_the_next_call_is_free(
    configure: Configure, aws_credential: str, tenant: Tenant, faulty: FaultyServer, backend: str
) -> None:
    faulty.is_silent = True
    point_at(configure, backend, faulty.url)
    configure(vault_timeout_seconds="0.3")
    with pytest.raises(SecretStoreUnavailable) as failed:
        await put(tenant)
    assert failed.value.failure is StoreFailure.TIMEOUT
    configure(vault_backend="local")
    assert await opened(tenant, (await put(tenant)).reference) == TOKEN


@pytest.mark.parametrize("backend", ["aws", "hashicorp"])
async def test_one_that_is_not_there_is_unreachable(
    configure: Configure, aws_credential: str, tenant: Tenant, backend: str
) -> None:
    with FaultyServer() as gone:
        pass
    point_at(configure, backend, gone.url)
    with pytest.raises(SecretStoreUnavailable) as failed:
        await put(tenant)
    assert failed.value.failure is StoreFailure.UNREACHABLE


async def test_an_answer_without_end_is_cut(configure: Configure, tenant: Tenant, faulty: FaultyServer) -> None:
    faulty.answers(200, b'{"data": {"version": 1}, "more": "' + b"x" * 9_000_000 + b'"}')
    point_at(configure, "hashicorp", faulty.url)
    with pytest.raises(SecretStoreUnavailable) as failed:
        await put(tenant)
    assert failed.value.failure is StoreFailure.UNEXPECTED
