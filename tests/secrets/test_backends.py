"""Secrets managers over their real protocol: AWS's by moto's server, HashiCorp's by OpenBao; and both on bad days."""

import uuid
from datetime import timedelta

import httpx
import pytest

from tests.secrets.conftest import Configure, Manager, point_at
from tests.secrets.faulty import FaultyServer
from tests.secrets.test_vault import TOKEN, opened, put, revoke, row_of, verify
from tracking_core.db.engine import transaction
from tracking_core.errors import ConfigurationError
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import SecretState, Tenant
from tracking_core.secrets import vault
from tracking_core.secrets.backends.base import ids_in
from tracking_core.secrets.errors import SecretStoreUnavailable, SecretUnknown, StoreFailure
from tracking_core.secrets.sweep import Swept, sweep

BOTH = pytest.mark.parametrize("manager", ["aws", "hashicorp"], indirect=True)
UNIQUE = uuid.UUID(int=7)


@BOTH
async def test_the_value_is_outside_sealed_and_the_row_says_where(manager: Manager, tenant: Tenant) -> None:
    stored = await put(tenant)
    row = await row_of(stored)
    assert (row.backend, row.sealed, row.external_ref and row.external_ref.endswith(str(row.id))) == (
        manager.name,
        None,
        True,
    )
    [(kept_id, kept)] = manager.values().items()
    assert kept_id == row.id
    assert TOKEN.encode() not in kept
    assert await opened(tenant, stored.reference) == TOKEN


@BOTH
async def test_a_revoked_value_is_gone_outside_as_well(manager: Manager, tenant: Tenant) -> None:
    kept, gone = await put(tenant), await put(tenant)
    await revoke(tenant, gone)
    assert (await row_of(gone)).external_ref is None
    assert set(manager.values()) == {(await row_of(kept)).id}
    with pytest.raises(SecretUnknown):
        await opened(tenant, gone.reference)


@BOTH
async def test_the_sweep_deletes_what_expired_and_leaves_what_was_verified(
    manager: Manager, tenant: Tenant, configure: Configure
) -> None:
    kept, forgotten = await put(tenant), await put(tenant)
    await verify(tenant, kept)
    later = clock.now() + timedelta(hours=configure().vault_unverified_hours, seconds=1)
    assert await sweep(later) == Swept(expired=1, wiped=1)
    assert await sweep(later) == Swept(expired=0, wiped=0)
    assert (await row_of(forgotten)).external_ref is None
    assert set(manager.values()) == {(await row_of(kept)).id}
    assert await opened(tenant, kept.reference) == TOKEN


@BOTH
async def test_a_value_whose_row_was_never_committed_is_found_an_hour_later(manager: Manager, tenant: Tenant) -> None:
    kept = await put(tenant)
    async with transaction() as session:
        await vault.put(
            session, tenant=tenant, kind=kept.kind, value=TOKEN, actor="x", session_id=None, now=clock.now()
        )
        await session.rollback()
    manager.put(UNIQUE)
    assert len(manager.values()) == 3
    assert (await sweep(clock.now(), orphans=True)).orphans == 1  # only the one whose id says it is old
    assert (await sweep(clock.now() + timedelta(hours=2))).orphans == 0
    assert (await sweep(clock.now() + timedelta(hours=2), orphans=True)).orphans == 1
    assert set(manager.values()) == {(await row_of(kept)).id}
    assert await opened(tenant, kept.reference) == TOKEN


@BOTH
async def test_what_was_kept_before_the_setting_changed_stays_readable(
    manager: Manager, tenant: Tenant, configure: Configure
) -> None:
    configure(vault_backend="local")
    local = await put(tenant, "kept-in-the-row")
    configure(vault_backend=manager.name)
    outside = await put(tenant)
    assert await opened(tenant, local.reference) == "kept-in-the-row"
    configure(vault_backend="local", vault_prefix="hub/renamed")
    assert await opened(tenant, outside.reference) == TOKEN
    await revoke(tenant, outside)
    assert manager.values() == {}


