"""A browser stays signed in as long as its role may, and not a request longer."""

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.users.audit import entries
from tests.users.conftest import NOW, Invite
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.models import Role, User, WebSession
from tracking_core.users import service, web_sessions
from tracking_core.users.web_sessions import IDLE, LIFE, How, SignedIn


async def _begin(user: User, now: datetime = NOW, instead_of: SignedIn | None = None) -> str:
    async with transaction() as session:
        kept = await service.get(session, user.id)
        return (await web_sessions.begin(session, kept, How.LINK, now=now, instead_of=instead_of)).token


async def _current(token: str, now: datetime = NOW) -> SignedIn | None:
    async with transaction() as session:
        return await web_sessions.current(session, token, now=now)


async def _known(token: str, now: datetime = NOW) -> SignedIn:
    who = await _current(token, now)
    assert who is not None
    return who


@pytest.mark.parametrize("role", list(Role))
async def test_it_ends_when_nobody_came_back_and_at_the_end_of_its_life(invite: Invite, role: Role) -> None:
    token = await _begin(await invite(role=role))
    almost = IDLE[role] - timedelta(minutes=1)
    now = NOW
    while now + almost < NOW + LIFE[role]:
        now += almost
        assert await _current(token, now) is not None
    assert await _current(token, NOW + LIFE[role]) is None
    idle = await _begin(await invite("b@hub.example", role))
    assert await _current(idle, NOW + IDLE[role]) is None


async def test_only_the_token_itself_opens_it(invite: Invite) -> None:
    token = await _begin(await invite())
    for other in ("", token[:-1], token + "x", token.swapcase(), "\0", "\ud800"):
        assert await _current(other) is None


async def test_the_role_is_read_at_each_request(invite: Invite) -> None:
    user = await invite(role=Role.SUPPORT)
    token = await _begin(user)
    assert (await _known(token)).role is Role.SUPPORT
    async with transaction() as session:
        (await service.get(session, user.id)).role = Role.SELLER
    assert (await _known(token)).role is Role.SELLER


async def test_signing_in_anew_ends_the_one_before_with_a_new_token(invite: Invite) -> None:
    user = await invite()
    first = await _begin(user)
    second = await _begin(user, instead_of=await _known(first))
    assert first != second
    assert await _current(first) is None
    assert await _current(second) is not None


async def test_being_seen_is_written_rarely_and_locks_nobody_out(invite: Invite) -> None:
    token = await _begin(await invite())
    soon, later = NOW + timedelta(minutes=4), NOW + timedelta(minutes=6)
    await asyncio.gather(*(_current(token, moment) for moment in (soon, later, later, later)))
    row_id = (await _known(token)).web_session_id
    async with transaction() as session:
        assert (await session.get_one(WebSession, row_id)).seen_at == later


async def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(invite: Invite) -> None:
    token = await _begin(await invite(role=Role.SUPPORT))
    almost = NOW + IDLE[Role.SUPPORT] - timedelta(minutes=1)
    async with transaction() as session:
        assert await web_sessions.current(session, token, now=almost, touch=False) is not None
    assert await _current(token, NOW + IDLE[Role.SUPPORT]) is None


async def test_somebody_ends_their_own_and_nobody_elses(invite: Invite) -> None:
    ana, bia = await invite("ana@loja.example"), await invite("bia@loja.example")
    here, there, other = await _begin(ana), await _begin(ana), await _begin(bia)
    me = await _known(here)
    async with transaction() as session:
        with pytest.raises(NotFound):
            await web_sessions.end_own(session, me, (await _known(other)).web_session_id, now=NOW)
        await web_sessions.end_own(session, me, (await _known(there)).web_session_id, now=NOW)
    assert [await _current(token) is not None for token in (here, there, other)] == [True, False, True]
    async with transaction() as session:
        await web_sessions.end_all(session, ana.id, actor=me.actor, now=NOW)
    assert [await _current(token) is not None for token in (here, other)] == [False, True]
    assert {entry.subject for entry in await entries("user.signed_out")} == {str(ana.id)}
