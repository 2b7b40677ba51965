"""A planted credential stands nowhere in clear: no table, log, repr, exception or trace, whatever fails."""

import logging
import traceback
from collections.abc import Callable, Iterator

import pytest
import structlog

from tests.secrets import search
from tests.secrets.conftest import Configure, Manager, point_at
from tests.secrets.faulty import FaultyServer
from tests.secrets.planted import CONTROL, Planted
from tests.secrets.test_vault import SESSION, opened, put, row_of
from tracking_core.connections.endpoints import next_secret_context, secret_context
from tracking_core.db.engine import transaction
from tracking_core.errors import HubError
from tracking_core.logging import configure_logging
from tracking_core.models import MetaConnection, Tenant, WebhookEndpoint
from tracking_core.secrets import vault
from tracking_core.tenants import service as tenants

VALUE = "EAA" + "VplantedInTheVaultQq81zLw7Rk" * 3
NEXT = "EAA" + "WplantedToComeYy27mXc4Tj" * 3
STORE_TOKEN = "s.plantedTokenOfTheStore55kQ"
FORMS = Planted("value", (VALUE, NEXT, VALUE[:30], NEXT[:30])).forms()
STORE_FORMS = Planted("store token", (STORE_TOKEN,)).forms()


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], bytes]]:
    """All that was logged, every library's DEBUG included."""
    caplog.set_level(logging.DEBUG)
    for name in ("botocore", "urllib3", "hvac", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    structlog.reset_defaults()

    def read() -> bytes:
        out = capsys.readouterr()
        records = [f"{one.getMessage()} {one.args!r} {one.exc_text}" for one in caplog.records]
        return "\n".join([out.out, out.err, *records]).encode()

    yield read
    structlog.reset_defaults()


def shown(error: BaseException) -> bytes:
    """The error as a log would have it, and the whole chain behind it, suppressed or not."""
    chain: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in chain:
        chain.append(one)
        one = one.__cause__ or one.__context__
    parts = ["".join(traceback.format_exception(one)) + repr(one) + str(one.args) for one in chain]
    event = {"event": "failed", "exc_info": error}
    parts.append(str(structlog.processors.format_exc_info(None, "error", event)))
    return "\n".join(parts).encode()


def found(forms: set[bytes], **places: bytes) -> list[str]:
    return search.places_of(forms, places)


@pytest.mark.parametrize("manager", ["aws", "hashicorp"], indirect=True)
async def test_outside_and_in_the_row_there_is_no_clear_text_and_the_libraries_log_none(
    manager: Manager, tenant: Tenant, rows: Callable[[], bytes], said: Callable[[], bytes]
) -> None:
    stored = await put(tenant, VALUE)
    assert await opened(tenant, stored.reference) == VALUE
    logged = said()
    assert b"botocore" in logged or b"/v1/secret" in logged or b"http://127.0.0.1" in logged
    kept = b"\n".join(manager.values().values())
    assert found(FORMS, rows=rows(), logged=logged, kept=kept, repr=repr((stored, await row_of(stored))).encode()) == []
    assert found(Planted("credential", (manager.credential,)).forms(), rows=rows(), logged=logged) == []


ANSWERS = {
    "html": (200, b"<html>Sign in</html>"),
    "echo": (400, b'{"__type": "X", "message": "ECHO", "errors": ["ECHO"]}'),
    "fault": (500, b"{}"),
    "throttled": (429, b"{}"),
    "denied": (403, b'{"errors": ["permission denied"]}'),
    "silence": (0, b""),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("backend", ["aws", "hashicorp"])
async def test_no_failure_of_a_manager_shows_a_value_or_what_we_show_it(
    configure: Configure,
    aws_credential: str,
    tenant: Tenant,
    faulty: FaultyServer,
    rows: Callable[[], bytes],
    said: Callable[[], bytes],
    backend: str,
    answer: str,
) -> None:
    status, body = ANSWERS[answer]
    faulty.answers(status, body)
    faulty.is_silent = answer == "silence"
    point_at(configure, backend, faulty.url)
    configure(vault_timeout_seconds="0.5", vault_hashicorp_token=STORE_TOKEN)
    with pytest.raises(HubError) as failed:
        await put(tenant, VALUE)
    assert failed.value.code == "secret_store_unavailable"
    logged, error = said(), shown(failed.value)
    assert b"secret_store_failed" in logged
    assert b"Traceback" in error
    assert found(FORMS | STORE_FORMS, rows=rows(), logged=logged, error=error) == []
    assert found(Planted("aws", (aws_credential,)).forms(), logged=logged, error=error) == []


async def test_a_value_that_is_refused_is_in_no_error(tenant: Tenant, said: Callable[[], bytes]) -> None:
    for bad in (f"{VALUE}\n{NEXT}", f"{VALUE}\0", f"{VALUE}\ud800", VALUE * 200):
        with pytest.raises(HubError) as refused:
            await put(tenant, bad)
        assert found(FORMS, error=shown(refused.value), errors=repr(vars(refused.value)).encode()) == []
    assert found(FORMS, logged=said()) == []


async def test_secrets_of_connections_in_rotation_stand_in_no_table_and_not_in_each_other_s_place(
    tenant: Tenant, rows: Callable[[], bytes], said: Callable[[], bytes]
) -> None:
    async with transaction() as session:
        connection = await tenants.connect_meta(session, tenant.id, "123", VALUE, actor="test", app_secret=NEXT)
        endpoint = await tenants.connect_gateway(session, tenant.id, "hotmart", VALUE, actor="test")
    async with transaction() as session:
        await tenants.stage_meta_token(session, connection.id, NEXT, actor="test")
        await tenants.rotate_webhook_secret(session, endpoint.id, NEXT, actor="test")
    assert found(FORMS, rows=rows(), logged=said()) == []
    cipher = tenants.cipher_of(tenant)
    async with transaction() as session:
        kept = await session.get_one(WebhookEndpoint, endpoint.id)
        staged = await session.get_one(MetaConnection, connection.id)
    assert kept.next_secret
    assert staged.next_access_token
    assert cipher.decrypt(kept.next_secret, next_secret_context(endpoint.id)) == NEXT.encode()
    for sealed, place in ((kept.next_secret, secret_context(endpoint.id)), (staged.next_access_token, "meta:token")):
        with pytest.raises(HubError) as refused:
            cipher.decrypt(sealed, place)
        assert found(FORMS, error=shown(refused.value)) == []


async def test_a_value_in_hand_survives_no_log(tenant: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    stored = await put(tenant, VALUE)
    async with transaction() as session:
        value = await vault.open_(
            session,
            stored.reference,
            tenant_id=tenant.id,
            session_id=SESSION,
            kind=stored.kind,
            actor="test",
            purpose="test",
        )
    configure_logging("DEBUG")
    capsys.readouterr()
    structlog.get_logger().warning("opened", value=value, nested={"given": [value]}, text=f"{value}", control=CONTROL)
    logged = capsys.readouterr().out.encode()
    structlog.reset_defaults()
    assert found({CONTROL.encode()}, logged=logged) == ["logged"]
    assert found(FORMS, logged=logged) == []


def test_the_search_would_find_it() -> None:
    assert found(FORMS, error=shown(ValueError(f"bad {VALUE}"))) == ["error"]