@BOTH
async def test_a_value_deleted_behind_our_back_is_unknown(manager: Manager, tenant: Tenant) -> None:
    stored = await put(tenant)
    twin = await row_of(stored)
    async with transaction() as session:
        await vault.revoke(session, stored.reference, tenant_id=tenant.id, actor="x", now=clock.now())
        await session.rollback()
    assert (await row_of(stored)).external_ref == twin.external_ref
    with pytest.raises(SecretUnknown):
        await opened(tenant, stored.reference)
    await revoke(tenant, stored)


async def test_a_wrong_token_is_our_problem_and_says_so(
    configure: Configure, bao: tuple[str, str], tenant: Tenant
) -> None:
    configure(vault_backend="hashicorp", vault_hashicorp_address=bao[0], vault_hashicorp_token="s.wrong")
    with pytest.raises(SecretStoreUnavailable) as refused:
        await put(tenant)
    assert refused.value.failure is StoreFailure.REFUSED


POLICY = """
path "secret/data/{prefix}/*" {{ capabilities = ["create", "read"] }}
path "secret/metadata/{prefix}/*" {{ capabilities = ["delete"] }}
path "secret/metadata/{prefix}/" {{ capabilities = ["list"] }}
"""


async def test_the_policy_of_the_documentation_is_enough(
    configure: Configure, bao: tuple[str, str], tenant: Tenant, unique_prefix: str
) -> None:
    url, root = bao
    async with httpx.AsyncClient(base_url=f"{url}/v1", headers={"X-Vault-Token": root}, trust_env=False) as http:
        policy = await http.put("/sys/policies/acl/hub", json={"policy": POLICY.format(prefix=unique_prefix)})
        assert policy.is_success
        answer = await http.post("/auth/token/create", json={"policies": ["hub"], "no_default_policy": True})
    configure(
        vault_backend="hashicorp",
        vault_hashicorp_address=url,
        vault_hashicorp_token=answer.json()["auth"]["client_token"],
        vault_prefix=unique_prefix,
    )
    stored = await put(tenant)
    assert await opened(tenant, stored.reference) == TOKEN
    assert (await sweep(clock.now() + timedelta(hours=2), orphans=True)).orphans == 0
    await revoke(tenant, stored)
    assert (await row_of(stored)).external_ref is None


@pytest.mark.parametrize(
    ("backend", "missing"), [("aws", "HUB_VAULT_AWS_REGION"), ("hashicorp", "HUB_VAULT_HASHICORP_ADDRESS")]
)
async def test_a_backend_without_its_settings_says_which(
    configure: Configure, tenant: Tenant, backend: str, missing: str
) -> None:
    configure(vault_backend=backend)
    with pytest.raises(ConfigurationError, match=missing):
        await put(tenant)


@BOTH
async def test_with_the_manager_away_a_credential_is_revoked_all_the_same_and_its_value_deleted_later(
    manager: Manager, tenant: Tenant, configure: Configure, faulty: FaultyServer
) -> None:
    settings, stored = configure(), await put(tenant)
    faulty.answers(503, b"{}")
    point_at(configure, manager.name, faulty.url)
    with pytest.raises(SecretStoreUnavailable):
        await opened(tenant, stored.reference)
    await revoke(tenant, stored)
    row = await row_of(stored)
    assert row.state == SecretState.REVOKED
    assert row.external_ref
    assert (await sweep(clock.now())).wiped == 0
    with pytest.raises(SecretUnknown):
        await opened(tenant, stored.reference)
    configure(
        vault_aws_endpoint_url=settings.vault_aws_endpoint_url,
        vault_hashicorp_address=settings.vault_hashicorp_address,
        vault_hashicorp_token=settings.vault_hashicorp_token.get_secret_value(),
    )
    assert (await sweep(clock.now())).wiped == 1
    assert manager.values() == {}


def test_names_that_are_not_ours_are_left_alone() -> None:
    mine = new_id()
    others = [f"hub/vault/x/{mine}", f"hub/vault-2/{mine}", str(mine), "hub/vault/", f"hub/vault/{mine.hex}"]
    assert ids_in("hub/vault", [f"hub/vault/{mine}", *others]) == {mine}
