"""A developer's hub has people to look around as; no other has."""

import pytest
from sqlmodel import select

from tests.users.conftest import NOW, Clock
from tracking_core.db.engine import transaction
from tracking_core.errors import ConfigurationError
from tracking_core.models import Role, User
from tracking_core.settings import Settings
from tracking_core.users import demonstration, links, service


async def _links(settings: Settings) -> dict[Role, str]:
    async with transaction() as session:
        return await demonstration.new_links(session, settings)


@pytest.fixture
def development(database: Settings) -> Settings:
    return database.model_copy(update={"environment": "development"})


async def test_each_start_gives_new_links_to_the_same_three(development: Settings, time: Clock) -> None:
    first, second = await _links(development), await _links(development)
    assert list(first) == list(second) == list(Role)
    async with transaction() as session:
        people = (await session.scalars(select(User))).all()
        assert len(people) == 3
        seller = next(one for one in people if one.role == Role.SELLER)
        assert len(await service.tenants_of(session, seller)) == 1
        for role in Role:
            redeemed = await links.redeem(session, second[role], now=NOW)
            assert redeemed.user.role == role
            assert redeemed.user.email.endswith(".example")


async def test_the_links_of_the_start_before_open_nothing(development: Settings, time: Clock) -> None:
    first = await _links(development)
    await _links(development)
    async with transaction() as session:
        assert not any([await links.owner_of(session, token, now=NOW) for token in first.values()])


async def test_who_was_shut_out_stays_out(development: Settings) -> None:
    await _links(development)
    async with transaction() as session:
        operator = (await session.scalars(select(User).where(User.role == Role.OPERATOR))).one()
        await service.shut_out(session, operator.id, actor="test", now=NOW)
    assert Role.OPERATOR not in await _links(development)


async def test_no_other_environment_has_them(database: Settings) -> None:
    for environment in ("testing", "production"):
        with pytest.raises(ConfigurationError):
            await _links(database.model_copy(update={"environment": environment}))
    async with transaction() as session:
        assert (await session.scalars(select(User))).all() == []
