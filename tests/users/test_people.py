"""Who is invited, and what a role or a shut door means for what was open."""

import asyncio

import pytest

from tests.users.audit import entries
from tests.users.conftest import NOW, Invite
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.kit.ids import new_id
from tracking_core.models import Role, User
from tracking_core.tenants import service as tenants
from tracking_core.users import directory, links, service, web_sessions
from tracking_core.users.errors import EmailMalformed, EmailTaken, LastOperator, NameMalformed, NameTaken
from tracking_core.users.fields import email_of, name_of
from tracking_core.users.web_sessions import How


async def test_an_address_is_kept_as_people_type_it_once(invite: Invite) -> None:
    made = await invite("  Ana.Souza+x@Loja.Example ", name="  Ana   Souza ")
    assert (made.email, made.name) == ("ana.souza+x@loja.example", "Ana Souza")
    with pytest.raises(EmailTaken):
        await invite("ANA.souza+x@loja.example")


@pytest.mark.parametrize(
    "email",
    ["", "ana", "ana@", "@loja.example", "ana@loja", "a b@loja.example", "ana@loja..example", "ana@-loja.example",
     "ana\0@loja.example", "ana@loja.example\nBcc: x@y.example", "ána@loja.example", "ana@loja.example,b@c.example",
     "a" * 65 + "@loja.example", "a@" + "b" * 250 + ".example", '"a b"@loja.example'],
)  # fmt: skip
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(EmailMalformed):
        email_of(email)


@pytest.mark.parametrize("name", [" ", "a" * 81, "Ana\0", "Ana\u202eevil"])
def test_a_name_is_readable(name: str) -> None:
    with pytest.raises(NameMalformed):
        name_of(name)


async def test_two_of_the_team_have_two_names_and_sellers_may_share_one(invite: Invite) -> None:
    await invite("a@hub.example", Role.SUPPORT, "Ana")
    with pytest.raises(NameTaken):
        await invite("b@hub.example", Role.OPERATOR, "Ana")
    seller = await invite("c@loja.example", Role.SELLER, "Ana")
    with pytest.raises(NameTaken):
        async with transaction() as session:
            await service.change_role(session, seller.id, Role.SUPPORT, actor="test", now=NOW)
    async with transaction() as session:
        assert (await service.get(session, seller.id)).role == Role.SELLER


async def test_of_two_invitations_of_one_address_at_once_one_is_made(invite: Invite) -> None:
    made = await asyncio.gather(*(invite("ana@loja.example") for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in made) == ["EmailTaken"] * 3 + ["User"]


async def test_another_role_ends_browsers_links_and_what_let_the_old_one_in(invite: Invite) -> None:
    user = await invite("bia@hub.example", Role.SUPPORT)
    async with transaction() as session:
        kept = await service.get(session, user.id)
        kept.password_hash, kept.oidc_subject = "argon2", "https://issuer.example sub"
        begun = await web_sessions.begin(session, kept, How.PASSWORD, now=NOW)
        link = await links.issue(session, kept, now=NOW)
    async with transaction() as session:
        changed = await service.change_role(session, user.id, Role.SELLER, actor="user:o", now=NOW)
        assert (changed.password_hash, changed.oidc_subject) == (None, None)
    async with transaction() as session:
        assert await web_sessions.current(session, begun.token, now=NOW) is None
        assert not await links.owner_of(session, link, now=NOW)
    [entry] = await entries("user.role_changed")
    assert (entry.actor, entry.subject) == ("user:o", str(user.id))
    assert entry.details == {"before": "support", "after": "seller"}


async def test_the_same_role_changes_nothing(invite: Invite) -> None:
    user = await invite(role=Role.OPERATOR)
    async with transaction() as session:
        begun = await web_sessions.begin(session, await service.get(session, user.id), How.LINK, now=NOW)
        await service.change_role(session, user.id, Role.OPERATOR, actor="test", now=NOW)
        assert await web_sessions.current(session, begun.token, now=NOW) is not None
    assert await entries("user.role_changed") == []


async def test_who_is_shut_out_and_let_in_again_needs_a_new_link(invite: Invite) -> None:
    user = await invite()
    async with transaction() as session:
        begun = await web_sessions.begin(session, await service.get(session, user.id), How.LINK, now=NOW)
        link = await links.issue(session, user, now=NOW)
        await service.shut_out(session, user.id, actor="test", now=NOW)
    async with transaction() as session:
        assert await web_sessions.current(session, begun.token, now=NOW) is None
        await service.restore(session, user.id, actor="test")
        assert await web_sessions.current(session, begun.token, now=NOW) is None
        assert not await links.owner_of(session, link, now=NOW)
    assert [one.action for one in await entries()][-3:] == ["user.shut_out", "user.signed_out", "user.restored"]


async def test_a_name_taken_meanwhile_keeps_the_door_shut(invite: Invite) -> None:
    first = await invite("a@hub.example", Role.SUPPORT, "Ana")
    async with transaction() as session:
        await service.shut_out(session, first.id, actor="test", now=NOW)
    await invite("b@hub.example", Role.SUPPORT, "Ana")
    with pytest.raises(NameTaken):
        async with transaction() as session:
            await service.restore(session, first.id, actor="test")


async def test_two_operators_who_shut_each_other_out_leave_one(invite: Invite) -> None:
    one, two = await invite("a@hub.example", Role.OPERATOR), await invite("b@hub.example", Role.OPERATOR)

    async def shut_out(user: User) -> None:
        async with transaction() as session:
            await service.require_other_operator(session, user.id)
            await service.shut_out(session, user.id, actor="test", now=NOW)

    done = await asyncio.gather(shut_out(one), shut_out(two), return_exceptions=True)
    assert sorted(type(result).__name__ for result in done) == [LastOperator.__name__, "NoneType"]


async def test_a_shop_is_given_and_taken_and_both_are_told(invite: Invite) -> None:
    user = await invite()
    async with transaction() as session:
        shop = await tenants.create(session, "Loja 100% boa", actor="test")
        for _ in range(2):
            await service.let_in(session, user, shop.tenant_id, actor="test")
        assert [one.id for one in await service.tenants_of(session, user)] == [shop.tenant_id]
        assert await directory.shops(session, not_of=user) == []
        for _ in range(2):
            await service.let_out(session, user, shop.tenant_id, actor="test")
        assert await service.tenants_of(session, user) == []
        assert len(await directory.shops(session, not_of=user, said="100%")) == 1
        assert await directory.shops(session, not_of=user, said="100_") == []
        with pytest.raises(NotFound):
            await service.let_in(session, user, new_id(), actor="test")
    assert [len(await entries(action)) for action in ("user.let_in", "user.let_out")] == [1, 1]


async def test_people_are_found_by_a_part_of_name_or_address_and_by_role(invite: Invite) -> None:
    await invite("ana@loja.example", name="Ana Souza")
    await invite("bia@hub.example", Role.SUPPORT, "Beatriz")
    async with transaction() as session:
        found = {
            said: [row.user.name for row in await directory.people(session, said=said)]
            for said in ("SOUZA", "hub.ex", "%", "")
        }
        assert found == {"SOUZA": ["Ana Souza"], "hub.ex": ["Beatriz"], "%": [], "": ["Beatriz", "Ana Souza"]}
        assert [row.user.name for row in await directory.people(session, role=Role.SUPPORT)] == ["Beatriz"]
        newest = (await directory.people(session))[0].user
        assert [row.user.name for row in await directory.people(session, before=newest.id)] == ["Ana Souza"]
