"""A link is for one person, once, for a while."""

import asyncio
from datetime import timedelta

import pytest

from tests.users.audit import entries
from tests.users.conftest import NOW, Invite
from tracking_core.db.engine import transaction
from tracking_core.logging import mask_text
from tracking_core.models import User
from tracking_core.users import links, service
from tracking_core.users.errors import SignInLinkInvalid
from tracking_core.users.links import LIFE, Redeemed


async def _issued(user: User, **more: object) -> str:
    async with transaction() as session:
        return await links.issue(session, user, now=NOW, **more)  # type: ignore[arg-type]


async def _redeem(token: str, after: timedelta = timedelta()) -> Redeemed:
    async with transaction() as session:
        return await links.redeem(session, token, now=NOW + after)


async def test_it_signs_in_once_and_carries_where_to_go(invite: Invite) -> None:
    user = await invite()
    token = await _issued(user, next_path="/app")
    redeemed = await _redeem(token, LIFE - timedelta(seconds=1))
    assert (redeemed.user.id, redeemed.next_path) == (user.id, "/app")
    with pytest.raises(SignInLinkInvalid):
        await _redeem(token)
    [entry] = await entries("user.link_used")
    assert (entry.subject, entry.actor) == (str(user.id), f"user:{user.id}")
    assert token not in str(entry.details)


async def test_it_ends_by_itself(invite: Invite) -> None:
    token = await _issued(await invite())
    with pytest.raises(SignInLinkInvalid):
        await _redeem(token, LIFE)


async def test_another_one_opens_nothing(invite: Invite) -> None:
    await _issued(await invite())
    for token in ("", "x", "sk_hub_link_" + "a" * 43, "\0", "\ud800", "a" * 10_000):
        with pytest.raises(SignInLinkInvalid):
            await _redeem(token)


async def test_of_two_at_once_one_gets_in(invite: Invite) -> None:
    token = await _issued(await invite())
    done = await asyncio.gather(*(_redeem(token) for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Redeemed"] + ["SignInLinkInvalid"] * 3


async def test_one_that_is_used_ends_the_others_and_of_two_at_once_one_gets_in(invite: Invite) -> None:
    ana, bia = await invite("ana@loja.example"), await invite("bia@loja.example")
    theirs, others = [await _issued(ana) for _ in range(4)], await _issued(bia)
    done = await asyncio.gather(*(_redeem(token) for token in theirs), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Redeemed"] + ["SignInLinkInvalid"] * 3
    assert (await _redeem(others)).user.id == bia.id


async def test_what_was_withdrawn_or_is_of_somebody_shut_out_opens_nothing(invite: Invite) -> None:
    user = await invite()
    withdrawn = await _issued(user)
    async with transaction() as session:
        await links.withdraw(session, user.id, now=NOW)
    kept = await _issued(user)
    async with transaction() as session:
        assert not await links.owner_of(session, withdrawn, now=NOW)
        assert await links.owner_of(session, kept, now=NOW)
        (await service.get(session, user.id)).disabled_at = NOW
    for token in (withdrawn, kept):
        with pytest.raises(SignInLinkInvalid):
            await _redeem(token)


async def test_who_made_one_for_somebody_is_told_and_no_log_shows_it(invite: Invite) -> None:
    user = await invite()
    token = await _issued(user, actor="user:operator")
    [entry] = await entries("user.link_made")
    assert (entry.actor, entry.subject) == ("user:operator", str(user.id))
    assert token not in mask_text(
        f"request_crashed path=/sign-in/link/{token} Referer: http://hub/sign-in/link/{token}"
    )
