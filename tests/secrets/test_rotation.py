"""The key-encryption key is replaced: everything still opens, a stopped run goes on, a key that is needed is missed."""

import base64
import json
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlmodel import col, select
from typer.testing import CliRunner

from api.cli import app
from tests.secrets.conftest import Configure, new_tenant
from tests.secrets.test_vault import TOKEN, opened, put
from tracking_core.alerts.channels import service as channels
from tracking_core.db.engine import transaction
from tracking_core.errors import ConfigurationError
from tracking_core.models import AlertChannel, ChannelKind, MetaConnection, Tenant
from tracking_core.secrets import rotation
from tracking_core.secrets.keyring import Keyring, cipher_for
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants


def key(key_id: str) -> str:
    return f"{key_id}:{base64.b64encode(key_id.encode().ljust(32, b'-')).decode()}"


OLD, NEW = key("k2025"), key("k2026")


async def usage(*, channels: bool = False) -> dict[str, tuple[int, int | bool, bool]]:
    """By key: how many tenants, how many of the hub's channels or else whether it may go, whether it is missed."""
    async with transaction() as session:
        found = await rotation.key_usage(session)
    return {one.key_id: (one.tenants, one.channels if channels else one.is_removable, one.is_missing) for one in found}


async def rewrapped(**options: Any) -> list[int]:
    return [done async for done in rotation.rewrap(actor="test", **options)]


async def wrapped_keys() -> dict[UUID, bytes]:
    async with transaction() as session:
        rows = await session.execute(text("SELECT id, wrapped_data_key FROM tenants"))
        return {row.id: bytes(row.wrapped_data_key) for row in rows}


async def test_after_it_everything_opens_with_the_new_key_alone(configure: Configure) -> None:
    configure(secrets_keys=OLD)
    tenant = await new_tenant()
    stored = await put(tenant)
    async with transaction() as session:
        connection = await tenants.connect_meta(session, tenant.id, "123", TOKEN, actor="test")
    before = stored.fingerprint, await wrapped_keys()
    configure(secrets_keys=f"{NEW},{OLD}")
    assert await usage() == {"k2026": (0, False, False), "k2025": (1, False, False)}
    assert await rewrapped() == [1]
    assert await usage() == {"k2026": (1, False, False), "k2025": (0, True, False)}
    configure(secrets_keys=NEW)
    assert await opened(tenant, stored.reference) == TOKEN
    async with transaction() as session:
        kept = await session.get_one(MetaConnection, connection.id)
        cipher = tenants.cipher_of(await tenants.get(session, tenant.id))
        again = await session.get_one(Tenant, tenant.id)
    assert cipher.decrypt(kept.access_token, f"meta:{kept.id}:token").decode() == TOKEN
    assert (await put(again)).fingerprint == before[0]
    assert await wrapped_keys() != before[1]


async def test_a_process_that_knows_both_keys_notices_nothing(configure: Configure) -> None:
    configure(secrets_keys=OLD)
    tenant = await new_tenant()
    stored = await put(tenant)
    configure(secrets_keys=f"{OLD},{NEW}")  # a process not yet restarted with the new one first
    cached = cipher_for(tenant.id, tenant.wrapped_data_key)
    sealed = cached.encrypt(b"x", "here")
    configure(secrets_keys=f"{NEW},{OLD}")
    await rewrapped()
    configure(secrets_keys=f"{OLD},{NEW}")
    assert await opened(tenant, stored.reference) == TOKEN
    [wrapped] = (await wrapped_keys()).values()
    assert cipher_for(tenant.id, wrapped).decrypt(sealed, "here") == b"x"


async def test_a_stopped_run_goes_on_where_it_was_and_a_third_does_nothing(configure: Configure) -> None:
    configure(secrets_keys=OLD)
    stored = {(tenant := await new_tenant()).id: await put(tenant) for _ in range(5)}
    configure(secrets_keys=f"{NEW},{OLD}")
    run = rotation.rewrap(actor="test", batch=2)
    assert await anext(run) == 2
    await run.aclose()  # type: ignore[attr-defined]
    assert await usage() == {"k2026": (2, False, False), "k2025": (3, False, False)}
    done = {one: wrapped for one, wrapped in (await wrapped_keys()).items() if wrapped.startswith(b"k2026\0")}
    for tenant_id, one in stored.items():
        assert await opened(tenant_id, one.reference) == TOKEN
    assert await rewrapped(batch=2) == [2, 1]
    now = await wrapped_keys()
    assert {one: now[one] for one in done} == done
    assert await rewrapped(batch=2) == []


