"""A write key is public and can be shown again; a secret key never is."""

import asyncio

import pytest
from sqlalchemy import text
from sqlmodel import select

from api import write_keys
from api.write_keys import WriteKeys, Writer
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound, Unauthorized
from tracking_core.kit.ids import new_id
from tracking_core.models import ApiKey, ApiKeyKind
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants
from tracking_core.tenants.service import NewTenant


@pytest.fixture
async def made(database: Settings) -> NewTenant:
    async with transaction() as session:
        return await tenants.create(session, "Loja", actor="test")


async def forget_values() -> None:
    """As keys were before their value was kept."""
    async with transaction() as session:
        await session.execute(text("UPDATE api_keys SET value = NULL"))


async def shown(made: NewTenant) -> str:
    async with transaction() as session:
        return await tenants.write_key(session, made.tenant_id)


async def belongs(made: NewTenant, key: str) -> bool:
    async with transaction() as session:
        return await tenants.is_write_key_of(session, made.tenant_id, key)


async def test_the_write_key_is_kept_and_the_secret_key_is_not(made: NewTenant) -> None:
    assert await shown(made) == made.write_key
    async with transaction() as session:
        keys = (await session.scalars(select(ApiKey))).all()
    assert {key.kind: key.value for key in keys} == {ApiKeyKind.WRITE: made.write_key, ApiKeyKind.SECRET: None}


async def test_where_only_hashes_are_left_one_new_key_is_issued_and_the_old_one_still_works(made: NewTenant) -> None:
    await forget_values()
    keys = set(await asyncio.gather(*(shown(made) for _ in range(5))))
    assert len(keys) == 1
    assert made.write_key not in keys
    for key in (*keys, made.write_key):
        assert await belongs(made, key)
        async with transaction() as session:
            assert (await tenants.by_key(session, key, ApiKeyKind.WRITE)).id == made.tenant_id


async def test_a_revoked_key_is_not_shown_and_not_the_tenant_s(made: NewTenant) -> None:
    async with transaction() as session:
        await session.execute(text("UPDATE api_keys SET revoked_at = now()"))
    assert await shown(made) != made.write_key
    assert not await belongs(made, made.write_key)


async def test_a_key_of_another_kind_or_tenant_or_none_is_not_the_tenant_s(made: NewTenant) -> None:
    async with transaction() as session:
        other = await tenants.create(session, "Outra", actor="test")
    for key in (made.secret_key, other.write_key, "", "wk_hub_x", "wk_hub_\ud800"):
        assert not await belongs(made, key)


async def test_a_flood_of_keys_of_nobody_displaces_none_and_takes_two_connections(
    made: NewTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_keys, "_KEYS_MAX", 3)
    ask, under_way, most, asked = write_keys._asked, 0, 0, list[str]()

    async def counted(key: str) -> object:
        nonlocal under_way, most
        under_way, asked[len(asked) :] = under_way + 1, [key]
        most = max(most, under_way)
        try:
            return await ask(key)
        finally:
            under_way -= 1

    monkeypatch.setattr(write_keys, "_asked", counted)
    keys = WriteKeys()
    nobodys = [f"wk_hub_{number}" for number in range(8)]
    said = await asyncio.gather(
        keys.writer(made.write_key), *map(keys.writer, nobodys), keys.writer(made.write_key), return_exceptions=True
    )
    assert [type(one) for one in said] == [Writer, *[Unauthorized] * 8, Writer]
    assert (most, asked.count(made.write_key)) == (2, 1)
    assert (await keys.writer(made.write_key)).tenant_id == made.tenant_id
    assert len(asked) == 9


async def test_an_unknown_tenant_has_no_key(database: Settings) -> None:
    async with transaction() as session:
        with pytest.raises(NotFound):
            await tenants.write_key(session, new_id())
