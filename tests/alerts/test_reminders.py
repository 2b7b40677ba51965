"""Whoever was told that something broke is reminded so long after that, and hears of nothing twice at once."""

from tests.alerts.day import at
from tests.alerts.told import found, look, messages, sent, silenced
from tests.alerts.traffic import Merchant
from tracking_core.models import Severity


async def told() -> list[tuple[str, int]]:
    """(kind, n) of what the shop's own channel is told."""
    return [(kind, n) for hint, kind, n in await messages() if hint == "shop"]


async def test_what_a_silence_kept_back_is_told_at_its_end_and_reminded_of_from_then_on(shop: Merchant) -> None:
    await silenced(shop.tenant_id, at(12), at(17))
    for hour in (0, 5, 8.9):
        await look(hour * 60, found(shop.tenant_id))
        await sent()
    assert await told() == [("opened", 1)]
    await look(9 * 60, found(shop.tenant_id))
    assert await told() == [("opened", 1), ("reminder", 1)]


async def test_what_came_back_is_reminded_of_from_its_own_opening_on_and_in_its_own_rhythm(shop: Merchant) -> None:
    page, ticket = found(shop.tenant_id), found(shop.tenant_id, severity=Severity.TICKET)
    for minutes in (0, 4 * 60, 8 * 60):
        await look(minutes, page)
        await sent()
    beginning = [("opened", 1), ("reminder", 1), ("reminder", 2)]
    for minutes in (8 * 60 + 1, 11 * 60 + 50):  # it is over, and comes back just when it would be reminded of
        await look(minutes)
    await look(12 * 60 + 2, ticket)
    await sent()
    assert await told() == [*beginning, ("recovered", 1), ("opened", 2)]
    await look(36 * 60 + 1, ticket)
    assert (await told())[5:] == []
    await look(36 * 60 + 2, ticket)
    assert (await told())[5:] == [("reminder", 3)]


async def test_a_channel_that_was_not_told_yet_is_not_reminded(shop: Merchant) -> None:
    await look(0, found(shop.tenant_id))
    await look(5 * 60, found(shop.tenant_id))
    assert await told() == [("opened", 1)]