async def test_a_batch_that_fails_changes_nothing_and_keeps_the_ones_before(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(secrets_keys=OLD)
    for _ in range(4):
        await new_tenant()
    configure(secrets_keys=f"{NEW},{OLD}")
    calls, whole = 0, Keyring.rewrapped

    def fails_at_the_fourth(self: Keyring, wrapped: bytes, tenant_id: UUID) -> bytes:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return whole(self, wrapped, tenant_id)

    with monkeypatch.context() as broken:
        broken.setattr(Keyring, "rewrapped", fails_at_the_fourth)
        with pytest.raises(KeyboardInterrupt):
            await rewrapped(batch=2)
    assert await usage() == {"k2026": (2, False, False), "k2025": (2, False, False)}
    assert await rewrapped(batch=2) == [2]


async def test_a_removed_key_that_rows_need_is_named_before_anything_changes(configure: Configure) -> None:
    configure(secrets_keys=OLD)
    tenant = await new_tenant()
    stored, before = await put(tenant), await wrapped_keys()
    configure(secrets_keys=NEW)
    assert await usage() == {"k2026": (0, False, False), "k2025": (1, False, True)}
    with pytest.raises(ConfigurationError, match=r"lacks keys that rows need: 'k2025' \(1 tenants\)"):
        await rewrapped()
    with pytest.raises(ConfigurationError, match="lacks the key 'k2025'"):
        await opened(tenant, stored.reference)
    assert await wrapped_keys() == before


async def test_the_hubs_own_channels_are_counted_and_follow_to_the_new_key(configure: Configure) -> None:
    configure(secrets_keys=OLD)
    async with transaction() as session:
        for address in ("a@hub.example", "b@hub.example"):
            await channels.add(session, None, ChannelKind.EMAIL, address, actor="test")
    await new_tenant()
    configure(secrets_keys=NEW)
    assert await usage(channels=True) == {"k2026": (0, 0, False), "?": (0, 2, True), "k2025": (1, 0, True)}
    with pytest.raises(ConfigurationError, match=r"'\?' \(2 alert channels of the hub\)"):
        await rewrapped()
    configure(secrets_keys=f"{NEW},{OLD}")
    assert await usage(channels=True) == {"k2026": (0, 0, False), "k2025": (1, 2, False)}
    assert await rewrapped() == [1, 2]
    assert await rewrapped() == []
    configure(secrets_keys=NEW)
    assert await usage(channels=True) == {"k2026": (1, 2, False)}
    async with transaction() as session:
        rows = (await session.scalars(select(AlertChannel).order_by(col(AlertChannel.created_at)))).all()
        assert [(await channels.target_of(session, row)).to for row in rows] == ["a@hub.example", "b@hub.example"]


async def test_rows_that_refer_to_a_tenant_are_inserted_while_its_key_is_wrapped_again(configure: Configure) -> None:
    settings = configure(secrets_keys=OLD)
    tenant = await new_tenant()
    configure(secrets_keys=f"{NEW},{OLD}")
    async with transaction() as session:
        assert await rotation._rewrap_some(session, Keyring(f"{NEW},{OLD}"), 10) == 1
        with psycopg.connect(settings.database_url.replace("+psycopg", ""), options="-c lock_timeout=2s") as other:
            other.execute(
                "INSERT INTO secret_accesses (id, secret_id, tenant_id, actor, purpose)"
                " VALUES (gen_random_uuid(), gen_random_uuid(), %s, 'x', 'x')",
                [tenant.id],
            )


def hub(*arguments: str) -> tuple[int, Any]:
    ran = CliRunner().invoke(app, ["secrets", *arguments, "--json"])
    return ran.exit_code, json.loads(ran.stdout)


def created(settings: Settings, count: int) -> None:
    for number in range(count):
        assert CliRunner().invoke(app, ["tenant", "create", "--name", str(number)]).exit_code == 0


def test_the_commands_say_what_is_due_do_it_and_say_what_may_go(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tracking_core.settings import get_settings

    def keys(text: str) -> None:
        monkeypatch.setenv("HUB_SECRETS_KEYS", text)
        get_settings.cache_clear()
        cipher_for.cache_clear()

    keys(OLD)
    created(settings, 3)
    assert hub("keys")[0] == 0
    keys(f"{NEW},{OLD}")
    code, said = hub("keys")
    assert code == 3
    assert [(one["key_id"], one["tenants"], one["is_removable"]) for one in said["keys"]] == [
        ("k2026", 0, False),
        ("k2025", 3, False),
    ]
    keys(NEW)
    assert hub("keys")[0] == 1
    keys(f"{NEW},{OLD}")
    assert hub("rewrap", "--batch", "2") == (0, {"rewrapped": 3, "removable_keys": ["k2025"]})
    assert hub("rewrap") == (0, {"rewrapped": 0, "removable_keys": ["k2025"]})
    assert hub("keys")[0] == 0
    shown = CliRunner().invoke(app, ["secrets", "keys"])
    assert "may be removed" in shown.stdout
    told = CliRunner().invoke(app, ["secrets", "rewrap"])
    assert (told.exit_code, told.stdout) == (0, "Re-wrapped: 0. No longer needed in HUB_SECRETS_KEYS: k2025.\n")
    cipher_for.cache_clear()


def test_the_sweep_command_counts(settings: Settings) -> None:
    assert hub("sweep") == (0, {"expired": 0, "wiped": 0, "orphans": 0})
    assert hub("sweep", "--orphans") == (0, {"expired": 0, "wiped": 0, "orphans": 0})
