"""Attempts are counted by e-mail and by network, whatever becomes of them."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from tests.users.conftest import NOW
from tracking_core.db.engine import transaction
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.models import SignInAttempt
from tracking_core.settings import Settings
from tracking_core.users import throttle
from tracking_core.users.errors import TooManySignIns
from tracking_core.users.throttle import LIMITS, WINDOW, Attempt

LINK = LIMITS[Attempt.LINK]


async def _try(email: str = "ana@loja.example", network: str = "192.0.2.1", after: timedelta = timedelta()) -> bool:
    try:
        await throttle.require(Attempt.LINK, network=network, email=email, now=NOW + after)
    except TooManySignIns:
        return False
    return True


async def test_one_address_from_one_place_then_from_anywhere(database: Settings) -> None:
    assert [await _try() for _ in range(LINK.both + 1)] == [True] * LINK.both + [False]
    elsewhere = [await _try(network=f"198.51.100.{number}") for number in range(LINK.email)]
    assert elsewhere.count(True) == LINK.email - LINK.both
    assert await _try("bia@loja.example")


async def test_one_place_for_all_addresses(database: Settings) -> None:
    assert all([await _try(f"{number}@loja.example") for number in range(LINK.network)])
    assert not await _try("one-more@loja.example")
    assert await _try("one-more@loja.example", "192.0.2.2")


async def test_the_window_moves_and_says_how_long_to_wait(database: Settings) -> None:
    for _ in range(LINK.both):
        await _try()
    with pytest.raises(TooManySignIns) as refusal:
        await throttle.require(Attempt.LINK, network="192.0.2.1", email="ana@loja.example", now=NOW + WINDOW / 3)
    assert refusal.value.params["retry_after_seconds"] == 601
    assert await _try(after=WINDOW)


async def test_at_once_no_more_get_through_than_one_after_the_other(database: Settings) -> None:
    done = await asyncio.gather(*(_try() for _ in range(8)))
    assert done.count(True) == LINK.both


async def test_ways_are_counted_apart(database: Settings) -> None:
    for _ in range(LINK.both):
        await _try()
    await throttle.require(Attempt.PASSWORD, network="192.0.2.1", email="ana@loja.example", now=NOW)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "unknown", True),
    ],
)
def test_a_household_is_one_place(one: str, other: str, is_same: bool) -> None:
    assert (throttle.network_of(one) == throttle.network_of(other)) is is_same


async def test_nobody_reads_from_the_table_who_tried(database: Settings) -> None:
    await _try()
    async with transaction() as session:
        kept = {row.key_hash for row in (await session.scalars(select(SignInAttempt))).all()}
    guesses = [f"{way}:{kind}" for way in Attempt for kind in ("network:192.0.2.1", "email:ana@loja.example")]
    assert len(kept) == 3
    assert not kept & {sha256_bytes(guess.encode()) for guess in guesses}
